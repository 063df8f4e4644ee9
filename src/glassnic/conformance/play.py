"""How is a program run, and judged? Takes its steps one by one on a target; what each expectation found is kept.

An expectation is looked at until it holds or the target's patience is over. Memory that was never lent to the card is
compared at the end: nothing else may have been written. What was found can be compared between two cards, whatever was
expected: that is how the fingerprint tells implementations apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnic.conformance.program import (
    Arrive,
    Delivered,
    Either,
    Expectation,
    Give,
    Lend,
    Line,
    NotDelivered,
    Offer,
    Peek,
    Poke,
    Power,
    Program,
    Read,
    ReadIo,
    Reset,
    Sent,
    Step,
    Until,
    Wait,
    Write,
    WriteIo,
)
from glassnic.conformance.targets.port import LostError, Target, UnableError
from glassnic.spec.bits import take
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, RX, TX_STATUS_BYTE
from glassnic.spec.registers import BY_OFFSET, Access, R, offset_of

UNTIL_NS = 50_000_000
LOOK_NS = 1_000_000
"""How long to wait before looking again."""
SHOWN_BYTES = 32
UNTOUCHED = -1
"""The step number of the look at memory that comes last."""

Found = Any
"""What was seen: an int, bytes, a tuple of bytes, a bool, or None where the target cannot tell."""


@dataclass(frozen=True)
class Seen:
    """One expectation looked at. `held` is None where the target cannot tell."""

    step: int
    expected: Found
    found: Found
    held: bool | None
    reading: str = ""
    """Which of `Either`'s readings held."""


@dataclass(frozen=True)
class Outcome:
    """What came of a program on a target. `lost` says how the card was lost, `unable` what it lacks, if so."""

    program: Program
    seen: tuple[Seen, ...]
    lost: str = ""
    unable: str = ""

    @property
    def passed(self) -> bool:
        return not self.lost and all(one.held is not False for one in self.seen)

    @property
    def failures(self) -> tuple[Seen, ...]:
        return tuple(one for one in self.seen if one.held is False)

    @property
    def readings(self) -> tuple[str, ...]:
        """The readings that held, where the manual leaves a choice."""
        return tuple(one.reading for one in self.seen if one.reading)

    def agrees(self, other: Outcome) -> bool:
        """Whether another card showed the same on this program, as far as both can tell, whatever was expected."""
        pairs = zip(self.seen, other.seen, strict=False)
        same = all(mine.found == theirs.found or None in (mine.held, theirs.held) for mine, theirs in pairs)
        return same and bool(self.lost) == bool(other.lost)


def play(program: Program, target: Target, patience_ns: int | None = None) -> Outcome:
    """Run a program. Never raises: a lost card is an outcome. `patience_ns` is the target's own, if not given."""
    player = Player(target, target.patience_ns if patience_ns is None else patience_ns)
    try:
        target.power_on()
        for number, step in enumerate(program.steps):
            player.take(number, step)
        player.look_for_strays()
    except LostError as error:
        return Outcome(program, tuple(player.seen), lost=str(error))
    except UnableError as error:
        return Outcome(program, (), unable=str(error))
    return Outcome(program, tuple(player.seen))


class _Ring:
    """Where a ring lies, as the driver last wrote it, and how far driver and reader have come."""

    def __init__(self) -> None:
        self.base = self.entries = self.tail = self.next = 0

    def place(self, index: int) -> int:
        return self.base + index % max(self.entries, 1) * DESCRIPTOR_BYTES


