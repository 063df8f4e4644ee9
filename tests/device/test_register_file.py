"""Does the register file store writable bits only, and reset what a reset must? (§13.4, §14.7.)"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.device.register_file import KEPT_BY_SOFT_RESET, RegisterFile
from glassnic.spec.models import M82540EM, M82544EI
from glassnic.spec.registers import BY_OFFSET, REGISTERS, Access, R

ALL = 0xFFFF_FFFF


@pytest.fixture
def registers() -> RegisterFile:
    return RegisterFile(M82540EM)


@given(st.sampled_from(sorted(BY_OFFSET)), st.lists(st.integers(0, ALL), min_size=1, max_size=5))
def test_only_the_writable_bits_of_a_word_change(offset: int, values: list[int]) -> None:
    name, row = BY_OFFSET[offset]
    writable = row.writable if row.access is Access.RW else 0
    for value in values:
        FILE.store(offset, value)
        assert FILE.words[offset >> 2] & ~writable == row.reset & ~writable, name
        assert FILE.words[offset >> 2] & writable == value & writable, name


FILE = RegisterFile(M82540EM)


def test_the_card_itself_may_set_any_bit(registers: RegisterFile) -> None:
    registers[R.STATUS] = 0x83
    assert registers[R.STATUS] == 0x83


def test_an_address_in_two_registers_is_one_number(registers: RegisterFile) -> None:
    registers.store(R.TDBAL.offset, 0x8765_4320)
    registers.store(R.TDBAH.offset, 0xFEDC_BA98)
    assert registers.pair(R.TDBAL, R.TDBAH) == 0xFEDC_BA98_8765_4320


def test_the_words_of_an_array_come_in_order_whatever_its_stride(registers: RegisterFile) -> None:
    for index in range(16):
        registers.store(R.RAL.offset + 8 * index, index)
        registers.store(R.RAH.offset + 8 * index, 100 + index)
    assert registers.many(R.RAL) == list(range(16))
    assert registers.many(R.RAH) == list(range(100, 116))


def test_a_soft_reset_keeps_what_it_is_said_to_keep_and_nothing_else(registers: RegisterFile) -> None:
    registers.numbers[:] = ALL
    registers.reset()
    for name, row in REGISTERS.items():
        assert set(registers.many(row)) == ({ALL} if name in KEPT_BY_SOFT_RESET else {row.reset}), name


def test_power_on_keeps_nothing(registers: RegisterFile) -> None:
    registers.numbers[:] = ALL
    registers.reset(kept=())
    assert all(set(registers.many(row)) == {row.reset} for row in REGISTERS.values())


def test_everything_that_is_kept_is_a_register() -> None:
    assert set(KEPT_BY_SOFT_RESET) <= set(REGISTERS)


def test_what_a_model_lacks_is_no_row_and_takes_no_bit() -> None:
    registers = RegisterFile(M82544EI)
    assert {BY_OFFSET[offset][0] for offset in set(BY_OFFSET) - set(registers.rows)} == M82544EI.absent
    registers.store(R.TADV.offset, ALL)
    assert registers[R.TADV] == 0
