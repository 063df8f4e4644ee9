"""What comes of many programs on many cards? A verdict for each. What fails is played once more on a fresh card:
so a verdict that changes is told from one that stands.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from threading import Event

from glassnic.conformance.play import UNTOUCHED, Outcome, play
from glassnic.conformance.program import Program
from glassnic.conformance.targets.port import Target
from glassnic.lab.errors import LabError

NUMBERED = re.compile(r"(\d+(?:\.\d+)*)(?:/(\d+))?")


class Mark(Enum):
    """A verdict in a character, and in words."""

    PASSES = "✓", "passes"
    READING = "~", "passes, by one of the manual's readings"
    UNSEEN = "?", "passes as far as this target can tell"
    UNABLE = "-", "not judged: the card has no such thing"
    STRAYS = "m", "keeps the rule, but writes memory that it was not lent"
    FAILS = "✗", "fails"
    LOST = "!", "the card was lost"

    def __init__(self, sign: str, words: str) -> None:
        self.sign, self.words = sign, words


@dataclass(frozen=True)
class Verdict:
    """What came of a program on a target. `steady`: the same came of it the second time, if it was played twice."""

    target: str
    outcome: Outcome
    steady: bool = True

    @property
    def program(self) -> Program:
        return self.outcome.program

    @property
    def key(self) -> tuple[str, str]:
        """Target and address: how a list of known failures names it."""
        return self.target, self.program.address

    @property
    def kept(self) -> bool:
        """Whether the rule was kept, as far as one can tell."""
        return self.outcome.passed and not self.outcome.unable

    @property
    def mark(self) -> Mark:
        if self.outcome.unable:
            return Mark.UNABLE
        if self.outcome.lost:
            return Mark.LOST
        if not self.outcome.passed:
            return Mark.STRAYS if all(one.step == UNTOUCHED for one in self.outcome.failures) else Mark.FAILS
        if any(one.held is None for one in self.outcome.seen):
            return Mark.UNSEEN
        return Mark.READING if self.outcome.readings else Mark.PASSES


def judge(programs: Sequence[Program], targets: Mapping[str, Target], tell: Callable[[Verdict], None]) -> list[Verdict]:
    """Play every program on every target, all targets at the same time; `tell` hears of each. Raises LabError."""
    interrupted = Event()

    def judge_all(word: str, target: Target) -> list[Verdict]:
        verdicts = []
        try:
            for program in programs:
                if interrupted.is_set():
                    break
                verdicts.append(judge_one(program, word, target))
                tell(verdicts[-1])
        finally:
            target.close()
        return verdicts

    with ThreadPoolExecutor(max(len(targets), 1)) as pool:  # cards in real time mostly wait
        try:
            return [verdict for found in pool.map(judge_all, targets, targets.values()) for verdict in found]
        except BaseException:
            interrupted.set()
            raise


def judge_one(program: Program, word: str, target: Target) -> Verdict:
    """Play a program, and once more on a fresh card if it fails."""
    outcome = play(program, target)
    if outcome.passed:
        return Verdict(word, outcome)
    target.close()
    return Verdict(word, outcome, outcome.agrees(play(program, target)))


def in_order(programs: Iterable[Program]) -> list[Program]:
    """By section, as the manual has them."""
    return sorted(programs, key=lambda one: [int(part) for part in one.section.split(".")])


def chosen(patterns: Sequence[str], programs: Sequence[Program]) -> list[Program]:
    """The programs that any of the patterns names, in their order; all if there are none. Raises LabError."""
    if not patterns:
        return list(programs)
    wanted = {one.address: one for pattern in patterns for one in _matching(pattern, programs)}
    known = [one for one in programs if one.address in wanted]
    return known + [one for one in wanted.values() if one not in known]


def _matching(pattern: str, programs: Sequence[Program]) -> list[Program]:
    """By section and number, by address or a part of it, by a glob, or from a file."""
    if pattern.endswith(".json"):
        return [_kept(Path(pattern))]
    if numbered := NUMBERED.fullmatch(pattern):
        section, number = numbered[1], int(numbered[2] or 0)
        found = [one for one in programs if one.section == section]
        if not number or not found:
            found = [one for one in programs if f"{one.section}.".startswith(f"{section}.")]
        found = found[number - 1 : number] if number else found
    else:
        exact = [one for one in programs if one.address == pattern]
        found = exact or [one for one in programs if pattern in one.address or fnmatch.fnmatch(one.address, pattern)]
    if not found:
        raise LabError(f"No program is named by {pattern!r}: glassnic conform --list shows them all.")
    return found


def _kept(path: Path) -> Program:
    try:
        return Program.decode(path.read_text())
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise LabError(f"{path} holds no program: {error}.") from error
