"""Does the card's register window read and write as the manual and Linux's own register test want it? (§13.)"""

from __future__ import annotations

import pytest

from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory
from glassnic.spec import events
from glassnic.spec.models import MODELS
from glassnic.spec.registers import ALIASES, REGISTERS, WINDOW_BYTES, Access, R, Register, offsets
from workbench import Workbench

ALL = 0xFFFF_FFFF
PATTERNS = (0x5A5A_5A5A, 0xA5A5_A5A5, 0, ALL)

LINUX_PATTERN_TEST = [
    # register, mask of what must read back, mask of what is written
    (R.FCAL, ALL, ALL), (R.FCAH, 0xFFFF, ALL), (R.FCT, 0xFFFF, ALL), (R.VET, 0xFFFF, ALL),
    (R.RDTR, 0xFFFF, ALL), (R.RDBAH, ALL, ALL), (R.RDLEN, 0xFFF80, 0xFFFFF), (R.RDH, 0xFFFF, 0xFFFF),
    (R.RDT, 0xFFFF, 0xFFFF), (R.FCRTH, 0xFFF8, 0xFFF8), (R.FCTTV, 0xFFFF, 0xFFFF), (R.TIPG, 0x3FFF_FFFF, 0x3FFF_FFFF),
    (R.TDBAH, ALL, ALL), (R.TDLEN, 0xFFF80, 0xFFFFF), (R.RDBAL, 0xFFFF_FFF0, ALL), (R.TXCW, 0xC000_FFFF, 0xFFFF),
    (R.TDBAL, 0xFFFF_FFF0, ALL), (R.TIDV, 0xFFFF, 0xFFFF),
]  # fmt: skip

STORES = {name: row for name, row in REGISTERS.items() if row.access is Access.RW}
BEHAVES = {"CTRL", "EECD", "EERD", "CTRL_EXT", "MDIC", "TCTL", "PBA", "TDH", "WUC"}
"""Read/write registers in which something reads back that was not written: their own tests say what."""


@pytest.fixture
def bench() -> Workbench:
    bench = Workbench(tctl=0)
    bench.nic.bus_master = False
    return bench


def name_of(row: Register) -> str:
    return next(name for name, other in REGISTERS.items() if other is row)


# Linux's `ethtool -t`, register test


def test_linux_finds_that_status_cannot_be_written(bench: Workbench) -> None:
    toggle = 0xFFFF_F833
    before = bench.read(R.STATUS) & toggle
    bench.write(R.STATUS, toggle)
    assert bench.read(R.STATUS) & toggle == before
    bench.write(R.STATUS, 0)
    assert bench.read(R.STATUS) & toggle == before


@pytest.mark.parametrize(
    ("row", "mask", "written"), LINUX_PATTERN_TEST, ids=[name_of(row) for row, *_ in LINUX_PATTERN_TEST]
)
@pytest.mark.parametrize("model", MODELS)
def test_linuxs_patterns_read_back(row: Register, mask: int, written: int, model: str) -> None:
    bench = Workbench(model=model)
    for pattern in PATTERNS:
        bench.write(row, written & pattern)
        assert bench.read(row) == written & pattern & mask


@pytest.mark.parametrize("index", range(15))
def test_linuxs_patterns_read_back_from_the_receive_addresses(bench: Workbench, index: int) -> None:
    for pattern in PATTERNS:
        bench.write(R.RAH, pattern, index)
        assert bench.read(R.RAH, index) == pattern & 0x8003_FFFF


def test_linuxs_patterns_read_back_from_the_multicast_table(bench: Workbench) -> None:
    for index in range(128):
        for pattern in PATTERNS:
            bench.write(R.MTA, pattern, index)
            assert bench.read(R.MTA, index) == pattern


def test_linux_sets_and_checks_the_controls_in_its_order(bench: Workbench) -> None:
    """RCTL and TCTL written 0 must read 0 in all 32 bits; then RCTL's bits under Linux's mask."""
    mask = 0x06DF_B3FE
    bench.write(R.RCTL, 0)
    assert bench.read(R.RCTL) == 0
    bench.write(R.RCTL, mask & 0x003F_FFFB)
    assert bench.read(R.RCTL) & mask == mask & 0x003F_FFFB
    bench.write(R.TCTL, 0)
    assert bench.read(R.TCTL) == 0
    bench.write(R.RCTL, mask)
    assert bench.read(R.RCTL) & mask == mask


