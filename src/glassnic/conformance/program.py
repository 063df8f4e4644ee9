"""What is a conformance program? Plain data: steps that a driver and a wire take, and what must be seen then.

A program begins at power-on with memory full of zeros. Steps are taken in order; between them an expectation looks at
what the card has done so far. Where the manual can be read in two ways, `Either` names the readings and none of them
fails. Whatever memory the steps do not give to the card must be untouched at the end. Programs can be kept as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeAlias

MEMORY_BYTES = 0x8_0000
"""Guest memory, from address 0."""
MAC = bytes.fromhex("525400123456")
"""The station address of every card that is judged."""
ALL = 0xFFFF_FFFF


# What a driver and a wire do


@dataclass(frozen=True)
class Write:
    """Write a 32-bit register of BAR0, by the manual's name, or by its byte offset where none has one."""

    register: str | int
    value: int


@dataclass(frozen=True)
class WriteIo:
    """Write 32 bits to the I/O BAR: 0 is IOADDR, 4 is IODATA (§13.2.2)."""

    offset: int
    value: int


@dataclass(frozen=True)
class Poke:
    """Lay bytes into guest memory."""

    address: int
    data: bytes


@dataclass(frozen=True)
class Give:
    """Lay transmit descriptors into the ring from the tail on, and write TDT behind them: one doorbell."""

    descriptors: tuple[bytes, ...]


@dataclass(frozen=True)
class Offer:
    """Lay receive descriptors for buffers of `size` bytes into the ring from the tail on; write RDT."""

    buffers: tuple[int, ...]
    size: int = 2048


@dataclass(frozen=True)
class Lend:
    """From here on the card may write these bytes of memory. What `Give` and `Offer` name it may write anyway."""

    address: int
    length: int


@dataclass(frozen=True)
class Arrive:
    """Frames come from the wire, without their FCS."""

    frames: tuple[bytes, ...]


@dataclass(frozen=True)
class Wait:
    """Let time pass: the card's clock where it is virtual, else the real one."""

    duration_ns: int


@dataclass(frozen=True)
class Reset:
    """The bus resets the card (RST#); it decodes and masters the bus again. Memory stays as it is."""


@dataclass(frozen=True)
class Power:
    """Put the card to sleep (D3hot), or wake it (D0), by PMCSR: like RST# but for configuration space (§6.3.1)."""

    asleep: bool


@dataclass(frozen=True)
class Until:
    """Read a register until the masked bits are `value`, for 50 ms at most: an expectation that they become so."""

    register: str | int
    mask: int
    value: int


# What must be seen


@dataclass(frozen=True)
class Read:
    """A register reads so, in the bits of `mask`."""

    register: str | int
    value: int
    mask: int = ALL


@dataclass(frozen=True)
class ReadIo:
    """The I/O BAR reads so."""

    offset: int
    value: int
    mask: int = ALL


@dataclass(frozen=True)
class Sent:
    """Exactly these frames left since the last `Sent`, in this order; without their FCS."""

    frames: tuple[bytes, ...]


@dataclass(frozen=True)
class Peek:
    """Memory reads so, in the bits of `mask`; an empty mask is all ones."""

    address: int
    data: bytes
    mask: bytes = b""


@dataclass(frozen=True)
class Delivered:
    """The next frame in the receive ring: its bytes, and of the second quadword of its last descriptor the bits of
    `mask` (§3.2.3; DD, EOP and the length are compared anyway)."""

    data: bytes
    word: int = 0
    mask: int = 0
    descriptors: int = 1


@dataclass(frozen=True)
class NotDelivered:
    """No further frame is in the receive ring."""


@dataclass(frozen=True)
class Line:
    """The interrupt line is asserted, or not. A target that cannot tell is not judged."""

    high: bool


Expectation: TypeAlias = Until | Read | ReadIo | Sent | Peek | Delivered | NotDelivered | Line


@dataclass(frozen=True)
class Either:
    """The manual can be read in these ways: one expectation for each reading, by a name."""

    readings: tuple[tuple[str, Expectation], ...]


Action: TypeAlias = Write | WriteIo | Poke | Give | Offer | Lend | Arrive | Wait | Reset | Power
Step: TypeAlias = Action | Expectation | Either
Steps: TypeAlias = Iterable["Step | Steps"]
"""Steps, or runs of steps as words like `transmitter()` give them: `program` takes them apart."""

KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(Write, WriteIo, Poke, Give, Offer, Lend, Arrive, Wait, Reset, Power),
        *(Until, Read, ReadIo, Sent, Peek, Delivered, NotDelivered, Line, Either),
    )
}


@dataclass(frozen=True)
class Program:
    """One rule of the manual, put to a card."""

    section: str
    name: str
    """Unique within its section: words with dashes."""
    rule: str
    """The rule in our own words, one sentence. Shown when it is broken."""
    steps: tuple[Step, ...] = field(repr=False)

    @property
    def firm(self) -> bool:
        """Whether the manual leaves one reading only."""
        return not any(isinstance(step, Either) for step in self.steps)

    @property
    def address(self) -> str:
        """How one names it: `3.5.4/segments-carry-mss-bytes`."""
        return f"{self.section}/{self.name}"

    def encode(self) -> str:
        """As JSON, to keep."""
        steps = [encode(step) for step in self.steps]
        words = {"section": self.section, "name": self.name, "rule": self.rule}
        return json.dumps(words)[:-1] + ', "steps": [\n  ' + ",\n  ".join(map(json.dumps, steps)) + "\n]}\n"

    @classmethod
    def decode(cls, text: str) -> Program:
        """From JSON. Raises ValueError with one sentence."""
        try:
            found = json.loads(text)
            steps = tuple(decode(step) for step in found["steps"])
            return cls(found["section"], found["name"], found["rule"], steps)
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no program: {error}") from error


def program(section: str, name: str, rule: str, *steps: Step | Steps) -> Program:
    """A program of these steps."""
    return Program(section, name, rule, tuple(_flat(steps)))


def _flat(steps: Steps) -> Iterator[Step]:
    for step in steps:
        if type(step).__name__ in KINDS:
            yield step  # type: ignore[misc]
        else:
            yield from _flat(step)  # type: ignore[arg-type]


def encode(value: Any) -> Any:
    """A step, or what is in one, in terms of JSON."""
    if is_dataclass(value):
        return {type(value).__name__: {part.name: encode(getattr(value, part.name)) for part in fields(value)}}
    if isinstance(value, tuple):
        return [encode(part) for part in value]
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def decode(value: Any, kinds: Mapping[str, type[Any]] = KINDS) -> Any:
    """The reverse, for steps of these kinds. Raises KeyError or TypeError for what is none."""
    if isinstance(value, list):
        return tuple(decode(part, kinds) for part in value)
    if not isinstance(value, dict):
        return value
    (name, content), *_ = value.items()
    if name == "hex":
        return bytes.fromhex(content)
    return kinds[name](**{part: decode(inner, kinds) for part, inner in content.items()})
