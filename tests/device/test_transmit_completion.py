"""What tells software that descriptors are done? DD, TXDW and its timers, TXQE, TXD_LOW; the ring (§3.3.3, §3.4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.spec import events
from glassnic.spec.fields import TXDCTL
from glassnic.spec.registers import R
from workbench import EN, ENTRIES, PSP, TX_RING, TXD_LOW, TXDW, TXQE, WHOLE, Workbench, frame

pytestmark = pytest.mark.kernel

UNIT_NS = 1024


@pytest.fixture
def bench() -> Workbench:
    return Workbench()


def done(bench: Workbench, **fields: int) -> int:
    """Send one packet with these bits; the causes it raised."""
    bench.read(R.ICR)
    bench.send(frame(), **fields)
    return bench.causes


# Write-back, §3.3.3.1, §3.3.3.2


@pytest.mark.parametrize("encode", [encode_data, encode_legacy])
def test_dd_is_written_only_where_rs_asks_for_it(bench: Workbench, encode: object) -> None:
    make = encode_data if encode is encode_data else encode_legacy
    address = bench.put(frame())
    bench.give(make(address, 60, RS=1, **WHOLE), make(address, 60, **WHOLE))
    assert [bench.status(0), bench.status(1)] == [1, 0]


def test_a_context_descriptor_with_rs_gets_dd_and_without_it_stays_untouched(bench: Workbench) -> None:
    """§3.3.6.2; an old Linux panicked when DD came unasked."""
    asked, silent = encode_context(TUCSS=14, MSS=7, HDRLEN=9, RS=1), encode_context(TUCSS=14, MSS=7, HDRLEN=9)
    bench.give(asked, silent)
    assert bench.memory.read(bench.place(0), 16) == asked[:12] + b"\x01" + asked[13:]
    assert bench.memory.read(bench.place(1), 16) == silent


def test_only_the_status_nibble_changes(bench: Workbench) -> None:
    descriptor = bytearray(bench.data(frame(), RS=1, SPECIAL=0xABCD, TXSM=0, **WHOLE))
    descriptor[12] = 0xFE
    bench.give(bytes(descriptor))
    assert bench.memory.read(bench.place(0), 16) == bytes(descriptor[:12]) + b"\xf1" + bytes(descriptor[13:])


@pytest.mark.parametrize("model", ["82540em", "82545em"])
def test_rps_is_reserved_and_ignored_on_later_parts(model: str) -> None:
    """Linux's loopback test sets it, without RS."""
    bench = Workbench(model=model)
    assert done(bench, RPS=1) & TXDW == 0
    assert bench.status(0) == 0


def test_on_the_82544_rps_asks_for_a_write_back() -> None:
    bench = Workbench(model="82544ei")
    assert done(bench, RPS=1) & TXDW
    assert bench.status(0) == 1


def test_a_ring_that_cannot_be_written_is_noted_and_the_packet_goes(bench: Workbench) -> None:
    bench.lay(bench.data(frame(), RS=1, **WHOLE))
    bench.memory.ranges[0, 2] = 0
    assert bench.give() == [frame()]
    assert bench.status(0) == 0
    assert bench.happened(events.TX_WRITE_BACK_OUTSIDE) == [(0, TX_RING, 0)]


@pytest.mark.parametrize("threshold", [0, 1, 8])
def test_every_rs_descriptor_is_written_back_whatever_wthresh_says(bench: Workbench, threshold: int) -> None:
    """§13.4.43: flushing early is always allowed; Linux sets 1 and waits for each."""
    bench.write(R.TXDCTL, TXDCTL.GRAN.mask | threshold << TXDCTL.WTHRESH.lo)
    bench.send(frame(), RS=1)
    assert bench.status(0) == 1


# TXDW and its timers, §3.4.3, §13.4.41, §13.4.44


def test_rs_raises_txdw_at_once(bench: Workbench) -> None:
    assert done(bench, RS=1) & TXDW


def test_without_rs_there_is_no_txdw(bench: Workbench) -> None:
    assert done(bench, IDE=1) & TXDW == 0


