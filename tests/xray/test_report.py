"""Does `glassnic report` write what it says? The command, the table that the page shows, a frame's line in the list."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.cli import run
from glassnic.wire import arp, ethernet, icmp, ipv4, ipv6, tcp, udp
from glassnic.wire.arp import Arp
from glassnic.wire.ethernet import Ethernet
from glassnic.wire.icmp import Icmp
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.tcp import Tcp
from glassnic.wire.udp import Udp
from glassnic.wire.vlan import insert_tags
from glassnic.xray.command import Entry, entries
from glassnic.xray.pcapng import OUTBOUND, Packet
from glassnic.xray.report import page
from glassnic.xray.report_data import NO_CONTEXT, Content, collect
from glassnic.xray.report_frame import Summary, summarize

MAC, PEER = ethernet.mac("52:54:00:12:34:56"), ethernet.mac("52:54:00:12:34:57")
HERE, THERE = bytes([10, 0, 0, 2]), bytes([10, 0, 0, 1])
HERE6, THERE6 = bytes([0xFD, *bytes(14), 2]), bytes([0xFD, *bytes(14), 1])


def content_of(path: Path, **limits: int) -> Content:
    return collect(entries(str(path)), path.name, **limits)  # type: ignore[arg-type]


def words_of(content: Content) -> list[dict[str, Any]]:
    ends = content.table["words_end"]
    return [json.loads(content.words[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]


def test_the_command_writes_a_page_beside_the_capture_and_says_what_is_in_it(
    demo_capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = tmp_path / "bug.pcapng"
    capture.write_bytes(demo_capture.read_bytes())
    assert run(["report", str(capture)]) == 0
    said = capsys.readouterr().out
    assert f"{tmp_path / 'bug.html'}: 20 frames, 2 with findings" in said
    assert run(["report", str(capture), "--frames", "5", "-o", str(tmp_path / "one.html")]) == 0
    assert "1 frame, 0 with findings" in capsys.readouterr().out
    assert run(["report", str(capture), "--frames", "15-", "-o", str(tmp_path / "one.html")]) == 0
    assert "6 frames, 2 with findings" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["nowhere.pcapng"], "nowhere.pcapng cannot be read: No such file or directory"),
        (["{capture}", "--frames", "x"], "'x' is no range of frames: write --frames 1000-2000"),
        (["{capture}", "--frames", "99-"], "has no frames in 99-; it has 20 in all"),
        (["{capture}", "-o", "{capture}"], "is the capture itself: name the page with -o"),
        (["{capture}", "-o", "/nowhere/page.html"], "cannot write /nowhere/page.html: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    demo_capture: Path, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    before = demo_capture.read_bytes()
    assert run(["report", *(option.format(capture=demo_capture) for option in options)]) == 1
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert len(printed.err.splitlines()) == 1 and not printed.out
    assert demo_capture.read_bytes() == before


def test_the_page_names_no_other_place_and_only_its_own_script_may_run(demo_capture: Path) -> None:
    text = page(content_of(demo_capture))
    assert not re.search(r"https?:|//[a-z]+\.[a-z]", re.sub(r"(?s)<script type=.*?</script>", "", text))
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) == {"data:,", "#grid"}
    (script,) = re.findall(r"(?s)<script>(.*?)</script>", text)
    (style,) = re.findall(r"(?s)<style>(.*?)</style>", text)
    for one in (script, style):
        assert base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() in text.partition("<style>")[0]
    assert "default-src 'none'" in text


def test_the_table_comes_back_from_the_page(demo_capture: Path) -> None:
    content = content_of(demo_capture)
    (packed,) = re.findall(r'id="table">([^<]*)<', page(content))
    assert json.loads(zlib.decompress(base64.b64decode(packed))) == json.loads(json.dumps(content.table))


def test_each_frame_is_tied_to_the_load_it_used_and_the_one_that_had_been_replaced(demo_capture: Path) -> None:
    content = content_of(demo_capture)
    table, told = content.table, words_of(content)
    columns, loads = table["columns"], table["loads"]
    assert [card["slots"] for card in table["cards"]] == [
        [["plain"], ["segmentation"]],
        [["plain", "segmentation"], []],
    ]
    right, spoilt = 4, 14  # the same datagram, of the manual's card and of the other
    assert (columns["slot"][right], loads[columns["load"][right]]["place"]) == (0, 0)
    assert (columns["slot"][spoilt], loads[columns["load"][spoilt]]["place"]) == (0, 1)
    assert [loads[number]["named"]["TUCSO"] for number in told[spoilt]["loads"]] == [40, 50]
    assert (columns["slot"][0], columns["load"][0]) == (NO_CONTEXT, -1)
    assert [load["before"] for load in loads if load["card"] == 1] == [11, 11]
    assert columns["severity"] == [2 if number in (14, 19) else 0 for number in range(20)]


def test_a_page_that_leaves_something_out_knows_so(demo_capture: Path) -> None:
    few = content_of(demo_capture, most_frames=6).table
    assert (few["count"], few["frames_in_file"], few["kept_bytes"]) == (6, 20, 0)
    cut = content_of(demo_capture, most_bytes=20 * 100)
    assert cut.table["kept_bytes"] == 100
    assert cut.table["octets_end"][:3] == [74, 174, 274]
    assert len(cut.octets) <= 2000


def test_a_frame_without_a_record_is_told_by_its_comment() -> None:
    entry = Entry(1, Packet("card", 5, b"\x00" * 60, OUTBOUND, ("cut\x00 off\nmore",)), None)
    (told,) = words_of(collect([entry], "f"))
    assert told == {"headline": "cut off"}


def outer(ethertype: int, payload: bytes) -> bytes:
    return Ethernet(PEER, MAC, ethertype, payload).encode()


def test_a_line_shows_the_innermost_protocol_and_its_main_fields() -> None:
    segment = Tcp(80, 4000, 7, 8, tcp.SYN | tcp.ACK, 512, b"abc").sealed(HERE, THERE).encode()
    in_ipv4 = outer(ethernet.IPV4, Ipv4(HERE, THERE, tcp.PROTOCOL, segment).sealed().encode())
    line = Summary("TCP", "10.0.0.2", "10.0.0.1", "80 → 4000 [SYN, ACK] Seq=7 Ack=8 Win=512 Len=3")
    assert summarize(in_ipv4) == line
    tagged = insert_tags(in_ipv4, bytes([0x81, 0, 0, 7]))
    assert summarize(tagged) == line._replace(info=f"VLAN 7  {line.info}")
    datagram = Ipv6(HERE6, THERE6, udp.PROTOCOL, Udp(1, 2, b"xy").encode()).encode()
    assert summarize(outer(ethernet.IPV6, datagram)) == Summary("UDP", "fd00::2", "fd00::1", "1 → 2 Len=2")
    asked = Arp(arp.REQUEST, MAC, HERE, bytes(6), THERE).encode()
    assert summarize(outer(ethernet.ARP, asked)).info == "who has 10.0.0.1? tell 10.0.0.2"
    echo = Ipv4(HERE, THERE, ipv4.ICMP, Icmp(icmp.ECHO_REQUEST, 0, b"").sealed().encode()).sealed().encode()
    assert summarize(outer(ethernet.IPV4, echo))[::3] == ("ICMP", "type 8 code 0")
    other = Ipv6(HERE6, THERE6, ipv6.ICMPV6, Icmp(135, 0, b"").encode()).encode()
    assert summarize(outer(ethernet.IPV6, other)).protocol == "ICMPv6"
    assert summarize(outer(0x88B5, b"x")).protocol == "0x88b5"


@given(st.binary(max_size=80), st.sampled_from([ethernet.IPV4, ethernet.IPV6, ethernet.ARP, 0x8100]))
def test_any_bytes_make_a_line(octets: bytes, ethertype: int) -> None:
    assert summarize(octets).protocol
    assert summarize(outer(ethertype, octets)).protocol
