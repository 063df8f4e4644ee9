"""Is every register of the manual's map in the table, where it must be and as it must be? (§13.3 to §13.8.)"""

from __future__ import annotations

from itertools import product

import pytest

from glassnic.spec.bits import Bits
from glassnic.spec.fields import WORDS
from glassnic.spec.models import MODELS
from glassnic.spec.registers import ALIAS_OF, BY_OFFSET, REGISTERS, WINDOW_BYTES, Access, R, offsets

ALL, HALF = 0xFFFF_FFFF, 0xFFFF

MAP = """
    00000 CTRL RW | 00008 STATUS RO | 00010 EECD RW | 00014 EERD RW | 00018 CTRL_EXT RW | 0001C FLA RW | 00020 MDIC RW
    00028 FCAL RW | 0002C FCAH RW | 00030 FCT RW | 00038 VET RW | 000C0 ICR W1C | 000C4 ITR RW | 000C8 ICS W1S
    000D0 IMS W1S | 000D8 IMC WO | 00100 RCTL RW | 00170 FCTTV RW | 00178 TXCW RW | 00180 RXCW RO | 00400 TCTL RW
    00410 TIPG RW | 00448 TBT RW | 00458 AIT RW | 00E00 LEDCTL RW | 01000 PBA RW
    02008 ERT RW | 02160 FCRTL RW | 02168 FCRTH RW | 02410 RDFH RW | 02418 RDFT RW | 02420 RDFHS RW | 02428 RDFTS RW
    02430 RDFPC RW | 02800 RDBAL RW | 02804 RDBAH RW | 02808 RDLEN RW | 02810 RDH RW | 02818 RDT RW | 02820 RDTR RW
    02828 RXDCTL RW | 0282C RADV RW | 02C00 RSRPD RW | 03000 TXDMAC RW | 03410 TDFH RW | 03418 TDFT RW | 03420 TDFHS RW
    03428 TDFTS RW | 03430 TDFPC RW | 03800 TDBAL RW | 03804 TDBAH RW | 03808 TDLEN RW | 03810 TDH RW | 03818 TDT RW
    03820 TIDV RW | 03828 TXDCTL RW | 0382C TADV RW | 03830 TSPMT RW | 05000 RXCSUM RW
    05800 WUC RW | 05808 WUFC RW | 05810 WUS W1C | 05820 MANC RW | 05838 IPAV RW | 05900 WUPL RO
    04000 CRCERRS RC | 04004 ALGNERRC RC | 04008 SYMERRS RC | 0400C RXERRC RC | 04010 MPC RC | 04014 SCC RC
    04018 ECOL RC | 0401C MCC RC | 04020 LATECOL RC | 04028 COLC RC | 04030 DC RC | 04034 TNCRS RC | 04038 SEC RC
    0403C CEXTERR RC | 04040 RLEC RC | 04048 XONRXC RC | 0404C XONTXC RC | 04050 XOFFRXC RC | 04054 XOFFTXC RC
    04058 FCRUC RC | 0405C PRC64 RC | 04060 PRC127 RC | 04064 PRC255 RC | 04068 PRC511 RC | 0406C PRC1023 RC
    04070 PRC1522 RC | 04074 GPRC RC | 04078 BPRC RC | 0407C MPRC RC | 04080 GPTC RC | 04088 GORCL LOW
    0408C GORCH HIGH | 04090 GOTCL LOW | 04094 GOTCH HIGH | 040A0 RNBC RC | 040A4 RUC RC | 040A8 RFC RC | 040AC ROC RC
    040B0 RJC RC | 040B4 MGTPRC RC | 040B8 MGTPDC RC | 040BC MGTPTC RC | 040C0 TORL LOW | 040C4 TORH HIGH
    040C8 TOTL LOW | 040CC TOTH HIGH | 040D0 TPR RC | 040D4 TPT RC | 040D8 PTC64 RC | 040DC PTC127 RC | 040E0 PTC255 RC
    040E4 PTC511 RC | 040E8 PTC1023 RC | 040EC PTC1522 RC | 040F0 MPTC RC | 040F4 BPTC RC | 040F8 TSCTC RC
    040FC TSCTFC RC
"""
SINGLE = [entry.split() for line in MAP.split("\n") for entry in line.split("|") if entry.strip()]

ARRAYS = [
    # name, offset, number, stride
    ("MTA", 0x5200, 128, 4), ("RAL", 0x5400, 16, 8), ("RAH", 0x5404, 16, 8), ("VFTA", 0x5600, 128, 4),
    ("IP4AT", 0x5840, 4, 8), ("IP6AT", 0x5880, 4, 4), ("WUPM", 0x5A00, 32, 4), ("FFLT", 0x5F00, 4, 8),
    ("FFMT", 0x9000, 128, 8), ("FFVT", 0x9800, 128, 8), ("PBM", 0x10000, 16384, 4),
]  # fmt: skip

WRITABLE = [
    (ALL, "FCAL RDBAH TDBAH MTA RAL VFTA CTRL PBM IP4AT IP6AT FFVT MANC LEDCTL TSPMT"),
    (HALF, "FCAH FCT VET FCTTV RDH RDT RDTR RADV TDH TDT TIDV TADV ITR AIT"),
    (0xFFFF_FFF0, "RDBAL TDBAL"), (0x000F_FF80, "RDLEN TDLEN"), (0x0000_FFF8, "FCRTH"), (0x3FFF_FFFF, "TIPG"),
    (0x8003_FFFF, "RAH"), (0xC000_FFFF, "TXCW"), (0x06DF_B3FE, "RCTL"), (0x0001_FFFF, "ICR ICS IMS IMC"),
    (0x0000_1FFF, "RDFH RDFT RDFHS RDFTS TDFH TDFT TDFHS TDFTS"), (0x0000_0FFF, "RSRPD"), (0x0000_007F, "PBA"),
    (0x0000_07FF, "RXCSUM FFLT"), (0x0000_000F, "WUC FFMT"),
]  # fmt: skip

