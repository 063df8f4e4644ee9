"""Does the EEPROM answer as drivers ask it? By the pins in the order Linux moves them, by EERD, and after nonsense."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.device.core import Core
from glassnic.device.eeprom import Eeprom
from glassnic.device.ports import FlatMemory
from glassnic.device.recorder import Recorder
from glassnic.spec.fields import EECD
from glassnic.spec.models import M82540EM, M82544EI, MODELS, Model
from glassnic.spec.profiles import PROFILES
from glassnic.spec.registers import R

MAC = bytes.fromhex("525400123456")
SK, CS, DI, DO, REQ, GNT = (bits.mask for bits in (EECD.SK, EECD.CS, EECD.DI, EECD.DO, EECD.REQ, EECD.GNT))
WRITE_ENABLE, WRITE_DISABLE = 0b10011, 0b10000


def core(model: Model = M82540EM) -> Core:
    return Core(FlatMemory(0), model, PROFILES["manual"], Recorder(16))


def make(model: Model = M82540EM, image: bytes | None = None) -> Eeprom:
    return Eeprom(core(model), image, None if image else MAC)


STORMED = core()
"""One for all storms: 32,768 registers take their time to make."""


class Pins:
    """A driver that moves the pins: read-modify-write of EECD, one edge at a time, as Linux does."""

    def __init__(self, eeprom: Eeprom) -> None:
        self.eeprom = eeprom
        self.move(set_=REQ)
        assert self.value & GNT
        self.move(clear=DI | SK)
        self.move(set_=CS)

    @property
    def value(self) -> int:
        return self.eeprom.read_pins()

    def move(self, set_: int = 0, clear: int = 0) -> None:
        value = self.value & ~clear | set_
        self.eeprom.core.registers.store(R.EECD.offset, value)
        self.eeprom.write_pins(value)

    def send(self, data: int, bits: int) -> None:
        for bit in reversed(range(bits)):
            self.move(set_=DI if data >> bit & 1 else 0, clear=DI)
            self.move(set_=SK)
            self.move(clear=SK)
        self.move(clear=DI)

    def standby(self) -> None:
        self.move(clear=CS | SK)
        self.move(set_=SK)
        self.move(set_=CS)
        self.move(clear=SK)

    def take_bits(self, count: int = 16) -> int:
        data = 0
        for _ in range(count):
            self.move(set_=SK)
            data = data << 1 | bool(self.value & DO)
            self.move(clear=SK)
        return data

    def read(self, word: int) -> int:
        self.send(0b110, 3)
        self.send(word, 6)
        data = self.take_bits()
        self.standby()
        return data

    def enable_writes(self, command: int = WRITE_ENABLE) -> None:
        self.send(command, 5)
        self.send(0, 4)
        self.standby()

    def write(self, word: int, data: int) -> bool:
        """True when the part says it is ready."""
        self.send(0b101, 3)
        self.send(word, 6)
        self.send(data, 16)
        self.standby()
        ready = bool(self.value & DO)
        self.standby()
        return ready


def eerd(eeprom: Eeprom, address: int) -> int:
    eeprom.write_eerd(address << 8 | 1)
    return eeprom.core.registers[R.EERD]


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_a_new_image_adds_up_and_says_who_the_card_is(model: Model) -> None:
    eeprom = make(model)
    assert sum(eeprom.words) & 0xFFFF == 0xBABA
    assert eeprom.words[:3] == [0x5452, 0x1200, 0x5634]
    assert [eeprom.word(at) for at in (0x0B, 0x0C, 0x0D, 0x0E)] == [model.subsystem_id, 0x8086, model.device_id, 0x8086]
    assert eeprom.mac() == MAC


def test_the_words_come_out_highest_bit_first_at_the_first_edge_after_the_address() -> None:
    eeprom = make()
    pins = Pins(eeprom)
    assert [pins.read(word) for word in range(64)] == eeprom.words


def test_the_self_test_reads_all_words_by_the_pins_and_finds_their_sum() -> None:
    pins = Pins(make())
    assert sum(pins.read(word) for word in range(64)) & 0xFFFF == 0xBABA


def test_data_out_is_zero_behind_the_address_and_one_when_idle() -> None:
    pins = Pins(make())
    assert pins.value & DO
    pins.send(0b110, 3)
    pins.send(0x04, 6)
    assert not pins.value & DO
    pins.standby()
    assert pins.value & DO


def test_a_read_that_goes_on_gets_the_next_word_and_wraps() -> None:
    eeprom = make()
    pins = Pins(eeprom)
    pins.send(0b110, 3)
    pins.send(63, 6)
    assert [pins.take_bits(), pins.take_bits()] == [eeprom.word(63), eeprom.word(0)]


def test_zeros_before_the_start_bit_are_no_command() -> None:
    eeprom = make()
    pins = Pins(eeprom)
    pins.send(0, 7)
    assert pins.read(5) == eeprom.word(5)


def test_an_edge_of_the_clock_while_not_selected_moves_nothing() -> None:
    eeprom = make()
    pins = Pins(eeprom)
    pins.move(clear=CS)
    pins.send(0b110_000001, 9)
    pins.move(set_=CS)
    assert pins.read(0x0E) == 0x8086


def test_a_command_is_forgotten_when_the_part_is_deselected_within_it() -> None:
    eeprom = make()
    pins = Pins(eeprom)
    pins.enable_writes()
    pins.send(0b101, 3)
    pins.send(7, 6)
    pins.send(0x1234, 15)
    pins.standby()
    assert pins.read(7) == 0xFFFF
    assert not eeprom.changed


def test_a_write_takes_effect_only_between_enable_and_disable() -> None:
    eeprom = make()
    pins = Pins(eeprom)
    assert pins.write(6, 0x1234)
    assert (pins.read(6), eeprom.changed) == (0xFFFF, False)
    pins.enable_writes()
    assert pins.write(6, 0x1234)
    assert (pins.read(6), eeprom.changed) == (0x1234, True)
    pins.enable_writes(WRITE_DISABLE)
    assert pins.write(6, 0x5678)
    assert pins.read(6) == 0x1234


def test_erase_sets_all_bits_of_a_word() -> None:
    eeprom = make()
    pins = Pins(eeprom)
    pins.enable_writes()
    pins.send(0b111, 3)
    pins.send(0x0E, 6)
    pins.standby()
    assert pins.read(0x0E) == 0xFFFF


def test_the_commands_that_write_all_words_are_not_obeyed() -> None:
    eeprom = make()
    before = eeprom.image()
    pins = Pins(eeprom)
    pins.enable_writes()
    for extended in (0b01, 0b10):
        pins.send(0b100, 3)
        pins.send(extended << 4, 6)
        pins.send(0, 16)
        pins.standby()
    assert eeprom.image() == before


def test_an_image_comes_back_as_it_was_given_whatever_it_holds() -> None:
    image = bytes(range(128))
    eeprom = make(image=image)
    assert eeprom.image() == image
    assert eeprom.mac() == image[:6]


def test_an_address_put_into_an_image_keeps_the_rest_and_mends_the_sum() -> None:
    image = make().image()
    eeprom = Eeprom(core(), image, bytes.fromhex("001122334455"))
    assert eeprom.mac().hex() == "001122334455"
    assert eeprom.image()[6:-2] == image[6:-2]
    assert sum(eeprom.words) & 0xFFFF == 0xBABA


def test_an_image_of_another_size_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="128 bytes, this one has 127"):
        make(image=bytes(127))


def test_request_is_granted_at_once_and_the_part_is_present_with_64_words() -> None:
    eeprom = make()
    assert eeprom.read_pins() & (GNT | EECD.PRES.mask | EECD.SIZE.mask) == EECD.PRES.mask
    assert Pins(eeprom).value & GNT


def test_eerd_is_done_in_bit_4_alone_as_this_family_has_it() -> None:
    eeprom = make()
    assert [eerd(eeprom, word) >> 16 for word in range(64)] == eeprom.words
    probed = eerd(eeprom, 0)
    assert probed & 0xFF == 0x10


def test_eerd_beyond_the_last_word_is_done_and_reads_zero() -> None:
    assert eerd(make(), 64) == 64 << 8 | 0x10
    assert eerd(make(), 255) == 255 << 8 | 0x10


def test_eerd_without_start_reads_nothing() -> None:
    eeprom = make()
    eeprom.write_eerd(0x0E << 8)
    assert eeprom.core.registers[R.EERD] == 0x0E00


def test_a_reset_loads_the_address_as_valid_and_the_wake_up_default() -> None:
    eeprom = make()
    registers = eeprom.core.registers
    eeprom.load(registers)
    assert registers[R.RAL] == 0x12005452
    assert registers[R.RAH] == 0x80005634
    assert registers[R.WUC] & 1 == 1


def test_the_next_load_has_what_was_programmed_since() -> None:
    eeprom = make()
    pins = Pins(eeprom)
    pins.enable_writes()
    pins.write(2, 0xABCD)
    registers = eeprom.core.registers
    eeprom.load(registers)
    assert registers[R.RAH] == 0x8000ABCD


def test_a_reset_that_lets_go_of_the_pins_ends_the_command() -> None:
    eeprom = make()
    pins = Pins(eeprom)
    pins.send(0b110, 3)
    eeprom.core.registers.reset(kept=())
    eeprom.load(eeprom.core.registers)
    pins.move(set_=CS)
    assert pins.read(1) == eeprom.word(1)


def test_the_82544_reads_without_asking_for_the_pins() -> None:
    eeprom = make(M82544EI)
    pins = Pins(eeprom)
    pins.move(clear=REQ)
    assert pins.read(0x0D) == 0x1008


def storm() -> st.SearchStrategy[list[int]]:
    """Writes of EECD, mostly of its pins."""
    return st.lists(st.integers(0, 7) | st.integers(0, 0xFFFF_FFFF), max_size=400)


def bit_storm(words: list[int]) -> Iterator[int]:
    """Each value as one command clocked in, so that whole commands are common."""
    for word in words:
        yield 0
        yield CS
        for bit in reversed(range(25)):
            di = DI if word >> bit & 1 else 0
            yield CS | di
            yield CS | di | SK
    yield 0


@given(storm())
def test_no_pins_whatever_hurt_the_part(values: list[int]) -> None:
    eeprom = Eeprom(STORMED, None, MAC)
    for value in values:
        eeprom.core.registers.store(R.EECD.offset, value)
        eeprom.write_pins(value)
        assert eeprom.read_pins() & ~0x3FF == 0
    assert len(eeprom.image()) == 128


@given(st.lists(st.integers(0, 2**25 - 1), max_size=12))
def test_no_commands_whatever_make_words_that_are_none(words: list[int]) -> None:
    eeprom = Eeprom(STORMED, None, MAC)
    before = eeprom.image()
    for value in bit_storm([0b1_0011_0000 << 16, *words]):
        eeprom.write_pins(value)
    assert all(0 <= word <= 0xFFFF for word in eeprom.words)
    assert eeprom.changed or eeprom.image() == before


@given(st.integers(0, 0xFFFF_FFFF))
def test_every_write_of_eerd_is_answered_in_32_bits(value: int) -> None:
    eeprom = Eeprom(STORMED, None, MAC)
    eeprom.write_eerd(value)
    assert 0 <= eeprom.core.registers[R.EERD] <= 0xFFFF_FFFF
