"""Can others read the capture while it grows? dpkt is the second reader."""

from __future__ import annotations

import os
import resource
import signal
from decimal import Decimal
from pathlib import Path

import dpkt
import pytest

from backends.far import numbered
from glassnic.backends import BackendError, open_backend
from glassnic.backends.pcap import Pcap
from glassnic.device.ports import Frames


def seen(path: Path) -> list[tuple[Decimal, bytes]]:
    with path.open("rb") as file:
        reader = dpkt.pcap.Reader(file)
        assert reader.datalink() == dpkt.pcap.DLT_EN10MB
        return [(Decimal(when), data) for when, data in reader]


def test_another_reader_finds_every_frame_with_its_nanoseconds(tmp_path: Path) -> None:
    times = iter([1_700_000_000_123_456_789, 1_700_000_001_000_000_001])
    backend = Pcap(str(tmp_path / "a.pcap"), lambda: next(times))
    first, second = numbered(3), numbered(1, 9014)
    backend.send(Frames.of(first))
    assert [data for _, data in seen(tmp_path / "a.pcap")] == first, "the file is readable while it grows"
    backend.send(Frames.of(second))
    backend.close()
    assert [data for _, data in seen(tmp_path / "a.pcap")] == first + second
    assert {str(when) for when, _ in seen(tmp_path / "a.pcap")} == {"1700000000.123456789", "1700000001.000000001"}


def test_an_empty_capture_is_a_capture(tmp_path: Path) -> None:
    Pcap(str(tmp_path / "a.pcap")).close()
    assert seen(tmp_path / "a.pcap") == []


def test_an_old_capture_of_that_name_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(b"old" * 100)
    Pcap(str(path)).close()
    assert seen(path) == []


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"cannot write .*No such file or directory; choose a file"):
        open_backend(f"pcap:{tmp_path}/nowhere/a.pcap")
    with pytest.raises(BackendError, match="Is a directory"):
        open_backend(f"pcap:{tmp_path}")


def test_what_could_block_the_card_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    for path in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(BackendError, match="no regular file"):
            open_backend(f"pcap:{path}")
    os.close(reader)


def test_a_disk_that_is_full_is_one_sentence_and_the_frames_count(tmp_path: Path) -> None:
    backend = Pcap(str(tmp_path / "a.pcap"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(BackendError, match="the capture ends here"):
            backend.send(Frames.of(numbered(5)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert backend.dropped == 5
    backend.close()
