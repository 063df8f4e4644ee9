"""Do the shapes the card shares with the outside keep their promises? Guest memory and frames; ours, no chapter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.device.ports import NO_FRAMES, FlatMemory, Frames

RANGES = ((0, 16, 1), (32, 48, 0), (48, 64, 1))


def patchwork() -> FlatMemory:
    """Bytes 0 to 79 hold their own address; only RANGES may be touched, the middle one not written."""
    memory = FlatMemory(80)
    memory.data[:] = np.arange(80)
    memory.ranges = np.array(RANGES, np.int64)
    return memory


def inside(address: int, writable: int) -> bool:
    return any(start <= address < end and may >= writable for start, end, may in RANGES)


ADDRESSES = st.integers(0, 100) | st.sampled_from([1 << 32, (1 << 64) - 1])


@given(ADDRESSES, st.integers(0, 90))
def test_a_byte_outside_every_range_reads_all_ones(address: int, length: int) -> None:
    wanted = bytes(at if inside(at, 0) else 0xFF for at in range(address, address + length))
    assert patchwork().read(address, length) == wanted


@given(ADDRESSES, st.binary(max_size=90))
def test_only_bytes_in_a_writable_range_are_written(address: int, data: bytes) -> None:
    memory = patchwork()
    memory.write(address, data)
    for at in range(80):
        written = address <= at < address + len(data) and inside(at, 1)
        assert memory.data[at] == (data[at - address] if written else at)


def test_flat_memory_is_one_writable_range_of_zeros() -> None:
    memory = FlatMemory(100)
    assert memory.ranges.tolist() == [[0, 100, 1]]
    assert memory.read(0, 101) == bytes(100) + b"\xff"


@given(st.lists(st.binary(max_size=100), max_size=10))
def test_frames_give_back_what_they_were_made_of(frames: list[bytes]) -> None:
    made = Frames.of(frames)
    assert len(made) == len(frames)
    assert [bytes(frame) for frame in made] == frames


@given(st.lists(st.binary(max_size=100), max_size=10))
def test_the_stream_is_each_frame_behind_its_length(frames: list[bytes]) -> None:
    wanted = b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames)
    assert bytes(Frames.of(frames).stream()) == wanted


@given(st.lists(st.binary(max_size=100), min_size=1, max_size=10), st.data())
def test_the_stream_of_a_part_holds_that_part_only(frames: list[bytes], data: st.DataObject) -> None:
    """What was drained before is not sent again."""
    begin = data.draw(st.integers(0, len(frames)))
    made = Frames.of(frames)
    part = Frames(made.arena, made.bounds[begin:])
    assert bytes(part.stream()) == bytes(Frames.of(frames[begin:]).stream())


@pytest.mark.parametrize("frames", [NO_FRAMES, Frames.of([])])
def test_no_frames_are_falsy_and_have_an_empty_stream(frames: Frames) -> None:
    assert not frames
    assert list(frames) == []
    assert bytes(frames.stream()) == b""
