"""Does another card do what the recorded one did? A recording is played step by step, each expectation looked at.

Only the card that keeps the recording's own time can be held to all of it. On others time is real: what depends on it
(a poll, a counter, which cause came first) may differ by right, so differences are told apart by what they are about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import eq, or_

from glassnic.conformance.play import Outcome, Player, Seen
from glassnic.conformance.program import Line, Peek, Program, Read, ReadIo, Sent, Wait
from glassnic.conformance.recording import Host, Moment, Recording, Reset, Ring
from glassnic.conformance.relocate import relocate
from glassnic.conformance.targets.port import LostError, Target
from glassnic.conformance.targets.still import Still

LONGEST_NS = 1_000_000_000
"""Longer silences are cut to this where time is real."""
PATIENCE_NS = 20_000_000
"""So long a card in real time may take for what it sends and writes; a register is read once, as the driver did."""
ABOUT: dict[type, str] = {Read: "register answers", ReadIo: "I/O answers", Sent: "frames sent", Line: "interrupt line"}
DESCRIPTORS, DELIVERED = "descriptors written back", "received data"


@dataclass(frozen=True)
class Differing:
    """A register that differs so often, in these bits, since this step."""

    register: str | int
    times: int
    bits: int
    step: int


@dataclass(frozen=True)
class Count:
    """What was held against the recording about one thing; `first` is the first difference."""

    about: str
    total: int
    same: int
    first: Seen | None


@dataclass(frozen=True)
class Replayed:
    """What came of a replay on a target."""

    target: str
    outcome: Outcome

    @property
    def same(self) -> bool:
        return self.outcome.passed

    def counts(self) -> list[Count]:
        """By what they are about, the expectations that there were and that the target can tell of."""
        moments: Sequence[Moment] = self.outcome.program.steps
        rings = [one for one in moments if isinstance(one, Ring)]
        sorts: dict[str, list[Seen]] = {}
        for one in self.outcome.seen:
            if one.held is not None:
                sorts.setdefault(_about(moments[one.step], rings), []).append(one)
        return [_count(about, seen) for about, seen in sorted(sorts.items())]

    def registers(self) -> list[Differing]:
        """The registers that answered otherwise, most frequent first."""
        found: dict[str | int, list[Seen]] = {}
        for one in self.outcome.failures:
            step = self.outcome.program.steps[one.step]
            if isinstance(step, Read):
                found.setdefault(step.register, []).append(one)
        rows = [
            Differing(register, len(seen), reduce(or_, (one.expected ^ one.found for one in seen)), seen[0].step)
            for register, seen in found.items()
        ]
        return sorted(rows, key=lambda row: -row.times)


def replay(recording: Recording, target: Target, tell: Callable[[int], None] = lambda number: None) -> Replayed:
    """Play a recording; `tell` hears how many steps were taken. Raises LabError if the target cannot be had."""
    moments, target.memory_bytes = relocate(recording.moments)
    if not isinstance(target, Still):
        moments = in_real_time(moments)
    player = Player(target, 0)
    patience_ns = PATIENCE_NS if target.patience_ns else 0
    program = Program("", "recorded", "What the recorded card did", tuple(moments))  # type: ignore[arg-type]
    lost = ""
    try:
        for number, moment in enumerate(moments):
            player.patience_ns = 0 if isinstance(moment, Read | ReadIo) else patience_ns
            take(player, number, moment)
            tell(number + 1)
    except LostError as error:
        lost = str(error)
    return Replayed(target.name, Outcome(program, tuple(player.seen), lost))


def take(player: Player, number: int, moment: Moment) -> None:
    """One line of a recording. What surrounds a card can be changed for ours only."""
    if isinstance(moment, Reset):
        player.target.power_on()
    elif isinstance(moment, Host):
        if isinstance(player.target, Still):
            player.target.surround(moment.what, moment.on)
    elif not isinstance(moment, Ring):
        player.take(number, moment)


def in_real_time(moments: Sequence[Moment]) -> list[Moment]:
    """The same with silences cut short."""
    return [Wait(min(one.duration_ns, LONGEST_NS)) if isinstance(one, Wait) else one for one in moments]


def _about(step: Moment, rings: Sequence[Ring]) -> str:
    if not isinstance(step, Peek):
        return ABOUT[type(step)]
    in_ring = any(ring.address <= step.address < ring.address + ring.length for ring in rings)
    return DESCRIPTORS if in_ring else DELIVERED


def _count(about: str, seen: Sequence[Seen]) -> Count:
    total, same = (sum(part) for part in zip(*map(_weigh, seen), strict=True))
    return Count(about, total, same, next((one for one in seen if not one.held), None))


def _weigh(seen: Seen) -> tuple[int, int]:
    """How much was looked at, and how much of it was the same: of frames each one counts."""
    if isinstance(seen.expected, tuple):
        return len(seen.expected), sum(map(eq, seen.expected, seen.found))
    return 1, int(seen.held is True)