NOT_ZERO_AT_RESET = {
    "CTRL": 0x0014_0240, "EECD": 0x100, "MDIC": 0x1000_0000, "FCAL": 0x00C2_8001, "FCAH": 0x100, "FCT": 0x8808,
    "VET": 0x8100, "LEDCTL": 0x0706_8302, "PBA": 0x0010_0030, "TIPG": 0x0060_2008, "TSPMT": 0x0100_0400,
}  # fmt: skip


@pytest.mark.parametrize(("offset", "name", "access"), SINGLE, ids=[name for _, name, _ in SINGLE])
def test_a_register_is_at_its_offset_with_its_access_class(offset: str, name: str, access: str) -> None:
    row = REGISTERS[name]
    assert (row.offset, row.access.name, row.number) == (int(offset, 16), access, 1)


@pytest.mark.parametrize(("name", "offset", "number", "stride"), ARRAYS)
def test_an_array_has_its_words_at_its_stride(name: str, offset: int, number: int, stride: int) -> None:
    row = REGISTERS[name]
    assert (row.offset, row.number) == (offset, number)
    assert list(offsets(row)) == [offset + stride * index for index in range(number)]


def test_there_are_no_other_registers() -> None:
    assert set(REGISTERS) == {name for _, name, _ in SINGLE} | {name for name, *_ in ARRAYS}


@pytest.mark.parametrize(("mask", "name"), [(mask, name) for mask, names in WRITABLE for name in names.split()])
def test_the_writable_bits_are_those_of_the_manual(mask: int, name: str) -> None:
    assert REGISTERS[name].writable == mask


@pytest.mark.parametrize("name", REGISTERS)
def test_a_register_resets_to_its_value_and_most_to_zero(name: str) -> None:
    assert REGISTERS[name].reset == NOT_ZERO_AT_RESET.get(name, 0)


@pytest.mark.parametrize("name", REGISTERS)
def test_a_row_fits_into_32_bits_and_says_where_it_is_from(name: str) -> None:
    row = REGISTERS[name]
    assert 0 <= row.writable <= ALL
    assert 0 <= row.reset <= ALL
    assert row.title
    assert row.section == "inferred" or row.section.startswith("13.")


def test_a_statistic_cannot_be_written_and_starts_at_zero() -> None:
    statistics = [row for row in REGISTERS.values() if row.access in (Access.RC, Access.LOW, Access.HIGH)]
    assert {(row.writable, row.reset) for row in statistics} == {(0, 0)}
    assert all(0x4000 <= row.offset < 0x4100 and row.section.startswith("13.7") for row in statistics)


def test_each_dword_of_the_window_is_one_register_at_most() -> None:
    """The import refuses overlaps; here all words are counted."""
    assert len(BY_OFFSET) == sum(row.number for row in REGISTERS.values())
    assert all(offset % 4 == 0 and 0 <= offset < WINDOW_BYTES for offset in BY_OFFSET)


def test_an_alias_hides_no_register_and_reaches_one() -> None:
    assert not set(ALIAS_OF) & set(BY_OFFSET)
    assert set(ALIAS_OF.values()) <= set(BY_OFFSET)


@pytest.mark.parametrize(("alias", "row"), [
    (0x004, R.CTRL), (0x108, R.RDTR), (0x110, R.RDBAL), (0x114, R.RDBAH), (0x118, R.RDLEN), (0x120, R.RDH),
    (0x128, R.RDT), (0x160, R.FCRTH), (0x168, R.FCRTL), (0x200, R.MTA), (0x040, R.RAL), (0x044, R.RAH), (0x600, R.VFTA),
    (0x420, R.TDBAL), (0x424, R.TDBAH), (0x428, R.TDLEN), (0x430, R.TDH), (0x438, R.TDT), (0x440, R.TIDV),
    (0x8010, R.TDFH), (0x8018, R.TDFT),
])  # fmt: skip
def test_the_82542s_place_of_a_register(alias: int, row: object) -> None:
    assert BY_OFFSET[ALIAS_OF[alias]][1] is row


@pytest.mark.parametrize("name", WORDS)
def test_the_fields_of_a_word_do_not_overlap_and_belong_to_a_register(name: str) -> None:
    fields: list[Bits] = list(WORDS[name])
    assert name in REGISTERS
    assert all(bits.lo >= 0 and bits.width > 0 and bits.lo + bits.width <= 32 for bits in fields)
    assert all(not one.mask & other.mask for at, one in enumerate(fields) for other in fields[:at])


@pytest.mark.parametrize(("name", "model"), list(product(["EERD", "ITR", "RADV", "TADV", "RSRPD"], MODELS)))
def test_only_the_82544_lacks_what_came_later(name: str, model: str) -> None:
    assert (name in MODELS[model].absent) is (model == "82544ei")


def test_what_a_model_lacks_is_in_the_table() -> None:
    assert all(model.absent <= set(REGISTERS) for model in MODELS.values())
