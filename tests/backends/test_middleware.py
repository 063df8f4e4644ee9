"""Does each middleware have its one vice and no other?"""

from __future__ import annotations

from pathlib import Path

import dpkt

from backends.far import numbered
from glassnic.backends.loopback import Loopback
from glassnic.backends.middleware import Corrupt, Delay, Drop, Middleware, Tee
from glassnic.backends.pcap import Pcap
from glassnic.device.ports import Frames

FRAMES = numbered(200)


def drained(backend: Middleware) -> list[bytes]:
    frames: list[bytes] = []
    while backend.pending:
        frames += backend.receive()
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
    assert backend.receive() == []
    assert backend.pending
    now_ns = 99
    assert backend.receive() == []
    now_ns = 100
    assert backend.receive(1) == FRAMES[:1]
    assert backend.receive() == FRAMES[1:2]
    assert not backend.pending