def test_the_whole_test_in_one_run_with_a_frame_arriving_hurts_nobody(bench: Workbench) -> None:
    """RCTL.EN is set while the ring registers hold patterns: the frame's DMA goes to a wild address."""
    bench.nic.bus_master = True
    before = bench.memory.data.copy()
    bench.write(R.RCTL, 0x06DF_B3FE)
    for row, _, written in LINUX_PATTERN_TEST:
        for pattern in PATTERNS:
            bench.write(row, written & pattern)
            bench.receive([b"\xff" * 6 + bytes(60)])
    assert (bench.memory.data == before).all()


# Access classes


@pytest.mark.parametrize("name", sorted(set(STORES) - BEHAVES))
def test_a_register_stores_its_writable_bits_and_keeps_the_others(bench: Workbench, name: str) -> None:
    row = STORES[name]
    for index in {0, row.number - 1}:
        before = bench.read(row, index)
        for value in (*PATTERNS, before):
            bench.write(row, value, index)
            assert bench.read(row, index) == value & row.writable | before & ~row.writable


@pytest.mark.parametrize("name", [name for name, row in REGISTERS.items() if row.access is Access.RO])
def test_a_read_only_register_ignores_writes(bench: Workbench, name: str) -> None:
    row = REGISTERS[name]
    before = bench.read(row)
    bench.write(row, ~before & ALL)
    assert bench.read(row) == before


@pytest.mark.parametrize("name", [name for name, row in REGISTERS.items() if row.access is Access.WO])
def test_a_write_only_register_reads_zero(bench: Workbench, name: str) -> None:
    bench.write(REGISTERS[name], ALL)
    assert bench.read(REGISTERS[name]) == 0


def test_each_word_of_an_array_is_its_own(bench: Workbench) -> None:
    for row in (row for row in STORES.values() if row.number > 1):
        for index in range(min(row.number, 200)):
            bench.write(row, index + 1, index)
        assert [bench.read(row, index) for index in range(min(row.number, 200))] == [
            index + 1 & row.writable for index in range(min(row.number, 200))
        ]


@pytest.mark.parametrize("name", sorted(set(STORES) - {"EECD", "RAL", "RAH", "WUC"}))
def test_at_power_on_a_register_holds_its_reset_value(name: str) -> None:
    """All but what is loaded from the EEPROM, and its pins."""
    nic = Nic(FlatMemory(0))
    assert nic.read(REGISTERS[name].offset) == REGISTERS[name].reset


# Where there is no register


@pytest.mark.parametrize("offset", [0x0000C, 0x00024, 0x000E0, 0x04024, 0x04100, 0x05404 + 16 * 8, 0x0FFFC])
def test_where_there_is_no_register_a_read_is_0_a_write_is_lost_and_both_are_noted(
    bench: Workbench, offset: int
) -> None:
    bench.nic.write(offset, 0xDEAD)
    assert bench.nic.read(offset) == 0
    assert bench.happened(events.REGISTER_UNKNOWN) == [(offset, 1, 0xDEAD), (offset, 0, 0)]


@pytest.mark.parametrize(("alias", "row"), ALIASES.items(), ids=map(hex, ALIASES))
def test_the_82542s_place_reaches_the_same_register(bench: Workbench, alias: int, row: Register) -> None:
    for step in {0, 4 * (row.number - 1)}:
        bench.nic.write(row.offset + step, 0x40)
        assert bench.nic.read(alias + step) == bench.nic.read(row.offset + step)
        bench.nic.write(alias + step, 0)
        assert bench.nic.read(row.offset + step) == 0
        assert bench.nic.read(alias + step) == 0


def test_the_alias_of_the_receive_addresses_interleaves_low_and_high(bench: Workbench) -> None:
    bench.nic.write(0x40 + 15 * 8 + 4, 0x8000_1234)
    assert bench.read(R.RAH, 15) == 0x8000_1234


# Models


@pytest.mark.parametrize("name", ["EERD", "ITR", "RADV", "TADV", "RSRPD"])
def test_the_82544_lacks_what_came_later(name: str) -> None:
    bench, row = Workbench(model="82544ei"), REGISTERS[name]
    bench.write(row, ALL)
    assert bench.read(row) == 0
    assert (row.offset, 0, 0) in bench.happened(events.REGISTER_UNKNOWN)
    assert Workbench().nic.core.registers.rows.keys() >= set(offsets(row))


