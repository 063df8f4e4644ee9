"""Does the 2017 scenario explain itself from the file alone? `demo --pcapng`, then `explain`, as a user types them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from glassnic.cli import run
from glassnic.xray.pcapng import OUTBOUND, read


@pytest.fixture
def one_context(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    return recorded(tmp_path, capsys, monkeypatch, "--profile", "one-context")


def recorded(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *options: str) -> Path:
    """The demo's capture. How the engine runs is left as it is in this process."""
    monkeypatch.setenv("GLASSNIC_JIT", "1")
    monkeypatch.setenv("COLUMNS", "80")
    path = folder / "demo.pcapng"
    assert run(["demo", *options, "--pcapng", str(path)]) == 0
    capsys.readouterr()
    return path


def test_the_udp_frame_names_the_stale_offset_and_the_bytes_it_overwrote(
    one_context: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", str(one_context), "--frame", "5"]) == 0
    text = capsys.readouterr().out
    assert "UDP" in text.splitlines()[0]
    for words in (
        "the context it was given is the one that descriptor 1 loaded with TUCMD.TSE=1 (§3.6)",
        "SUM_MISPLACED (error): the UDP checksum is stored at offset 50, a place that is not the protocol's",
        "overwrote bytes 8 and 9 of the UDP payload (§3.3.6)",
        "it had replaced the plain context of descriptor 0",
        "X  spoilt: see the findings",
    ):
        assert words in text


def test_only_the_datagrams_have_findings_and_under_the_manual_none_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path, capsys, monkeypatch)
    assert run(["explain", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [number for number, line in enumerate(lines, 1) if "SUM_MISPLACED" in line] == [15, 20]
    assert lines[-1] == "20 frames, 2 of them with findings"
    assert run(["explain", str(path), "--findings"]) == 0
    assert capsys.readouterr().out.count("PAYLOAD_OVERWRITTEN (error)") == 2


def test_the_manuals_card_alone_has_no_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path, capsys, monkeypatch, "--profile", "manual")
    assert run(["explain", str(path), "--findings"]) == 0
    assert capsys.readouterr().out == "10 frames, 0 of them with findings\n"


def test_a_frame_or_file_that_is_not_there_is_one_sentence(
    one_context: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, sentence in (
        ([str(one_context), "--frame", "11"], "its frames are 1 to 10"),
        ([str(one_context.with_name("no"))], "No such file"),
        ([__file__], "no pcapng"),
    ):
        assert run(["explain", *words]) == 1
        assert sentence in capsys.readouterr().err
    assert run(["demo", "--pcapng", str(one_context / "below")]) == 1
    assert "choose a file" in capsys.readouterr().err


def test_wireshark_finds_the_frames_by_their_comments(one_context: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    wanted = [
        *("tshark", "-r", str(one_context), "-Y", 'frame.comment contains "SUM_MISPLACED"', "-T", "fields"),
        *("-E", "occurrence=f", "-e", "frame.number", "-e", "frame.packet_flags_direction", "-e", "frame.comment"),
        *("-e", "frame.interface_name", "-e", "frame.time_epoch"),
    ]
    done = subprocess.run(wanted, capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    with one_context.open("rb") as file:
        packets = list(read(file))
    assert [row[0] for row in rows] == ["5", "10"]
    for number, direction, comment, name, at_s in rows:
        mine = packets[int(number) - 1]
        assert int(direction, 16) & 3 == mine.direction == OUTBOUND
        assert comment.replace("\\n", "\n") == mine.comments[0]
        assert name == mine.interface == "one-context"
        assert round(float(at_s) * 1e9) == mine.at_ns


def test_what_editcap_cuts_out_still_explains_itself(one_context: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("editcap") is None:
        pytest.skip("editcap is not installed")
    less = one_context.with_name("less.pcapng")
    subprocess.run(["editcap", "-r", str(one_context), str(less), "5-6"], check=True, capture_output=True)
    assert run(["explain", str(less), "--frame", "1"]) == 0
    assert "bytes 8 and 9 of the UDP payload" in capsys.readouterr().out


def test_against_the_manual_the_datagrams_would_differ_and_it_is_shown_where(
    one_context: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", str(one_context), "--against", "manual"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["5", "10"]
    assert all(line.endswith("would differ at bytes 40-41, bytes 50-51") for line in lines)
    assert last == "10 frames; under manual 8 would be the same, 2 would differ"
    assert run(["explain", str(one_context), "--against", "manual", "--frame", "5"]) == 0
    text = capsys.readouterr().out
    assert "bytes 40-41 would be the UDP checksum (§3.5.8), 0x9290; they left as gathered, 0x" in text
    assert "bytes 50-51 would stay as gathered, 0x3437; they left as a checksum of bytes 34 to 65" in text
    assert "✗" not in text.split("Under manual:")[1]
    assert text.count("^^ ^^") == 2


def test_against_the_card_of_2017_the_manuals_frames_show_what_it_would_have_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path, capsys, monkeypatch, "--profile", "manual")
    assert run(["explain", str(path), "--against", "one-context", "--frame", "10"]) == 0
    assert "PAYLOAD_OVERWRITTEN (error)" in capsys.readouterr().out
    assert run(["explain", str(path), "--against", "one-context", "--frame", "1"]) == 0
    assert "Under one-context the same bytes would leave." in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run(["explain", str(path), "--against", "nobody's"])
    assert "choose from" in capsys.readouterr().err
