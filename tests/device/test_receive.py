"""How does a frame reach memory? Ring, buffers, FIFO, sizes, FCS, tag and counts (§3.2, §9, §13.7)."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pytest

from glassnic.device.ports import FlatMemory
from glassnic.spec import events
from glassnic.spec.bits import Bits
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, RX
from glassnic.spec.fields import CAUSE, CTRL
from glassnic.spec.models import MODELS, Model
from glassnic.spec.registers import R
from receive_bench import BUFFERS, ENTRIES, EVERYBODY, FCS_BYTES, RING, STATION, ReceiveBench, frame

pytestmark = pytest.mark.kernel

STATUS = Bits(32, 8)


def fcs(data: bytes) -> bytes:
    return crc32(data).to_bytes(4, "little")


def test_a_frame_fills_the_buffer_and_is_written_back_with_dd_and_eop() -> None:
    bench, sent = ReceiveBench(), frame(100)
    bench.arrive(sent)
    row = bench.descriptor(0)
    assert (row.data, row.of(RX.DD), row.of(RX.EOP), row.of(RX.IXSM)) == (sent, 1, 1, 1)
    assert (bench.head, bench.causes) == (1, CAUSE.RXT0.mask)


def test_without_secrc_the_true_fcs_is_stored() -> None:
    bench, sent = ReceiveBench(), frame(1000)
    bench.control(EN=1)
    bench.arrive(sent)
    assert bench.delivered() == [sent + fcs(sent)]


def test_a_short_frame_from_the_wire_is_padded_to_60_bytes() -> None:
    bench = ReceiveBench()
    bench.arrive(frame(20))
    assert bench.delivered() == [frame(20).ljust(60, b"\0")]
    assert bench.count("PRC64") == 1


def test_a_short_frame_in_loopback_is_undersize_and_dropped() -> None:
    bench = ReceiveBench()
    bench.receive.arrive([frame(40)], False, loopback=True)
    assert (bench.delivered(), bench.count("RUC"), bench.count("RLEC")) == ([], 1, 1)


@pytest.mark.parametrize(("size", "bsex"), [(2048, 0), (1024, 0), (512, 0), (256, 0), (16384, 1), (8192, 1), (4096, 1)])
def test_bsize_and_bsex_give_the_seven_buffer_sizes(size: int, bsex: int) -> None:
    bench = ReceiveBench(memory=FlatMemory(0x80000))
    bsize = (2048, 1024, 512, 256).index(size // (16 if bsex else 1))
    bench.control(EN=1, SECRC=1, LPE=1, BSIZE=bsize, BSEX=bsex)
    for index in range(ENTRIES):
        bench.point(index, BUFFERS + index * 0x4000)
    sent = frame(min(size + 100, 16380))
    bench.arrive(sent)
    assert bench.descriptor(0).of(RX.LENGTH) == min(size, len(sent))
    assert b"".join(bench.delivered()) == sent


def test_a_frame_over_several_descriptors_has_eop_and_status_only_in_the_last() -> None:
    bench = ReceiveBench()
    bench.control(EN=1, SECRC=1, BSIZE=3)
    bench.arrive(frame(600))
    rows = [bench.descriptor(index) for index in range(3)]
    assert [row.of(RX.LENGTH) for row in rows] == [256, 256, 88]
    assert [row.of(RX.EOP) for row in rows] == [0, 0, 1]
    assert [row.of(RX.IXSM) for row in rows] == [0, 0, 1]
    assert [bool(row.of(RX.CHECKSUM)) for row in rows] == [True, False, False]


def test_a_frame_that_needs_more_descriptors_than_there_are_waits_whole() -> None:
    bench = ReceiveBench(free=2)
    bench.control(EN=1, SECRC=1, BSIZE=3)
    bench.arrive(frame(600))
    assert (bench.delivered(), bench.head, bench.count("RNBC")) == ([], 0, 1)
    bench.write("RDT", 3)
    assert not bench.receive.deliver()
    assert (b"".join(bench.delivered()), bench.head) == (frame(600), 3)


def test_frames_keep_their_order_through_the_fifo() -> None:
    bench = ReceiveBench(free=1)
    sent = [frame(60 + n, fill=n) for n in range(5)]
    bench.arrive(*sent[:3])
    bench.write("RDT", 7)
    bench.arrive(*sent[3:])
    assert bench.delivered() == sent


def test_a_null_descriptor_takes_no_bytes_and_only_its_dd_changes() -> None:
    bench = ReceiveBench()
    bench.memory.write(RING, bytes(8) + b"\x11\x22\x33\x44\x80\x55\x66\x77")
    bench.arrive(frame())
    assert bench.memory.read(RING, DESCRIPTOR_BYTES) == bytes(8) + b"\x11\x22\x33\x44\x81\x55\x66\x77"
    assert (bench.descriptor(1).data, bench.head) == (frame(), 2)


def test_the_status_byte_is_written_whatever_it_held() -> None:
    bench = ReceiveBench()
    bench.memory.write(RING + 8, b"\xff" * 8)
    bench.arrive(frame())
    assert bench.descriptor(0).of(STATUS) == (RX.DD.mask | RX.EOP.mask | RX.IXSM.mask) >> 32


def test_the_ring_wraps_and_software_may_leave_the_tail_one_past_its_end() -> None:
    bench = ReceiveBench(free=ENTRIES)
    for number in range(ENTRIES + 2):
        bench.arrive(frame(fill=number))
    assert (bench.head, bench.count("MPC")) == (2, 0)
    assert bench.tally(events.RX_RING_ODD) == 0


def test_equal_head_and_tail_mean_no_descriptor_even_beyond_the_ring() -> None:
    bench = ReceiveBench(free=0)
    before = bench.memory.data.copy()
    for pointer in (0, 0xFFFF):
        bench.write("RDH", pointer)
        bench.write("RDT", pointer)
        bench.arrive(frame())
        assert (bench.head, bench.tally(events.RX_RING_ODD)) == (pointer, 0)
    np.testing.assert_array_equal(bench.memory.data, before)


def test_a_head_beyond_the_ring_counts_as_0_and_is_recorded() -> None:
    bench = ReceiveBench()
    bench.write("RDH", 300)
    bench.arrive(frame())
    assert (bench.delivered(), bench.head, bench.tally(events.RX_RING_ODD)) == ([frame()], 1, 1)


def test_a_ring_outside_memory_loses_the_frame_and_touches_nothing() -> None:
    bench = ReceiveBench()
    before = bench.memory.data.copy()
    for low, high in ((0, 0xFFFF_FFFF), (0xFFFF_FFF0, 0), (0, 0x4000_0000), (len(before.data) - 8 & ~15, 0)):
        bench.write("RDBAL", low)
        bench.write("RDBAH", high)
        bench.arrive(frame())
    assert bench.tally(events.RX_RING_OUTSIDE) >= 3
    np.testing.assert_array_equal(bench.memory.data[:-16], before[:-16])


def test_a_buffer_not_wholly_in_writable_memory_gets_no_byte_and_is_recorded() -> None:
    bench = ReceiveBench()
    bench.memory.ranges = np.array([[0, BUFFERS + 50, 1], [BUFFERS + 50, len(bench.memory.data), 0]], np.int64)
    bench.arrive(frame())
    assert bench.memory.data[BUFFERS:].any() == np.False_
    assert (bench.descriptor(0).of(RX.DD), bench.tally(events.RX_BUFFER_OUTSIDE)) == (1, 1)


def test_data_aimed_at_the_ring_itself_ends_with_the_ring() -> None:
    bench = ReceiveBench()
    bench.control(EN=1, BSIZE=3, UPE=1)
    bench.point(0, RING + DESCRIPTOR_BYTES)  # the first 256 bytes make all that follow null descriptors
    bench.arrive(bytes(600))
    assert bench.head == ENTRIES - 1


def test_without_bus_mastering_a_frame_waits_in_the_fifo() -> None:
    bench = ReceiveBench()
    bench.core.bus_master = False
    bench.arrive(frame())
    assert bench.receive.deliver()
    assert (bench.delivered(), bench.count("RNBC")) == ([], 0)
    bench.core.bus_master = True
    bench.receive.deliver()
    assert bench.delivered() == [frame()]


def test_a_turn_delivers_no_more_than_its_budget_and_says_that_work_remains() -> None:
    bench = ReceiveBench()
    bench.core.bus_master = False
    bench.arrive(frame(), frame(), frame())
    bench.core.bus_master = True
    assert bench.receive.deliver(budget=2)
    assert len(bench.delivered()) == 2
    assert not bench.receive.deliver(budget=2)


def test_the_fifo_holds_what_pba_says_and_the_rest_is_missed_and_counted() -> None:
    bench = ReceiveBench(free=0)
    bench.core.registers[R.PBA] = 1  # KB
    bench.receive.reset()
    bench.arrive(*[frame(508 + n) for n in range(4)])  # 512 bytes with FCS, and a little more
    assert (bench.count("MPC"), bench.count("RNBC"), bench.count("GPRC"), bench.count("TPR")) == (3, 4, 1, 4)
    assert bench.causes == CAUSE.RXO.mask
    bench.write("RDT", 7)
    bench.receive.deliver()
    assert bench.delivered() == [frame(508)]


def test_a_split_of_the_packet_buffer_takes_effect_with_the_reset_only() -> None:
    bench = ReceiveBench(free=0)
    bench.write("PBA", 1)
    bench.arrive(*[frame(508)] * 4)
    assert bench.count("MPC") == 0


def test_a_long_flood_loses_frames_by_count_and_nothing_else() -> None:
    bench = ReceiveBench(free=0)
    sent = [frame(1000, fill=n) for n in range(400)]
    bench.arrive(*sent)
    missed = bench.count("MPC")
    assert missed == 400 - 48 * 1024 // 1004
    got: list[bytes] = []
    for lap in range(20):
        for index in range(ENTRIES):
            bench.point(index, BUFFERS + index * 2048)
        bench.write("RDT", (bench.head + ENTRIES - 1) % ENTRIES)
        first = bench.head
        bench.arrive(frame(999, fill=lap))
        rows = [bench.descriptor((first + step) % ENTRIES) for step in range(ENTRIES)]
        got += [row.data for row in rows if row.of(RX.DD)]
    assert got[: 400 - missed] == sent[: 400 - missed]
    assert got[400 - missed :] == [frame(999, fill=lap) for lap in range(20)]


def test_a_reset_empties_the_fifo_and_stops_the_timers() -> None:
    bench = ReceiveBench(free=0)
    bench.arrive(frame())
    bench.receive.reset()
    bench.write("RDT", 7)
    assert not bench.receive.pending
    assert bench.receive.deadline is None


@pytest.mark.parametrize(
    ("lpe", "size", "taken"), [(0, 1518, True), (0, 1519, False), (1, 1519, True), (1, 16380, True), (1, 16381, False)]
)
def test_the_longest_frame_is_1522_bytes_with_fcs_or_16384_with_lpe(lpe: int, size: int, taken: bool) -> None:
    bench = ReceiveBench(memory=FlatMemory(0x40000))
    bench.control(EN=1, SECRC=1, LPE=lpe, BSIZE=1, BSEX=1)
    for index in range(ENTRIES):
        bench.point(index, BUFFERS + index * 16384)
    bench.arrive(frame(size))
    assert bench.delivered() == ([frame(size)] if taken else [])
    assert (bench.count("ROC"), bench.count("RLEC"), bench.count("GPRC")) == (not taken, not taken, taken)


def test_sbp_stores_oversize_frames_up_to_what_the_fifo_takes() -> None:
    bench = ReceiveBench()
    bench.control(EN=1, SECRC=1, SBP=1)
    bench.arrive(frame(1600), frame(20000))
    assert bench.delivered() == [frame(1600)]
    assert (bench.count("ROC"), bench.count("GPRC"), bench.tally(events.RX_BAD)) == (2, 0, 1)


def test_a_wrong_fcs_is_dropped_and_counted_or_stored_with_ce_by_sbp() -> None:
    bench, bad = ReceiveBench(), frame(100) + b"\1\2\3\4"
    bench.receive.arrive_bad([bad], True)
    assert (bench.delivered(), bench.count("CRCERRS"), bench.count("GPRC")) == ([], 1, 0)
    bench.control(EN=1, SBP=1)
    bench.receive.arrive_bad([bad], True)
    row = bench.descriptor(0)
    assert (row.data, row.of(RX.CE), row.of(RX.IXSM)) == (bad, 1, 1)


def test_fragments_and_jabber_are_counted_apart_from_undersize_and_oversize() -> None:
    bench = ReceiveBench()
    bench.receive.arrive_bad([frame(40), frame(1700), b"\0\0\0\0"], True)
    assert (bench.count("RFC"), bench.count("RJC"), bench.count("RLEC"), bench.count("CRCERRS")) == (1, 1, 2, 1)
    assert bench.count("TPR") == 3


def test_nothing_is_received_or_counted_while_disabled_or_without_link() -> None:
    bench = ReceiveBench()
    bench.receive.arrive([frame()], False)
    bench.control()
    bench.arrive(frame())
    bench.control(EN=1, LBM=3)
    bench.arrive(frame())
    assert (bench.delivered(), bench.count("TPR"), bench.tally(events.RX_DISABLED)) == ([], 0, 3)


def test_what_waits_stays_while_the_receiver_is_disabled() -> None:
    bench = ReceiveBench(free=0)
    bench.arrive(frame())
    bench.control()
    bench.write("RDT", 7)
    bench.receive.deliver()
    assert bench.delivered() == []


@pytest.mark.parametrize(
    ("size", "name"),
    [(64, "PRC64"), (65, "PRC127"), (127, "PRC127"), (128, "PRC255"), (255, "PRC255"), (256, "PRC511"), (511, "PRC511"),
     (512, "PRC1023"), (1023, "PRC1023"), (1024, "PRC1522"), (1522, "PRC1522")],
)  # fmt: skip
def test_good_frames_are_counted_by_their_size_with_fcs(size: int, name: str) -> None:
    bench = ReceiveBench()
    bench.arrive(frame(size - FCS_BYTES))
    counted = {row: bench.count(row) for row in ("PRC64", "PRC127", "PRC255", "PRC511", "PRC1023", "PRC1522")}
    assert counted == {row: int(row == name) for row in counted}
    assert (bench.count("GORC"), bench.count("TOR"), bench.count("GPRC")) == (size, size, 1)


def test_broadcasts_and_multicasts_are_counted_each_in_their_own_count() -> None:
    bench = ReceiveBench()
    bench.control(EN=1, BAM=1, MPE=1)
    bench.arrive(frame(destination=EVERYBODY), frame(destination=b"\x01\0\x5e\0\0\1"), frame())
    assert (bench.count("BPRC"), bench.count("MPRC"), bench.count("GPRC")) == (1, 1, 3)


def test_vme_strips_the_tag_into_special_and_the_fcs_stays_that_of_the_wire() -> None:
    bench, tagged = ReceiveBench(), frame(100, tag=0xA123)
    bench.write("CTRL", CTRL.VME.mask)
    bench.control(EN=1)
    bench.arrive(tagged)
    row = bench.descriptor(0)
    assert row.data == tagged[:12] + tagged[16:] + fcs(tagged)
    assert (row.of(RX.VP), row.of(RX.SPECIAL)) == (1, 0xA123)


def test_without_vme_or_with_another_vet_the_tag_stays() -> None:
    bench, tagged = ReceiveBench(), frame(100, tag=0x123)
    bench.arrive(tagged)
    bench.write("CTRL", CTRL.VME.mask)
    bench.write("VET", 0x88A8)
    bench.arrive(tagged)
    assert bench.delivered() == [tagged, tagged]
    assert [bench.descriptor(index).of(RX.VP) for index in range(2)] == [0, 0]


def test_an_absurdly_long_frame_is_oversize_and_does_no_harm() -> None:
    bench = ReceiveBench()
    bench.control(EN=1, SBP=1, LPE=1)
    bench.arrive(*[STATION + bytes(199_994)] * 70, frame())
    assert (bench.count("ROC"), bench.count("TOR")) == (70, 70 * 200_004 + 64)
    assert bench.count("GPRC") == 1


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_model_receives_a_frame(model: Model) -> None:
    bench = ReceiveBench(model)
    bench.arrive(frame())
    assert bench.delivered() == [frame()]


def test_frames_may_come_as_any_bytes_like_from_any_iterable() -> None:
    bench = ReceiveBench()
    bench.receive.arrive((part for part in (frame(), bytearray(frame()), memoryview(frame()))), True)
    assert bench.delivered() == [frame()] * 3
