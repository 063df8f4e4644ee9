"""What does the page of a report know? A table of all frames, and for each frame its words and its bytes.

The table is a dict of columns, as JSON, with a value for each frame: numbers, or indices into lists of texts. Words (a
JSON text for each frame) and bytes lie one behind the other in two blobs; the page reads a frame's part when it is
looked at. Limits keep the page openable and are told in it: `MOST_FRAMES`, and `MOST_BYTES` shared by all frames.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, NamedTuple

from glassnic.spec.descriptors import CONTEXTS
from glassnic.spec.findings import ERROR
from glassnic.xray.command import Entry
from glassnic.xray.explain import Explanation
from glassnic.xray.hexview import LEGEND, marks_of
from glassnic.xray.pcapng import OUTBOUND
from glassnic.xray.report_frame import summarize
from glassnic.xray.story import Load, Origin, Story

MOST_FRAMES = 50_000
MOST_BYTES = 32 << 20
SAME = re.compile(r"(.)\1*")
NO_CONTEXT, RECEIVED = -1, -2
"""In the column `slot`, besides the number of a context."""

Json = dict[str, Any]


class Content(NamedTuple):
    """All that a page shows."""

    table: Json
    words: bytes
    octets: bytes


class Texts(dict[Any, int]):
    """A list without repetitions: the index of a key; new keys are appended."""

    def __missing__(self, key: Any) -> int:
        self[key] = len(self)
        return self[key]


class Collector:
    """Takes frames one by one; `content` is what they make."""

    def __init__(self) -> None:
        self._frames: list[Json] = []
        self._words: list[bytes] = []
        self._octets: list[bytes] = []
        self._protocols, self._addresses, self._headlines = Texts(), Texts(), Texts()
        self._kinds, self._combinations, self._cards, self._loads = Texts(), Texts(), Texts(), Texts()
        self._origins: dict[int, Origin] = {}
        self._load_facts: list[Json] = []

    def take(self, entry: Entry) -> None:
        """One frame of the file."""
        packet, explanation = entry.packet, entry.explanation
        line, card = summarize(packet.frame), self._cards[packet.interface]
        story = explanation.story if explanation else None
        points = explanation.points if explanation else ()
        words = _words(entry)
        row = {
            "number": entry.number,
            "at": packet.at_ns,
            "sent": int(packet.direction == OUTBOUND),
            "length": len(packet.frame),
            "card": card,
            "protocol": self._protocols[line.protocol],
            "source": self._addresses[line.source],
            "destination": self._addresses[line.destination],
            "info": line.info,
            "headline": self._headlines[words["headline"]],
            "severity": 2 if any(point.severity == ERROR for point in points) else int(bool(points)),
            "found": self._combinations[
                tuple(dict.fromkeys(self._kinds[point.code, point.severity] for point in points))
            ],
            "slot": NO_CONTEXT if packet.direction == OUTBOUND else RECEIVED,
            "load": -1,
            "first": story.descriptors[0].place if story and story.descriptors else -1,
            "last": story.descriptors[-1].place if story and story.descriptors else -1,
        }
        if story:
            self._origins.setdefault(card, story.origin)
            words["loads"] = [self._load(card, story, load, packet.at_ns) for load in story.loads]
            row["load"] = words["loads"][-1] if story.loads else -1
            row["slot"] = story.slot if story.asks_context else NO_CONTEXT
        self._frames.append(row)
        self._words.append(json.dumps(words, separators=(",", ":"), ensure_ascii=False).encode(errors="replace"))
        self._octets.append(packet.frame)

    def _load(self, card: int, story: Story, load: Load, at_ns: int) -> int:
        """The load's number; its facts when it is first met. `at` is on the file's clock, as the frame's is."""
        known = len(self._loads)
        index = self._loads[card, story.slot, load]
        if index == known:
            self._load_facts.append({
                "card": card,
                "slot": story.slot,
                "place": load.place,
                "at": at_ns - (story.at_ns - load.at_ns),
                "segments": int(load.segments),
                "named": load.named(),
                "met": len(self._frames),
            })  # fmt: skip
        return index

    def content(self, file: str, frames_in_file: int, most_bytes: int) -> Content:
        """Everything, put together. `at` becomes a time since the first frame."""
        frames, keep = self._frames, self._keep_bytes(most_bytes)
        start = frames[0]["at"] if frames else 0
        columns = {name: [frame[name] for frame in frames] for name in frames[0]} if frames else {}
        if frames:
            columns["at"] = [at - start for at in columns["at"]]
        octets = [frame[:keep] for frame in self._octets]
        table: Json = {
            "file": file,
            "frames_in_file": frames_in_file,
            "kept_bytes": keep if any(len(frame) > keep for frame in self._octets) else 0,
            "start": str(start),
            "count": len(frames),
            "cards": [_card(name, self._origins.get(index)) for name, index in self._cards.items()],
            "protocols": list(self._protocols),
            "addresses": list(self._addresses),
            "headlines": list(self._headlines),
            "kinds": [{"code": code, "severity": severity} for code, severity in self._kinds],
            "combinations": list(self._combinations),
            "legend": [[mark.letter, mark.words] for mark in LEGEND],
            "loads": self._placed_loads(start),
            "columns": columns,
            "words_end": list(accumulate(map(len, self._words))),
            "octets_end": list(accumulate(map(len, octets))),
        }
        return Content(table, b"".join(self._words), b"".join(octets))

    def _keep_bytes(self, most: int) -> int:
        """So many bytes of each frame are kept."""
        longest = max(map(len, self._octets), default=0)
        return longest if sum(map(len, self._octets)) <= most else most // len(self._octets)

    def _placed_loads(self, start: int) -> list[Json]:
        """The loads with the frame that each one stands `before`: the first later one, or the first that used it."""
        times: dict[int, list[int]] = {}
        indices: dict[int, list[int]] = {}
        for index, frame in enumerate(self._frames):
            times.setdefault(frame["card"], []).append(frame["at"])
            indices.setdefault(frame["card"], []).append(index)
        placed = []
        for fact in self._load_facts:
            later = bisect_right(times[fact["card"]], fact["at"])
            here = indices[fact["card"]]
            before = min(fact["met"], here[later] if later < len(here) else fact["met"])
            placed.append({**fact, "before": before, "at": fact["at"] - start})
        return placed


