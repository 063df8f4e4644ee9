"""How is a bench run? Everybody once without looking at the watch, then in turn, round after round, each round begun by
another, so that what else the machine does meets all alike.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple

from glassnic.bench.bed import Bed
from glassnic.bench.measure import BenchError, Contender, Measure, Spread, Unit, WrongOutput, ratios
from glassnic.lab.errors import LabError

Stage = Callable[[Bed], AbstractContextManager[list[Contender]]]
"""Sets everybody up, and clears away. The first contender is ours."""


class Bench(NamedTuple):
    """One row of the table of benches."""

    name: str
    title: str
    backend: str
    batch: str
    """How much is asked for at a time."""
    unit: Unit
    stage: Stage
    goals: dict[str, float] = {}  # noqa: RUF012
    """By the peer's kind: its cost over ours, at least."""
    limit: float | None = None
    """Our own figure, at most."""


@dataclass
class Result:
    """What came of a bench: measures by contender's name, or why there are none."""

    bench: Bench
    measures: dict[str, list[Measure]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    not_measured: str = ""
    wrong: str = ""

    @property
    def ours(self) -> list[Measure]:
        return next(iter(self.measures.values()), [])

    @property
    def peers(self) -> dict[str, list[Measure]]:
        return dict(list(self.measures.items())[1:])

    def ratio(self, peer: str) -> Spread:
        """The peer's cost over ours."""
        return ratios(self.measures[peer], self.ours)

    def figure(self, name: str) -> Spread:
        """A contender's figure, in the bench's unit."""
        return Spread.of([self.bench.unit.figure(measure) for measure in self.measures[name]])

    def goal(self, peer: str) -> float | None:
        """The least ratio wanted against this peer."""
        return self.bench.goals.get(self.kinds[peer])


def run(bench: Bench, bed: Bed, rounds: int, tell: Callable[[str], None]) -> Result:
    """Run one bench; whatever happens to it, a result is what comes of it. `tell` hears how far it is."""
    result = Result(bench)
    try:
        with bench.stage(bed) as contenders:
            for contender in contenders:
                tell(f"{contender.name} warms up")
                contender.act()
            for number in range(rounds):
                measured: dict[str, Measure] = {}
                for contender in rotated(contenders, number):
                    tell(f"round {number + 1} of {rounds}, {contender.name}")
                    measured[contender.name] = contender.act()
                for contender in contenders:  # whole rounds only, so that there are pairs
                    result.measures.setdefault(contender.name, []).append(measured[contender.name])
                    result.kinds[contender.name] = contender.kind
    except WrongOutput as error:
        result.wrong = str(error)
    except (BenchError, LabError, OSError) as error:
        result.not_measured = str(error)
    if result.wrong or result.not_measured:
        result.measures.clear()
    return result


def rotated(contenders: list[Contender], number: int) -> list[Contender]:
    """The same in another order for each round."""
    begin = number % len(contenders)
    return contenders[begin:] + contenders[:begin]
