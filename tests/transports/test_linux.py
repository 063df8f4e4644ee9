"""Does the timer go off when it should, and only then?"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator

import pytest

from glassnic.transports.linux import Timer


@pytest.fixture
def timer() -> Iterator[Timer]:
    timer = Timer()
    yield timer
    timer.close()


def went_off(timer: Timer, wait_s: float) -> bool:
    return bool(select.select([timer], [], [], wait_s)[0])


def test_a_timer_that_was_never_set_is_silent(timer: Timer) -> None:
    assert not went_off(timer, 0)


def test_a_moment_to_come_makes_it_go_off_and_not_before(timer: Timer) -> None:
    at_ns = time.monotonic_ns() + 20_000_000
    timer.set(at_ns)
    assert went_off(timer, 10)
    assert time.monotonic_ns() >= at_ns


@pytest.mark.parametrize("at_ns", [0, 1, -5])
def test_a_moment_that_is_past_makes_it_go_off_at_once(timer: Timer, at_ns: int) -> None:
    timer.set(at_ns)
    assert went_off(timer, 10)


def test_setting_it_anew_forgets_what_has_gone_off(timer: Timer) -> None:
    timer.set(1)
    assert went_off(timer, 10)
    timer.set(time.monotonic_ns() + 3_600_000_000_000)
    assert not went_off(timer, 0)
    timer.set(2)
    assert went_off(timer, 10)
    timer.set(None)
    assert not went_off(timer, 0)


def test_setting_it_to_the_same_moment_changes_nothing(timer: Timer) -> None:
    timer.set(1)
    timer.set(1)
    assert went_off(timer, 10)
