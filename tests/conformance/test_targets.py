"""Do targets show what a card does? The same few acts on each kind; and a card that dies or hangs costs one program."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator

import pytest

from cards import had
from glassnic.conformance.play import play
from glassnic.conformance.program import MAC, Arrive, Delivered, Give, Line, Poke, Program, Read, Sent, Write, program
from glassnic.conformance.run import Mark, judge
from glassnic.conformance.targets.open import open_target
from glassnic.conformance.targets.outside import Outside
from glassnic.conformance.targets.port import LostError, Target
from glassnic.conformance.targets.qemu import QemuCard
from glassnic.conformance.targets.wire import Wire
from glassnic.conformance.words import (
    RX_RING,
    TX_RING,
    legacy,
    plain_frame,
    receiver,
    transmitter,
)
from glassnic.lab.errors import LabError
from glassnic.spec.fields import CAUSE

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("cards")]  # the first may fetch a QEMU

WORDS = ("self", "vfio-user", "qemu-11.1", "qemu-11.1:e1000e")
FRAME = plain_frame(100)
LAY, DATA = legacy(FRAME)
SENDS = program("3.3.3", "sends", "A legacy packet leaves.", transmitter(), LAY, Give((DATA,)), Sent((FRAME,)))
RECEIVES = program(
    "3.2", "receives", "A frame is delivered.",
    receiver(), Arrive((plain_frame(100, to=MAC),)), Delivered(plain_frame(100, to=MAC)),
)  # fmt: skip
INTERRUPTS = program(
    "13.4.20", "interrupts", "The line follows cause and mask.",
    Line(False), Write("IMS", CAUSE.TXDW.mask), Write("ICS", CAUSE.TXDW.mask), Line(True),
    Read("ICR", CAUSE.TXDW.mask, CAUSE.TXDW.mask), Line(False),
)  # fmt: skip
WRITES_ELSEWHERE = program(
    "3.3", "leaves-things-behind", "Nothing of this is there after power-on.",
    Poke(0x7000, b"here"), Write("FCTTV", 0x1234), Write("TDBAL", TX_RING), Write("RDBAL", RX_RING),
)  # fmt: skip
POWER_ON = program("14.3", "power-on", "Registers are as after power-on.", Read("FCTTV", 0), Read("TDBAL", 0))


@pytest.fixture(scope="module", params=WORDS)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    opened = had(request.param)
    yield opened
    opened.close()


@pytest.fixture
def in_qemu() -> Iterator[QemuCard]:
    opened = had("qemu-11.1")
    assert isinstance(opened, QemuCard)
    yield opened
    opened.close()


@pytest.mark.parametrize("one", [SENDS, RECEIVES, INTERRUPTS], ids=lambda one: one.name)
def test_every_kind_of_target_sends_receives_and_interrupts(target: Target, one: Program) -> None:
    outcome = play(one, target)
    assert not outcome.lost
    assert not outcome.failures


def test_a_program_finds_nothing_that_the_one_before_left(target: Target) -> None:
    assert play(WRITES_ELSEWHERE, target).passed
    assert play(POWER_ON, target).passed
    assert target.peek(0x7000, 4) == bytes(4)


def test_a_frame_that_no_program_took_does_not_reach_the_next(target: Target) -> None:
    late = program("3.2", "late", "Sent to a card that does not listen.", Arrive((plain_frame(80, to=MAC),)))
    assert play(late, target).passed
    assert play(RECEIVES, target).passed


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


@pytest.mark.parametrize(("word", "harm"), [("qemu-11.1", kill), ("qemu-11.1", stop), ("vfio-user", kill)])
def test_a_card_that_dies_or_hangs_costs_one_program(word: str, harm: Callable[[int], None]) -> None:
    card = had(word)
    assert isinstance(card, Outside)
    harmed: list[int] = []

    def after_each(_: object) -> None:
        if not harmed:
            assert card.pid is not None
            harmed.append(card.pid)
            harm(card.pid)

    verdicts = judge([SENDS, SENDS, SENDS], {word: card}, after_each)
    assert [one.mark for one in verdicts] == [Mark.PASSES, Mark.LOST, Mark.PASSES]
    assert not verdicts[1].steady, "on a fresh card it passes"
    assert ("SIGKILL" if harm is kill else "5 s") in verdicts[1].outcome.lost


def test_a_card_lost_within_a_program_is_reported_with_what_was_seen_before(in_qemu: QemuCard) -> None:
    in_qemu.power_on()
    assert in_qemu.pid is not None
    kill(in_qemu.pid)
    with pytest.raises(LostError, match="SIGKILL"):
        in_qemu.read(8)
    in_qemu.power_on()
    assert in_qemu.read(8) != 0


@pytest.fixture
def ends() -> Iterator[tuple[Wire, socket.socket]]:
    near, far = socket.socketpair()
    near.settimeout(5)
    with near, far:
        yield Wire(near), far


def test_frames_of_any_length_cross_the_wire_however_they_are_cut(ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    frames = [b"a", bytes(60), b"", bytes(range(200))]
    stream = b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames)
    found = []
    for octet in stream:
        far.sendall(bytes([octet]))
        found += wire.take()
    assert found == frames
    wire.send(tuple(frames))
    assert far.recv(1 << 16) == stream


def test_meeting_sends_no_frame_and_spoils_none(ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    with pytest.raises(LostError, match="has not been read"):
        wire.meet(0.01)
    wire.send((b"one", b"two"))
    assert far.recv(1 << 16) == b"\0\0\0\3one\0\0\0\3two"


def test_a_wire_whose_other_end_has_left_is_a_lost_card(ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    far.close()
    with pytest.raises(LostError, match="left the wire"):
        wire.take()


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("card", "There is no target 'card'"),
        ("qemu", "There is no target 'qemu'"),
        ("qemu:/no/such/qemu", "There is no QEMU at /no/such/qemu"),
        ("qemu:/bin/true:rtl8139", "There is no model 'rtl8139'"),
        ("self:fancy", "There is no profile 'fancy'"),
        ("vfio-user:", "needs a socket"),
        ("vfio-user:/run/card.sock,wire=tap:tap0", "stream:PATH"),
    ],
)
def test_a_target_that_cannot_be_is_a_sentence(word: str, sentence: str) -> None:
    with pytest.raises(LabError, match=sentence):
        open_target(word)


def test_nobody_at_a_socket_is_a_sentence_at_the_first_program() -> None:
    with pytest.raises(LabError, match="start its server"):
        play(SENDS, open_target("vfio-user:/no/such.sock"))
