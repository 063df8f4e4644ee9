"""Do results read as they are? The table with its goals, the JSON, the comparison with an earlier run, the picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from bench.results import bench, result
from glassnic.bench import compare, plot, report
from glassnic.bench.measure import BenchError
from glassnic.bench.run import Result


def text(*results: Result) -> str:
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(report.table(list(results), 5))
    return console.export_text()


def told(*results: Result) -> dict[str, Any]:
    """As it would be read back from a file."""
    benches: dict[str, Any] = json.loads(json.dumps(report.as_json(list(results), 5, [])))["benches"]
    return benches


def test_a_row_names_bench_back_end_batch_and_unit_and_tells_figure_ratio_and_goal() -> None:
    shown = text(result([100, 110, 90], [400, 420, 410]))
    for words in (
        "ring/one",
        "unix stream; 1 packet a doorbell",
        "in ns/frame",
        "100 (90–110)",
        "4 (3.8–4.6)",
        "≥ 3 ✓",
    ):
        assert words in shown


def test_a_goal_that_is_missed_is_marked_as_plainly() -> None:
    assert "≥ 3 ✗" in text(result([100], [200]))
    assert "≤ 50 ✗" in text(result([100], [200], limit=50))
    assert "≤ 100 ✓" in text(result([100], [200], limit=100))


def test_wrong_output_and_what_was_not_measured_stay_in_the_table() -> None:
    shown = text(Result(bench(), wrong="frame 3 is wrong"), Result(bench("ring/two"), not_measured="there is no QEMU"))
    assert "wrong output" in shown
    assert "frame 3 is wrong" in shown
    assert "not measured here" in shown
    assert "there is no QEMU" in shown


def test_the_json_holds_every_measure_and_every_goal() -> None:
    one = told(result([100, 110, 90], [400, 420, 410]))["ring/one"]
    assert one["goals"] == {"e1000": 3}
    assert one["contenders"]["glassnic"]["figure"]["median"] == 100
    assert one["contenders"]["glassnic"]["ratio"] is None
    assert one["contenders"]["QEMU 7.2 e1000"]["ratio"]["median"] == 4
    assert len(one["contenders"]["QEMU 7.2 e1000"]["measures"]) == 3


def test_a_regression_shows_and_noise_does_not() -> None:
    before = told(result([100, 101, 102], [400, 404, 408]))
    slower, noisy, faster = (
        next(compare.changes(before, told(result(ours, [400, 400, 400]))))
        for ours in ([200.0, 201, 199], [70.0, 101, 120], [50.0, 51, 49])
    )
    assert (slower.regressed, slower.improved) == (True, False)
    assert (noisy.regressed, noisy.improved) == (False, False)
    assert (faster.regressed, faster.improved) == (False, True)


def test_a_busy_machine_that_slows_both_sides_is_no_regression() -> None:
    before = told(result([100, 101, 102], [400, 404, 408]))
    (change,) = compare.changes(before, told(result([300, 303, 306], [1200, 1212, 1224])))
    assert not change.regressed


def test_without_a_peer_the_cards_own_figure_is_compared_and_less_is_better() -> None:
    def alone(costs: list[float]) -> dict[str, Any]:
        one = result(costs, costs)
        del one.measures["QEMU 7.2 e1000"]
        return told(one)

    (change,) = compare.changes(alone([100, 101, 99]), alone([200, 201, 199]))
    assert change.regressed


def test_a_bench_or_peer_that_only_one_run_has_is_left_out() -> None:
    assert list(compare.changes({}, told(result([1], [2])))) == []
    assert list(compare.changes(told(Result(bench(), wrong="x")), told(result([1], [2])))) == []


@pytest.mark.parametrize(("content", "says"), [(None, "cannot be read"), ("{", "no results"), ("[]", "no results")])
def test_a_file_that_holds_no_results_is_one_sentence(tmp_path: Path, content: str | None, says: str) -> None:
    path = tmp_path / "old.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BenchError, match=says):
        compare.load(path)


def test_the_picture_has_a_bar_for_each_peer_red_where_we_lose() -> None:
    drawn = plot.svg(plot.bars([result([100], [400]), result([400], [100], name="ring/two")]), 5)
    root = ElementTree.fromstring(drawn)
    colours = [each.get("fill") for each in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert colours.count(plot.AHEAD) == 1
    assert colours.count(plot.BEHIND) == 1
    assert "ring/two · QEMU 7.2 e1000" in drawn


def test_a_picture_of_nothing_is_a_picture_all_the_same() -> None:
    ElementTree.fromstring(plot.svg([], 5))


@pytest.mark.parametrize(("value", "words"), [(1234.5, "1234"), (100, "100"), (12.345, "12.3"), (0.01234, "0.0123")])
def test_numbers_have_three_digits_that_count(value: float, words: str) -> None:
    assert report.number(value) == words
