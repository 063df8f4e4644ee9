"""Do the leaves that touch bytes do what plain Python would, jitted and plain? (§3.5.8 for the sum.)"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.device import span as jitted
from glassnic.jit import kernel
from plain import plain
from workbench import ones_sum

pytestmark = pytest.mark.kernel

BYTES = st.binary(min_size=16, max_size=200)


class Callable:
    """The leaves of a `span`, each behind a kernel, for a leaf may have no way in from Python."""

    def __init__(self, span: ModuleType, wrap: Any) -> None:
        load64, copy, sum_words, fold = span.load64, span.copy, span.sum_words, span.fold
        load_be16, store_be16, reach = span.load_be16, span.store_be16, span.reach
        self.load64 = wrap(lambda data, at: load64(data, at))
        self.copy = wrap(lambda target, to, source, at, length: copy(target, to, source, at, length))
        self.sum = wrap(lambda data, start, end: fold(sum_words(data, start, end)))
        copy_summing, in_step, swap = span.copy_summing, span.in_step, span.swap
        self.copy_summing = wrap(
            lambda target, to, source, at, length: fold(copy_summing(target, to, source, at, length))
        )
        self.sum_in_two = wrap(
            lambda data, middle, end: fold(sum_words(data, 0, middle) + in_step(sum_words(data, middle, end), middle))
        )
        self.swap = wrap(lambda word: swap(word))
        self.load_be16 = wrap(lambda data, at: load_be16(data, at))
        self.store_be16 = wrap(lambda data, at, value: store_be16(data, at, value))
        self.reach = wrap(lambda ranges, address, length, writable: reach(ranges, address, length, writable))


def array(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(bytearray(data), np.uint8)


def as_it_is(function: Any) -> Any:
    return function


KINDS = {"plain": Callable(plain("glassnic.device.span"), as_it_is), "jitted": Callable(jitted, kernel)}
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
@given(BYTES, st.integers(0, 8))
def test_a_quadword_is_loaded_little_endian_from_any_address(kind: str, data: bytes, at: int) -> None:
    assert KINDS[kind].load64(array(data), at) == int.from_bytes(data[at : at + 8], "little", signed=True)


@each_kind
@given(BYTES, st.data())
def test_a_run_is_copied_and_nothing_beside_it(kind: str, data: bytes, draws: st.DataObject) -> None:
    at = draws.draw(st.integers(0, len(data)))
    length = draws.draw(st.integers(0, len(data) - at))
    to = draws.draw(st.integers(0, 250 - length))
    target = array(bytes(250))
    KINDS[kind].copy(target, to, array(data), at, length)
    assert target.tobytes() == bytes(to) + data[at : at + length] + bytes(250 - to - length)


@each_kind
@given(BYTES | st.integers(1, 5000).map(lambda length: b"\xff" * length), st.data())
def test_the_sum_is_the_ones_complement_sum_in_network_order(kind: str, data: bytes, draws: st.DataObject) -> None:
    start = draws.draw(st.integers(0, len(data)))
    end = draws.draw(st.integers(start, len(data)))
    assert KINDS[kind].sum(array(data), start, end) == ones_sum(data[start:end])


@each_kind
@given(BYTES | st.integers(1, 5000).map(lambda length: b"\xff" * length), st.integers(0, 15), st.integers(0, 9))
def test_what_is_copied_is_summed_on_the_way(kind: str, data: bytes, at: int, to: int) -> None:
    at = min(at, len(data))
    target = array(bytes(len(data) + 20))
    assert KINDS[kind].copy_summing(target, to, array(data), at, len(data) - at) == ones_sum(data[at:])
    assert target.tobytes() == (bytes(to) + data[at:]).ljust(len(data) + 20, b"\0")


@each_kind
@given(BYTES, st.integers(0, 16))
def test_a_sum_may_be_taken_in_two_wherever_they_meet(kind: str, data: bytes, middle: int) -> None:
    assert KINDS[kind].sum_in_two(array(data), middle, len(data)) == ones_sum(data)


@each_kind
@given(st.integers(0, 0xFFFF))
def test_swapped_a_word_has_its_bytes_in_the_other_order(kind: str, word: int) -> None:
    assert KINDS[kind].swap(word) == int.from_bytes(word.to_bytes(2, "big"), "little")


@each_kind
@given(BYTES, st.integers(0, 14), st.integers(0, 1 << 40))
def test_16_bits_go_in_network_order_and_more_are_cut(kind: str, data: bytes, at: int, value: int) -> None:
    words = array(data)
    assert KINDS[kind].load_be16(words, at) == int.from_bytes(data[at : at + 2], "big")
    KINDS[kind].store_be16(words, at, value)
    assert words.tobytes() == data[:at] + (value & 0xFFFF).to_bytes(2, "big") + data[at + 2 :]


EDGES = st.sampled_from([0, 1, 9, 10, 11, 19, 20, 21, 29, 30, 31, -1, -(1 << 63), (1 << 63) - 1, 1 << 62])


@each_kind
@given(EDGES, st.integers(1, 12), st.integers(0, 1))
def test_reach_asks_for_one_range_that_holds_all_bytes(kind: str, address: int, length: int, writable: int) -> None:
    ranges = ((0, 10, 1), (20, 30, 0))
    wanted = any(
        start <= address and address + length <= end and may >= writable for start, end, may in ranges
    )  # Python's integers do not wrap; the engine's must not either
    assert bool(KINDS[kind].reach(np.array(ranges, np.int64), address, length, writable)) is wanted


@each_kind
def test_nothing_is_within_reach_where_there_is_no_memory(kind: str) -> None:
    assert not KINDS[kind].reach(np.zeros((0, 3), np.int64), 0, 1, 0)
