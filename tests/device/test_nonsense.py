"""Can a guest or a wire make the card raise, hang, or touch what is not its own? Random registers, memory and frames.

Memory is a patchwork: what lies between the ranges, and in the one that is read only, must never change; with bus
mastering off, nothing at all.
"""

from __future__ import annotations

import random
from struct import pack
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory
from glassnic.device.recorder import Recorder
from glassnic.driver.descriptors import encode_data
from glassnic.spec.models import MODELS
from glassnic.spec.profiles import PROFILES
from glassnic.spec.registers import ALIAS_OF, REGISTERS, R, Register, offsets
from plain import plain
from programs import Pages, legacy, plausible, silly

pytestmark = pytest.mark.kernel

KINDS: dict[str, Any] = {"plain": plain("glassnic.device.nic").Nic, "jitted": Nic}
SPAN_BYTES = 0x10000
RANGES = ((0x0800, 0x3000, 1), (0x3040, 0x5000, 0), (0x5040, 0xF000, 1))
SECRET = b"\xc5" * 16
"""Fills what is between the ranges; if it ever leaves in a frame, the card has read what it must not."""
TX_RING, RX_RING = 0x1000, 0x5100
ENTRIES = 16
MOST_TURNS = 2000
"""A full lap of the longest ring takes 256 turns of the engine."""

EDGES = [edge + step for start, end, _ in RANGES for edge in (start, end) for step in (-2048, -60, -16, -1, 0, 1, 16)]
ADDRESSES = st.sampled_from([*EDGES, 0x6000, 0x7001, 0x3100, 0, SPAN_BYTES, 1 << 40, (1 << 64) - 8])
BASES = st.sampled_from([TX_RING, RX_RING, 0x3100, *(edge & ~15 for edge in EDGES)])
SEEDS = st.integers(0, 3)
WORDS = st.integers(0, 0xFFFF_FFFF)
VALUES = WORDS | st.integers(0, 64) | st.sampled_from([0x80, 0xFFFF, 0xFFFF_FFFF, 0x7000])
PLACES = (
    st.sampled_from([row.offset for row in REGISTERS.values()])
    | st.sampled_from([offset for row in REGISTERS.values() if row.number <= 128 for offset in offsets(row)])
    | st.sampled_from(sorted(ALIAS_OF))
    | st.integers(0, 0x1FFFF)
)
RING_BYTES = st.sampled_from([0x100, 0, 0xFFF80])
LIVE: list[tuple[Register, st.SearchStrategy[int]]] = [
    (R.TDT, st.integers(0, ENTRIES + 2) | VALUES), (R.RDT, st.integers(0, ENTRIES + 2) | VALUES),
    (R.TCTL, st.sampled_from([2, 10, 0, 0x40_000A])), (R.RCTL, st.sampled_from([2, 0x801A, 0x200_8022]) | WORDS),
    (R.CTRL, st.sampled_from([0x40, 0x4000_0040, 0x5800_0040, 0x0400_0000])), (R.TDLEN, RING_BYTES),
    (R.RDLEN, RING_BYTES), (R.TDBAL, BASES), (R.RDBAL, BASES), (R.TDH, VALUES), (R.RDH, VALUES),
    (R.PBA, st.integers(0, 127)), (R.RXCSUM, WORDS), (R.MDIC, WORDS), (R.IMS, WORDS), (R.ITR, VALUES),
]  # fmt: skip
"""Registers that make something happen, with values under which much does."""

STATION = bytes.fromhex("525400123456")
PAUSE = bytes.fromhex("0180c2000001 000000000000 8808 0001")
FRAMES = st.lists(
    st.integers(0, 20_000).map(bytes)
    | st.binary(max_size=100)
    | st.builds(
        lambda head, length, seed: head + random.Random(seed).randbytes(length),
        st.sampled_from([b"\xff" * 6, STATION, PAUSE]),
        st.integers(0, 2000),
        SEEDS,
    ),
    max_size=4,
)

Act = tuple[str, Any]


@st.composite
def registers(draw: st.DrawFn) -> Act:
    row, values = draw(st.sampled_from(LIVE))
    return "write", (row.offset, draw(values))


