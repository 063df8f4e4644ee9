"""Where does a capture go, and what if it cannot? Files that follow one another, pipes that are slow or left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from glassnic.xray.pcapng import CaptureError
from glassnic.xray.sink import MOST_WAITING_BYTES, Sink, Target, target


def test_a_target_is_a_file_with_size_and_number() -> None:
    assert target("a.pcapng") == Target(Path("a.pcapng"))
    assert target("a.pcapng,size=64M,files=10") == Target(Path("a.pcapng"), 64 << 20, 10)


@pytest.mark.parametrize("text", ["", ",size=1M", "a,size=0", "a,size=big", "a,files=3", "a,size=1K,files=2K", "a,b"])
def test_a_target_that_makes_no_sense_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CaptureError, match="size=64M"):
        target(text)


def test_what_is_written_can_be_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_bytes(b"old" * 100)
    sink = Sink(Target(path), b"HEAD")
    assert path.read_bytes() == b"HEAD"
    assert sink.write(b"block")
    assert path.read_bytes() == b"HEADblock"
    sink.close()


def test_files_of_a_size_follow_one_another_each_with_its_head(tmp_path: Path) -> None:
    sink = Sink(Target(tmp_path / "c.pcapng", 20, 2), b"HEAD")
    for number in range(5):
        place = sink.write(b"%06d" % number * 2)
        assert place == (tmp_path / f"c_{number + 1:05d}.pcapng", 1)
    sink.close()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "c_00004.pcapng": b"HEAD000003000003",
        "c_00005.pcapng": b"HEAD000004000004",
    }


def test_a_block_larger_than_a_file_may_be_is_written_all_the_same(tmp_path: Path) -> None:
    sink = Sink(Target(tmp_path / "c", 10), b"HEAD")
    sink.write(b"x" * 100)
    sink.close()
    assert (tmp_path / "c_00001").read_bytes() == b"HEAD" + b"x" * 100


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file"):
        Sink(Target(tmp_path / "no" / "c"), b"")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_a_pipe_that_nobody_reads_is_refused_with_what_to_do(pipe: Path) -> None:
    with pytest.raises(CaptureError, match="start Wireshark"):
        Sink(Target(pipe), b"HEAD")


def test_a_slow_reader_gets_whole_blocks_and_what_is_left_out_is_counted(pipe: Path) -> None:
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    sink = Sink(Target(pipe), b"HEAD")
    block = b"0123456789abcdef" * 64
    taken = sum(sink.write(block) is not None for _ in range(2 * MOST_WAITING_BYTES // len(block)))
    assert 0 < sink.dropped == 2 * MOST_WAITING_BYTES // len(block) - taken
    found = b""
    while len(found) < 4 + taken * len(block):
        found += os.read(reader, 1 << 16)
        sink.flush()
    assert found == b"HEAD" + block * taken
    sink.close()
    os.close(reader)


def test_a_reader_that_leaves_ends_the_capture_with_a_sentence(pipe: Path) -> None:
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    sink = Sink(Target(pipe), b"HEAD")
    os.close(reader)
    with pytest.raises(CaptureError, match="nobody reads it any more"):
        sink.write(b"block")
    sink.close()
