"""What is measured, and what is made of it? What a known amount of work costs, in wall time and in the device's
processor time; medians with their spread; and ratios, taken round by round so that what disturbs a round disturbs both
sides.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple


class BenchError(Exception):
    """A bench cannot go on: one sentence."""


class WrongOutput(BenchError):
    """A contender did the work wrongly, so that its time means nothing."""


class Measure(NamedTuple):
    """One measured piece of work."""

    cost: float
    """Wall time in ns; where a bench asks for something else, that: bytes, or processor time."""
    amount: float
    """How much was done, in the items of the bench's unit."""
    cpu_ns: float | None = None
    """Processor time of the device's process meanwhile; None where it says nothing."""

    @property
    def per_item(self) -> float:
        return self.cost / self.amount


def by_cpu(measure: Measure) -> Measure:
    """The same with processor time as its cost: for work that waits for nothing, it says what wall time would if the
    machine did nothing else."""
    assert measure.cpu_ns is not None
    return measure._replace(cost=measure.cpu_ns)


def total(measures: Sequence[Measure]) -> Measure:
    """Several pieces of work as one."""
    used = [measure.cpu_ns for measure in measures if measure.cpu_ns is not None]
    cpu = sum(used) if len(used) == len(measures) else None
    return Measure(sum(m.cost for m in measures), sum(m.amount for m in measures), cpu)


class Contender(NamedTuple):
    """One of those compared. `act` does the work once, verifies the outcome (WrongOutput), and says what it cost."""

    name: str
    kind: str
    """What goals are keyed by: `glassnic`, `e1000`, `memcpy`, ..."""
    act: Callable[[], Measure]


class Unit(NamedTuple):
    """How a measure becomes figures to read."""

    words: str
    """As `µs/frame`."""
    scale: float
    """The figure is this times cost per item or, of a rate, items per cost."""
    is_rate: bool = False

    def figure(self, measure: Measure) -> float:
        """The figure of one measure."""
        return self.scale / measure.per_item if self.is_rate else self.scale * measure.per_item

    def cpu(self, measures: Sequence[Measure]) -> float | None:
        """Median processor time in the figure's own unit, or, of a rate, in hundredths of one processor."""
        found = [
            100 * m.cpu_ns / m.cost if self.is_rate else self.scale * m.cpu_ns / m.amount
            for m in measures
            if m.cpu_ns is not None
        ]
        return median(found) if found else None


class Spread(NamedTuple):
    """A median and what lies around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """StatisticsError if there are none."""
        return cls(median(values), min(values), max(values))

    def apart_from(self, other: Spread) -> bool:
        """Does each median lie outside the other's spread? Then noise alone is a poor explanation."""
        return not (other.low <= self.median <= other.high or self.low <= other.median <= self.high)


def ratios(peer: Sequence[Measure], ours: Sequence[Measure]) -> Spread:
    """How many times our cost of an item the peer pays, round by round."""
    return Spread.of([theirs.per_item / own.per_item for theirs, own in zip(peer, ours, strict=True)])


def cpu_ns(pid: int) -> int:
    """Processor time that process `pid` has used so far, user and system, all threads."""
    return time.clock_gettime_ns(~pid << 3 | 2)  # the clock's number as clock_getcpuclockid(3) makes it


class Watch:
    """A stopwatch over wall time and the processor time of some processes; it runs once made."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._cpu_ns = self._cpu_now()
        self._begin_ns = time.monotonic_ns()
        self._wall_ns = 0

    def stop(self) -> None:
        """The work is done. What the processes do to settle still counts as their time until `measure`."""
        self._wall_ns = time.monotonic_ns() - self._begin_ns

    def measure(self, amount: float) -> Measure:
        """What it took to do `amount`."""
        return Measure(self._wall_ns, amount, self._cpu_now() - self._cpu_ns if self._pids else None)

    def _cpu_now(self) -> int:
        return sum(map(cpu_ns, self._pids))
