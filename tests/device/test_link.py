"""Does the MAC see the link as the manual says? STATUS from CTRL and the PHY, LSC at each change, loopback."""

from __future__ import annotations

import pytest

from glassnic.spec import events
from glassnic.spec.fields import CTRL, CTRL_EXT, RCTL, STATUS
from glassnic.spec.registers import R
from mdio_driver import LOOPBACK, POWER_DOWN, RESET, RESTART, MdioDriver


@pytest.fixture
def driver() -> MdioDriver:
    return MdioDriver()


def test_a_gigabit_link_on_a_33_mhz_slot_reads_83h(driver: MdioDriver) -> None:
    assert driver.link.read_status() == 0x83


def test_lu_needs_the_link_of_the_phy_and_slu(driver: MdioDriver) -> None:
    driver.write_ctrl(driver.ctrl & ~CTRL.SLU.mask)
    assert not driver.link.up
    driver.write_ctrl(driver.ctrl | CTRL.SLU.mask)
    assert driver.link.up
    driver.phy.set_cable(False)
    assert not driver.link.read_status() & STATUS.LU.mask


def test_lsc_is_raised_at_each_change_of_lu_and_only_then(driver: MdioDriver) -> None:
    driver.phy.set_cable(False)
    assert driver.take_lsc()
    driver.phy.set_cable(True)
    assert not driver.take_lsc()
    driver.pass_time()
    assert driver.take_lsc()
    driver.write_ctrl(driver.ctrl | CTRL.VME.mask)
    assert not driver.take_lsc()


def test_without_slu_the_phys_link_raises_nothing(driver: MdioDriver) -> None:
    driver.write_ctrl(driver.ctrl & ~CTRL.SLU.mask)
    driver.take_lsc()
    driver.phy.set_cable(False)
    driver.phy.set_cable(True)
    driver.pass_time()
    assert not driver.take_lsc()


def test_each_change_is_recorded_with_speed_and_duplex(driver: MdioDriver) -> None:
    driver.negotiate(0x20, 0)
    driver.pass_time()
    assert driver.core.recorder.history().tolist() == [[events.LINK, 0, 1000, 1], [events.LINK, 1, 10, 0]]


def test_whoever_listens_hears_of_each_change(driver: MdioDriver) -> None:
    heard: list[bool] = []
    driver.link.on_change = lambda: heard.append(driver.link.up)
    driver.write(0, driver.read(0) | RESET)
    driver.pass_time()
    assert heard == [False, True]


@pytest.mark.parametrize(("advertised", "gigabit", "expected"), [(0x1E0, 0x200, 0x83), (0x1E0, 0, 0x43), (0x20, 0, 2)])
def test_speed_and_duplex_are_what_the_phy_negotiated(
    driver: MdioDriver, advertised: int, gigabit: int, expected: int
) -> None:
    driver.negotiate(advertised, gigabit)
    driver.pass_time()
    assert driver.link.read_status() == expected


def test_speed_and_duplex_in_ctrl_say_nothing_unless_forced(driver: MdioDriver) -> None:
    driver.write_ctrl(CTRL.SLU.mask | 1 << CTRL.SPEED.lo)
    assert (driver.link.speed_mbps, driver.link.full_duplex) == (1000, True)
    driver.write_ctrl(driver.ctrl | CTRL.FRCSPD.mask)
    assert (driver.link.speed_mbps, driver.link.full_duplex) == (100, True)
    driver.write_ctrl(driver.ctrl | CTRL.FRCDPLX.mask)
    assert (driver.link.speed_mbps, driver.link.full_duplex) == (100, False)


@pytest.mark.parametrize(("code", "speed_mbps"), [(0, 10), (1, 100), (2, 1000), (3, 1000)])
def test_every_forced_speed_code_is_a_speed(driver: MdioDriver, code: int, speed_mbps: int) -> None:
    driver.write_ctrl(CTRL.SLU.mask | CTRL.FRCSPD.mask | code << CTRL.SPEED.lo)
    assert driver.link.speed_mbps == speed_mbps


