"""Can a guest or a wire make the card raise, hang, or touch what is not its own? Random registers, memory and frames.

Memory is a patchwork: what lies between the ranges, and in the one that is read only, must never change; with bus
mastering off, nothing at all.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory
from glassnic.device.recorder import Recorder
from glassnic.spec.models import MODELS
from glassnic.spec.profiles import PROFILES
from glassnic.spec.registers import ALIAS_OF, REGISTERS, R, Register, offsets
from plain import plain
from programs import Pages, legacy, plausible, silly

pytestmark = pytest.mark.kernel

KINDS: dict[str, Any] = {"plain": plain("glassnic.device.nic").Nic, "jitted": Nic}
SPAN_BYTES = 0x10000
RANGES = ((0x0800, 0x3000, 1), (0x3040, 0x5000, 0), (0x5040, 0xF000, 1))
TX_RING, RX_RING = 0x1000, 0x5100
ENTRIES = 16
MOST_TURNS = 2000
"""A full lap of the longest ring takes 256 turns of the engine."""

SEEDS = st.integers(0, 3)
INSIDE = (TX_RING, RX_RING, 0x0800, 0x2FF0, 0x3040, 0x4FF0, 0x5040, 0xEFF0, 0xF000, 0)
WORDS = st.integers(0, 0xFFFF_FFFF)
VALUES = WORDS | st.sampled_from([0, 1, 2, 0xFFFF, 0x80, 0xFFFF_FFFF, *INSIDE]) | st.integers(0, 64)
PLACES = (
    st.sampled_from([row.offset for row in REGISTERS.values()])
    | st.sampled_from([offset for row in REGISTERS.values() if row.number <= 128 for offset in offsets(row)])
    | st.sampled_from(sorted(ALIAS_OF))
    | st.integers(0, 0x1FFFF)
)
RING_BYTES = st.sampled_from([0x100, 0, 0xFFF80])
LIVE: list[tuple[Register, st.SearchStrategy[int]]] = [
    (R.TDT, st.integers(0, ENTRIES + 2)), (R.RDT, st.integers(0, ENTRIES + 2)), (R.TDT, VALUES), (R.RDT, VALUES),
    (R.TCTL, st.sampled_from([2, 10, 0, 0x40_000A])), (R.RCTL, st.sampled_from([2, 0x801A, 0x200_8022]) | WORDS),
    (R.CTRL, st.sampled_from([0x40, 0x4000_0040, 0x5800_0040, 0x0400_0000])), (R.TDLEN, RING_BYTES),
    (R.RDLEN, RING_BYTES), (R.TDBAL, st.sampled_from(INSIDE)), (R.RDBAL, st.sampled_from(INSIDE)),
    (R.PBA, st.integers(0, 127)), (R.RXCSUM, WORDS), (R.MDIC, WORDS), (R.IMS, WORDS), (R.ITR, VALUES),
]  # fmt: skip
"""Registers that make something happen, with values under which much does."""

PAUSE = bytes.fromhex("0180c2000001 000000000000 8808 0001")
HEADS = st.sampled_from([b"\xff" * 6, bytes.fromhex("525400123456"), PAUSE])
FRAMES = st.lists(
    st.integers(0, 20_000).map(bytes)
    | st.binary(max_size=100)
    | st.builds(lambda head, n, seed: head + random.Random(seed).randbytes(n), HEADS, st.integers(0, 2000), SEEDS),
    max_size=4,
)


@st.composite
def writes(draw: st.DrawFn) -> tuple[str, Any]:
    row, values = draw(st.sampled_from(LIVE))
    return "write", (row.offset, draw(values))


@st.composite
def descriptors(draw: st.DrawFn) -> tuple[str, Any]:
    """Something for a ring: packets right and wrong, or any bytes."""
    pages = Pages()
    one = plausible(pages) | legacy(pages) | silly(pages) | st.lists(st.binary(min_size=16, max_size=16), max_size=8)
    laid = b"".join(draw(one))
    return "memory", (
        draw(st.sampled_from([TX_RING, RX_RING])) + 16 * draw(st.integers(0, 3)),
        laid,
        tuple(pages.contents),
    )


ACTS = (
    writes() | writes() | writes() | descriptors() | descriptors()
    | st.tuples(st.just("write"), st.tuples(PLACES, VALUES))
    | st.tuples(st.just("read"), PLACES)
    | st.tuples(st.just("io"), st.tuples(st.integers(0, 63), VALUES))
    | st.tuples(st.just("frames"), FRAMES)
    | st.tuples(st.just("time"), st.sampled_from([0, 1, 1000, 100_000, 10_000_000, 3_000_000_000]))
    | st.tuples(st.just("link"), st.booleans())
    | st.tuples(st.just("asleep"), st.booleans())
)  # fmt: skip
PROGRAMS = st.lists(ACTS, min_size=1, max_size=25)


class Patchwork:
    """A card on a patchwork of memory. `check` says that nothing changed that must not."""

    def __init__(self, kind: str, seed: int, model: str, profile: str) -> None:
        self.memory = FlatMemory(SPAN_BYTES)
        self.memory.data[:] = np.frombuffer(random.Random(seed).randbytes(SPAN_BYTES), np.uint8)
        self.memory.write(TX_RING, bytes(16 * ENTRIES * 4))
        self.memory.ranges = np.array(RANGES, np.int64)
        self.nic = KINDS[kind](self.memory, model=model, profile=profile, recorder=Recorder(16))
        self.now_ns = 0
        for row, value in ((R.TDBAL, TX_RING), (R.TDLEN, 16 * ENTRIES), (R.TCTL, 10), (R.RDBAL, RX_RING),
                           (R.RDLEN, 16 * ENTRIES), (R.RCTL, 0x801E), (R.IMS, 0x1FFFF)):  # fmt: skip
            self.nic.write(row.offset, value)
        self.writable = np.zeros(SPAN_BYTES, bool)
        for start, end, may in RANGES:
            self.writable[start:end] = bool(may)

    def do(self, act: str, what: Any) -> None:
        nic = self.nic
        if act == "write":
            nic.write(*what)
        elif act == "read":
            assert 0 <= nic.read(what) <= 0xFFFF_FFFF
        elif act == "io":
            nic.write_io(*what)
            assert 0 <= nic.read_io(what[0]) <= 0xFFFF_FFFF
        elif act == "memory":
            address, data, contents = what
            for at, bytes_there in (*contents, (address, data)):
                self.memory.data[at : at + len(bytes_there)] = np.frombuffer(bytes_there, np.uint8)
        elif act == "frames":
            nic.receive(what)
        elif act == "time":
            self.now_ns += what
        elif act == "link":
            nic.set_link(what)
        else:
            nic.asleep = what

    def run(self) -> None:
        """Let the card work until it asks for no more now: soon, since nobody gives it more."""
        for _ in range(MOST_TURNS):
            self.nic.advance(self.now_ns)
            assert all(0 < len(frame) <= 0x10000 for frame in self.nic.sent())
            due = self.nic.deadline
            if due is None or due > self.now_ns:
                return
        raise AssertionError(f"the card still has work after {MOST_TURNS} turns")

    def play(self, program: list[tuple[str, Any]], bus_master: bool) -> None:
        self.nic.bus_master = bus_master
        for act, what in program:
            self.do(act, what)
            before = self.memory.data.copy()
            self.run()
            changed = self.memory.data != before
            assert not changed[~self.writable].any(), "a byte outside the writable ranges changed"
            assert bus_master or not changed.any(), "memory changed without bus mastering"


@pytest.mark.parametrize("kind", KINDS)
@given(
    program=PROGRAMS,
    bus_master=st.sampled_from([True, True, True, False]),
    seed=SEEDS,
    model=st.sampled_from(sorted(MODELS)),
    profile=st.sampled_from(sorted(PROFILES)),
)
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_nonsense_makes_the_card_raise_hang_or_stray(
    kind: str, program: list[tuple[str, Any]], bus_master: bool, seed: int, model: str, profile: str
) -> None:
    Patchwork(kind, seed, model, profile).play(program, bus_master)


@pytest.mark.parametrize("kind", KINDS)
@given(program=PROGRAMS, seed=SEEDS)
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=30)
def test_after_any_nonsense_a_reset_makes_a_working_card(kind: str, program: list[tuple[str, Any]], seed: int) -> None:
    card = Patchwork(kind, seed, "82540em", "manual")
    card.play([act for act in program if act[0] not in ("asleep", "link")], True)
    card.nic.reset()
    station = card.nic.read(R.RAL.offset).to_bytes(4, "little") + card.nic.read(R.RAH.offset).to_bytes(4, "little")[:2]
    frame = station + station + bytes(48)
    card.memory.write(0x6000, frame)
    card.memory.write(TX_RING, (0x6000).to_bytes(8, "little") + (60 | 0x0300_0000).to_bytes(8, "little"))
    card.memory.write(RX_RING, (0x7000).to_bytes(8, "little") + bytes(8))
    for row, value in ((R.TDBAL, TX_RING), (R.TDBAH, 0), (R.TDLEN, 128), (R.TCTL, 2), (R.TDT, 1),
                       (R.RDBAL, RX_RING), (R.RDBAH, 0), (R.RDLEN, 128), (R.RDT, 1), (R.RCTL, 2)):  # fmt: skip
        card.nic.write(row.offset, value)
    card.nic.advance(card.now_ns)
    assert list(map(bytes, card.nic.sent())) == [frame]
    card.nic.receive([frame])
    card.run()
    assert card.memory.read(0x7000, 60) == frame
