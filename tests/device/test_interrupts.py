"""When does the card interrupt, and what do the five interrupt registers do? (§13.4.17 to §13.4.21.)"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.device.interrupts import ITR_UNIT_NS, SHARE, Interrupts
from glassnic.spec.fields import CAUSE, CTRL
from glassnic.spec.models import M82540EM, M82544EI
from glassnic.spec.registers import R
from workbench import LSC, TXDW, Workbench, frame

IMPLEMENTED = 0x1FFFF
ALL = 0xFFFF_FFFF
LINUX = 0x9D
"""RXT0, TXDW, RXDMT0, RXSEQ, LSC: what Linux's driver enables."""


@pytest.fixture
def bench() -> Workbench:
    bench = Workbench()
    bench.read(R.ICR)
    return bench


# Causes


def test_reading_icr_returns_all_causes_and_clears_them_masked_ones_too(bench: Workbench) -> None:
    """§13.4.17: there is no conditional clearing on these parts."""
    bench.write(R.IMS, TXDW)
    bench.write(R.ICS, TXDW | LSC)
    assert bench.read(R.ICR) == TXDW | LSC
    assert bench.read(R.ICR) == 0
    assert not bench.nic.interrupt


def test_writing_1_to_icr_clears_that_cause_and_0_has_no_effect(bench: Workbench) -> None:
    bench.write(R.ICS, 0xFF)
    bench.write(R.ICR, 0x0F)
    assert bench.read(R.ICR) == 0xF0


def test_ics_sets_causes_as_if_they_had_happened(bench: Workbench) -> None:
    bench.write(R.ICS, 0x05)
    bench.write(R.ICS, 0x50)
    assert bench.read(R.ICR) == 0x55


def test_reading_ics_shows_the_causes_without_clearing_them(bench: Workbench) -> None:
    """The manual says write only; VxWorks reads it, and Windows."""
    bench.write(R.ICS, 0x55)
    assert [bench.read(R.ICS), bench.read(R.ICS), bench.read(R.ICR)] == [0x55] * 3


def test_every_implemented_cause_can_be_set_reserved_ones_too_and_none_above(bench: Workbench) -> None:
    """Linux's interrupt test sets the reserved bits 3, 5 and 8."""
    bench.write(R.ICS, ALL)
    assert bench.read(R.ICR) == IMPLEMENTED


def test_the_82544_has_causes_14_to_0() -> None:
    bench = Workbench(model="82544ei")
    bench.write(R.ICS, ALL)
    bench.write(R.IMS, ALL)
    assert bench.read(R.ICR) == bench.read(R.IMS) == M82544EI.causes == 0x7FFF


def test_causes_are_set_though_they_are_masked(bench: Workbench) -> None:
    """QNX polls ICR with every interrupt masked."""
    bench.write(R.IMC, ALL)
    bench.send(frame(), RS=1)
    assert not bench.nic.interrupt
    assert bench.read(R.ICR) & TXDW


# Mask


def test_ims_enables_imc_disables_and_both_leave_the_other_bits(bench: Workbench) -> None:
    bench.write(R.IMS, 0x0F)
    bench.write(R.IMS, 0xF0)
    assert bench.read(R.IMS) == 0xFF
    bench.write(R.IMC, 0x3C)
    assert bench.read(R.IMS) == 0xC3


def test_imc_reads_zero(bench: Workbench) -> None:
    bench.write(R.IMS, ALL)
    bench.write(R.IMC, 0x0F)
    assert bench.read(R.IMC) == 0


def test_the_line_is_asserted_while_an_enabled_cause_pends(bench: Workbench) -> None:
    bench.write(R.IMS, TXDW)
    bench.write(R.ICS, LSC)
    assert not bench.nic.interrupt
    bench.write(R.ICS, TXDW)
    assert bench.nic.interrupt


def test_enabling_a_cause_that_pends_already_asserts_at_once(bench: Workbench) -> None:
    """§13.4.17"""
    bench.write(R.ICS, LSC)
    bench.write(R.IMS, LSC)
    assert bench.nic.interrupt


