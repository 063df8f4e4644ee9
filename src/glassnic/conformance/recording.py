"""How is a session kept? As a file of lines of JSON: what card it was, then all that happened at its ports, in order.

A line is a step of a conformance program: what driver and wire did, and as expectations what the card answered, sent
and wrote. `Wait` stands wherever the card was given time. After a `Reset` what lies in memory is unknown, and laid anew
before it is read. Two kinds of line are no steps, for a program lays its rings itself: `Host` and `Ring`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

from glassnic.conformance.program import KINDS, Step, decode, encode
from glassnic.lab.errors import LabError
from glassnic.xray.pcapng import CaptureError
from glassnic.xray.sink import target

USUAL_BYTES = 256 << 20
"""A recording's size, where the user names none."""


@dataclass(frozen=True)
class Head:
    """The first line: which card. Its EEPROM as it was then."""

    model: str
    profile: str
    eeprom: bytes


@dataclass(frozen=True)
class Host:
    """What surrounds the card changes: its `cable`, its place as bus `master`, its sleep (D3: `asleep`), or a back end
    that takes no more for now (`held`)."""

    what: str
    on: bool


@dataclass(frozen=True)
class Ring:
    """From here on the transmit (`TD`) or receive (`RD`) ring lies there: what is laid into it are descriptors."""

    name: str
    address: int
    length: int


Moment: TypeAlias = Step | Host | Ring
LINES: dict[str, type[Any]] = KINDS | {kind.__name__: kind for kind in (Head, Host, Ring)}


@dataclass(frozen=True)
class Recording:
    """A session as it was kept."""

    head: Head
    moments: tuple[Moment, ...]


class Pen:
    """Writes a recording. It ends with a sentence when the file is full or cannot be written; the card goes on."""

    def __init__(self, text: str, say: Callable[[str], None]) -> None:
        """`text`: FILE or FILE,size=64M. Raises CaptureError, a sentence."""
        goal = target(text)
        if goal.files:
            raise CaptureError(f"a recording is one file, so {text!r} cannot have files=: write {goal.path},size=64M")
        self._path, self._left = goal.path, goal.size_bytes or USUAL_BYTES
        self._say = say
        try:
            self._file: IO[str] | None = goal.path.open("w", encoding="ascii")
        except OSError as error:
            raise CaptureError(
                f"cannot write {goal.path}: {error.strerror}; choose a file in a folder of yours"
            ) from error

    def write(self, moment: Moment | Head) -> None:
        """One line more."""
        if self._file is None:
            return
        line = json.dumps(encode(moment)) + "\n"
        self._left -= len(line)
        if self._left < 0:
            self._end(f"the recording {self._path} is full and ends here: give it more room with {self._path},size=1G")
            return
        self._do(lambda file: file.write(line))

    def flush(self) -> None:
        """Let readers see all there is."""
        self._do(lambda file: file.flush())

    def close(self) -> None:
        """Nothing more comes."""
        self._do(lambda file: file.close())
        self._file = None

    def _do(self, act: Callable[[IO[str]], object]) -> None:
        try:
            if self._file is not None:
                act(self._file)
        except OSError as error:
            self._end(f"cannot write {self._path}: {error.strerror}; the recording ends here")

    def _end(self, sentence: str) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()
        self._say(sentence)


def read_recording(path: Path) -> Recording:
    """The recording in a file. A last line that is cut off is left out. Raises LabError."""
    try:
        lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LabError(f"{path} is no recording of `glassnic serve --record`.") from error
    try:
        found = [decode(json.loads(line), LINES) for line in lines if line.endswith("\n")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabError(f"{path} is no recording of `glassnic serve --record`: {error}.") from error
    head, moments = (found[0] if found else None), tuple(found[1:])
    if not isinstance(head, Head) or any(isinstance(moment, Head) for moment in moments):
        raise LabError(f"{path} is no recording of `glassnic serve --record`: it does not begin with what card it was.")
    return Recording(head, moments)
