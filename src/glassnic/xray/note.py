"""How does the record of a frame travel with it? As one line of text, `glassnic 1 {...}`: a comment of its packet.

A comment survives what other programs do to a capture (filter, merge, cut); a custom option would not. The line holds
all that explaining the frame needs: the card's model and profile, and the slice's rows.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from glassnic.spec.models import MODELS
from glassnic.spec.profiles import PROFILES
from glassnic.xray.story import Origin
from glassnic.xray.trace import Row, Slice

MARK = "glassnic 1 "


class Note(NamedTuple):
    """A frame's record, and which card made it."""

    origin: Origin
    piece: Slice


def write_note(note: Note) -> str:
    """The line."""
    content = {"model": note.origin.model, "profile": note.origin.profile, "rows": note.piece.rows}
    if note.piece.loose:
        content["loose"] = note.piece.loose
    return MARK + json.dumps(content, separators=(",", ":"))


def read_note(comments: tuple[str, ...]) -> Note | None:
    """The record among a packet's comments; None if there is none, or none that can be read."""
    for comment in comments:
        if comment.startswith(MARK):
            try:
                return _note(json.loads(comment.removeprefix(MARK)))
            except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
                return None
    return None


def _note(content: Any) -> Note:
    origin = Origin(content["model"], content["profile"])
    if origin.model not in MODELS or origin.profile not in PROFILES:
        raise ValueError(origin)
    rows = _rows(content["rows"])
    if not rows:
        raise ValueError("no rows")
    return Note(origin, Slice(rows, _rows(content.get("loose", []))))


def _rows(found: Any) -> tuple[Row, ...]:
    """Rows as they were; ValueError or TypeError for anything else."""
    rows = tuple((int(event), int(a), int(b), int(c)) for event, a, b, c in found)
    if any(abs(value) >= 1 << 63 for row in rows for value in row):
        raise ValueError("a number that the card cannot have recorded")
    return rows