def test_with_ide_txdw_waits_for_tidv(bench: Workbench) -> None:
    bench.write(R.TIDV, 10)
    assert done(bench, RS=1, IDE=1) & TXDW == 0
    assert bench.status(0) == 1  # IDE delays the cause, not the write-back (§3.3.3.1 note 4)
    bench.wait(10 * UNIT_NS - 1)
    assert bench.causes & TXDW == 0
    bench.wait(1)
    assert bench.causes & TXDW


def test_tidv_0_with_ide_is_immediate(bench: Workbench) -> None:
    """The manual does not allow 0; inferred."""
    assert done(bench, RS=1, IDE=1) & TXDW


def test_each_delayed_write_back_restarts_tidv(bench: Workbench) -> None:
    bench.write(R.TIDV, 10)
    for _ in range(5):
        assert done(bench, RS=1, IDE=1) & TXDW == 0
        bench.wait(9 * UNIT_NS)
    assert bench.causes & TXDW == 0
    bench.wait(UNIT_NS)
    assert bench.causes & TXDW


def test_tadv_ends_the_restarting(bench: Workbench) -> None:
    """§13.4.44: it starts with the first and is not restarted."""
    bench.write(R.TIDV, 10)
    bench.write(R.TADV, 25)
    for _ in range(3):
        assert done(bench, RS=1, IDE=1) & TXDW == 0
        bench.wait(8 * UNIT_NS)
    bench.wait(UNIT_NS - 1)
    assert bench.causes & TXDW == 0
    bench.wait(1)
    assert bench.causes & TXDW


def test_the_timers_run_once(bench: Workbench) -> None:
    bench.write(R.TIDV, 10)
    bench.write(R.TADV, 25)
    done(bench, RS=1, IDE=1)
    bench.wait(10 * UNIT_NS)
    assert bench.read(R.ICR) & TXDW
    bench.wait(1000 * UNIT_NS)
    assert bench.causes & TXDW == 0
    assert bench.nic.deadline is None


@pytest.mark.parametrize("tidv", [10, 0])
def test_an_immediate_txdw_stops_the_timers(bench: Workbench, tidv: int) -> None:
    """§13.4.41: a write-back without IDE; so does one with IDE that TIDV=0 makes immediate (inferred)."""
    bench.write(R.TIDV, 10)
    bench.write(R.TADV, 25)
    done(bench, RS=1, IDE=1)
    bench.write(R.TIDV, tidv)
    assert done(bench, RS=1, IDE=0 if tidv else 1) & TXDW
    bench.read(R.ICR)
    bench.wait(100 * UNIT_NS)
    assert bench.causes & TXDW == 0


def test_the_82544_has_no_tadv() -> None:
    bench = Workbench(model="82544ei")
    bench.write(R.TIDV, 10)
    bench.write(R.TADV, 5)
    done(bench, RS=1, IDE=1)
    bench.wait(5 * UNIT_NS)
    assert bench.causes & TXDW == 0


# TXQE and TXD_LOW, §3.4.3, §13.4.43


def test_txqe_when_the_last_descriptor_is_done(bench: Workbench) -> None:
    assert done(bench) & TXQE


def test_no_txqe_for_a_tail_that_adds_nothing(bench: Workbench) -> None:
    """Inferred."""
    bench.write(R.TDT, bench.slot)
    bench.run()
    assert bench.causes & TXQE == 0


@pytest.mark.parametrize(("threshold", "given", "low"), [(2, 16, False), (2, 17, True), (2, 40, True), (1, 8, False)])
def test_txd_low_when_those_left_fall_to_eight_times_lwthresh(
    bench: Workbench, threshold: int, given: int, low: bool
) -> None:
    bench.write(R.TXDCTL, threshold << TXDCTL.LWTHRESH.lo)
    bench.give(*[encode_data(0, 0)] * given)
    assert bool(bench.causes & TXD_LOW) is low


def test_txd_low_with_lwthresh_0_when_none_is_left(bench: Workbench) -> None:
    assert done(bench) & TXD_LOW


def test_the_82544_has_no_txd_low() -> None:
    assert done(Workbench(model="82544ei")) & TXD_LOW == 0


# The ring, §3.4


