"""When does a received frame interrupt? RXT0, its timers, RXDMT0, SRPD, and PAUSE either way (§3.2.7, §8.7)."""

from __future__ import annotations

import pytest

from glassnic.device.timers import UNIT_NS
from glassnic.spec.fields import CAUSE, CTRL, RDTR, TCTL
from glassnic.spec.models import M82544EI
from glassnic.spec.registers import R
from receive_bench import STATION, ReceiveBench, frame

pytestmark = pytest.mark.kernel

RXT0, SRPD, RXDMT0 = CAUSE.RXT0.mask, CAUSE.SRPD.mask, CAUSE.RXDMT0.mask
PAUSE_GROUP = bytes.fromhex("0180c2000001")
QUANTUM_NS = 512


def pause_frame(quanta: int, destination: bytes = PAUSE_GROUP, opcode: int = 1) -> bytes:
    parts = (destination, b"\x02\0\0\0\0\x09", b"\x88\x08", opcode.to_bytes(2, "big"), quanta.to_bytes(2, "big"))
    return b"".join(parts).ljust(60, b"\0")


def test_without_a_delay_each_frame_raises_rxt0_at_once() -> None:
    bench = ReceiveBench()
    bench.arrive(frame())
    assert (bench.causes, bench.receive.deadline) == (RXT0, None)


def test_rdtr_delays_rxt0_and_each_frame_restarts_it() -> None:
    bench = ReceiveBench()
    bench.write("RDTR", 10)
    bench.arrive(frame())
    bench.now(6 * UNIT_NS)
    bench.arrive(frame())
    bench.now(15 * UNIT_NS)
    assert (bench.causes, bench.receive.deadline) == (0, 16 * UNIT_NS)
    bench.now(16 * UNIT_NS)
    assert (bench.causes, bench.receive.deadline) == (RXT0, None)


def test_radv_limits_the_delay_from_the_first_frame_on() -> None:
    bench = ReceiveBench()
    bench.write("RDTR", 10)
    bench.write("RADV", 12)
    bench.arrive(frame())
    bench.now(8 * UNIT_NS)
    bench.arrive(frame())
    assert bench.receive.deadline == 12 * UNIT_NS
    bench.now(12 * UNIT_NS)
    assert (bench.causes, bench.receive.deadline) == (RXT0, None)


def test_radv_alone_without_rdtr_has_no_effect() -> None:
    bench = ReceiveBench()
    bench.write("RADV", 8)
    bench.arrive(frame())
    assert (bench.causes, bench.receive.deadline) == (RXT0, None)


def test_flushing_with_fpd_raises_rxt0_now_and_stops_the_timer() -> None:
    bench = ReceiveBench()
    bench.write("RDTR", 10)
    bench.arrive(frame())
    bench.write("RDTR", 10 | RDTR.FPD.mask)
    assert (bench.causes, bench.receive.deadline, bench.core.registers[R.RDTR]) == (RXT0, None, 10)


def test_a_small_frame_raises_srpd_with_rxt0_and_ends_the_delay() -> None:
    bench = ReceiveBench()
    bench.write("RDTR", 10)
    bench.write("RSRPD", 60)
    bench.arrive(frame(100))
    assert bench.causes == 0
    bench.arrive(frame(60))
    assert (bench.causes, bench.receive.deadline) == (RXT0 | SRPD, None)


def test_what_is_stored_decides_whether_a_frame_is_small() -> None:
    bench = ReceiveBench()
    bench.write("RSRPD", 60)
    bench.control(EN=1)  # the FCS is stored too: 64 bytes
    bench.arrive(frame(60))
    assert bench.causes == RXT0


def test_the_82544_detects_no_small_frames() -> None:
    bench = ReceiveBench(M82544EI)
    bench.write("RSRPD", 200)
    bench.arrive(frame())
    assert bench.causes == RXT0


@pytest.mark.parametrize(("rdmts", "left"), [(0, 4), (1, 2), (2, 1)])
def test_rxdmt0_is_raised_when_the_free_descriptors_become_the_fraction(rdmts: int, left: int) -> None:
    bench = ReceiveBench()
    bench.control(EN=1, RDMTS=rdmts)
    for _ in range(7 - left - 1):
        bench.arrive(frame())
    assert not bench.causes & RXDMT0
    bench.arrive(frame())
    assert bench.causes & RXDMT0
    bench.core.interrupts.take_causes()
    bench.arrive(frame())
    assert not bench.causes & RXDMT0