@pytest.mark.parametrize("way", ["read ICR", "write ICR", "IMC"])
def test_the_line_falls_when_the_causes_are_read_cleared_or_masked(bench: Workbench, way: str) -> None:
    bench.write(R.IMS, LSC)
    bench.write(R.ICS, LSC | TXDW)
    if way == "read ICR":
        bench.read(R.ICR)
    else:
        bench.write(R.ICR if way == "write ICR" else R.IMC, LSC)
    assert not bench.nic.interrupt


def test_clearing_one_of_two_enabled_causes_keeps_the_line(bench: Workbench) -> None:
    bench.write(R.IMS, LSC | TXDW)
    bench.write(R.ICS, LSC | TXDW)
    bench.write(R.ICR, LSC)
    assert bench.nic.interrupt


def test_writing_ims_in_storms_loses_no_edge(bench: Workbench) -> None:
    """Windows does; the cause that comes between two writes must interrupt."""
    for _ in range(100):
        bench.write(R.IMC, ALL)
        bench.write(R.ICS, TXDW)
        bench.write(R.IMS, LINUX)
        bench.write(R.IMS, LINUX)
        assert bench.nic.interrupt
        assert bench.read(R.ICR) == TXDW


@pytest.mark.parametrize("bit", range(10))
def test_linuxs_interrupt_test_passes(bench: Workbench, bit: int) -> None:
    """`ethtool -t`, interrupt test, for each of the causes 0 to 9; the handler reads ICR when the line is up."""
    seen = 0

    def let_pass() -> int:
        nonlocal seen
        seen = 0
        for _ in range(10):
            bench.wait(1_000_000)
            if bench.nic.interrupt:
                seen |= bench.read(R.ICR)
        return seen

    mask = 1 << bit
    bench.write(R.IMC, ALL)
    bench.write(R.IMC, mask)
    bench.write(R.ICS, mask)
    assert not let_pass() & mask
    bench.write(R.IMS, mask)
    bench.write(R.ICS, mask)
    assert let_pass() & mask
    bench.write(R.IMC, ~mask & 0x7FFF)
    bench.write(R.ICS, ~mask & 0x7FFF)
    assert let_pass() == 0


# Moderation, §13.4.18


@pytest.fixture
def moderated(bench: Workbench) -> Workbench:
    """At least 500 units, 128 us, between two assertions: the manual's example."""
    bench.wait(10_000_000)
    bench.write(R.IMS, TXDW)
    bench.write(R.ITR, 500)
    return bench


GAP_NS = 500 * ITR_UNIT_NS


def test_the_manuals_example_is_128_us() -> None:
    assert GAP_NS == 128_000


def test_the_first_assertion_is_not_delayed(moderated: Workbench) -> None:
    moderated.write(R.ICS, TXDW)
    assert moderated.nic.interrupt


def test_the_first_assertion_after_the_clock_began_is_not_delayed_either() -> None:
    interrupts = Interrupts(M82540EM.causes)
    interrupts.throttle(500)
    interrupts.set_mask(TXDW)
    interrupts.raise_(TXDW)
    assert interrupts.line


def test_itr_delays_the_line_and_not_the_causes(moderated: Workbench) -> None:
    moderated.write(R.ICS, TXDW)
    moderated.read(R.ICR)
    moderated.wait(1000)
    moderated.write(R.ICS, TXDW)
    assert moderated.causes == TXDW
    assert not moderated.nic.interrupt
    moderated.wait(GAP_NS - 1001)
    assert not moderated.nic.interrupt
    moderated.wait(1)
    assert moderated.nic.interrupt


