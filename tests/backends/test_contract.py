"""Does every backend keep the promises of the port? The same cases for all that have a far side, each with a real
one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from backends.far import PAIRS, TWO_WAY, WAITING, Pair, collect, numbered, octets, private_network
from glassnic.backends import Backend, open_backend
from glassnic.device.ports import NO_FRAMES, Frames


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    with private_network() if request.param == "tap" else nullcontext():
        made = PAIRS[request.param](tmp_path)
        yield made
        made.far.close()
        made.backend.close()


@pytest.fixture(params=["host", "loopback", "null", "pcap:{}/a", "stream-listen:{}/b", "dgram:{}/c,{}/d"])
def alone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """Each kind that opens without somebody at the other end."""
    backend = open_backend(request.param.replace("{}", str(tmp_path)))
    yield backend
    backend.close()


def test_frames_leave_whole_and_in_order(pair: Pair) -> None:
    frames = [frame for size in (60, 61, 1514, 9014) for frame in numbered(3, size)]
    for frame in frames:
        pair.backend.send(Frames.of([frame]))
        assert pair.far.take(1) == [frame]
    assert pair.backend.dropped == 0


def test_a_run_leaves_in_order(pair: Pair) -> None:
    frames = numbered(8)
    pair.backend.send(Frames.of(frames))
    assert pair.far.take(8) == frames


def test_frames_come_whole_and_in_order(pair: Pair) -> None:
    for size in (60, 61, 1514, 9014):
        frames = numbered(3, size)
        pair.far.give(frames)
        assert collect(pair.backend, 3) == frames
    assert pair.backend.dropped == 0


def test_no_more_frames_come_than_the_limit_and_the_rest_stays(pair: Pair) -> None:
    frames = numbered(7)
    pair.far.give(frames)
    received = collect(pair.backend, 3, limit=3)
    assert received == frames[:3]
    assert received + collect(pair.backend, 4, limit=1) == frames


def test_a_short_frame_comes_as_short_as_it_was_given_for_the_card_to_pad(pair: Pair) -> None:
    pair.far.give(numbered(1, 42))
    assert collect(pair.backend, 1) == numbered(1, 42)


def fill(pair: Pair, size: int = 1020, count: int = 64) -> list[bytes]:
    """Send runs until the backend is blocked; overwrite each run's arena after its send, as the engine does."""
    sent: list[bytes] = []
    while not pair.backend.blocked:
        frames = numbered(count, size, len(sent))
        run = Frames.of(frames)
        run = Frames(run.arena.copy(), run.bounds)
        pair.backend.send(run)
        run.arena[:] = np.uint8(0xEE)
        sent += frames
        assert len(sent) < 100_000
    return sent


@pytest.mark.parametrize("pair", WAITING, indirect=True)
def test_nothing_is_lost_or_reordered_when_the_far_side_is_slow(pair: Pair) -> None:
    sent = fill(pair)
    more = numbered(5, 1020, len(sent))
    taken = pair.far.take(len(sent) // 3)  # there is room again, but what waits comes first
    pair.backend.send(Frames.of(more))
    while len(taken) < len(sent + more):
        taken += pair.far.take(1)
        pair.backend.flush()
    assert taken == sent + more
    assert not pair.backend.blocked
    assert pair.backend.dropped == 0


@pytest.mark.parametrize("pair", TWO_WAY, indirect=True)
def test_a_blocked_backend_still_receives(pair: Pair) -> None:
    fill(pair)
    pair.far.give(numbered(2))
    assert collect(pair.backend, 2) == numbered(2)


@pytest.mark.parametrize("pair", TWO_WAY, indirect=True)
@pytest.mark.parametrize(("size", "count"), [(1020, 64), (60, 8192), (77, 8192)], ids=["amid", "between", "almost"])
def test_a_blocked_backend_that_is_closed_counts_what_it_drops(pair: Pair, size: int, count: int) -> None:
    """Linux takes 219,264 bytes at once: with these sizes it stops amid a frame, between two, or just before an end."""
    sent = fill(pair, size, count)
    pair.backend.close()
    dropped = pair.backend.dropped
    assert 0 < dropped < len(sent)
    assert pair.far.rest() == sent[: len(sent) - dropped]


def test_an_idle_backend_gives_nothing_and_waits_for_nothing(pair: Pair) -> None:
    assert collect(pair.backend, 0) == []
    assert not pair.backend.pending
    assert not pair.backend.blocked
    pair.backend.flush()


def test_a_backend_alone_gives_nothing_and_waits_for_nothing(alone: Backend) -> None:
    assert octets(alone.receive()) == []
    alone.send(NO_FRAMES)
    alone.flush()
    assert (alone.pending, alone.blocked, alone.dropped) == (False, False, 0)


def test_closing_twice_is_closing_once(alone: Backend) -> None:
    alone.close()
    alone.close()


def test_closing_a_pair_twice_is_closing_once(pair: Pair) -> None:
    pair.backend.close()
    pair.backend.close()
