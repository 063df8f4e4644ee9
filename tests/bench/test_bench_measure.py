"""Do the figures mean what they say? Medians, spreads, ratios by the round, and processor time of a process."""

from __future__ import annotations

import os
from statistics import StatisticsError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.bench.measure import Measure, Spread, Unit, Watch, by_cpu, cpu_ns, ratios, total

positive = st.floats(1e-3, 1e9)


@given(st.lists(positive, min_size=1))
def test_the_median_lies_within_its_spread(values: list[float]) -> None:
    spread = Spread.of(values)
    assert min(values) == spread.low <= spread.median <= spread.high == max(values)


def test_of_nothing_there_is_no_median() -> None:
    with pytest.raises(StatisticsError):
        Spread.of([])


def test_a_ratio_pairs_the_rounds_so_that_a_slow_round_of_both_is_no_difference() -> None:
    ours = [Measure(10, 1), Measure(1000, 1), Measure(10, 1)]
    peer = [Measure(20, 1), Measure(2000, 1), Measure(20, 1)]
    assert ratios(peer, ours) == Spread(2, 2, 2)


def test_a_ratio_counts_cost_by_the_item() -> None:
    assert ratios([Measure(100, 10)], [Measure(100, 40)]).median == 4


def test_a_peer_with_a_round_missing_cannot_be_paired() -> None:
    with pytest.raises(ValueError):
        ratios([Measure(1, 1)], [Measure(1, 1), Measure(1, 1)])


def test_a_unit_reads_costs_and_rates() -> None:
    assert Unit("ms", 1e-6).figure(Measure(3e6, 2)) == 1.5
    assert Unit("Mbit/s", 1e9, is_rate=True).figure(Measure(2e9, 100)) == 50


def test_processor_time_stands_in_the_figures_own_unit_or_is_a_share_of_a_processor() -> None:
    measures = [Measure(2000, 2, cpu_ns=1000.0)]
    assert Unit("µs", 1e-3).cpu(measures) == 0.5
    assert Unit("Mbit/s", 1e9, is_rate=True).cpu(measures) == 50
    assert Unit("MB", 1e-6).cpu([Measure(5, 1)]) is None


def test_several_pieces_of_work_add_up_and_processor_time_is_known_only_if_all_of_it_is() -> None:
    assert total([Measure(1, 2, 3), Measure(10, 20, 30)]) == Measure(11, 22, 33)
    assert total([Measure(1, 2, 3), Measure(10, 20)]) == Measure(11, 22, None)


def test_work_that_waits_for_nothing_may_be_counted_in_processor_time() -> None:
    assert by_cpu(Measure(9, 2, 4)) == Measure(4, 2, 4)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (Spread(10, 9, 11), Spread(8, 7, 8.5), True),
        (Spread(10, 9, 11), Spread(9.5, 9, 10), False),
        (Spread(10, 5, 11), Spread(8, 7, 8.5), False),
        (Spread(10, 10, 10), Spread(10, 10, 10), False),
    ],
)
def test_two_spreads_are_apart_when_neither_holds_the_others_median(one: Spread, other: Spread, apart: bool) -> None:
    assert one.apart_from(other) == other.apart_from(one) == apart


def test_the_clock_of_a_process_counts_what_it_works() -> None:
    before = cpu_ns(os.getpid())
    sum(range(200_000))
    assert cpu_ns(os.getpid()) > before


def test_a_watch_knows_processor_time_only_of_processes_it_was_given() -> None:
    blind, seeing = Watch(), Watch(os.getpid())
    for watch in (blind, seeing):
        watch.stop()
    assert blind.measure(1).cpu_ns is None
    assert seeing.measure(7).amount == 7
    assert seeing.measure(7).cpu_ns is not None