class Player:
    """A driver's and a wire's state while a program runs."""

    def __init__(self, target: Target, patience_ns: int) -> None:
        self.target = target
        self.patience_ns = patience_ns
        self.seen: list[Seen] = []
        self._transmit, self._receive = _Ring(), _Ring()
        self._size = 0
        self._image = bytearray(target.memory_bytes)
        self._lent = bytearray(target.memory_bytes)
        self._sent: list[bytes] = []
        self._actions: dict[type, Callable[[Any], None]] = {
            Write: self._write,
            WriteIo: lambda step: target.write_io(step.offset, step.value),
            Poke: lambda step: self._poke(step.address, step.data),
            Give: self._give,
            Offer: self._offer,
            Lend: lambda step: self._lend(step.address, step.length),
            Arrive: self._arrive,
            Wait: lambda step: target.wait(step.duration_ns),
            Reset: lambda step: self._reset(),
            Power: self._power,
        }
        self._looks: dict[type, Callable[[Any], tuple[Found, Found]]] = {
            Until: lambda step: (step.value, target.read(offset_of(step.register)) & step.mask),
            Read: lambda step: (step.value & step.mask, target.read(offset_of(step.register)) & step.mask),
            ReadIo: lambda step: (step.value & step.mask, target.read_io(step.offset) & step.mask),
            Sent: self._look_at_wire,
            Peek: self._look_at_memory,
            Delivered: self._look_at_frame,
            NotDelivered: lambda step: (0, take(self._written_back(0), RX.DD)),
            Line: lambda step: (step.high, target.line()),
        }

    def take(self, number: int, step: Step) -> None:
        if action := self._actions.get(type(step)):
            action(step)
        elif isinstance(step, Either):
            self._choose(number, step)
        else:
            assert not isinstance(step, Write | WriteIo | Poke | Give | Offer | Lend | Arrive | Wait | Reset | Power)
            self.seen.append(self._judge(number, step))
            self._forget(step)

    def strays(self) -> list[int]:
        """Bytes of memory that were written though they were not the card's to write: their addresses."""
        image, lent = (np.frombuffer(kept, np.uint8) for kept in (self._image, self._lent))
        found = np.frombuffer(self.target.peek(0, len(image)), np.uint8)
        addresses: list[int] = np.flatnonzero((found != image) & (lent == 0)).tolist()
        return addresses

    def look_for_strays(self) -> None:
        """The first byte of memory that was written though it was not the card's to write; empty if there is none."""
        stray = next(iter(self.strays()), None)
        span = slice(0, 0) if stray is None else slice(stray, stray + SHOWN_BYTES)
        found = b"" if stray is None else self.target.peek(stray, SHOWN_BYTES)
        self.seen.append(Seen(UNTOUCHED, (stray, bytes(self._image[span])), (stray, found), stray is None))

    # What a driver and a wire do

    def _write(self, step: Write) -> None:
        for name, ring in (("TD", self._transmit), ("RD", self._receive)):
            if step.register == f"{name}BAL":
                ring.base = step.value & ~0xF
            elif step.register == f"{name}LEN":
                ring.entries = step.value // DESCRIPTOR_BYTES
            elif step.register == f"{name}T":
                ring.tail = step.value
            elif step.register == f"{name}H":
                ring.next = step.value
        self.target.write(offset_of(step.register), step.value)

    def _give(self, step: Give) -> None:
        ring = self._transmit
        for index, descriptor in enumerate(step.descriptors):
            place = ring.place(ring.tail + index)
            self._poke(place, descriptor)
            self._lend(place + TX_STATUS_BYTE, 1)
        self._write(Write("TDT", (ring.tail + len(step.descriptors)) % max(ring.entries, 1)))

    def _offer(self, step: Offer) -> None:
        ring, self._size = self._receive, step.size
        for index, address in enumerate(step.buffers):
            place = ring.place(ring.tail + index)
            self._poke(place, address.to_bytes(8, "little") + bytes(8))
            self._lend(place, DESCRIPTOR_BYTES)
            self._lend(address, step.size)
        self._write(Write("RDT", (ring.tail + len(step.buffers)) % max(ring.entries, 1)))

    def _arrive(self, step: Arrive) -> None:
        self.target.settle()  # what was told before the frames came, counts
        self.target.arrive(step.frames)

    def _reset(self) -> None:
        self.target.settle()
        self.target.reset()
        self._transmit, self._receive = _Ring(), _Ring()

    def _power(self, step: Power) -> None:
        self.target.settle()
        self.target.power(step.asleep)

    def _poke(self, address: int, data: bytes) -> None:
        self.target.poke(address, data)
        self._image[address : address + len(data)] = data

    def _lend(self, address: int, length: int) -> None:
        end = min(address + length, len(self._lent))
        self._lent[address:end] = b"\1" * max(end - address, 0)

    # What must be seen

    def _judge(self, number: int, step: Expectation) -> Seen:
        """Look until it holds or patience is over; once where a look takes away what is looked at."""
        left_ns = UNTIL_NS if isinstance(step, Until) else 0 if _clears(step) else self.patience_ns
        while True:
            self.target.settle()
            expected, found = self._looks[type(step)](step)
            if found is None:
                return Seen(number, expected, None, None)
            if found == expected or left_ns <= 0:
                return Seen(number, expected, found, found == expected)
            self.target.wait(LOOK_NS)
            left_ns -= LOOK_NS

    def _choose(self, number: int, step: Either) -> None:
        """The first reading that holds; if none does, what the first one found."""
        tried = [(name, self._judge(number, wanted)) for name, wanted in step.readings]
        name, seen = next(((name, one) for name, one in tried if one.held is not False), ("", tried[0][1]))
        self.seen.append(Seen(number, seen.expected, seen.found, seen.held, name))
        self._forget(step.readings[0][1])

    def _forget(self, step: Expectation) -> None:
        """What has been looked at is not looked at again."""
        if isinstance(step, Sent):
            self._sent = []
        elif isinstance(step, Delivered):
            self._receive.next += step.descriptors

    def _look_at_wire(self, step: Sent) -> tuple[Found, Found]:
        self._sent += self.target.take_sent()
        return step.frames, tuple(self._sent)

    def _look_at_memory(self, step: Peek) -> tuple[Found, Found]:
        mask = step.mask or b"\xff" * len(step.data)
        found = self.target.peek(step.address, len(step.data))
        return _and(step.data, mask), _and(found, mask)

    def _look_at_frame(self, step: Delivered) -> tuple[Found, Found]:
        """(descriptor bits, bytes); the bytes are those that the descriptors say there are."""
        data = b""
        for index in range(step.descriptors):
            word = self._written_back(index)
            address = int.from_bytes(self.target.peek(self._receive.place(self._receive.next + index), 8), "little")
            length = min(take(word, RX.LENGTH), self._size) if take(word, RX.DD) else 0
            data += self.target.peek(address, length)
        mask = step.mask | RX.DD.mask | RX.EOP.mask
        return ((step.word | RX.DD.mask | RX.EOP.mask) & mask, step.data), (word & mask, data)

    def _written_back(self, index: int) -> int:
        """The second quadword of the next descriptor to look at, or of one behind it."""
        place = self._receive.place(self._receive.next + index)
        return int.from_bytes(self.target.peek(place + 8, 8), "little")


def _clears(step: Expectation) -> bool:
    """Does looking clear what is looked at? A read of ICR does, and of a statistic (§13.4.17, §13.7)."""
    if not isinstance(step, Read) or offset_of(step.register) not in BY_OFFSET:
        return False
    _, row = BY_OFFSET[offset_of(step.register)]
    return row is R.ICR or row.access in (Access.RC, Access.HIGH)


def _and(data: bytes, mask: bytes) -> bytes:
    return bytes(a & b for a, b in zip(data, mask, strict=True))


def play_all(programs: Iterable[Program], target: Target) -> Iterable[Outcome]:
    """One outcome after the other."""
    return (play(program, target) for program in programs)
