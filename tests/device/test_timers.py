"""Does the pair of a restarting delay and an absolute limit fall due when it must? (§13.4.41 with §13.4.44.)"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from glassnic.device.timers import UNIT_NS, DelayTimer


def test_a_unit_is_1_024_us() -> None:
    assert UNIT_NS == 1024


def test_a_timer_that_was_not_started_never_expires() -> None:
    timer = DelayTimer()
    assert timer.deadline is None
    assert not timer.expired(1 << 62)


def test_each_event_restarts_the_delay_and_only_the_first_starts_the_limit() -> None:
    timer = DelayTimer()
    timer.start(0, 10, 25)
    assert timer.deadline == 10 * UNIT_NS
    timer.start(8 * UNIT_NS, 10, 25)
    assert timer.deadline == 18 * UNIT_NS
    timer.start(16 * UNIT_NS, 10, 25)
    assert timer.deadline == 25 * UNIT_NS


def test_a_limit_of_0_is_no_limit() -> None:
    timer = DelayTimer()
    for now in range(0, 1000, 9):
        timer.start(now * UNIT_NS, 10, 0)
        assert timer.deadline == (now + 10) * UNIT_NS


def test_expiry_is_told_once_and_stops_both() -> None:
    timer = DelayTimer()
    timer.start(0, 10, 25)
    assert not timer.expired(10 * UNIT_NS - 1)
    assert timer.expired(10 * UNIT_NS)
    assert not timer.expired(1 << 62)
    timer.start(100 * UNIT_NS, 30, 25)
    assert timer.deadline == 125 * UNIT_NS


def test_stopping_forgets_the_limit_too() -> None:
    timer = DelayTimer()
    timer.start(0, 10, 25)
    timer.stop()
    assert timer.deadline is None
    timer.start(20 * UNIT_NS, 10, 25)
    assert timer.deadline == 30 * UNIT_NS


@given(
    delay=st.integers(1, 0xFFFF),
    limit=st.integers(0, 0xFFFF),
    steps=st.lists(st.integers(0, 200_000_000), min_size=1, max_size=30),
)
def test_the_first_event_never_waits_longer_than_the_limit_nor_the_last_longer_than_the_delay(
    delay: int, limit: int, steps: list[int]
) -> None:
    timer, now_ns = DelayTimer(), 0
    first: int | None = None
    for step_ns in steps:
        timer.start(now_ns, delay, limit)
        first = now_ns if first is None else first
        wanted = now_ns + delay * UNIT_NS
        if limit:
            wanted = min(wanted, first + limit * UNIT_NS)
        assert timer.deadline == wanted
        now_ns += step_ns
        if timer.expired(now_ns):
            assert now_ns >= wanted
            first = None
        else:
            assert now_ns < wanted