@pytest.mark.parametrize("name", ["FCAL", "TIDV", "RXCSUM", "PTC64"])
def test_what_a_profile_leaves_out_reads_0_but_no_driver_errs_that_asks(name: str) -> None:
    bench, row = Workbench(profile="qemu-11.1"), REGISTERS[name]
    bench.write(row, ALL)
    assert bench.read(row) == 0
    assert not bench.happened(events.REGISTER_UNKNOWN)


# The I/O window, §13.2.2


def test_the_window_reaches_a_register_by_its_address_then_its_data(bench: Workbench) -> None:
    bench.nic.write_io(0, R.RDBAH.offset)
    bench.nic.write_io(4, 0x1234_5678)
    assert bench.nic.read_io(0) == R.RDBAH.offset
    assert bench.nic.read_io(4) == bench.read(R.RDBAH) == 0x1234_5678


def test_reading_through_the_window_has_the_registers_own_effects(bench: Workbench) -> None:
    bench.write(R.ICS, 1)
    bench.nic.write_io(0, R.ICR.offset)
    assert bench.nic.read_io(4) & 1
    assert bench.causes == 0


FLASH, NOTHING = (0x80000, 0xFFFFC), (WINDOW_BYTES, 0x7FFFC)


@pytest.mark.parametrize(("address", "value"), [(at, ALL) for at in FLASH] + [(at, 0) for at in NOTHING])
def test_the_flash_reads_all_ones_and_elsewhere_beyond_the_registers_0(
    bench: Workbench, address: int, value: int
) -> None:
    """There is no flash."""
    bench.nic.write_io(0, address)
    bench.nic.write_io(4, 0x5555)
    assert bench.nic.read_io(4) == value
    assert bench.nic.read_io(0) == address


def test_the_address_has_20_bits_and_the_others_read_0(bench: Workbench) -> None:
    """§13.2.2.1"""
    bench.nic.write_io(0, ALL)
    assert bench.nic.read_io(0) == 0xF_FFFF
    bench.nic.write_io(0, 0x10_0000 | R.RDBAH.offset)
    bench.nic.write_io(4, 0x1234)
    assert bench.read(R.RDBAH) == 0x1234


@pytest.mark.parametrize("offset", [8, 12, 60])
def test_the_rest_of_the_window_is_reserved(bench: Workbench, offset: int) -> None:
    bench.nic.write_io(offset, ALL)
    assert bench.nic.read_io(offset) == 0
    assert bench.nic.read_io(0) == 0


# Bits that do not simply store


def test_ctrl_rst_and_ctrl_ext_ee_rst_clear_themselves(bench: Workbench) -> None:
    bench.write(R.CTRL, 1 << 26)
    assert not bench.read(R.CTRL) & 1 << 26
    bench.write(R.CTRL_EXT, 1 << 13)
    assert not bench.read(R.CTRL_EXT) & 1 << 13


def test_phy_rst_holds_until_software_clears_it(bench: Workbench) -> None:
    bench.set_bits(R.CTRL, 1 << 31)
    assert bench.read(R.CTRL) & 1 << 31


@pytest.mark.parametrize(("written", "read"), [(0x30, 0x0010_0030), (8, 0x0038_0008), (0, 0x0040_0000), (ALL, 0x7F)])
def test_the_transmit_share_of_the_packet_buffer_is_what_the_receive_share_leaves(
    bench: Workbench, written: int, read: int
) -> None:
    """§13.4.16: TXA cannot be written."""
    bench.write(R.PBA, written)
    assert bench.read(R.PBA) == read


def test_swxoff_clears_itself_and_sends_one_xoff_frame() -> None:
    """§13.4.33"""
    bench = Workbench()
    bench.write(R.FCTTV, 0x1234)
    bench.write(R.TCTL, bench.read(R.TCTL) | 1 << 22)
    assert not bench.read(R.TCTL) & 1 << 22
    (sent,) = bench.run()
    assert sent[:18].hex() == "0180c2000001" + "525400123456" + "8808" + "0001" + "1234"
    assert bench.read(R.XOFFTXC) == 1
    assert bench.read(R.GPTC) == 0
