"""Does exploring find what is there, and nothing that is not? Against cards of ours whose departure is known."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import LocalCluster
from hypothesis import HealthCheck, given, settings

from glassnic.conformance.explore import EXAMPLES, Finding, Known, Verdict, load_known, news, search
from glassnic.conformance.explore_run import Progress, cluster, explore
from glassnic.conformance.grammar import Drawn, drawn
from glassnic.conformance.play import UNTOUCHED, play
from glassnic.conformance.program import Sent
from glassnic.conformance.targets.inside import Inside
from glassnic.conformance.targets.port import Target
from glassnic.conformance.targets.slow import Slow
from glassnic.spec.profiles import PROFILES

ENOUGH = 6
"""Searches in which the one difference is found, whatever the seed."""
OF_2017 = Known(frozenset({"segmented", "no context"}), frozenset({"Sent"}))


def first_finding(theirs: Target, ours: Target) -> Finding:
    for number in range(ENOUGH):
        if found := search(theirs, number, (), ours=ours).finding:
            return found
    raise AssertionError("no search found anything")


@pytest.fixture(scope="module")
def one_context() -> Finding:
    """What exploring a card with one context comes to."""
    return first_finding(Inside("one-context"), Inside())


def test_the_bug_of_2017_is_found_and_shrunk_to_two_packets(one_context: Finding) -> None:
    assert (one_context.verdict, one_context.profile, one_context.known) == (Verdict.KNOWN, "one-context", OF_2017)
    assert [type(step).__name__ for step in one_context.program.steps].count("Give") == 2


def test_a_difference_that_is_known_is_not_found_again(one_context: Finding) -> None:
    assert not news(one_context, [one_context.known])
    assert news(one_context, []) == one_context.known.looks
    assert search(Inside("one-context"), 1, (one_context.known,), EXAMPLES // 2).finding is None


def test_a_difference_that_no_profile_explains_is_new() -> None:
    theirs = Inside(PROFILES["manual"]._replace(legacy_sum=0, zero_sum=0))
    found = first_finding(theirs, Inside())
    assert {"legacy", "legacy IC"} <= found.known.features


def test_a_finding_is_a_program_that_ours_keeps_and_the_other_breaks(one_context: Finding) -> None:
    assert play(one_context.program, Inside()).passed
    assert not play(one_context.program, Inside("one-context")).passed


def test_the_slow_twin_says_when_ours_is_wrong() -> None:
    assert first_finding(Inside(), ours=Inside("one-context")).verdict is Verdict.OURS


def test_findings_are_kept_in_files_and_known_from_them(one_context: Finding, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(one_context.encode())
    assert load_known(tmp_path) == [one_context]
    (tmp_path / "two.json").write_text("{}")
    with pytest.raises(ValueError, match=r"two\.json"):
        load_known(tmp_path)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn())
def test_the_card_and_its_slow_twin_send_the_same_whatever_is_drawn(one: Drawn) -> None:
    mine, slow = play(one.program, Inside(), 0), play(one.program, Slow(), 0)
    for a, b in zip(mine.seen, slow.seen, strict=True):
        if a.step == UNTOUCHED or isinstance(one.program.steps[a.step], Sent):
            assert a.found == b.found, replace(one.program, steps=())


@pytest.mark.timeout(300)  # processes start, one of them twice
def test_a_worker_that_is_killed_loses_no_finding() -> None:
    killed: list[int] = []
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True) as two:

        def kill_one(at: Progress) -> None:
            if not killed:
                victim = next(iter(two.workers.values()))
                killed.append(victim.pid)
                os.kill(victim.pid, signal.SIGKILL)

        with cluster(two.scheduler_address, 0) as client:
            found = next(explore(client, "self:one-context", 1, 60.0, tell=kill_one))
    assert killed
    assert found.known == OF_2017