def test_the_interval_counts_from_assertion_to_assertion(moderated: Workbench) -> None:
    """Inferred. The line stays up for half of it here."""
    moderated.write(R.ICS, TXDW)
    moderated.wait(GAP_NS // 2)
    moderated.read(R.ICR)
    moderated.write(R.ICS, TXDW)
    moderated.wait(GAP_NS // 2)
    assert moderated.nic.interrupt


def test_a_cause_that_is_read_away_in_time_never_asserts(moderated: Workbench) -> None:
    moderated.write(R.ICS, TXDW)
    moderated.read(R.ICR)
    moderated.write(R.ICS, TXDW)
    assert moderated.nic.deadline is not None
    moderated.read(R.ICR)
    assert moderated.nic.deadline is None
    moderated.wait(10 * GAP_NS)
    assert not moderated.nic.interrupt


def test_itr_0_is_no_limit(moderated: Workbench) -> None:
    moderated.write(R.ITR, 0)
    for _ in range(1000):
        moderated.write(R.ICS, TXDW)
        assert moderated.nic.interrupt
        moderated.read(R.ICR)


def test_writing_itr_0_lets_a_held_back_interrupt_go(moderated: Workbench) -> None:
    moderated.write(R.ICS, TXDW)
    moderated.read(R.ICR)
    moderated.write(R.ICS, TXDW)
    assert not moderated.nic.interrupt
    moderated.write(R.ITR, 0)
    assert moderated.nic.interrupt


def test_only_the_low_16_bits_of_itr_count(moderated: Workbench) -> None:
    moderated.write(R.ITR, 0xFFFF_0000 | 500)
    assert moderated.read(R.ITR) == 500
    moderated.write(R.ICS, TXDW)
    moderated.read(R.ICR)
    moderated.write(R.ICS, TXDW)
    moderated.wait(GAP_NS)
    assert moderated.nic.interrupt


def test_the_82544_has_no_moderation() -> None:
    bench = Workbench(model="82544ei")
    bench.write(R.ITR, 500)
    bench.write(R.IMS, TXDW)
    for _ in range(3):
        bench.write(R.ICS, TXDW)
        assert bench.nic.interrupt
        bench.read(R.ICR)


@given(
    interval=st.integers(1, 0xFFFF),
    events=st.lists(st.tuples(st.integers(0, 5_000_000), st.booleans()), min_size=1, max_size=30),
)
def test_two_assertions_are_never_closer_than_itr_and_no_cause_is_lost(
    interval: int, events: list[tuple[int, bool]]
) -> None:
    """Causes and acknowledgements at any times, with the clock stopped at each deadline as a loop does it."""
    interrupts = Interrupts(M82540EM.causes)
    interrupts.throttle(interval)
    interrupts.set_mask(TXDW)
    assertions: list[int] = []
    now_ns, line = 0, False

    def look() -> None:
        nonlocal line
        if interrupts.line and not line:
            assertions.append(now_ns)
        line = interrupts.line

    for step_ns, acknowledge in events:
        end_ns = now_ns + step_ns
        while (due := interrupts.deadline) is not None and due <= end_ns:
            now_ns = max(due, now_ns)
            interrupts.advance(now_ns)
            look()
            assert line
        now_ns = end_ns
        interrupts.advance(now_ns)
        if acknowledge:
            interrupts.take_causes()
        else:
            interrupts.raise_(TXDW)
        look()
    gaps = [later - earlier for earlier, later in pairwise(assertions)]
    assert all(gap >= interval * ITR_UNIT_NS for gap in gaps)
    assert bool(interrupts.icr) == (interrupts.line or interrupts.deadline is not None)


# Sources


def test_a_completed_mdi_access_raises_mdac_if_mdic_i_is_set(bench: Workbench) -> None:
    """§13.4.8"""
    for wanted in (0, CAUSE.MDAC.mask):
        bench.write(R.MDIC, 0x0820_0000 | (0x2000_0000 if wanted else 0))
        bench.wait(1_000_000)
        assert bench.read(R.ICR) & CAUSE.MDAC.mask == wanted


def test_each_change_of_the_link_raises_lsc(bench: Workbench) -> None:
    bench.nic.set_link(False)
    assert bench.read(R.ICR) & LSC
    bench.nic.set_link(True)
    bench.wait(5_000_000_000)
    assert bench.read(R.ICR) & LSC
    bench.write(R.CTRL, bench.read(R.CTRL) & ~CTRL.SLU.mask)
    bench.run()
    assert bench.read(R.ICR) & LSC


# A respite, for a card whose registers answer slowly

TOOK_NS = 1000
RXT0 = CAUSE.RXT0.mask


def handle_one(line: Interrupts) -> None:
    """As a driver does: mask, read the causes, take its time, while the next cause happens; unmask."""
    line.clear_mask(ALL)
    line.take_causes()
    line.raise_(RXT0)
    line.advance(line.now_ns + TOOK_NS)
    line.set_mask(RXT0)


def handled_in_a_row(times: int, longest_respite_ns: int) -> Interrupts:
    line = Interrupts(IMPLEMENTED)
    line.longest_respite_ns = longest_respite_ns
    line.set_mask(RXT0)
    line.raise_(RXT0)
    for _ in range(times):
        handle_one(line)
    return line


def test_a_cause_that_waits_asserts_at_once_however_often_where_registers_are_quick() -> None:
    assert handled_in_a_row(100, 0).line


def test_interrupts_without_a_break_leave_software_as_much_time_as_they_took() -> None:
    assert handled_in_a_row(4, 10 * TOOK_NS).line
    line = handled_in_a_row(5, 10 * TOOK_NS)
    assert not line.line
    assert line.deadline == line.now_ns + TOOK_NS
    line.advance(line.now_ns + TOOK_NS)
    assert line.line


def test_a_respite_has_its_limit() -> None:
    line = handled_in_a_row(5, TOOK_NS // 5)
    assert line.deadline == line.now_ns + TOOK_NS // 5


def test_software_is_free_after_some_times_as_long_as_its_interrupt_took() -> None:
    line = handled_in_a_row(1, 10 * TOOK_NS)
    line.take_causes()
    assert line.free_ns == line.now_ns + SHARE * TOOK_NS


def test_software_that_unmasks_without_an_interrupt_is_free_at_once() -> None:
    line = Interrupts(IMPLEMENTED)
    line.longest_respite_ns = TOOK_NS
    for now_ns in (TOOK_NS, 50 * TOOK_NS):
        line.advance(now_ns)
        line.clear_mask(ALL)
        line.set_mask(RXT0)
        assert line.free_ns == now_ns


def test_a_break_ends_the_row() -> None:
    line = handled_in_a_row(4, 10 * TOOK_NS)
    line.clear_mask(ALL)
    line.take_causes()
    line.set_mask(RXT0)
    line.raise_(RXT0)
    assert line.line
    handle_one(line)
    assert line.line


def handled_sends(longest_respite_ns: int, *causes: int) -> Interrupts:
    """After an interrupt with these causes has been handled, another send is done."""
    line = Interrupts(IMPLEMENTED)
    line.longest_respite_ns = longest_respite_ns
    line.set_mask(TXDW | RXT0)
    for cause in causes:
        line.raise_(cause)
    line.clear_mask(ALL)
    line.take_causes()
    line.advance(line.now_ns + TOOK_NS)
    line.set_mask(TXDW | RXT0)
    line.raise_(TXDW)
    return line


def test_who_only_sends_gets_its_buffers_back_after_some_times_as_long_as_the_last_interrupt_took() -> None:
    line = handled_sends(10 * TOOK_NS, TXDW)
    assert not line.line
    assert line.deadline == line.now_ns + SHARE * TOOK_NS
    line.advance(line.now_ns + SHARE * TOOK_NS)
    assert line.line


def test_what_comes_in_is_told_at_once_and_the_sends_with_it() -> None:
    line = handled_sends(10 * TOOK_NS, TXDW)
    line.raise_(RXT0)
    assert line.line
    assert line.take_causes() == TXDW | RXT0


@pytest.mark.parametrize(("longest_respite_ns", "causes"), [(0, [TXDW]), (10 * TOOK_NS, [TXDW, RXT0])])
def test_sends_are_told_at_once_where_registers_are_quick_or_frames_come_too(
    longest_respite_ns: int, causes: list[int]
) -> None:
    assert handled_sends(longest_respite_ns, *causes).line


def test_a_read_of_icr_that_finds_nothing_says_nothing_of_sends() -> None:
    line = handled_sends(10 * TOOK_NS, RXT0)
    line.clear_causes(TXDW)
    assert line.take_causes() == 0
    line.raise_(TXDW)
    assert line.line
