"""Which descriptor does what? Kinds, contexts, and the fields of a packet's descriptors (§3.3, §3.5.5, §3.6)."""

from __future__ import annotations

import pytest

from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.spec import events
from glassnic.spec.fields import CTRL
from glassnic.spec.registers import R
from workbench import WHOLE, Workbench, fcs, frame, ones_sum

pytestmark = pytest.mark.kernel

PLAIN = {"TUCSS": 14, "TUCSO": 20, "TUCSE": 0}
OTHER = {"TUCSS": 30, "TUCSO": 40, "TUCSE": 49}
SEGMENTED = {"TSE": 1, "TCP": 1, "IP": 1, "IPCSS": 14, "IPCSO": 24, "IPCSE": 33, "TUCSS": 34, "TUCSO": 50,
             "HDRLEN": 54, "MSS": 10, "PAYLEN": 25}  # fmt: skip


@pytest.fixture
def bench() -> Workbench:
    return Workbench()


def with_sum(data: bytes, start: int, place: int, end: int = 0) -> bytes:
    """What the manual says comes of one range (§3.5.8), the obvious way."""
    value = ~ones_sum(data[start : end + 1 if end else len(data)]) & 0xFFFF
    return data[:place] + value.to_bytes(2, "big") + data[place + 2 :]


# Classification, §3.3.3 to §3.3.7


def test_a_legacy_descriptor_sends_its_buffer(bench: Workbench) -> None:
    assert bench.send_legacy(frame(100)) == [frame(100)]


def test_a_data_descriptor_sends_its_buffer(bench: Workbench) -> None:
    assert bench.send(frame(100)) == [frame(100)]


def test_a_context_descriptor_takes_a_slot_and_moves_no_data(bench: Workbench) -> None:
    """§3.3.6"""
    assert bench.give(encode_context(**PLAIN)) == []
    assert bench.read(R.TDH) == 1


@pytest.mark.parametrize("kind", range(2, 16))
def test_a_reserved_type_is_consumed_written_back_and_sends_nothing(bench: Workbench, kind: int) -> None:
    assert bench.give(bench.data(frame(), DTYP=kind, RS=1, **WHOLE)) == []
    assert bench.read(R.TDH) == 1
    assert bench.status(0) == 1
    assert bench.happened(events.TX_RESERVED) == [(0, kind, 0)]


def test_a_legacy_length_has_16_bits_and_an_extended_one_20(bench: Workbench) -> None:
    """§3.3.3, §3.3.7: bits 19:16 of a legacy descriptor belong to CSO."""
    assert bench.give(bench.legacy(frame(80), CSO=0x0F, **WHOLE)) == [frame(80)]
    assert bench.give(encode_data(bench.put(frame(80)), 0x10000 + 80, **WHOLE)) == []
    assert bench.happened(events.TX_TOO_LONG)[0][1] == 0x10000 + 80


@pytest.mark.parametrize("cuts", [(1,), (13, 14, 15), (30, 30, 30, 59), (56,)])
def test_a_packet_is_gathered_from_as_many_descriptors_as_it_takes(bench: Workbench, cuts: tuple[int, ...]) -> None:
    data = frame(60)
    bounds = zip((0, *cuts), (*cuts, 60), strict=True)
    parts = [bench.data(data[a:b], EOP=int(b == 60), IFCS=1) if b > a else encode_data(0, 9) for a, b in bounds]
    assert bench.give(*parts) == [data]


def test_a_null_address_or_a_zero_length_adds_no_bytes_and_is_written_back(bench: Workbench) -> None:
    """§3.3.3.1 note 3"""
    first = bench.data(frame(60)[:30], RS=1)
    null, zero = encode_data(0, 100, RS=1), encode_data(0x20000, 0, RS=1)
    assert bench.give(first, null, zero, bench.data(frame(60)[30:], **WHOLE)) == [frame(60)]
    assert [bench.status(slot) for slot in range(4)] == [1, 1, 1, 0]


def test_an_end_of_packet_without_any_byte_sends_nothing_and_ends_the_packet(bench: Workbench) -> None:
    assert bench.give(encode_data(0, 100, **WHOLE), encode_legacy(0x20000, 0, **WHOLE)) == []
    assert bench.findings() == {"TX_EMPTY"}
    assert bench.send(frame()) == [frame()]


