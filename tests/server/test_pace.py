"""Are frames fetched as they come, until a guest only listens and is busy with those it has?"""

from __future__ import annotations

import pytest

from glassnic.device.interrupts import LONGEST_HANDLING_NS, SHARE
from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory
from glassnic.server.pace import MANY, PAUSE_NS, Pace
from glassnic.spec.fields import CAUSE
from glassnic.spec.registers import R

START_NS, TOOK_NS, LONGEST_NS = 10**9, 700_000, 5_000_000
CAUSES = CAUSE.RXT0.mask


@pytest.fixture
def nic() -> Nic:
    """A card whose guest has just handled an interrupt, over which it took TOOK_NS."""
    nic = Nic(FlatMemory(4096))
    nic.core.interrupts.longest_respite_ns = LONGEST_NS
    nic.advance(START_NS)
    nic.write(R.IMS.offset, CAUSES)
    interrupt(nic)
    handle(nic)
    return nic


def interrupt(nic: Nic) -> None:
    nic.write(R.ICS.offset, CAUSES)
    assert nic.interrupt


def handle(nic: Nic) -> None:
    nic.write(R.IMC.offset, CAUSES)
    nic.read(R.ICR.offset)
    nic.now_ns += TOOK_NS
    nic.write(R.IMS.offset, CAUSES)


def come(number: int, length: int = 60) -> tuple[int, int, int]:
    return number, number * length, number * length


def test_few_frames_are_fetched_as_they_come(nic: Nic) -> None:
    pace = Pace(nic)
    for _ in range(MANY):
        pace.took(*come(1))
        assert pace.due is None


def test_many_wait_until_the_guest_has_had_time_for_itself(nic: Nic) -> None:
    pace = Pace(nic)
    pace.took(*come(MANY + 1))
    assert pace.due == nic.now_ns + SHARE * TOOK_NS


def test_many_wait_while_an_interrupt_is_raised_or_handled_but_not_for_ever(nic: Nic) -> None:
    pace = Pace(nic)
    pace.took(*come(MANY + 1))
    interrupt(nic)
    raised_ns = nic.now_ns
    assert pace.due == raised_ns + LONGEST_HANDLING_NS
    nic.write(R.IMC.offset, CAUSES)
    assert pace.due == raised_ns + LONGEST_HANDLING_NS
    handle(nic)
    assert pace.due == nic.now_ns + SHARE * TOOK_NS


def test_time_for_itself_has_its_limit(nic: Nic) -> None:
    nic.core.interrupts.longest_respite_ns = TOOK_NS
    interrupt(nic)
    handle(nic)
    pace = Pace(nic)
    pace.took(*come(MANY + 1))
    assert pace.due == nic.now_ns + TOOK_NS


def test_a_guest_that_sends_is_waited_for_by_somebody(nic: Nic) -> None:
    pace = Pace(nic)
    pace.took(*come(MANY))
    nic.write(R.TDT.offset, 0)
    pace.took(*come(MANY))
    assert pace.due is None


def test_a_pause_starts_afresh(nic: Nic) -> None:
    pace = Pace(nic)
    pace.took(*come(MANY))
    nic.now_ns += PAUSE_NS + 1
    pace.took(*come(MANY))
    assert pace.due is None


def test_when_none_are_left_they_are_fetched_as_they_come(nic: Nic) -> None:
    pace = Pace(nic)
    pace.took(*come(MANY + 1))
    pace.took(*come(0))
    assert pace.due is None


def test_whole_sends_do_not_wait(nic: Nic) -> None:
    pace = Pace(nic)
    for _ in range(MANY + 1):
        pace.took(*come(1, 64_000))
    assert pace.due is None


def test_a_guest_that_polls_waits_for_nothing(nic: Nic) -> None:
    nic.write(R.IMC.offset, 0xFFFFFFFF)
    nic.now_ns += LONGEST_HANDLING_NS + TOOK_NS
    pace = Pace(nic)
    pace.took(*come(MANY + 1))
    assert pace.due is not None and pace.due <= nic.now_ns


def test_a_fetch_that_brought_plenty_is_followed_by_another(nic: Nic) -> None:
    pace = Pace(nic)
    pace.took(*come(6, 1514))
    assert pace.plenty
    pace.took(*come(1))
    assert not pace.plenty
    pace.took(*come(0))
    assert not pace.plenty
    pace.took(20, 30_000, 1514)
    assert not pace.plenty