def collect(
    entries: Iterable[Entry],
    file: str,
    frames: tuple[int, int] = (1, 0),
    most_frames: int = MOST_FRAMES,
    most_bytes: int = MOST_BYTES,
) -> Content:
    """`frames`: the first and the last (0: the file's end) that the page of a file named `file` shall show."""
    collector, total, kept = Collector(), 0, 0
    for entry in entries:
        total += 1
        if frames[0] <= entry.number <= (frames[1] or entry.number) and kept < most_frames:
            collector.take(entry)
            kept += 1
    return collector.content(file, total, most_bytes)


def _card(name: str, origin: Origin | None) -> Json:
    """A card, and which kinds of context each of its two slots takes (§3.5.5, §3.6)."""
    kinds: list[list[str]] = [[] for _ in range(CONTEXTS)]
    if origin:
        kinds[origin.traits.plain_slot].append("plain")
        kinds[origin.traits.segmented_slot].append("segmentation")
    part = {"part": origin.part.title, "profile": origin.profile} if origin else {"part": "", "profile": ""}
    return {"name": name, **part, "slots": kinds}


def _words(entry: Entry) -> Json:
    """What is said of one frame."""
    explanation = entry.explanation
    if explanation is None:
        told = "".join(entry.packet.comments[:1]).partition("\n")[0]
        return {"headline": "".join(filter(str.isprintable, told)) or "the file holds no record of this frame"}
    said = {
        "headline": explanation.headline,
        "sentences": explanation.sentences,
        "points": [[one.code, one.severity, one.sentence, one.section, one.places] for one in explanation.points],
    }
    story = explanation.story
    return said | _told(story) | {"marks": _runs(explanation, len(story.frame))} if story else said


def _told(story: Story) -> Json:
    """Descriptors, sums and the fields that were rewritten, as the page's tables show them."""
    return {
        "descriptors": [
            [one.place, "data" if one.extended else "legacy", one.length, f"{one.address:#x}", " ".join(one.flags)]
            for one in story.descriptors
        ],
        "sums": [[one.of, one.begin, one.end, one.place] for one in story.sums],
    }


def _runs(explanation: Explanation, length: int) -> list[tuple[int, str]]:
    """What each byte is, as where a run of the same letter begins, and the letter."""
    letters = "".join(mark.letter for mark in marks_of(explanation, length))
    return [(run.start(), run[1]) for run in SAME.finditer(letters)]