def test_head_equal_to_tail_is_an_empty_ring(bench: Workbench) -> None:
    bench.lay(*[bench.data(frame(), **WHOLE)] * ENTRIES)
    bench.write(R.TDT, 0)
    assert bench.run() == []


def test_the_ring_wraps_from_its_last_entry_to_the_first() -> None:
    bench = Workbench(entries=8)
    for length in range(60, 90):
        assert bench.give(bench.data(frame(length), **WHOLE)) == [frame(length)]
    assert bench.read(R.TDH) == 30 % 8


def test_processing_starts_when_tctl_en_becomes_1_with_work_pending() -> None:
    bench = Workbench(tctl=PSP)
    assert bench.send(frame()) == []
    bench.write(R.TCTL, EN | PSP)
    assert bench.run() == [frame()]


@pytest.mark.parametrize("model", ["82540em", "82544ei"])
@given(head=st.integers(0, 0xFFFF), tail=st.integers(0, 0xFFFF), entries=st.sampled_from([0, 8, 16, 4096, 65528]))
def test_no_head_tail_or_length_makes_the_card_work_more_than_a_lap(
    model: str, head: int, tail: int, entries: int
) -> None:
    bench = RINGS[model]
    bench.write(R.TCTL, 0)
    bench.write(R.TDLEN, entries * 16)
    bench.write(R.TDH, head)
    bench.write(R.TDT, tail)
    before = bench.nic.core.recorder.tally[events.TX_DESCRIPTOR]
    bench.write(R.TCTL, EN)
    bench.run()
    assert bench.nic.core.recorder.tally[events.TX_DESCRIPTOR] - before <= entries
    if entries:
        assert bench.read(R.TDH) < entries or head == tail


RINGS = {model: Workbench(model=model) for model in ("82540em", "82544ei")}


def test_a_tail_beyond_the_ring_is_noted_and_gives_one_lap(bench: Workbench) -> None:
    bench.lay(*[bench.data(frame(), **WHOLE)] * ENTRIES)
    bench.write(R.TDT, ENTRIES + 5)
    assert len(bench.run()) == ENTRIES
    assert bench.happened(events.TX_RING_ODD) == [(0, ENTRIES + 5, ENTRIES)]
    assert bench.nic.deadline is None


def test_writing_tctl_while_enabled_starts_nothing(bench: Workbench) -> None:
    """Only a tail, or EN becoming 1, does: seen with a tail beyond the ring, which would give another lap."""
    bench.lay(*[bench.data(frame(), **WHOLE)] * ENTRIES)
    bench.write(R.TDT, ENTRIES + 5)
    bench.run()
    bench.write(R.TCTL, EN)
    assert bench.run() == []


def test_a_ring_of_no_length_does_nothing(bench: Workbench) -> None:
    bench.write(R.TDLEN, 0)
    assert bench.send(frame()) == []
    assert bench.nic.deadline is None


def test_a_descriptor_outside_memory_is_passed_over(bench: Workbench) -> None:
    bench.write(R.TDBAH, 1)
    assert bench.send(frame(), RS=1) == []
    assert bench.read(R.TDH) == 1
    assert bench.happened(events.TX_RING_OUTSIDE) == [(0, (1 << 32) + TX_RING, 0)]


def test_the_base_has_64_bits_and_ignores_its_low_four(bench: Workbench) -> None:
    """§13.4.36"""
    bench.write(R.TDBAL, TX_RING | 0xF)
    assert bench.read(R.TDBAL) == TX_RING
    assert bench.send(frame()) == [frame()]


def test_without_a_link_the_ring_waits(bench: Workbench) -> None:
    bench.nic.set_link(False)
    assert bench.send(frame()) == []
    assert bench.read(R.TDH) == 0
    bench.nic.set_link(True)
    assert bench.wait(5_000_000_000) == [frame()]


def test_software_moves_the_head_while_the_transmitter_is_off(bench: Workbench) -> None:
    """§13.4.39"""
    bench.lay(bench.data(frame(60), **WHOLE), bench.data(frame(70), **WHOLE))
    bench.write(R.TCTL, PSP)
    bench.write(R.TDH, 1)
    bench.write(R.TDT, 2)
    bench.write(R.TCTL, EN | PSP)
    assert bench.run() == [frame(70)]