def test_a_packet_stays_open_from_doorbell_to_doorbell(bench: Workbench) -> None:
    data = frame(200)
    for at in range(0, 150, 50):
        assert bench.give(bench.data(data[at : at + 50])) == []
    assert bench.give(bench.data(data[150:], **WHOLE)) == [data]


def test_an_open_packet_survives_disabling_the_transmitter(bench: Workbench) -> None:
    """§13.4.33: clearing EN stops after the work in progress; nothing is thrown away."""
    bench.give(bench.data(frame(60)[:20]))
    tctl = bench.read(R.TCTL)
    bench.write(R.TCTL, 0)
    assert bench.give(bench.data(frame(60)[20:], **WHOLE)) == []
    bench.write(R.TCTL, tctl)
    assert bench.run() == [frame(60)]


def test_a_packet_longer_than_the_fifo_less_80_bytes_is_dropped(bench: Workbench) -> None:
    """§3.3.7: at reset the transmit FIFO has 16 KB."""
    limit = 16 * 1024 - 80
    assert [len(sent) for sent in bench.send(frame(limit))] == [limit]
    assert bench.send(frame(limit + 1)) == []
    assert bench.happened(events.TX_TOO_LONG) == [(1, limit + 1, limit)]


def test_the_limit_follows_the_packet_buffer_allocation(bench: Workbench) -> None:
    """§13.4.16: what the receiver does not get is the transmitter's."""
    bench.write(R.PBA, 56)
    assert bench.send(frame(8 * 1024 - 80)) != []
    assert bench.send(frame(8 * 1024 - 79)) == []


def test_a_buffer_outside_memory_spoils_its_packet_and_no_other(bench: Workbench) -> None:
    outside = encode_data(1 << 40, 30, **WHOLE)
    good = bench.data(frame(), **WHOLE)
    assert bench.give(bench.data(frame(30)), outside, good) == [frame()]
    assert bench.happened(events.TX_BUFFER_OUTSIDE) == [(1, 1 << 40, 30)]


# Which descriptor supplies which field, §3.3.3.1, §3.3.7.1


def test_ifcs_of_the_last_descriptor_counts(bench: Workbench) -> None:
    data = frame(70)
    assert bench.give(bench.data(data[:30]), bench.data(data[30:], EOP=1, IFCS=1)) == [data]
    own = data + fcs(data)
    assert bench.give(bench.data(own[:30], IFCS=1), bench.data(own[30:], EOP=1, IFCS=0)) == [data]


def test_vle_and_special_of_the_last_descriptor_count(bench: Workbench) -> None:
    bench.set_bits(R.CTRL, CTRL.VME.mask)
    data = frame(70)
    first, last = bench.data(data[:30], VLE=1, SPECIAL=7), bench.data(data[30:], SPECIAL=9, **WHOLE)
    assert bench.give(first, last) == [data]
    first, last = bench.data(data[:30], SPECIAL=7), bench.data(data[30:], VLE=1, SPECIAL=9, **WHOLE)
    assert bench.give(first, last) == [data[:12] + bytes.fromhex("81000009") + data[12:]]


def test_popts_of_the_first_descriptor_count(bench: Workbench) -> None:
    """§3.3.7.3"""
    bench.load(**PLAIN)
    data = frame(70)
    assert bench.give(bench.data(data[:30]), bench.data(data[30:], TXSM=1, IXSM=1, **WHOLE)) == [data]
    parts = bench.data(data[:30], TXSM=1), bench.data(data[30:], **WHOLE)
    assert bench.give(*parts) == [with_sum(data, 14, 20)]


def test_popts_of_a_first_descriptor_without_bytes_count_too(bench: Workbench) -> None:
    bench.load(**PLAIN)
    assert bench.give(encode_data(0, 0, TXSM=1), bench.data(frame(70), **WHOLE)) == [with_sum(frame(70), 14, 20)]


def test_css_of_the_first_and_cso_and_ic_of_the_last_legacy_descriptor_count(bench: Workbench) -> None:
    """§3.3.3"""
    data = frame(70)
    parts = bench.legacy(data[:30], CSS=20, CSO=60), bench.legacy(data[30:], CSS=40, CSO=26, IC=1, **WHOLE)
    assert bench.give(*parts) == [with_sum(data, 20, 26)]
    parts = bench.legacy(data[:30], CSS=20, CSO=26, IC=1), bench.legacy(data[30:], CSO=26, **WHOLE)
    assert bench.give(*parts) == [data]


