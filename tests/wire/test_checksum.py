"""Is the sum the one's complement sum? Against an obvious slow twin, over both ways of adding and every kind of
length."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glassnic.wire.checksum import checksum, fold, ones_sum, pseudo_sum


def slow_sum(data: bytes) -> int:
    """Word by word, as RFC 1071 says it."""
    total = 0
    for high, low in zip(data[0::2], [*data[1::2], 0], strict=False):
        total += high << 8 | low
        total = (total & 0xFFFF) + (total >> 16)
    return total


lengths = st.one_of(st.integers(0, 40), st.integers(590, 610), st.integers(1400, 1600))
texts = st.builds(
    lambda seed, length: (seed * (length // len(seed) + 1))[:length], st.binary(min_size=1, max_size=64), lengths
)


def test_the_example_of_the_rfc_holds() -> None:
    data = bytes.fromhex("0001f203f4f5f6f7")
    assert ones_sum(data) == 0xDDF2
    assert checksum(data) == 0x220D


@given(texts)
@example(b"\xff" * 1500)
@example(b"\xff" * 601)
@example(bytes(700))
@example(bytes(699) + b"\x01")
def test_the_sum_is_that_of_the_slow_twin(data: bytes) -> None:
    assert ones_sum(data) == slow_sum(data)
    assert ones_sum(memoryview(bytearray(data))) == slow_sum(data)


@given(texts)
def test_data_with_its_checksum_sums_to_all_ones(data: bytes) -> None:
    even = data + bytes(len(data) & 1)
    assert ones_sum(even + checksum(even).to_bytes(2, "big")) == 0xFFFF


@given(texts, texts)
def test_sums_of_parts_add_up(first: bytes, second: bytes) -> None:
    first += bytes(len(first) & 1)
    assert fold(ones_sum(first) + ones_sum(second)) == ones_sum(first + second)


def test_an_odd_byte_is_padded_on_the_right() -> None:
    assert ones_sum(b"\x12") == 0x1200
    assert ones_sum(bytes(700) + b"\x12") == 0x1200


@pytest.mark.parametrize(
    "header",
    [
        bytes([10, 0, 2, 15]) + bytes([10, 0, 2, 2]) + bytes([0, 17]) + (70000 & 0xFFFF).to_bytes(2, "big"),
        bytes(range(16)) + bytes(range(16, 32)) + (70000).to_bytes(4, "big") + bytes([0, 0, 0, 17]),
    ],
    ids=["v4", "v6"],
)
def test_the_pseudo_header_sum_is_the_sum_over_its_bytes(header: bytes) -> None:
    size = 4 if len(header) == 12 else 16
    length = 70000 & 0xFFFF if size == 4 else 70000
    assert pseudo_sum(header[:size], header[size : 2 * size], 17, length) == ones_sum(header)
