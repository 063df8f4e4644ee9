"""Do the encoders lay each field where the manual has it? Against bytes written by hand from the tables of §3.3."""

from __future__ import annotations

import pytest

from glassnic.driver import encode_context, encode_data, encode_legacy

CASES = {
    "a context, Table 3-13": (
        encode_context(
            IPCSS=0x11, IPCSO=0x22, IPCSE=0x3344, TUCSS=0x55, TUCSO=0x66, TUCSE=0x7788,
            PAYLEN=0xABCDE, HDRLEN=0x99, MSS=0x1234, TSE=1, TCP=1, RS=1,
        ),
        "11 22 44 33 55 66 88 77 de bc 0a 2d 00 99 34 12",
    ),
    "a data descriptor, Table 3-17": (
        encode_data(0x0102030405060708, 0x54321, EOP=1, IFCS=1, TSE=1, RS=1, VLE=1, IDE=1, TXSM=1, SPECIAL=0xBEEF),
        "08 07 06 05 04 03 02 01 21 43 15 ef 00 02 ef be",
    ),
    "a legacy descriptor, Table 3-8": (
        encode_legacy(0x1000, 0x5EA, EOP=1, IFCS=1, IC=1, CSO=0x32, CSS=0x22, SPECIAL=0x0FFF),
        "00 10 00 00 00 00 00 00 ea 05 32 07 00 22 ff 0f",
    ),
    "a reserved type, as a silly guest writes it": (
        encode_data(0, 0, DTYP=15),
        "00 00 00 00 00 00 00 00 00 00 f0 20 00 00 00 00",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_field_lies_where_the_table_says(name: str) -> None:
    encoded, written = CASES[name]
    assert encoded == bytes.fromhex(written)


def test_a_name_that_the_descriptor_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="MSS is no field"):
        encode_data(0, 0, MSS=5)


def test_a_value_that_its_field_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="HDRLEN has 8 bits: 256 does not fit"):
        encode_context(HDRLEN=256)
