"""Does a card answer over its control socket, do what it is told there, and never suffer from who asks?"""

from __future__ import annotations

import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from glassnic.live.protocol import VERBS, Control, ControlError
from glassnic.live.replay import collect, origin
from glassnic.server.control import MOST_REQUEST_BYTES
from glassnic.server.door import MOST_VISITORS
from glassnic.spec.fields import CAUSE, STATUS
from glassnic.spec.registers import R
from glassnic.xray.pcapng import INBOUND, OUTBOUND
from live.driven import Guest, Watched
from plugged import frame
from recorded import HDRLEN, MSS

pytestmark = pytest.mark.kernel


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path, "loopback")
    yield watched
    watched.stop()


@pytest.fixture
def guest(watched: Watched) -> Iterator[Guest]:
    guest = Guest(watched.path)
    yield guest
    guest.leave()


@pytest.fixture
def control(watched: Watched) -> Iterator[Control]:
    with Control(watched.control_path) as control:
        yield control


def received(guest: Guest, count: int) -> list[bytes]:
    """That many frames, whenever they come."""
    frames: list[bytes] = []
    while len(frames) < count:
        frames += guest.driver.poll_receive()
        guest.driver.card.read(R.STATUS.offset)
    return frames


def talk(path: Path, *lines: bytes) -> list[dict[str, Any]]:
    """The answers to raw lines."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(str(path))
        file = sock.makefile("rwb")
        file.write(b"".join(lines))
        file.flush()
        return [json.loads(file.readline()) for _ in lines]


def test_the_socket_is_its_owners_alone(watched: Watched) -> None:
    assert stat.S_IMODE(watched.control_path.stat().st_mode) == 0o600


def test_status_tells_what_the_registers_hold_and_takes_nothing_from_the_guest(guest: Guest, control: Control) -> None:
    guest.send_mixed()
    guest.driver.listen(CAUSE.LSC.mask)
    status = control.ask("status")
    tail = guest.driver.tail
    assert status["rings"]["transmit"] == {"entries": 64, "head": tail, "tail": tail, "given": 0}
    assert status["interrupts"]["IMS"] == CAUSE.LSC.mask
    assert (status["guest"], status["ready"], status["link"]["up"]) == (True, True, True)
    assert (status["statistics"]["GPTC"], status["counts"]["contexts_loaded"]) == (4, 2)
    assert status["interrupts"]["ICR"] & CAUSE.TXDW.mask
    assert guest.driver.acknowledge() & CAUSE.TXDW.mask
    assert [guest.driver.card.read(R.GPTC.offset) for _ in range(2)] == [4, 0]
    assert control.ask("status")["statistics"]["GPTC"] == 4, "what the guest has cleared still counts"


def test_status_tells_both_contexts_and_which_descriptor_loaded_them(guest: Guest, control: Control) -> None:
    guest.send_mixed()
    plain, segmentation = control.ask("status")["contexts"]
    assert (plain["for"], plain["TUCSO"], plain["TSE"], plain["loaded"]["descriptor"]) == (["plain"], 40, 0, 0)
    assert (segmentation["for"], segmentation["loaded"]["descriptor"]) == (["segmentation"], 2)
    assert (segmentation["TUCSO"], segmentation["HDRLEN"], segmentation["MSS"]) == (50, HDRLEN, MSS)
    guest.driver.reset()
    assert [slot["loaded"] for slot in control.ask("status")["contexts"]] == [None, None]


def test_a_dump_has_the_frames_of_both_ways_with_their_stories(guest: Guest, control: Control) -> None:
    guest.send_mixed()
    broadcast = frame(1)
    guest.driver.send(broadcast)
    assert received(guest, 1) == [broadcast]
    answer = control.ask("dump")
    seen = collect(answer)
    assert [one.direction for one in seen if len(one.frame) == len(broadcast)] == [OUTBOUND, INBOUND]
    stories = [one.explained(origin(answer)) for one in seen if one.direction == OUTBOUND]
    assert len(stories) == 5
    assert all(story is not None and not story.points for story in stories)
    assert [story.headline.partition(",")[0] for story in stories if story] == [
        "UDP",
        "TCP",
        "TCP",
        "TCP",
        "type 0x88b5",
    ]
    assert all(abs(one.at_ns - time.time_ns()) < 3600e9 for one in seen)
    assert [one.frame for one in collect(control.ask("dump", "1"))] == [broadcast]


def test_a_pulled_cable_is_seen_by_the_guest_until_it_is_plugged(guest: Guest, control: Control) -> None:
    read = guest.driver.card.read
    guest.driver.acknowledge()
    assert control.ask("link", "down") == {"cable": False}
    assert not read(R.STATUS.offset) & STATUS.LU.mask
    assert guest.driver.acknowledge() & CAUSE.LSC.mask
    guest.driver.reset()
    assert not read(R.STATUS.offset) & STATUS.LU.mask, "a reset plugs nothing"
    assert control.ask("link", "up") == {"cable": True}
    while not read(R.STATUS.offset) & STATUS.LU.mask:
        pass


def test_a_link_flap_ends_by_itself(guest: Guest, control: Control) -> None:
    assert control.ask("fault", "link-flap", "50") == {"faults": {"link-flap": "now"}}
    assert not control.ask("status")["link"]["cable"]
    while not guest.driver.card.read(R.STATUS.offset) & STATUS.LU.mask:
        pass
    assert control.ask("status")["faults"] == {}


def test_the_next_frames_are_dropped_and_counted_and_no_more(guest: Guest, control: Control) -> None:
    assert control.ask("fault", "drop", "2") == {"faults": {"drop": "next 2"}}
    frames = [frame(number) for number in range(4)]
    for one in frames:
        guest.driver.send(one)
    assert received(guest, 2) == frames[2:]
    status = control.ask("status")
    assert (status["faults"], status["counts"]["dropped_outside"]) == ({}, 2)


def test_a_share_of_frames_is_damaged_until_faults_are_off(guest: Guest, control: Control) -> None:
    control.ask("fault", "corrupt", "100%")
    guest.driver.send(frame(1))
    deadline = time.monotonic() + 60
    while not control.ask("status")["statistics"]["TPR"]:
        assert time.monotonic() < deadline
    seen = [one.frame for one in collect(control.ask("dump")) if one.direction == INBOUND]
    assert len(seen) == 1
    assert seen[0] != frame(1), "a bit on each way, and twice the same one is not in the seed"
    assert control.ask("fault", "off") == {"faults": {}}
    guest.driver.poll_receive()
    guest.driver.send(frame(2))
    assert received(guest, 1) == [frame(2)]


def test_what_comes_late_comes_in_order_and_costs_nothing_meanwhile(guest: Guest, control: Control) -> None:
    control.ask("fault", "delay", "200")
    frames = [frame(number) for number in range(20)]
    started = time.monotonic()
    for one in frames:
        guest.driver.send(one)
    before = time.process_time_ns()
    time.sleep(0.1)
    assert time.process_time_ns() - before < 50_000_000, "it waits for the moment, it does not ask for it"
    assert received(guest, 20) == frames
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"\n", "verb"),
        (b"status\n", "verb"),
        (b"[]\n", "verb"),
        (b"7\n", "verb"),
        (b"[" * 4000 + b"\n", "verb"),
        (b'{"verb": []}\n', "there is no verb"),
        (b'{"verb": "explode"}\n', "help, status, dump"),
        (b'{"verb": "link", "words": "up"}\n', "texts"),
        (b'{"verb": "link"}\n', "up or down"),
        (b'{"verb": "link", "words": ["sideways"]}\n', "up or down"),
        (b'{"verb": "dump", "words": ["-1"]}\n', "number"),
        (b'{"verb": "fault"}\n', "link-flap"),
        (b'{"verb": "fault", "words": ["drop", "101%"]}\n', "101%"),
        (b'{"verb": "fault", "words": ["drop", "0.5"]}\n', "0.5"),
        (b'{"verb": "fault", "words": ["delay", "1e9"]}\n', "1e9"),
        (b'{"verb": "fault", "words": ["delay", "60001"]}\n', "60000"),
        (b'{"verb": "fault", "words": ["link-flap", "1", "2"]}\n', "link-flap"),
        (b"\xff\xfe\n", "verb"),
    ],
)
def test_nonsense_is_answered_with_a_sentence_and_the_next_request_as_ever(
    watched: Watched, line: bytes, word: str
) -> None:
    bad, good = talk(watched.control_path, line, b'{"verb": "help"}\n')
    assert (bad["ok"], good["ok"]) == (False, True)
    assert word in bad["error"]
    assert set(good["verbs"]) == set(VERBS)


def test_a_line_without_end_ends_the_conversation(watched: Watched) -> None:
    (answer,) = talk(watched.control_path, b"x" * (MOST_REQUEST_BYTES + 1))
    assert not answer["ok"]
    with Control(watched.control_path) as control:
        assert control.ask("status")["card"] == "e1000"


def test_one_who_asks_and_never_listens_stops_nobody(watched: Watched, guest: Guest) -> None:
    deaf = socket.socket(socket.AF_UNIX)
    deaf.connect(str(watched.control_path))
    deaf.setblocking(False)
    asked = 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            asked += deaf.send(b'{"verb": "status"}\n' * 100)
        except BlockingIOError:
            break
    assert asked < 4 << 20, "what is asked waits in the asker's own socket"
    guest.driver.send(frame(1))
    assert received(guest, 1) == [frame(1)]
    with Control(watched.control_path) as control:
        assert control.ask("status")["guest"]
    deaf.close()


def test_of_too_many_visitors_the_one_that_was_silent_longest_leaves(watched: Watched) -> None:
    visitors = [Control(watched.control_path) for _ in range(MOST_VISITORS)]
    for visitor in visitors:
        visitor.ask("help")
    visitors[0].ask("help")
    newcomer = Control(watched.control_path)
    newcomer.ask("help")
    visitors[0].ask("help")
    with pytest.raises(ControlError, match=r"ended the conversation|does not answer"):
        visitors[1].ask("help")
    for visitor in (*visitors, newcomer):
        visitor.close()


def test_descriptors_that_a_visitor_sends_are_closed(watched: Watched) -> None:
    reader, writer = os.pipe()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(watched.control_path))
        socket.send_fds(sock, [b'{"verb": "help"}\n'], [writer])
        os.close(writer)
        assert sock.recv(1)
        assert os.read(reader, 1) == b"", "nobody holds the other end any more"
    os.close(reader)


def test_visitors_that_vanish_in_mid_sentence_harm_nobody(watched: Watched) -> None:
    for _ in range(10):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(watched.control_path))
            sock.send(b'{"verb": "dump"}\n{"ver')
    with Control(watched.control_path) as control:
        assert control.ask("status")["card"] == "e1000"