@st.composite
def transmissions(draw: st.DrawFn) -> Act:
    """Packets right and wrong, or any bytes, in a ring that may lie anywhere, and the doorbell."""
    pages = Pages()
    strays = st.builds(
        lambda address, length, end: encode_data(address, length, EOP=end, IFCS=1, RS=1),
        ADDRESSES, st.integers(0, 3000), st.integers(0, 1),
    )  # fmt: skip
    one = plausible(pages) | legacy(pages) | silly(pages) | st.lists(strays, min_size=1, max_size=8)
    ring = b"".join(draw(one))[: 16 * (ENTRIES - 1)]
    base = draw(BASES)
    return "transmit", ((*pages.contents, (base, ring)), base, len(ring) // 16)


@st.composite
def receptions(draw: st.DrawFn) -> Act:
    """A ring of buffers that may lie anywhere, and frames."""
    buffers = draw(st.lists(ADDRESSES, min_size=1, max_size=8))
    control = draw(st.sampled_from([0x801A, 0x3_801E, 0x0400_803E, 0x0202_801E]) | WORDS) | 2
    base = draw(BASES)
    ring = b"".join(pack("<QQ", address, 0) for address in buffers)
    return "receive", (((base, ring),), base, len(buffers), control, draw(FRAMES))


ACTS = (
    transmissions() | transmissions() | receptions() | registers() | registers()
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
    """A card on a patchwork of memory. `play` asserts after each act that nothing happened that must not."""

    def __init__(self, kind: str, seed: int, model: str, profile: str) -> None:
        self.memory = FlatMemory(SPAN_BYTES)
        self.memory.write(0, SECRET * (SPAN_BYTES // len(SECRET)))
        self.memory.ranges = np.array(RANGES, np.int64)
        self.lay(0, random.Random(seed).randbytes(SPAN_BYTES))
        self.nic = KINDS[kind](self.memory, model=model, profile=profile, mac=STATION, recorder=Recorder(16))
        self.now_ns = 0
        self.write((R.TDLEN, 16 * ENTRIES), (R.RDLEN, 16 * ENTRIES), (R.IMS, 0x1FFFF))
        self.writable = np.zeros(SPAN_BYTES, bool)
        for start, end, may in RANGES:
            self.writable[start:end] = bool(may)

    def lay(self, address: int, data: bytes) -> None:
        """What the guest's processor writes: read only is the card's concern, not its own."""
        for start, end, _ in RANGES:
            low, high = max(start, address), min(end, address + len(data))
            if low < high:
                self.memory.data[low:high] = np.frombuffer(data[low - address : high - address], np.uint8)

    def write(self, *writes: tuple[Register, int]) -> None:
        for row, value in writes:
            self.nic.write(row.offset, value)

    def transmit(self, base: int, tail: int) -> None:
        self.write((R.TCTL, 0), (R.TDBAL, base), (R.TDBAH, 0), (R.TDH, 0), (R.TDT, tail), (R.TCTL, 10))

    def receive(self, base: int, tail: int, control: int, frames: list[bytes]) -> None:
        self.write((R.RCTL, 0), (R.RDBAL, base), (R.RDBAH, 0), (R.RDH, 0), (R.RDT, tail), (R.RCTL, control))
        self.nic.receive(frames)

    def do(self, act: str, what: Any) -> None:
        nic = self.nic
        if act in ("transmit", "receive"):
            getattr(self, act)(*what[1:])
        elif act == "write":
            nic.write(*what)
        elif act == "read":
            assert 0 <= nic.read(what) <= 0xFFFF_FFFF
        elif act == "io":
            nic.write_io(*what)
            assert 0 <= nic.read_io(what[0]) <= 0xFFFF_FFFF
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
            for frame in self.nic.sent():
                assert 0 < len(frame) <= 0x10000
                assert SECRET not in bytes(frame), "what is outside the ranges left in a frame"
            due = self.nic.deadline
            if due is None or due > self.now_ns:
                return
        raise AssertionError(f"the card still has work after {MOST_TURNS} turns")

    def play(self, program: list[Act], bus_master: bool) -> None:
        self.nic.bus_master = bus_master
        for act, what in program:
            for address, data in what[0] if act in ("transmit", "receive") else ():
                self.lay(address, data)
            before = self.memory.data.copy()
            self.do(act, what)
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
    kind: str, program: list[Act], bus_master: bool, seed: int, model: str, profile: str
) -> None:
    Patchwork(kind, seed, model, profile).play(program, bus_master)


@pytest.mark.parametrize("kind", KINDS)
@given(program=PROGRAMS, seed=SEEDS)
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=30)
def test_after_any_nonsense_a_reset_makes_a_working_card(kind: str, program: list[Act], seed: int) -> None:
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
