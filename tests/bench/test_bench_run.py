"""Is everybody measured alike? Warm-up, turns, whole rounds; and a wrong frame is the end of a bench."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from glassnic.bench.bed import Bed
from glassnic.bench.measure import BenchError, Contender, Measure, Unit, WrongOutput
from glassnic.bench.run import Bench, Result, rotated, run
from glassnic.lab.errors import LabError


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    with Bed(Console(), tmp_path) as made:
        yield made


def outcome(bed: Bed, acts: dict[str, Callable[[], Measure]], rounds: int) -> Result:
    @contextmanager
    def stage(_: Bed) -> Iterator[list[Contender]]:
        yield [Contender(name, name, act) for name, act in acts.items()]

    bench = Bench("ring/one", "one thing", "none", "1", Unit("ns", 1), stage)
    return run(bench, bed, rounds, lambda text: None)


def test_each_round_is_begun_by_another_after_all_have_warmed_up(bed: Bed) -> None:
    order: list[str] = []

    def act(name: str) -> Measure:
        order.append(name)
        return Measure(1, 1)

    result = outcome(bed, {name: partial(act, name) for name in "abc"}, 3)
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"
    assert [len(measures) for measures in result.measures.values()] == [3, 3, 3]
    assert list(result.measures) == ["a", "b", "c"], "ours stays first"


def test_rotation_gives_everybody_every_place() -> None:
    contenders = [Contender(name, name, partial(Measure, 1, 1)) for name in "abc"]
    places = {"".join(c.name for c in rotated(contenders, number)) for number in range(6)}
    assert places == {"abc", "bca", "cab"}


def test_one_wrong_frame_ends_a_bench_without_figures(bed: Bed) -> None:
    left = iter(range(3))

    def act() -> Measure:
        if next(left) == 2:
            raise WrongOutput("frame 7 is wrong")
        return Measure(1, 1)

    result = outcome(bed, {"a": act}, 5)
    assert result.wrong == "frame 7 is wrong"
    assert not result.measures


@pytest.mark.parametrize("error", [BenchError("no QEMU"), LabError("no QEMU"), OSError("no QEMU")])
def test_what_cannot_be_had_here_is_said_and_is_no_wrong_output(bed: Bed, error: Exception) -> None:
    def act() -> Measure:
        raise error

    result = outcome(bed, {"a": act}, 5)
    assert result.not_measured == "no QEMU"
    assert not result.wrong


def test_what_several_benches_need_is_made_once_and_cleared_away_at_the_end(tmp_path: Path) -> None:
    events: list[str] = []

    @contextmanager
    def costly(_: Bed) -> Iterator[str]:
        events.append("made")
        yield "a guest"
        events.append("gone")

    with Bed(Console(), tmp_path) as bed:
        assert bed.keep(costly) is bed.keep(costly)
        assert events == ["made"]
    assert events == ["made", "gone"]