def test_xoff_pauses_the_transmitter_for_its_quanta_and_xon_ends_it() -> None:
    bench = ReceiveBench()
    bench.write("CTRL", CTRL.RFCE.mask)
    bench.arrive(pause_frame(100))
    assert (bench.receive.paused, bench.receive.deadline) == (True, 100 * QUANTUM_NS)
    bench.now(100 * QUANTUM_NS)
    assert (bench.receive.paused, bench.receive.deadline) == (False, None)
    bench.arrive(pause_frame(100))
    bench.arrive(pause_frame(0))
    assert not bench.receive.paused
    assert (bench.count("XOFFRXC"), bench.count("XONRXC"), bench.count("GPRC"), bench.count("TPR")) == (2, 1, 0, 3)


def test_without_rfce_a_pause_frame_is_counted_and_filtered_like_any_other() -> None:
    bench = ReceiveBench()
    bench.arrive(pause_frame(100), pause_frame(7, STATION))
    assert (bench.receive.paused, bench.delivered()) == (False, [pause_frame(7, STATION)])
    assert (bench.count("XOFFRXC"), bench.count("GPRC")) == (2, 0)


def test_dpf_discards_pause_frames_to_the_station_and_the_group_ones_never_reach_memory() -> None:
    bench = ReceiveBench()
    bench.write("CTRL", CTRL.RFCE.mask)
    bench.control(EN=1, SECRC=1, MPE=1)
    bench.arrive(pause_frame(5), pause_frame(6, STATION))
    assert bench.delivered() == [pause_frame(6, STATION)]
    bench.control(EN=1, SECRC=1, DPF=1)
    bench.arrive(pause_frame(7, STATION))
    assert (len(bench.delivered()), bench.count("XOFFRXC")) == (1, 3)


def test_pmcf_passes_control_frames_other_than_pause_and_they_are_counted_unsupported() -> None:
    bench = ReceiveBench()
    bench.write("CTRL", CTRL.RFCE.mask)
    bench.arrive(pause_frame(5, opcode=2))
    assert (bench.delivered(), bench.count("FCRUC")) == ([], 1)
    bench.control(EN=1, SECRC=1, PMCF=1)
    bench.arrive(pause_frame(5, opcode=2))
    assert (bench.delivered(), bench.count("FCRUC")) == ([pause_frame(5, opcode=2)], 2)


def throttled() -> ReceiveBench:
    """A card without descriptors that asks for silence at 2 KB in its FIFO of 4, and for more at 1 KB."""
    bench = ReceiveBench(free=0)
    bench.core.registers[R.PBA] = 4
    bench.receive.reset()
    bench.write("CTRL", CTRL.TFCE.mask)
    bench.write("TCTL", TCTL.EN.mask)
    bench.write("FCRTH", 2048)
    bench.write("FCRTL", 1024 | 1 << 31)
    bench.write("FCTTV", 0x1234)
    return bench


def station_pause(quanta: int) -> bytes:
    return PAUSE_GROUP + STATION + pause_frame(quanta)[12:]


def test_a_fifo_that_fills_asks_for_silence_once_and_once_more_when_it_overflows() -> None:
    bench = throttled()
    bench.arrive(frame(996))
    assert bench.receive.control_frames == []
    bench.arrive(frame(1100))
    assert bench.receive.control_frames == [station_pause(0x1234)]
    bench.arrive(*[frame(1000)] * 5)
    bench.arrive(*[frame(1000)] * 5)
    assert bench.receive.control_frames == [station_pause(0x1234)] * 2
    assert (bench.count("XOFFTXC"), bench.count("TPT"), bench.count("GPTC")) == (2, 2, 0)


def test_a_fifo_that_empties_lets_the_partner_go_on() -> None:
    bench = throttled()
    bench.arrive(*[frame(996)] * 3)
    bench.receive.control_frames.clear()
    bench.write("RDT", 1)
    bench.receive.deliver()
    assert bench.receive.control_frames == []
    bench.write("RDT", 2)
    bench.receive.deliver()
    assert (bench.receive.control_frames, bench.count("XONTXC")) == ([station_pause(0)], 1)


def test_software_may_send_xoff_itself_or_xon_with_a_time_of_0() -> None:
    bench = ReceiveBench()
    bench.write("TCTL", TCTL.EN.mask)
    bench.receive.send_xoff()
    bench.write("FCTTV", 9)
    bench.receive.send_xoff()
    assert bench.receive.control_frames == [station_pause(0), station_pause(9)]
    assert (bench.count("XONTXC"), bench.count("XOFFTXC")) == (1, 1)


def test_no_pause_leaves_while_the_transmitter_is_disabled() -> None:
    bench = ReceiveBench()
    bench.receive.send_xoff()
    assert (bench.receive.control_frames, bench.count("XONTXC")) == ([], 0)