def test_mixing_legacy_and_extended_descriptors_is_noted_and_the_first_settles_the_format(bench: Workbench) -> None:
    """§3.3.5"""
    assert bench.give(bench.legacy(frame(60)[:30]), bench.data(frame(60)[30:], **WHOLE)) == [frame(60)]
    assert bench.findings() == {"TX_MIXED"}


def test_a_tse_that_changes_within_a_packet_is_noted_and_the_first_one_counts(bench: Workbench) -> None:
    """§3.3.7.1"""
    bench.load(**SEGMENTED)
    assert bench.give(bench.data(frame(60)[:30]), bench.data(frame(60)[30:], TSE=1, **WHOLE)) == [frame(60)]
    assert bench.findings() == {"TX_TSE_MIXED"}


# The two contexts, §3.5.5, §3.6


def test_a_context_holds_for_any_number_of_packets(bench: Workbench) -> None:
    bench.load(**PLAIN)
    for length in (60, 71, 1000):
        assert bench.send(frame(length), TXSM=1) == [with_sum(frame(length), 14, 20)]


def test_a_segmentation_context_leaves_the_plain_context_alone(bench: Workbench) -> None:
    bench.load(**PLAIN)
    bench.load(**SEGMENTED)
    assert bench.send(frame(70), TXSM=1) == [with_sum(frame(70), 14, 20)]


def test_a_plain_context_leaves_the_segmentation_context_alone(bench: Workbench) -> None:
    bench.load(**SEGMENTED)
    before = bench.send(frame(79), TSE=1, TXSM=1, IXSM=1)
    bench.load(**OTHER)
    assert bench.send(frame(79), TSE=1, TXSM=1, IXSM=1) == before
    assert len(before) == 3


def test_a_second_plain_context_replaces_the_first(bench: Workbench) -> None:
    bench.load(**PLAIN)
    bench.load(**OTHER)
    assert bench.send(frame(70), TXSM=1) == [with_sum(frame(70), 30, 40, 49)]


def test_a_packet_keeps_the_context_it_began_with(bench: Workbench) -> None:
    """§3.3.5 forbids a context in the middle of a packet; we load it for the next one (inferred)."""
    bench.load(**PLAIN)
    parts = bench.data(frame(70)[:30], TXSM=1), encode_context(**OTHER), bench.data(frame(70)[30:], **WHOLE)
    assert bench.give(*parts) == [with_sum(frame(70), 14, 20)]
    assert bench.findings() == {"TX_CONTEXT_INSIDE"}
    assert bench.send(frame(70), TXSM=1) == [with_sum(frame(70), 30, 40, 49)]


@pytest.mark.parametrize(("tse", "slot"), [(0, 0), (1, 1)])
def test_a_context_that_was_never_loaded_reads_zero_and_its_use_is_noted(bench: Workbench, tse: int, slot: int) -> None:
    """§3.6 calls it unpredictable. Zeros: sum the whole packet, store it over the first two bytes."""
    bench.load(**(PLAIN if tse else SEGMENTED))
    sent = bench.send(frame(70), TXSM=1, TSE=tse)
    assert bench.happened(events.TX_UNLOADED)[0][1] == slot
    assert sent == ([] if tse else [with_sum(frame(70), 0, 0)])


def test_a_packet_without_sums_needs_no_context(bench: Workbench) -> None:
    bench.send(frame())
    assert bench.findings() == set()


def test_the_one_context_profile_lets_a_segmentation_context_overwrite_the_plain_one() -> None:
    """The corruption of 2017: the UDP sum lands where TCP's is, ten bytes too far."""
    udp, tcp = {"TUCSS": 34, "TUCSO": 40}, SEGMENTED
    sent = []
    for profile in ("manual", "one-context"):
        bench = Workbench(profile=profile)
        bench.load(**udp)
        bench.load(**tcp)
        sent += bench.send(frame(90), TXSM=1)
    assert sent == [with_sum(frame(90), 34, 40), with_sum(frame(90), 34, 50)]
