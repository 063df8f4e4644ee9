"""Does each middleware have its one vice and no other?"""

from __future__ import annotations

from pathlib import Path

import dpkt
import pytest

from backends.far import numbered, octets
from glassnic.backends.loopback import Loopback
from glassnic.backends.middleware import MOST_DELAYED, Corrupt, Delay, Drop, Middleware, Tee, Whole
from glassnic.backends.pcap import Pcap
from glassnic.device.ports import VNET_LEAD, Frames
from glassnic.wire import tcp
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.tcp import Tcp

FRAMES = numbered(200)


def drained(backend: Middleware) -> list[bytes]:
    frames: list[bytes] = []
    while backend.pending:
        frames += octets(backend.receive())
    return frames


def test_a_middleware_without_a_vice_changes_nothing() -> None:
    backend = Middleware(Loopback())
    backend.send(Frames.of(FRAMES))
    assert (backend.fileno(), backend.blocked, backend.pending, backend.dropped) == (-1, False, True, 0)
    backend.flush()
    assert drained(backend) == FRAMES
    backend.close()


def test_a_tee_writes_both_ways(tmp_path: Path) -> None:
    backend = Tee(Loopback(), Pcap(str(tmp_path / "a.pcap")))
    backend.send(Frames.of(FRAMES[:3]))
    assert drained(backend) == FRAMES[:3]
    backend.close()
    with (tmp_path / "a.pcap").open("rb") as file:
        assert [data for _, data in dpkt.pcap.Reader(file)] == FRAMES[:3] * 2


def test_a_dropper_loses_its_share_counts_it_and_keeps_the_order() -> None:
    backend = Drop(Loopback(), 0.25)
    backend.send(Frames.of(FRAMES))
    left = drained(backend)
    assert 60 < len(left) < 170
    assert left == [frame for frame in FRAMES if frame in left]
    assert backend.dropped == len(FRAMES) - len(left)


def test_the_same_seed_loses_the_same_frames() -> None:
    runs = []
    for _ in range(2):
        backend = Drop(Loopback(), 0.5, seed=7)
        backend.send(Frames.of(FRAMES))
        runs.append(drained(backend))
    assert runs[0] == runs[1] != FRAMES


def test_a_corrupter_flips_one_bit_a_time() -> None:
    backend = Corrupt(Loopback(), 1.0)
    backend.send(Frames.of(FRAMES))
    for before, after in zip(FRAMES, drained(backend), strict=True):
        assert len(before) == len(after)
        flipped = (int.from_bytes(before, "big") ^ int.from_bytes(after, "big")).bit_count()
        assert flipped in (0, 2), "one bit on the way out and one on the way back, maybe the same"


def test_a_delay_gives_frames_when_their_time_has_come() -> None:
    now_ns = 0
    backend = Delay(Loopback(), 100, lambda: now_ns)
    backend.send(Frames.of(FRAMES[:2]))
    assert octets(backend.receive()) == []
    assert (backend.pending, backend.deadline) == (False, 100)
    now_ns = 99
    assert octets(backend.receive()) == []
    now_ns = 100
    assert backend.pending
    assert octets(backend.receive(1)) == FRAMES[:1]
    assert octets(backend.receive()) == FRAMES[1:2]
    assert (backend.pending, backend.deadline) == (False, None)


def test_a_slow_way_holds_so_many_frames_and_loses_more() -> None:
    backend = Delay(Loopback(), 100, lambda: 0)
    backend.send(Frames.of(FRAMES * 21))
    while backend.inner.pending:
        assert octets(backend.receive()) == []
    assert backend.dropped == len(FRAMES) * 21 - MOST_DELAYED


def test_the_next_so_many_frames_are_hit_and_no_more() -> None:
    backend = Drop(Loopback())
    backend.chance.count = 3
    backend.send(Frames.of(FRAMES))
    assert drained(backend) == FRAMES[3:]
    assert backend.dropped == 3


class Vnet(Loopback):
    """What leaves comes back, each frame with the virtio-net header before it, as a TAP has it."""

    lead = VNET_LEAD

    def __init__(self) -> None:
        super().__init__()
        self.packets: list[bytes] = []

    def send(self, frames: Frames) -> None:
        self.packets += map(bytes, frames.with_lead())

    def receive(self, limit: int = 64) -> Frames:
        packets, self.packets = self.packets, []
        return Frames.joined(packets, VNET_LEAD)


def test_vices_leave_the_headers_of_a_tap_alone() -> None:
    inner = Vnet()
    backend = Drop(Corrupt(inner, 1.0))
    backend.chance.count = 1
    assert backend.lead == VNET_LEAD
    backend.send(Frames.of(FRAMES, VNET_LEAD))
    assert len(inner.packets) == len(FRAMES) - 1
    backend.chance.count = 1
    left = octets(backend.receive())
    assert len(left) == len(FRAMES) - 2
    assert {packet[:VNET_LEAD] for packet in left} == {bytes(VNET_LEAD)}


@pytest.mark.kernel
def test_a_packet_that_comes_whole_is_cut_before_anything_happens_to_it() -> None:
    payload = bytes(range(256)) * 10
    headers = bytes.fromhex("525400123456 525400aaaaaa 0800")
    headers += Ipv4(bytes(4), bytes(4), tcp.PROTOCOL, Tcp(1, 2, 3, 4, tcp.ACK, 5, payload=payload).encode()).encode()
    inner = Vnet()
    inner.packets = [bytes([1, 1, 54, 0, 232, 3, 34, 0, 16, 0]) + headers, bytes(VNET_LEAD) + FRAMES[0]]
    frames = octets(Whole(inner).receive())
    assert [len(frame) - VNET_LEAD for frame in frames] == [1054, 1054, 614, len(FRAMES[0])]
    assert b"".join(frame[VNET_LEAD + 54 :] for frame in frames[:3]) == payload
    assert {frame[:VNET_LEAD] for frame in frames} == {bytes(VNET_LEAD)}


def test_what_has_no_header_passes_as_it_is() -> None:
    backend = Whole(Loopback())
    backend.send(Frames.of(FRAMES[:3]))
    assert drained(backend) == FRAMES[:3]
