"""What the tests of the bench share: benches that are quick, and results of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from glassnic.bench.bed import Bed
from glassnic.bench.measure import Contender, Measure, Unit
from glassnic.bench.run import Bench, Result

NS = Unit("ns/frame", 1)


@contextmanager
def nothing(bed: Bed) -> Iterator[list[Contender]]:
    """A stage with ours alone, who does nothing."""
    yield [Contender("glassnic", "glassnic", partial(Measure, 1, 1))]


def bench(name: str = "ring/one", goal: float = 3, limit: float | None = None) -> Bench:
    return Bench(name, "one thing", "unix stream", "1 packet a doorbell", NS, nothing, {"e1000": goal}, limit)


def result(ours: list[float], peer: list[float], **options: float) -> Result:
    """A result with these costs in ns a frame."""
    kinds = {"glassnic": "glassnic", "QEMU 7.2 e1000": "e1000"}
    measures = [[Measure(cost, 1, cost / 2) for cost in costs] for costs in (ours, peer)]
    return Result(bench(**options), dict(zip(kinds, measures, strict=True)), kinds)  # type: ignore[arg-type]
