"""Do the other tables say what the manual says? Bits, descriptors, causes, models, profiles, events."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.spec import findings
from glassnic.spec.bits import Bits, put, take
from glassnic.spec.descriptors import RANGES, RX, TX_CONTEXT, TX_DATA
from glassnic.spec.events import BY_NUMBER, EVENTS, KINDS, TX_SUM, Event, say
from glassnic.spec.fields import CAUSE, CTRL, RCTL, STATUS, TCTL, TXDCTL
from glassnic.spec.models import MODELS
from glassnic.spec.profiles import PROFILES, Traits

FIELDS = st.integers(0, 63).flatmap(lambda lo: st.builds(Bits, st.just(lo), st.integers(1, 64 - lo)))
WORD64 = st.integers(0, (1 << 64) - 1)


# Bits


@given(WORD64, FIELDS, WORD64)
def test_what_is_put_is_taken_again_cut_to_its_width_and_nothing_else_changes(
    word: int, bits: Bits, value: int
) -> None:
    changed = put(word, bits, value)
    assert take(changed, bits) == value & ((1 << bits.width) - 1)
    assert changed & ~bits.mask == word & ~bits.mask


@given(FIELDS)
def test_the_mask_is_the_fields_bits_in_place(bits: Bits) -> None:
    assert bits.mask == put(0, bits, -1)
    assert bits.mask.bit_count() == bits.width
    assert bits.mask & -bits.mask == 1 << bits.lo


# Bit places, from the manual's figures


@pytest.mark.parametrize(("mask", "bits"), [
    (0x0000_0001, CTRL.FD), (0x0000_0020, CTRL.ASDE), (0x0000_0040, CTRL.SLU), (0x0000_0300, CTRL.SPEED),
    (0x0000_0800, CTRL.FRCSPD), (0x0000_1000, CTRL.FRCDPLX), (0x0400_0000, CTRL.RST), (0x0800_0000, CTRL.RFCE),
    (0x1000_0000, CTRL.TFCE), (0x4000_0000, CTRL.VME), (0x8000_0000, CTRL.PHY_RST),
    (0x01, STATUS.FD), (0x02, STATUS.LU), (0x10, STATUS.TXOFF), (0xC0, STATUS.SPEED), (0x300, STATUS.ASDV),
    (0x0000_0002, TCTL.EN), (0x0000_0008, TCTL.PSP), (0x0000_0FF0, TCTL.CT), (0x003F_F000, TCTL.COLD),
    (0x0040_0000, TCTL.SWXOFF), (0x0100_0000, TCTL.RTLC), (0x0200_0000, TCTL.NRTU),
    (0x02, RCTL.EN), (0x04, RCTL.SBP), (0x08, RCTL.UPE), (0x10, RCTL.MPE), (0x20, RCTL.LPE), (0xC0, RCTL.LBM),
    (0x300, RCTL.RDMTS), (0x3000, RCTL.MO), (0x8000, RCTL.BAM), (0x3_0000, RCTL.BSIZE), (0x4_0000, RCTL.VFE),
    (0x8_0000, RCTL.CFIEN), (0x10_0000, RCTL.CFI), (0x40_0000, RCTL.DPF), (0x80_0000, RCTL.PMCF),
    (0x200_0000, RCTL.BSEX), (0x400_0000, RCTL.SECRC),
    (0x3F, TXDCTL.PTHRESH), (0x3F00, TXDCTL.HTHRESH), (0x3F_0000, TXDCTL.WTHRESH), (0x100_0000, TXDCTL.GRAN),
    (0xFE00_0000, TXDCTL.LWTHRESH),
    (1 << 0, CAUSE.TXDW), (1 << 1, CAUSE.TXQE), (1 << 2, CAUSE.LSC), (1 << 3, CAUSE.RXSEQ), (1 << 4, CAUSE.RXDMT0),
    (1 << 6, CAUSE.RXO), (1 << 7, CAUSE.RXT0), (1 << 9, CAUSE.MDAC), (1 << 10, CAUSE.RXCFG), (0x7800, CAUSE.GPI),
    (1 << 15, CAUSE.TXD_LOW), (1 << 16, CAUSE.SRPD),
])  # fmt: skip
def test_a_control_bit_is_where_the_manual_draws_it(mask: int, bits: Bits) -> None:
    assert bits.mask == mask


def at(byte: int, bit: int = 0, width: int = 1) -> Bits:
    """A field of the second quadword, by the byte of the descriptor it begins in."""
    return Bits(8 * (byte - 8) + bit, width)


@pytest.mark.parametrize(("bits", "place"), [
    # legacy, §3.3.3
    (TX_DATA.LENGTH, at(8, 0, 16)), (TX_DATA.CSO, at(10, 0, 8)), (TX_DATA.CSS, at(13, 0, 8)), (TX_DATA.IC, at(11, 2)),
    # both, §3.3.3.1 and §3.3.7.1
    (TX_DATA.EOP, at(11, 0)), (TX_DATA.IFCS, at(11, 1)), (TX_DATA.RS, at(11, 3)), (TX_DATA.RPS, at(11, 4)),
    (TX_DATA.DEXT, at(11, 5)), (TX_DATA.VLE, at(11, 6)), (TX_DATA.IDE, at(11, 7)), (TX_DATA.SPECIAL, at(14, 0, 16)),
    (TX_DATA.DD, at(12, 0)), (TX_DATA.EC, at(12, 1)), (TX_DATA.LC, at(12, 2)), (TX_DATA.TU, at(12, 3)),
    # data, §3.3.7
    (TX_DATA.DTALEN, at(8, 0, 20)), (TX_DATA.DTYP, at(10, 4, 4)), (TX_DATA.TSE, at(11, 2)),
    (TX_DATA.IXSM, at(13, 0)), (TX_DATA.TXSM, at(13, 1)),
    # context, §3.3.6
    (TX_CONTEXT.PAYLEN, at(8, 0, 20)), (TX_CONTEXT.DTYP, at(10, 4, 4)), (TX_CONTEXT.TCP, at(11, 0)),
    (TX_CONTEXT.IP, at(11, 1)), (TX_CONTEXT.TSE, at(11, 2)), (TX_CONTEXT.RS, at(11, 3)), (TX_CONTEXT.DEXT, at(11, 5)),
    (TX_CONTEXT.IDE, at(11, 7)), (TX_CONTEXT.HDRLEN, at(13, 0, 8)), (TX_CONTEXT.MSS, at(14, 0, 16)),
    # receive, §3.2.3
    (RX.LENGTH, at(8, 0, 16)), (RX.CHECKSUM, at(10, 0, 16)), (RX.DD, at(12, 0)), (RX.EOP, at(12, 1)),
    (RX.IXSM, at(12, 2)), (RX.VP, at(12, 3)), (RX.TCPCS, at(12, 5)), (RX.IPCS, at(12, 6)), (RX.PIF, at(12, 7)),
    (RX.CE, at(13, 0)), (RX.TCPE, at(13, 5)), (RX.IPE, at(13, 6)), (RX.RXE, at(13, 7)), (RX.SPECIAL, at(14, 0, 16)),
])  # fmt: skip
def test_a_descriptors_field_is_where_the_manual_draws_it(bits: Bits, place: Bits) -> None:
    assert bits == place


def test_a_contexts_first_quadword_is_two_ranges_of_start_place_and_end() -> None:
    """§3.3.6: bytes 0, 1, 2-3 and 4, 5, 6-7."""
    assert tuple(RANGES) == (Bits(0, 8), Bits(8, 8), Bits(16, 16), Bits(32, 8), Bits(40, 8), Bits(48, 16))
    assert RANGES._fields == ("IPCSS", "IPCSO", "IPCSE", "TUCSS", "TUCSO", "TUCSE")


# Models and profiles


@pytest.mark.parametrize(("model", "device", "phy"), [
    ("82540em", 0x100E, (0x0141, 0x0C20)), ("82545em", 0x100F, (0x0141, 0x0C20)), ("82544ei", 0x1008, (0x0141, 0x0C30)),
])  # fmt: skip
def test_a_model_shows_its_own_ids(model: str, device: int, phy: tuple[int, int]) -> None:
    row = MODELS[model]
    assert (row.name, row.device_id) == (model, device)
    assert (row.phy_id[0], row.phy_id[1] & 0xFFF0) == phy
    assert row.subsystem_vendor_id == 0x8086, "a driver keys a workaround on an emulator's subsystem"


def test_the_82544_is_the_part_with_rps_and_without_ipv6_small_packets_and_late_causes() -> None:
    old, new = MODELS["82544ei"], MODELS["82540em"]
    assert (old.reports_on_wire, old.ipv6, old.small_packets, old.causes) == (1, 0, 0, 0x7FFF)
    assert (new.reports_on_wire, new.ipv6, new.small_packets, new.causes) == (0, 1, 1, 0x1FFFF)


def test_the_one_context_profile_differs_from_the_manual_in_one_trait() -> None:
    manual, one = PROFILES["manual"], PROFILES["one-context"]
    assert manual == Traits()
    assert manual.plain_slot != manual.segmented_slot
    assert one == manual._replace(segmented_slot=manual.plain_slot)


# Events


@pytest.mark.parametrize("event", EVENTS, ids=[event.name for event in EVENTS])
def test_an_event_fits_the_tally_and_its_sentence_can_be_made(event: Event) -> None:
    assert 0 < event.number < KINDS, "number 0 counts all rows"
    assert BY_NUMBER[event.number] is event
    assert len(set(event.columns)) == 3
    sentence = say(event, [5, 5, 5])
    assert re.search(r"\{|\}", sentence) is None


def test_a_column_that_holds_two_numbers_is_told_as_two() -> None:
    told = say(BY_NUMBER[TX_SUM], [34 << 32 | 65, 50, 0x1234 << 16 | 0xABCD])
    assert [word in told for word in ("34", "65", "50", "0x1234", "0xabcd")] == [True] * 5


# Findings


def test_a_findings_code_is_its_own_and_its_name_and_its_section_is_one_of_the_manual() -> None:
    assert [getattr(findings, one.code) for one in findings.FINDINGS] == list(findings.FINDINGS)
    assert len({one.code for one in findings.FINDINGS}) == len(findings.FINDINGS)
    assert not {one.code for one in findings.FINDINGS} & {event.name for event in EVENTS}
    for one in findings.FINDINGS:
        assert re.fullmatch(r"\d+(\.\d+)+", one.section)
        assert one.severity in (findings.ERROR, findings.WARNING)
