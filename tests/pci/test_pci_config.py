"""Does configuration space read and write as a real card's does? Intel's manual §4.1 and §6.3.3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.pci.config import ConfigSpace
from glassnic.spec.models import M82540EM, M82544EI, MODELS, Model
from glassnic.spec.pci import CONFIG_BYTES, CONFIG_SPACE, D0, D3HOT

COMMAND, STATUS, BAR0, BAR1, BAR2, ROM, PMCSR, PM_DATA, MSI_CONTROL = (
    *(0x04, 0x06, 0x10, 0x14, 0x18, 0x30),
    *(0xE0, 0xE3, 0xF2),
)


@pytest.fixture
def config() -> ConfigSpace:
    return ConfigSpace(M82540EM)


def word(config: ConfigSpace, offset: int, length: int = 2) -> int:
    return int.from_bytes(config.read(offset, length), "little")


def put(config: ConfigSpace, offset: int, value: int, length: int = 2) -> None:
    config.write(offset, value.to_bytes(length, "little"))


def test_the_first_bytes_read_as_the_dump_of_a_real_82540em_before_its_bios(config: ConfigSpace) -> None:
    assert config.read(0, 16) == bytes.fromhex("86 80 0e 10 00 00 30 02 02 00 00 02 00 00 00 00")
    assert config.read(0x2C, 4) == bytes.fromhex("86 80 1e 00")
    assert config.read(0x34, 12) == bytes.fromhex("dc 00 00 00 00 00 00 00 00 01 ff 00")


def test_the_capabilities_read_as_the_dump_of_a_real_82540em(config: ConfigSpace) -> None:
    assert config.read(0xDC, 0x24) == bytes.fromhex(
        "01 e4 22 c8 00 20 00 1b 07 f0 02 00 00 00 40 04 00 00 00 00 05 00 80 00" + " 00" * 12
    )


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_model_shows_its_own_identity(model: Model) -> None:
    config = ConfigSpace(model)
    assert word(config, 0x02) == model.device_id
    assert config.read(0x08, 1)[0] == model.revision
    assert (word(config, 0x2C), word(config, 0x2E)) == (model.subsystem_vendor_id, model.subsystem_id)


def test_all_ones_written_to_a_bar_read_back_as_its_size(config: ConfigSpace) -> None:
    for offset, expected in ((BAR0, 0xFFFE_0000), (BAR1, 0), (BAR2, 0xFFFF_FFC1), (0x1C, 0), (0x24, 0), (ROM, 0)):
        put(config, offset, 0xFFFF_FFFF, 4)
        assert word(config, offset, 4) == expected


def test_the_io_bar_says_so_before_anybody_has_written_it(config: ConfigSpace) -> None:
    assert word(config, BAR2, 4) == 1
    assert word(config, BAR0, 4) == 0


def test_a_bar_may_be_written_byte_by_byte(config: ConfigSpace) -> None:
    for at, byte in enumerate(b"\xff\xff\x34\x12"):
        config.write(BAR0 + at, bytes([byte]))
    assert word(config, BAR0, 4) == 0x1234_0000


def test_command_bits_that_the_card_lacks_cannot_be_set(config: ConfigSpace) -> None:
    put(config, COMMAND, 0xFFFF)
    assert word(config, COMMAND) == 0x0557


def test_the_command_register_turns_decoding_and_mastering_on(config: ConfigSpace) -> None:
    assert (config.decodes_memory, config.decodes_io, config.bus_master) == (False, False, False)
    put(config, COMMAND, 0x0007)
    assert (config.decodes_memory, config.decodes_io, config.bus_master) == (True, True, True)


def test_status_cannot_be_written_but_its_error_bits_clear_by_ones(config: ConfigSpace) -> None:
    put(config, STATUS, 0xFFFF)
    assert word(config, STATUS) == 0x0230


def test_status_tells_of_a_pending_interrupt(config: ConfigSpace) -> None:
    config.show_interrupt(True)
    assert word(config, STATUS) == 0x0238
    config.show_interrupt(False)
    assert word(config, STATUS) == 0x0230


def test_in_d3_the_card_neither_decodes_nor_masters(config: ConfigSpace) -> None:
    put(config, COMMAND, 0x0007)
    put(config, PMCSR, D3HOT)
    assert (config.decodes_memory, config.decodes_io, config.bus_master) == (False, False, False)
    put(config, PMCSR, D0)
    assert (config.decodes_memory, config.decodes_io, config.bus_master) == (True, True, True)


@pytest.mark.parametrize("state", [1, 2])
def test_a_power_state_the_card_lacks_is_discarded(config: ConfigSpace, state: int) -> None:
    for held in (D0, D3HOT):
        put(config, PMCSR, held)
        put(config, PMCSR, 0x0100 | state)
        assert config.power_state == held
        assert word(config, PMCSR) & 0x0100, "the rest of the write counts"


def test_the_data_register_follows_data_select(config: ConfigSpace) -> None:
    """§6.3.3.4: Data_Scale is 01b for the supported selections, 00b for the others."""
    for select, data, scale in ((0, 0x1B, 1), (1, 0, 0), (3, 0, 1), (4, 0x1B, 1), (7, 0, 1), (8, 0, 0)):
        put(config, PMCSR, select << 9)
        assert config.read(PM_DATA, 1)[0] == data
        assert word(config, PMCSR) >> 13 & 3 == scale


def test_msi_is_enabled_by_its_control_word_and_keeps_address_and_data(config: ConfigSpace) -> None:
    config.write(0xF4, bytes.fromhex("ff ff ff ff 11 22 33 44 55 66 77 88"))
    assert config.read(0xF4, 12) == bytes.fromhex("fc ff ff ff 11 22 33 44 55 66 00 00")
    assert not config.msi_enabled
    put(config, MSI_CONTROL, 0x0001)
    assert config.msi_enabled
    assert word(config, MSI_CONTROL) == 0x0081


def test_reset_brings_every_byte_back(config: ConfigSpace) -> None:
    before = config.read(0, CONFIG_BYTES)
    config.write(0, b"\xff" * CONFIG_BYTES)
    assert config.read(0, CONFIG_BYTES) != before
    config.reset()
    assert config.read(0, CONFIG_BYTES) == before


@given(st.integers(0, 300), st.binary(max_size=300))
def test_no_write_moves_a_bit_that_no_row_allows(offset: int, data: bytes) -> None:
    config = ConfigSpace(M82544EI)
    before = config.read(0, CONFIG_BYTES)
    config.write(offset, data)
    after = config.read(0, CONFIG_BYTES)
    free = bytearray(CONFIG_BYTES)
    for field in CONFIG_SPACE:
        free[field.offset : field.offset + field.width_bytes] = field.writable.to_bytes(field.width_bytes, "little")
    free[0xE1] |= 0x60  # Data_Scale and the data register follow Data_Select
    free[PM_DATA] = 0xFF
    assert all((old ^ new) & ~may == 0 for old, new, may in zip(before, after, free, strict=True))


def test_beyond_the_256_bytes_there_is_nothing(config: ConfigSpace) -> None:
    config.write(254, b"\xff" * 8)
    assert config.read(254, 8) == bytes(8)
    assert config.read(1000, 4) == bytes(4)
