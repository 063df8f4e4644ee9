"""What is a finding that happened? One view of all of them, whether the card noted it itself or the x-ray found it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from glassnic.spec.events import BY_NUMBER, say, values_of
from glassnic.spec.findings import Finding
from glassnic.xray.story import WORD
from glassnic.xray.trace import Row

Value = int | str


class Found(NamedTuple):
    """A finding that happened. `serial` is that of the frame that it tells of, None where none left.

    `places` are offsets of the bytes of the frame that it spoilt.
    """

    code: str
    severity: str
    sentence: str
    section: str
    values: dict[str, Value]
    serial: int | None = None
    places: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.code} ({self.severity}): {self.sentence} (§{self.section})"


def found(kind: Finding, serial: int | None, places: tuple[int, ...] = (), **values: Value) -> Found:
    """A finding of the x-ray's."""
    return Found(kind.code, kind.severity, kind.sentence.format(**values), kind.section, values, serial, places)


def noted(rows: Iterable[Row], serial: int | None = None, where: str = "") -> Iterator[Found]:
    """What the card itself found out of order; `where` begins each sentence."""
    for number, *columns in rows:
        event = BY_NUMBER.get(number)
        if event is not None and event.finding:
            unsigned = [value & WORD for value in columns]
            values: dict[str, Value] = dict(values_of(event, unsigned))
            yield Found(event.name, event.severity, where + say(event, unsigned), event.section, values, serial)