@pytest.mark.parametrize(("speed_mbps", "full_duplex", "expected"), [(100, False, 0x42), (100, True, 0x43), (10, 0, 2)])
def test_what_the_user_forces_is_what_status_reports(
    driver: MdioDriver, speed_mbps: int, full_duplex: bool, expected: int
) -> None:
    driver.force(speed_mbps, full_duplex)
    driver.pass_time()
    assert driver.link.read_status() == expected


def test_phy_rst_holds_the_phy_while_it_is_one(driver: MdioDriver) -> None:
    driver.write_ctrl(driver.ctrl | CTRL.PHY_RST.mask)
    driver.pass_time()
    assert not driver.link.up
    driver.write_ctrl(driver.ctrl & ~CTRL.PHY_RST.mask)
    driver.pass_time()
    assert driver.link.up


def test_ctrl_rst_leaves_the_link_alone_and_raises_no_lsc(driver: MdioDriver) -> None:
    driver.negotiate(0x1E0, 0)
    driver.pass_time()
    driver.take_lsc()
    driver.core.registers.reset()
    driver.link.reset()
    assert driver.link.read_status() == 0x43
    assert not driver.take_lsc()


def test_ctrl_rst_lets_go_of_a_held_phy(driver: MdioDriver) -> None:
    driver.write_ctrl(driver.ctrl | CTRL.PHY_RST.mask)
    driver.core.registers.reset()
    driver.link.reset()
    driver.pass_time()
    assert driver.link.up


def test_paused_is_txoff_and_a_reset_ends_it(driver: MdioDriver) -> None:
    driver.link.paused = True
    assert driver.link.read_status() & STATUS.TXOFF.mask
    driver.link.reset()
    assert not driver.link.read_status() & STATUS.TXOFF.mask


def test_a_speed_check_shows_in_asdv_and_clears_itself(driver: MdioDriver) -> None:
    driver.negotiate(0x1E0, 0)
    driver.pass_time()
    driver.store(R.CTRL_EXT, CTRL_EXT.ASDCHK.mask | 1)
    driver.link.write_ctrl_ext(CTRL_EXT.ASDCHK.mask | 1)
    assert driver.link.read_status() & STATUS.ASDV.mask == 1 << STATUS.ASDV.lo
    assert driver.core.registers[R.CTRL_EXT] == 1


@pytest.mark.parametrize(("mode", "loops"), [(0, False), (1, True), (2, False), (3, True)])
def test_loopback_modes_of_the_mac_are_01_and_11(driver: MdioDriver, mode: int, loops: bool) -> None:
    driver.store(R.RCTL, mode << RCTL.LBM.lo)
    driver.link.update()
    assert driver.link.loopback is loops


def test_the_self_tests_phy_loopback_loops_and_has_a_link_by_ilos(driver: MdioDriver) -> None:
    driver.loop_back()
    driver.pass_time()
    assert driver.link.loopback
    assert not driver.phy.link
    assert driver.link.read_status() == 0x83
    assert driver.read(0) == 0x4140


def test_after_the_loopback_test_the_link_is_the_partners_again(driver: MdioDriver) -> None:
    driver.loop_back()
    driver.write(0, driver.read(0) & ~LOOPBACK)
    driver.write(0, driver.read(0) | RESET)
    driver.core.registers.reset()
    driver.link.reset()
    driver.write_ctrl(driver.ctrl & ~(CTRL.FRCSPD.mask | CTRL.FRCDPLX.mask) | CTRL.SLU.mask)
    driver.negotiate(0x1E0, 0x200)
    driver.pass_time()
    assert not driver.link.loopback
    assert driver.link.read_status() == 0x83


def test_an_interface_taken_down_and_up_finds_its_link_at_the_first_look(driver: MdioDriver) -> None:
    for _ in range(50):
        driver.core.registers.reset()
        driver.link.reset()
        driver.write(0, driver.read(0) | RESET)
        driver.negotiate(0x1E0, 0x200)
        assert driver.finds_link()
        driver.write(0, driver.read(0) | POWER_DOWN)
        assert not driver.link.up
        driver.write(0, driver.read(0) & ~POWER_DOWN)
        assert driver.finds_link()
        assert driver.link.up


def test_a_link_that_drops_and_returns_between_two_looks_still_interrupts(driver: MdioDriver) -> None:
    driver.write(0, 0x1140 | RESTART)
    assert driver.finds_link()
    assert driver.take_lsc()
