"""Does a slice hold all rows of its frame, and only those? Records of real runs, cut apart."""

from __future__ import annotations

import pytest

from glassnic.spec import events
from glassnic.spec.fields import RCTL
from glassnic.xray.arrivals import Arrivals
from glassnic.xray.trace import Tracer
from recorded import SUMS, UDP_CONTEXT, datagram, segmentation, send, slices
from workbench import MAC, Workbench, frame

pytestmark = pytest.mark.kernel


def kinds(rows: tuple[tuple[int, int, int, int], ...]) -> list[int]:
    return [row[0] for row in rows]


def test_a_slice_begins_with_the_context_and_the_turn_that_loaded_it() -> None:
    bench = Workbench()
    bench.load(**UDP_CONTEXT)
    bench.now_ns = 5000
    bench.send(datagram(), **SUMS)
    (piece,) = slices(bench)
    assert kinds(piece.rows) == [
        events.RESET, events.TURN, events.TX_CONTEXT,
        events.TURN, events.TX_DESCRIPTOR, events.TX_SUM, events.TX_SUM, events.TX_FRAME,
    ]  # fmt: skip
    assert [row[1] for row in piece.rows if row[0] == events.TURN] == [0, 5000]


def test_every_segment_has_the_descriptors_and_its_own_sums_only() -> None:
    bench = Workbench()
    bench.load(**segmentation(250))
    packet = send(250)
    bench.give(bench.data(packet[:54], TSE=1, IFCS=1, **SUMS), bench.data(packet[54:], TSE=1, EOP=1, IFCS=1))
    pieces = slices(bench)
    assert len(pieces) == len(bench.frames) == 3
    for number, piece in enumerate(pieces):
        assert kinds(piece.rows).count(events.TX_DESCRIPTOR) == 2
        assert kinds(piece.rows).count(events.TX_SUM) == 2
        assert piece.rows[-1][1] == number


def test_a_packet_that_asks_for_nothing_uses_no_context() -> None:
    bench = Workbench()
    bench.load(**UDP_CONTEXT)
    bench.send(frame())
    (piece,) = slices(bench)
    assert events.TX_CONTEXT not in kinds(piece.rows)


@pytest.mark.parametrize("profile", ["manual", "one-context"])
def test_the_last_load_of_either_kind_is_told_the_latest_last(profile: str) -> None:
    bench = Workbench(profile=profile)
    bench.load(**segmentation(250))
    bench.load(**UDP_CONTEXT)
    bench.load(**segmentation(300))
    bench.send(datagram(), **SUMS)
    (piece,) = slices(bench)
    assert [row[1] for row in piece.rows if row[0] == events.TX_CONTEXT] == [1, 2]


def test_a_reset_makes_the_contexts_void_and_they_stand_before_it() -> None:
    bench = Workbench()
    bench.load(**UDP_CONTEXT)
    bench.reset()
    bench.open_transmit()
    bench.send(datagram(), **SUMS)
    (piece,) = slices(bench)
    assert kinds(piece.rows)[:3] == [events.TURN, events.TX_CONTEXT, events.RESET]
    assert kinds(piece.rows).count(events.TX_CONTEXT) == 1
    assert events.TX_UNLOADED in kinds(piece.rows)


def test_what_kept_a_packet_from_leaving_is_told_with_the_next_frame() -> None:
    bench = Workbench()
    bench.send(frame(16384))
    bench.send(frame())
    bench.send(frame())
    first, second = slices(bench)
    assert kinds(first.loose) == [events.TX_TOO_LONG]
    assert second.loose == ()


def test_a_packet_without_end_keeps_its_slice_bounded() -> None:
    rows = [(events.TX_DESCRIPTOR, place, 0, 1 << 29) for place in range(10_000)]
    (piece,) = Tracer().follow([*rows, (events.TX_FRAME, 0, 60, 2)])
    assert len(piece.rows) < 100
    assert [row[1] for row in piece.rows[1:4]] == [0, 1, 2]
    assert piece.rows[-2][1] == 9_999


def test_the_run_of_rows_may_be_cut_anywhere() -> None:
    bench = Workbench()
    bench.load(**segmentation(250))
    bench.send(send(250), TSE=1, **SUMS)
    bench.send(datagram(), **SUMS)
    rows, tracer = bench.nic.core.recorder.history().tolist(), Tracer()
    assert [piece for row in rows for piece in tracer.follow([row])] == slices(bench)


def test_each_arrival_ends_with_what_became_of_it() -> None:
    bench = Workbench()
    bench.open_receive(RCTL.EN.mask | RCTL.SECRC.mask)
    before = bench.nic.core.recorder.total
    bench.nic.receive([frame(60, MAC), frame(60), frame(4000, MAC)])
    pieces = [piece for _, piece in Arrivals().follow(bench.nic.core.recorder.since(before).tolist())]
    assert [piece.rows[-1][0] for piece in pieces] == [events.RX_FRAME, events.RX_FILTERED, events.RX_BAD]
