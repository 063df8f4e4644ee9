"""Where does another card differ from ours? Random programs on both; each difference shrunk to the shortest program.

A difference is known by the features of its shrunk program (`grammar.py`) and by what one has to look at to see it.
A program that has these features is from then on compared without these looks: so each search finds something else.
A search is a pure function of its seed and of what is known, so a lost worker's search is simply done again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

from glassnic.conformance.grammar import Drawn, drawn
from glassnic.conformance.play import UNTOUCHED, Outcome, play
from glassnic.conformance.program import Program, Read
from glassnic.conformance.targets.inside import Inside
from glassnic.conformance.targets.port import Target
from glassnic.conformance.targets.slow import Slow
from glassnic.spec.profiles import PROFILES

EXAMPLES = 150
"""Programs drawn in one search, if none of them shows a difference: some seconds on a QEMU."""
LOST = "the card is lost"


class Verdict(Enum):
    """What a difference is."""

    KNOWN = "known"
    """Our card does the same under a known profile."""
    NEW = "new"
    OURS = "ours"
    """The slow twin sides with the other card: ours is wrong."""
    UNSTABLE = "unstable"
    """It did not show again: one of the cards is not the same twice."""


class Known(NamedTuple):
    """A difference that has been found: programs with these features may show these looks different."""

    features: frozenset[str]
    looks: frozenset[str]


@dataclass(frozen=True)
class Finding:
    """A difference. `program` expects what our card showed: the other one fails it."""

    program: Program
    known: Known
    verdict: Verdict
    profile: str = ""
    """The known profiles under which our card does the same."""

    def encode(self) -> str:
        """As JSON: the program, with what it takes to know the difference again."""
        words = json.loads(self.program.encode())
        words |= {"features": sorted(self.known.features), "looks": sorted(self.known.looks)}
        words |= {"verdict": self.verdict.value, "profile": self.profile}
        steps = ",\n  ".join(json.dumps(step) for step in words.pop("steps"))
        return json.dumps(words)[:-1] + f', "steps": [\n  {steps}\n]}}\n'

    @classmethod
    def decode(cls, text: str) -> Finding:
        """From JSON. Raises ValueError with one sentence."""
        program = Program.decode(text)
        words = json.loads(text)
        try:
            known = Known(frozenset(words["features"]), frozenset(words["looks"]))
            return cls(program, known, Verdict(words["verdict"]), words["profile"])
        except KeyError as error:
            raise ValueError(f"this is no finding: it has no {error}") from error


class Searched(NamedTuple):
    """What one search came to: at most one finding, and how many programs were run."""

    finding: Finding | None
    programs: int


def search(
    theirs: Target, seed: int, known: Sequence[Known], examples: int = EXAMPLES, ours: Target | None = None
) -> Searched:
    """Draw programs until one shows a difference that is not known, and shrink it. `ours` is our card, if not given."""
    ours = ours or Inside()
    count = 0

    def differs(one: Drawn) -> bool:
        nonlocal count
        count += 1
        return bool(_unknown(one.features, compare(one.program, ours, theirs), known))

    rules = settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    try:
        shrunk = find(drawn(), differs, settings=rules, random=random.Random(seed))
    except NoSuchExample:
        return Searched(None, count)
    return Searched(_finding(shrunk, ours, theirs, known, seed), count)


def compare(program: Program, ours: Target, theirs: Target) -> frozenset[str]:
    """The looks in which two cards differ, and differ again: a card in real time may be late once."""
    looks = looks_that_differ(play(program, ours, 0), play(program, theirs, 0))
    return looks & looks_that_differ(play(program, ours, 0), play(program, theirs, 0)) if looks else looks


def looks_that_differ(mine: Outcome, other: Outcome) -> frozenset[str]:
    """The same, for outcomes."""
    if mine.lost or other.lost:
        return frozenset({LOST})
    pairs = zip(mine.seen, other.seen, strict=True)
    return frozenset(
        _name(mine.program, a.step) for a, b in pairs if a.found != b.found and None not in (a.held, b.held)
    )


def news(finding: Finding, known: Iterable[Known]) -> frozenset[str]:
    """The looks that differ and that nothing found before explains; empty if another search has found all this."""
    return _unknown(finding.known.features, finding.known.looks, known)


def _unknown(features: frozenset[str], looks: frozenset[str], known: Iterable[Known]) -> frozenset[str]:
    """The looks that no known difference explains."""
    for one in known:
        if one.features <= features:
            looks -= one.looks
    return looks


def _name(program: Program, step: int) -> str:
    if step == UNTOUCHED:
        return "memory"
    look = program.steps[step]
    return f"{look.register}" if isinstance(look, Read) else type(look).__name__


def _finding(shrunk: Drawn, ours: Target, theirs: Target, known: Sequence[Known], seed: int) -> Finding:
    """Our card's answers become expectations; the known profiles and the slow twin say what the difference is."""
    mine, other = play(shrunk.program, ours, 0), play(shrunk.program, theirs, 0)
    looks = looks_that_differ(mine, other)
    features = shrunk.features or frozenset({"nothing odd"})
    name = "-".join(sorted(features)).replace(" ", "-").replace("=", "-")
    rule = f"{' and '.join(sorted(looks)) or 'Nothing'} as our card shows it, with: {', '.join(sorted(features))}."
    program = replace(_answered(shrunk.program, mine), name=f"{name}-{seed}", rule=rule)
    if not _unknown(shrunk.features, looks, known):
        return Finding(program, Known(shrunk.features, looks), Verdict.UNSTABLE)
    others = {name: traits for name, traits in PROFILES.items() if name != "manual"}
    if alike := [name for name, traits in others.items() if play(shrunk.program, Inside(traits), 0).agrees(other)]:
        return Finding(program, Known(shrunk.features, looks), Verdict.KNOWN, ", ".join(alike))
    slow = play(shrunk.program, Slow(), 0)
    against_ours = looks_that_differ(slow, mine) - looks_that_differ(slow, other)
    verdict = Verdict.OURS if any(map(Slow.knows, against_ours)) else Verdict.NEW
    return Finding(program, Known(shrunk.features, looks), verdict)


def _answered(program: Program, outcome: Outcome) -> Program:
    """The same program, whose expectations are what this card showed."""
    steps = list(program.steps)
    for seen in outcome.seen:
        if seen.step != UNTOUCHED:
            step = steps[seen.step]
            part = {"Sent": "frames", "Peek": "data", "Read": "value"}.get(type(step).__name__)
            if part:
                steps[seen.step] = replace(step, **{part: seen.found})
    return replace(program, steps=tuple(steps))


def load_known(folder: Path) -> list[Finding]:
    """Findings that were saved. Raises ValueError with one sentence that names the file."""
    findings = []
    for path in sorted(folder.glob("*.json")):
        try:
            findings.append(Finding.decode(path.read_text()))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    return findings
