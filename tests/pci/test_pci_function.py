"""Do bus accesses reach the registers as they would on a real bus? Intel's manual §4.1, §6.3, §13.2."""

from __future__ import annotations

import pytest

from glassnic.pci.function import BAR0, CONFIG, IO, PciFunction
from glassnic.spec.models import M82540EM
from register_ram import ICR, ICS, IMS, RegisterRam

COMMAND, PMCSR, MSI_CONTROL = 0x04, 0xE0, 0xF2


@pytest.fixture
def nic() -> RegisterRam:
    return RegisterRam()


@pytest.fixture
def function(nic: RegisterRam) -> PciFunction:
    """A card that the BIOS has set up."""
    function = PciFunction(nic, M82540EM)
    configure(function, COMMAND, 0x0007)
    return function


def configure(function: PciFunction, offset: int, value: int) -> None:
    function.write(CONFIG, offset, value.to_bytes(2, "little"))


def test_a_dword_goes_through_as_it_is(function: PciFunction, nic: RegisterRam) -> None:
    function.write(BAR0, 0x3818, bytes.fromhex("05 00 00 80"))
    assert nic.registers == {0x3818: 0x8000_0005}
    assert function.read(BAR0, 0x3818, 4) == bytes.fromhex("05 00 00 80")


@pytest.mark.parametrize(("offset", "length"), [(0, 1), (1, 1), (3, 1), (0, 2), (2, 2), (1, 2)])
def test_a_narrow_read_takes_its_bytes_of_the_dword(
    function: PciFunction, nic: RegisterRam, offset: int, length: int
) -> None:
    nic.registers[0x2800] = 0x4433_2211
    assert function.read(BAR0, 0x2800 + offset, length) == b"\x11\x22\x33\x44"[offset : offset + length]


def test_a_narrow_read_of_a_clearing_register_clears_it_all(function: PciFunction, nic: RegisterRam) -> None:
    nic.icr = 0x0102_0304
    assert function.read(BAR0, ICR + 2, 1) == b"\x02"
    assert nic.icr == 0


def test_eight_bytes_are_two_dwords_low_one_first(function: PciFunction, nic: RegisterRam) -> None:
    """§13.5.2: RAL and RAH may be accessed as a pair by a 64-bit access."""
    function.write(BAR0, 0x5400, bytes.fromhex("52 54 00 12 34 56 00 80"))
    assert nic.accesses == [("write", 0x5400, 0x1200_5452), ("write", 0x5404, 0x8000_5634)]
    nic.accesses.clear()
    assert function.read(BAR0, 0x5400, 8) == bytes.fromhex("52 54 00 12 34 56 00 80")
    assert [offset for _, offset, _ in nic.accesses] == [0x5400, 0x5404]


@pytest.mark.parametrize(("region", "offset", "length"), [(BAR0, 0, 1), (BAR0, 0x100, 2), (BAR0, 2, 4), (IO, 4, 2)])
def test_a_write_that_is_no_whole_dword_is_dropped_and_counted(
    function: PciFunction, nic: RegisterRam, region: int, offset: int, length: int
) -> None:
    function.write(region, offset, b"\xff" * length)
    assert nic.accesses == []
    assert function.dropped_writes == 1


def test_the_io_window_reaches_registers_by_address_and_data(function: PciFunction, nic: RegisterRam) -> None:
    """§13.2.2: how drivers reset these cards."""
    function.write(IO, 0, (0x3818).to_bytes(4, "little"))
    function.write(IO, 4, (7).to_bytes(4, "little"))
    assert nic.registers == {0x3818: 7}
    assert function.read(IO, 0, 4) == (0x3818).to_bytes(4, "little")
    assert function.read(IO, 4, 2) == b"\x07\0"
    assert function.read(IO, 8, 4) == bytes(4)


