"""What must a card offer to be judged? Registers, memory, a wire and time: no more than a guest and its network have.

A target is used by one program at a time. A method that cannot reach the card raises `LostError`: that costs the
program, and the target is started afresh for the next.
"""

from __future__ import annotations

from typing import Protocol


class LostError(Exception):
    """The card hangs, died, or fell silent; `str()` says how one noticed, in a sentence."""


class UnableError(Exception):
    """The card has no such thing at all; `str()` says what, so that a program that needs it is not judged."""


class Target(Protocol):
    """One card. Register offsets are bytes in BAR0, values 32 bits; addresses are guest physical."""

    name: str
    patience_ns: int
    """How long to wait for what is expected to be seen: 0 where the clock is virtual and `settle` is enough."""

    memory_bytes: int
    """Guest memory, from address 0. May be set before the first power-on."""

    def power_on(self) -> None:
        """A card as it is after power-on, decoding and mastering the bus, memory zeros; starts what is not running."""

    def reset(self) -> None:
        """What RST# does, memory aside: the bus resets the card, and lets it decode and master again."""

    def power(self, asleep: bool) -> None:
        """D3hot, or D0 again. Raises UnableError if it has no power states."""

    def read(self, offset: int) -> int: ...
    def write(self, offset: int, value: int) -> None: ...
    def read_io(self, offset: int) -> int: ...
    def write_io(self, offset: int, value: int) -> None: ...
    def peek(self, address: int, length: int) -> bytes: ...
    def poke(self, address: int, data: bytes) -> None: ...
    def wait(self, duration_ns: int) -> None: ...

    def arrive(self, frames: tuple[bytes, ...]) -> None:
        """Frames come from the wire, without FCS, with the minimum length not enforced."""

    def settle(self) -> None:
        """Wait until the card has done what it was told so far."""

    def take_sent(self) -> list[bytes]:
        """Frames that left since the last call, without FCS."""

    def line(self) -> bool | None:
        """Whether the interrupt line is asserted; None: this target cannot tell."""

    def close(self) -> None:
        """Stop what was started."""
