"""What is wrong, in a sentence and in bytes? Each expectation that did not hold becomes words, and where it was about
bytes, the expected ones and the real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from glassnic.conformance.play import UNTOUCHED, Outcome, Seen
from glassnic.conformance.program import (
    Delivered,
    Either,
    Expectation,
    Line,
    NotDelivered,
    Peek,
    Program,
    Read,
    ReadIo,
    Sent,
    Until,
)

ROW_BYTES = 8


class Row(NamedTuple):
    """Some bytes of both, where they are; `wrong` are the places in the row at which they differ."""

    offset: int
    expected: bytes
    found: bytes
    wrong: tuple[int, ...]


class Difference(NamedTuple):
    """One expectation that did not hold."""

    words: str
    expected: bytes = b""
    found: bytes = b""
    address: int = 0
    """Where the bytes begin: in guest memory or, for a frame, 0."""

    def rows(self) -> Iterator[Row]:
        """The rows that differ."""
        for begin in range(0, max(len(self.expected), len(self.found)), ROW_BYTES):
            ours, theirs = self.expected[begin : begin + ROW_BYTES], self.found[begin : begin + ROW_BYTES]
            if ours != theirs:
                places = range(max(len(ours), len(theirs)))
                wrong = tuple(at for at in places if ours[at : at + 1] != theirs[at : at + 1])
                yield Row(self.address + begin, ours, theirs, wrong)


def differences(outcome: Outcome) -> list[Difference]:
    """All that is wrong with an outcome; the loss of the card comes last."""
    found = [_difference(outcome.program, seen) for seen in outcome.failures]
    return [*found, Difference(f"The card was lost: {outcome.lost}.")] if outcome.lost else found


def _difference(program: Program, seen: Seen) -> Difference:
    if seen.step == UNTOUCHED:
        (address, expected), (_, found) = seen.expected, seen.found
        return Difference(f"Memory at {address:#x} was written, which the card was not lent.", expected, found, address)
    step = program.steps[seen.step]
    lead = f"Step {seen.step + 1}: "
    if isinstance(step, Either):
        lead += f"none of the readings holds ({', '.join(name for name, _ in step.readings)}); by the first, "
        step = step.readings[0][1]
    assert isinstance(step, Expectation)
    words, *octets = _told(step, seen)
    return Difference(f"{lead}{words}.", *octets)


def _told(step: Expectation, seen: Seen) -> tuple[str] | tuple[str, bytes, bytes] | tuple[str, bytes, bytes, int]:
    """What was found in the place of what was expected."""
    match step:
        case Read() | Until():
            where = step.register if isinstance(step.register, str) else f"the register at {step.register:#06x}"
            never = " within 50 ms" if isinstance(step, Until) else ""
            return (f"{where} reads {seen.found:#010x}{never}, not {seen.expected:#010x} (bits {step.mask:#010x})",)
        case ReadIo():
            return (f"the I/O BAR reads {seen.found:#010x} at {step.offset}, not {seen.expected:#010x}",)
        case Sent():
            return _frames(seen.expected, seen.found)
        case Peek():
            return f"memory at {step.address:#x} is not as it should be", seen.expected, seen.found, step.address
        case Delivered():
            return _delivered(seen.expected, seen.found)
        case NotDelivered():
            return ("a frame was delivered where none should be",)
        case Line():
            return (f"the interrupt line is {'' if seen.found else 'not '}asserted",)


def _frames(expected: tuple[bytes, ...], found: tuple[bytes, ...]) -> tuple[str, bytes, bytes]:
    """The first frame that differs."""
    pairs = zip(expected, found, strict=False)
    number = next((at for at, (ours, theirs) in enumerate(pairs) if ours != theirs), min(len(expected), len(found)))
    ours, theirs = (b"".join(frames[number : number + 1]) for frames in (expected, found))
    count = f"{len(found)} frames left, not {len(expected)}; " if len(found) != len(expected) else ""
    what = "is not as it should be" if ours and theirs else "is missing" if ours else "should not be there"
    length = f" ({len(theirs)} bytes, not {len(ours)})" if ours and theirs and len(ours) != len(theirs) else ""
    return f"{count}frame {number + 1} of {max(len(expected), len(found))} {what}{length}", ours, theirs


def _delivered(expected: tuple[int, bytes], found: tuple[int, bytes]) -> tuple[str, bytes, bytes]:
    words = []
    if expected[0] != found[0]:
        words.append(f"the descriptor's second quadword holds {found[0]:#018x}, not {expected[0]:#018x}")
    if expected[1] != found[1]:
        words.append(f"the frame is not as it should be ({len(found[1])} bytes, not {len(expected[1])})")
    return " and ".join(words), expected[1], found[1]