@pytest.mark.parametrize("command", [0x0000, 0x0004])
def test_with_decoding_off_nothing_answers(function: PciFunction, nic: RegisterRam, command: int) -> None:
    configure(function, COMMAND, command)
    for region in (BAR0, IO):
        function.write(region, 0, bytes(4))
        assert function.read(region, 0, 4) == b"\xff" * 4
    assert nic.accesses == []


def test_memory_and_io_decoding_are_two_switches(function: PciFunction) -> None:
    configure(function, COMMAND, 0x0001)
    assert (function.read(BAR0, 0, 4), function.read(IO, 0, 4)) == (b"\xff" * 4, bytes(4))
    configure(function, COMMAND, 0x0002)
    assert (function.read(BAR0, 0, 4), function.read(IO, 0, 4)) == (bytes(4), b"\xff" * 4)


def test_mastering_is_handed_on_to_the_card(function: PciFunction, nic: RegisterRam) -> None:
    assert nic.bus_master
    configure(function, COMMAND, 0x0003)
    assert not nic.bus_master


def test_asleep_the_card_is_silent_and_waking_resets_it_but_not_its_configuration(
    function: PciFunction, nic: RegisterRam
) -> None:
    """§6.3.1.2."""
    function.write(BAR0, 0x3818, b"\x05\0\0\0")
    nic.icr = nic.ims = 1
    configure(function, PMCSR, 3)
    assert function.read(BAR0, 0x3818, 4) == b"\xff" * 4
    assert not nic.bus_master
    assert not function.intx
    assert nic.asleep
    assert nic.resets == 0
    configure(function, PMCSR, 0)
    assert nic.resets == 1
    assert function.read(BAR0, 0x3818, 4) == bytes(4)
    assert nic.bus_master
    assert not nic.asleep


def test_staying_awake_resets_nothing(function: PciFunction, nic: RegisterRam) -> None:
    configure(function, PMCSR, 0x0100)
    assert nic.resets == 0


def test_the_pin_follows_the_card(function: PciFunction) -> None:
    assert not function.intx
    function.write(BAR0, IMS, b"\x04\0\0\0")
    function.write(BAR0, ICS, b"\x04\0\0\0")
    assert function.intx
    assert not function.msi
    function.read(BAR0, ICR, 4)
    assert not function.intx


def test_interrupt_disable_holds_the_pin_back_and_status_still_tells(function: PciFunction, nic: RegisterRam) -> None:
    nic.icr = nic.ims = 4
    configure(function, COMMAND, 0x0407)
    assert not function.intx
    assert function.read(CONFIG, 0x06, 2) == (0x0238).to_bytes(2, "little")
    configure(function, COMMAND, 0x0007)
    assert function.intx


def test_messages_replace_the_pin(function: PciFunction, nic: RegisterRam) -> None:
    """§4.1.3."""
    nic.icr = nic.ims = 4
    configure(function, MSI_CONTROL, 1)
    assert (function.intx, function.msi) == (False, True)
    configure(function, MSI_CONTROL, 0)
    assert (function.intx, function.msi) == (True, False)


def test_pmcsr_tells_who_was_woken_and_a_one_clears_it(function: PciFunction, nic: RegisterRam) -> None:
    """§6.3.3.4."""
    nic.wakeup.pme = True
    assert function.read(CONFIG, PMCSR, 2) == (0xA000).to_bytes(2, "little")
    configure(function, PMCSR, 0x0100)
    assert nic.wakeup.pme
    configure(function, PMCSR, 0x8000)
    assert not nic.wakeup.pme
    assert function.read(CONFIG, PMCSR, 2) == (0x2000).to_bytes(2, "little")


def test_reset_is_power_on(function: PciFunction, nic: RegisterRam) -> None:
    configure(function, MSI_CONTROL, 1)
    function.reset()
    assert nic.resets == 1
    assert not nic.bus_master
    assert function.read(BAR0, 0, 4) == b"\xff" * 4
    assert not function.msi_enabled
