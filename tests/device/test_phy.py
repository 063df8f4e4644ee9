"""Does the PHY answer as IEEE 802.3 and drivers want it? Registers over MDIC, auto-negotiation, resets, loopback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.device.phy import MACHINE, NEGOTIATION_NS, Event, State
from glassnic.spec.fields import CAUSE
from glassnic.spec.models import MODELS, Model
from glassnic.spec.phy_registers import PHY_REGISTERS
from glassnic.spec.registers import R
from mdio_driver import (
    AN_ENABLE,
    ERROR,
    INTERRUPT,
    ISOLATE,
    LOOPBACK,
    POWER_DOWN,
    READ,
    READY,
    RESET,
    RESTART,
    WRITE,
    MdioDriver,
)

RESERVED = sorted(set(range(32)) - set(PHY_REGISTERS))
STORED = [row.number for row in PHY_REGISTERS.values() if row.writable == 0xFFFF and not row.clears]


@pytest.fixture
def driver() -> MdioDriver:
    return MdioDriver()


# MDIC


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_the_identifier_is_the_models(model: Model) -> None:
    driver = MdioDriver(model)
    assert (driver.read(2), driver.read(3)) == model.phy_id


def test_reset_values_are_those_that_drivers_accept(driver: MdioDriver) -> None:
    expected = {0: 0x1140, 4: 0x0DE1, 9: 0x0E00, 15: 0x3000, 16: 0x0360, 20: 0x0D60, 21: 0}
    assert {number: driver.read(number) for number in expected} == expected


def test_a_read_answers_with_the_register_and_ready_and_keeps_the_command(driver: MdioDriver) -> None:
    assert driver.command(READ | 1 << 21 | 2 << 16 | 0xFFFF) == READ | READY | 1 << 21 | 2 << 16 | 0x0141


@pytest.mark.parametrize("address", [0, 2, 31])
def test_a_read_at_an_address_without_a_phy_is_an_error(driver: MdioDriver, address: int) -> None:
    done = driver.command(READ | address << 21 | 2 << 16)
    assert done & (READY | ERROR | 0xFFFF) == READY | ERROR | 0xFFFF


def test_a_write_at_another_address_reaches_no_register_and_is_no_error(driver: MdioDriver) -> None:
    assert driver.command(WRITE | 2 << 21 | 16 << 16 | 0x1234) & (READY | ERROR) == READY
    assert driver.read(16) == 0x0360


def test_an_error_of_before_does_not_outlast_the_next_command(driver: MdioDriver) -> None:
    driver.command(READ | 5 << 21)
    assert not driver.command(ERROR | READ | 1 << 21 | 2 << 16) & ERROR


@pytest.mark.parametrize("operation", [0b00, 0b11])
def test_an_undefined_operation_is_ready_and_does_nothing(driver: MdioDriver, operation: int) -> None:
    done = driver.command(operation << 26 | 1 << 21 | 16 << 16 | 0x4321)
    assert done & (READY | ERROR | 0xFFFF) == READY | 0x4321
    assert driver.read(16) == 0x0360


@pytest.mark.parametrize("number", RESERVED)
def test_a_reserved_register_reads_zero_and_ignores_writes(driver: MdioDriver, number: int) -> None:
    driver.write(number, 0xFFFF)
    assert driver.read(number) == 0


@pytest.mark.parametrize("number", STORED)
def test_registers_that_store_give_back_what_was_written(driver: MdioDriver, number: int) -> None:
    for data in (0x5A5A, 0xA5A5, 0, 0xFFFF):
        driver.write(number, data)
        assert driver.read(number) == data


def test_mdac_is_raised_only_when_the_command_asks(driver: MdioDriver) -> None:
    driver.read(2)
    assert not driver.core.interrupts.take_causes() & CAUSE.MDAC.mask
    driver.command(INTERRUPT | READ | 1 << 21 | 2 << 16)
    assert driver.core.interrupts.take_causes() == CAUSE.MDAC.mask


# Auto-negotiation


def test_a_new_card_has_a_gigabit_link_and_owes_no_interrupt(driver: MdioDriver) -> None:
    assert driver.phy.link
    assert driver.phy.deadline is None
    assert driver.core.interrupts.icr == 0
    assert driver.finds_link()
    assert driver.read(1) == 0x7949 | 0x20 | 0x04
    assert driver.read(5) == 0xCDE1
    assert driver.read(10) == 0x3C00
    assert driver.read(17) == 0xAC00 | 0x000C


def test_status_says_once_that_the_link_dropped_even_if_it_is_up_again(driver: MdioDriver) -> None:
    assert driver.finds_link()
    driver.write(0, 0x1140 | RESTART)
    driver.pass_time()
    assert driver.phy.link
    assert not driver.read(1) & 4
    assert driver.read(1) & 4


def test_a_restart_drops_the_link_until_its_time_has_come(driver: MdioDriver) -> None:
    driver.core.now_ns = 1_000
    driver.write(0, 0x1140 | RESTART)
    assert not driver.phy.link
    assert driver.phy.deadline == 1_000 + NEGOTIATION_NS
    driver.core.now_ns = NEGOTIATION_NS
    driver.phy.advance()
    assert not driver.phy.link
    driver.core.now_ns = 1_000 + NEGOTIATION_NS
    driver.phy.advance()
    assert driver.phy.link


def test_the_drivers_first_look_finds_the_link_though_no_clock_moves(driver: MdioDriver) -> None:
    driver.write(0, driver.read(0) | RESET)
    driver.negotiate(0x1E0, 0x200)
    assert driver.finds_link()
    assert driver.read(1) & 0x20


def test_restart_and_reset_clear_themselves(driver: MdioDriver) -> None:
    driver.write(0, 0x1140 | RESET | RESTART)
    assert driver.read(0) == 0x1140


def test_restart_means_nothing_without_auto_negotiation(driver: MdioDriver) -> None:
    driver.write(0, 0x2100)
    assert driver.finds_link()
    driver.write(0, 0x2100 | RESTART)
    assert driver.phy.link


@pytest.mark.parametrize(
    ("advertised", "gigabit", "speed_mbps", "full_duplex", "specific"),
    [
        (0x1E0, 0x200, 1000, True, 0xAC0C),
        (0x1E0, 0x300, 1000, True, 0xAC0C),
        (0x1E0, 0x100, 1000, False, 0x8C00),
        (0x1E0, 0, 100, True, 0x6C0C),
        (0x0E0, 0, 100, False, 0x4C00),
        (0x060, 0, 10, True, 0x2C0C),
        (0x020, 0, 10, False, 0x0C00),
    ],
)
def test_the_best_mode_that_is_advertised_wins(
    driver: MdioDriver, advertised: int, gigabit: int, speed_mbps: int, full_duplex: bool, specific: int
) -> None:
    driver.negotiate(advertised, gigabit)
    assert driver.finds_link()
    assert driver.phy.mode == (speed_mbps, full_duplex)
    assert driver.read(17) == specific


def test_nothing_advertised_is_no_link_and_no_deadline(driver: MdioDriver) -> None:
    driver.negotiate(0, 0)
    assert not driver.finds_link()
    assert driver.phy.deadline is None
    assert not driver.read(1) & 0x20
    driver.negotiate(0x20, 0)
    assert driver.finds_link()


def test_what_is_advertised_counts_from_the_next_restart(driver: MdioDriver) -> None:
    driver.write(9, 0)
    assert driver.phy.mode.speed_mbps == 1000
    driver.write(0, 0x1140 | RESTART)
    assert driver.finds_link()
    assert driver.phy.mode.speed_mbps == 100


@pytest.mark.parametrize(("advertised", "pause"), [(0xC00, 0xC), (0x400, 0xC), (0x800, 0x8), (0, 0)])
def test_pause_goes_the_ways_both_sides_agree_on(driver: MdioDriver, advertised: int, pause: int) -> None:
    driver.write(4, 0x1E1 | advertised)
    driver.write(0, 0x1140 | RESTART)
    assert driver.read(17) & 0xC == pause


def test_the_partners_registers_are_empty_while_it_is_not_heard(driver: MdioDriver) -> None:
    driver.phy.set_cable(False)
    assert [driver.read(number) for number in (5, 6, 10)] == [0, 0x0004, 0]


def test_a_page_received_is_told_once(driver: MdioDriver) -> None:
    assert driver.read(6) & 2
    assert not driver.read(6) & 2


def test_a_master_by_hand_is_a_master(driver: MdioDriver) -> None:
    driver.write(9, 0x1A00)
    driver.write(0, 0x1140 | RESTART)
    assert driver.read(10) == 0x7C00


def test_pairs_crossed_by_hand_are_reported_crossed(driver: MdioDriver) -> None:
    driver.write(16, 0x0020)
    assert driver.read(17) & 0x40


# Forced modes


@pytest.mark.parametrize("speed_mbps", [10, 100])
@pytest.mark.parametrize("full_duplex", [False, True])
def test_a_forced_mode_survives_the_reset_that_makes_it_count(
    driver: MdioDriver, speed_mbps: int, full_duplex: bool
) -> None:
    driver.force(speed_mbps, full_duplex)
    assert driver.finds_link()
    assert driver.phy.mode == (speed_mbps, full_duplex)
    assert not driver.read(1) & 0x20
    assert driver.read(5) == 0
    assert driver.read(17) & 0xEC0C == (speed_mbps == 100) << 14 | full_duplex << 13 | 0x0C00


def test_a_gigabit_cannot_be_forced(driver: MdioDriver) -> None:
    driver.write(0, 0x0140 | RESET)
    assert not driver.finds_link()


# Resets, power, cable


def test_a_software_reset_keeps_the_registers_and_ends_loopback_and_power_down(driver: MdioDriver) -> None:
    driver.write(16, 0x0808)
    driver.write(0, 0x1140 | POWER_DOWN | LOOPBACK | ISOLATE)
    driver.write(0, driver.read(0) | RESET)
    assert driver.read(0) == 0x1140
    assert driver.read(16) == 0x0808
    assert driver.finds_link()


def test_power_on_finds_the_partner_at_once_and_without_a_cable_nobody(driver: MdioDriver) -> None:
    driver.write(0, 0x1140 | POWER_DOWN)
    driver.phy.reset()
    assert driver.phy.link
    assert driver.phy.deadline is None
    driver.phy.set_cable(False)
    driver.phy.reset()
    assert not driver.phy.link


def test_a_held_reset_answers_nobody_and_leaves_the_defaults(driver: MdioDriver) -> None:
    driver.write(4, 0x0001)
    driver.phy.hold_reset(True)
    assert not driver.phy.link
    assert driver.phy.deadline is None
    assert driver.command(READ | 1 << 21 | 2 << 16) & ERROR
    driver.phy.hold_reset(False)
    assert driver.read(4) == 0x0DE1
    assert driver.finds_link()


@pytest.mark.parametrize("bit", [POWER_DOWN, ISOLATE, LOOPBACK])
def test_power_down_isolation_and_loopback_leave_no_link_until_they_end(driver: MdioDriver, bit: int) -> None:
    driver.write(0, 0x1140 | bit)
    driver.pass_time()
    assert not driver.finds_link()
    assert driver.read(17) & 0x0400 == 0
    driver.write(0, 0x1140)
    assert driver.finds_link()


def test_power_down_still_answers_mdio(driver: MdioDriver) -> None:
    driver.write(0, 0x1140 | POWER_DOWN)
    assert driver.read(2) == 0x0141


def test_loopback_is_the_bit_unless_the_phy_sleeps(driver: MdioDriver) -> None:
    assert not driver.phy.loopback
    driver.write(0, 0x4140)
    assert driver.phy.loopback
    driver.write(0, 0x4140 | POWER_DOWN)
    assert not driver.phy.loopback


def test_a_pulled_cable_is_no_link_and_a_plugged_one_negotiates_anew(driver: MdioDriver) -> None:
    driver.phy.set_cable(False)
    driver.pass_time()
    assert not driver.finds_link()
    assert not driver.phy.cable
    driver.phy.set_cable(True)
    assert driver.phy.deadline == NEGOTIATION_NS
    driver.pass_time()
    assert driver.finds_link()


def test_a_cable_plugged_while_asleep_is_found_on_waking(driver: MdioDriver) -> None:
    driver.phy.set_cable(False)
    driver.write(0, 0x1140 | POWER_DOWN)
    driver.phy.set_cable(True)
    assert not driver.finds_link()
    driver.write(0, 0x1140)
    assert driver.finds_link()


def test_the_interrupt_status_tells_of_the_link_and_is_cleared_by_reading(driver: MdioDriver) -> None:
    driver.read(19)
    driver.write(0, 0x1140 | RESTART)
    assert driver.read(19) == 0x0C00
    assert driver.read(19) == 0


# Every transition, and nonsense


def test_every_state_knows_what_every_request_means() -> None:
    requests = {Event.START, Event.STOP, Event.CABLE}
    assert set(MACHINE) == {(state, event) for state in State for event in requests} | {
        (State.NEGOTIATING, Event.AGREED)
    }


STORMED = MdioDriver()

moves = st.one_of(
    st.tuples(st.just("mdic"), st.integers(0, 0xFFFF_FFFF)),
    st.tuples(
        st.just("mdic"),
        st.builds(
            lambda op, number, data: op << 26 | 1 << 21 | number << 16 | data,
            st.sampled_from([1, 2]),
            st.sampled_from([0, 1, 4, 9, 17]),
            st.integers(0, 0xFFFF),
        ),
    ),
    st.tuples(st.just("plug"), st.integers(0, 1)),
    st.tuples(st.just("hold"), st.integers(0, 1)),
    st.tuples(st.just("advance"), st.integers(0, 30_000)),
)


@given(st.lists(moves, max_size=60))
def test_no_storm_of_accesses_wedges_the_phy(storm: list[tuple[str, int]]) -> None:
    driver = STORMED
    for move, value in storm:
        if move == "mdic":
            assert driver.command(value) & READY
            assert 0 <= driver.core.registers[R.MDIC] <= 0x7FFF_FFFF
        elif move == "plug":
            driver.phy.set_cable(bool(value))
        elif move == "hold":
            driver.phy.hold_reset(bool(value))
        else:
            driver.core.now_ns += value
            driver.phy.advance()
    driver.phy.hold_reset(False)
    driver.phy.set_cable(True)
    driver.negotiate(0x1E0, 0x200)
    driver.write(0, AN_ENABLE | RESTART)
    assert driver.finds_link()
    assert driver.phy.mode == (1000, True)
