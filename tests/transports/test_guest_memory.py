"""Does guest memory that arrives in pieces become one span, and nothing beyond it touchable? (DMA_MAP, DMA_UNMAP.)"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.transports.errors import HangupError, ProtocolError
from glassnic.transports.guest_memory import MAX_PIECES, PAGE_BYTES, SharedMemory

MIB = 1 << 20


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    memory = SharedMemory()
    yield memory
    memory.clear()


@pytest.fixture
def ram() -> Iterator[int]:
    """A file of one MiB, each page filled with its number."""
    fd = os.memfd_create("ram")
    os.write(fd, b"".join(bytes([page]) * PAGE_BYTES for page in range(MIB // PAGE_BYTES)))
    yield fd
    os.close(fd)


def refused(memory: SharedMemory, *piece: int | None, writable: bool = True) -> int:
    """The errno with which a mapping is refused."""
    with pytest.raises(ProtocolError) as error:
        memory.map(*piece, writable=writable)  # type: ignore[arg-type]
    assert str(error.value)
    return error.value.errno


def test_a_piece_is_found_at_its_guest_address(memory: SharedMemory, ram: int) -> None:
    memory.map(0x1_0000_0000, MIB, ram, 0, writable=True)
    assert memory.read(0x1_0000_0FFF, 2) == b"\x00\x01"
    assert memory.data[0x1_0000_2000] == 2
    memory.write(0x1_0000_0000, b"card")
    assert os.pread(ram, 4, 0) == b"card"


def test_a_piece_starts_where_in_its_file_it_is_told_to(memory: SharedMemory, ram: int) -> None:
    memory.map(0x10_0000, 4 * PAGE_BYTES, ram, 8 * PAGE_BYTES, writable=True)
    assert memory.read(0x10_0000, 1) == b"\x08"


def test_the_file_may_be_closed_once_mapped(memory: SharedMemory) -> None:
    fd = os.memfd_create("ram")
    os.ftruncate(fd, MIB)
    memory.map(0, MIB, fd, 0, writable=True)
    os.close(fd)
    memory.write(5, b"kept")
    assert memory.read(5, 4) == b"kept"


def test_ranges_are_sorted_and_neighbours_alike_are_one(memory: SharedMemory, ram: int) -> None:
    page = PAGE_BYTES
    memory.map(4 * page, page, ram, 0, writable=True)
    memory.map(8 * page, page, ram, 0, writable=True)
    memory.map(5 * page, page, ram, 0, writable=True)
    memory.map(6 * page, page, ram, 0, writable=False)
    assert memory.ranges.tolist() == [[4 * page, 6 * page, 1], [6 * page, 7 * page, 0], [8 * page, 9 * page, 1]]
    assert memory.ranges.dtype == np.int64


def test_without_memory_the_ranges_are_an_empty_table(memory: SharedMemory) -> None:
    assert memory.ranges.shape == (0, 3)


def test_outside_every_range_reads_are_all_ones_and_writes_go_nowhere(memory: SharedMemory, ram: int) -> None:
    memory.map(PAGE_BYTES, PAGE_BYTES, ram, 0, writable=True)
    assert memory.read(PAGE_BYTES - 2, 4) == b"\xff\xff\x00\x00"
    memory.write(2 * PAGE_BYTES - 1, b"ab")
    assert memory.read(2 * PAGE_BYTES - 1, 2) == b"a\xff"


def test_read_only_memory_is_not_written(memory: SharedMemory, ram: int) -> None:
    memory.map(0, PAGE_BYTES, ram, PAGE_BYTES, writable=False)
    memory.write(0, b"xxxx")
    assert memory.read(0, 4) == b"\x01" * 4


def test_a_rom_without_a_file_is_left_out_and_can_be_unmapped(memory: SharedMemory) -> None:
    memory.map(0xC0000, 0x20000, None, 0, writable=False)
    assert memory.ranges.shape == (0, 3)
    assert memory.read(0xC0000, 2) == b"\xff\xff"
    memory.unmap(0xC0000, 0x20000)


def test_ram_that_is_not_shared_ends_it_with_the_sentence_that_names_share_on(memory: SharedMemory) -> None:
    with pytest.raises(HangupError, match="share=on"):
        memory.map(0, MIB, None, 0, writable=True)


def test_an_unmapped_piece_is_gone_and_its_place_free_again(memory: SharedMemory, ram: int) -> None:
    memory.map(0, MIB, ram, 0, writable=True)
    memory.unmap(0, MIB)
    assert memory.ranges.shape == (0, 3)
    memory.map(0, PAGE_BYTES, ram, PAGE_BYTES, writable=True)
    assert memory.read(0, 1) == b"\x01"


def test_one_unmap_may_take_several_pieces(memory: SharedMemory, ram: int) -> None:
    for page in range(4):
        memory.map(page * PAGE_BYTES, PAGE_BYTES, ram, 0, writable=bool(page % 2))
    memory.unmap(PAGE_BYTES, 2 * PAGE_BYTES)
    assert memory.ranges.tolist() == [[0, PAGE_BYTES, 0], [3 * PAGE_BYTES, 4 * PAGE_BYTES, 1]]


def test_unmapping_what_is_not_there_is_refused(memory: SharedMemory) -> None:
    with pytest.raises(ProtocolError) as error:
        memory.unmap(0, PAGE_BYTES)
    assert error.value.errno == errno.ENOENT


def test_unmapping_half_a_piece_is_refused_and_changes_nothing(memory: SharedMemory, ram: int) -> None:
    memory.map(0, 2 * PAGE_BYTES, ram, 0, writable=True)
    with pytest.raises(ProtocolError):
        memory.unmap(0, PAGE_BYTES)
    assert memory.ranges.tolist() == [[0, 2 * PAGE_BYTES, 1]]


def test_overlapping_pieces_are_refused(memory: SharedMemory, ram: int) -> None:
    memory.map(PAGE_BYTES, 2 * PAGE_BYTES, ram, 0, writable=True)
    assert refused(memory, 2 * PAGE_BYTES, PAGE_BYTES, ram, 0) == errno.EEXIST
    assert refused(memory, 0, 4 * PAGE_BYTES, ram, 0) == errno.EEXIST


@pytest.mark.parametrize(
    ("address", "size", "offset"), [(1, 4096, 0), (0, 100, 0), (0, 0, 0), (0, 4096, 100), (4095, 4097, 0)]
)
def test_what_is_not_in_whole_pages_is_refused(
    memory: SharedMemory, ram: int, address: int, size: int, offset: int
) -> None:
    assert refused(memory, address, size, ram, offset) == errno.EINVAL


@pytest.mark.parametrize("address", [1 << 40, (1 << 64) - PAGE_BYTES, 1 << 63])
def test_addresses_beyond_the_span_are_refused(memory: SharedMemory, ram: int, address: int) -> None:
    assert refused(memory, address, PAGE_BYTES, ram, 0) == errno.ERANGE


@pytest.mark.parametrize(("size", "offset"), [(2 * MIB, 0), (PAGE_BYTES, MIB), (PAGE_BYTES, 1 << 62)])
def test_a_file_too_short_for_its_piece_is_refused(memory: SharedMemory, ram: int, size: int, offset: int) -> None:
    """Touching it beyond its end would kill the process."""
    assert refused(memory, 0, size, ram, offset) == errno.EINVAL
    assert memory.ranges.shape == (0, 3)


def test_what_is_not_a_file_is_refused(memory: SharedMemory) -> None:
    reader, writer = os.pipe()
    assert refused(memory, 0, PAGE_BYTES, reader, 0) == errno.EINVAL
    os.close(reader)
    os.close(writer)


def test_a_file_that_may_not_be_written_is_refused_as_ram(memory: SharedMemory, ram: int) -> None:
    read_only = os.open(f"/proc/self/fd/{ram}", os.O_RDONLY)
    assert refused(memory, 0, PAGE_BYTES, read_only, 0) == errno.EACCES
    os.close(read_only)
    assert memory.ranges.shape == (0, 3)


def test_there_is_a_limit_to_the_number_of_pieces(memory: SharedMemory) -> None:
    for page in range(MAX_PIECES):
        memory.map(2 * page * PAGE_BYTES, PAGE_BYTES, None, 0, writable=False)
    assert refused(memory, 1 << 39, PAGE_BYTES, None, 0, writable=False) == errno.ENOSPC


def test_clearing_takes_everything(memory: SharedMemory, ram: int) -> None:
    memory.map(0, MIB, ram, 0, writable=True)
    memory.map(0xC000_0000, PAGE_BYTES, None, 0, writable=False)
    memory.clear()
    assert memory.ranges.shape == (0, 3)
    memory.map(0, MIB, ram, 0, writable=True)


def test_what_is_not_mapped_cannot_be_touched_at_all() -> None:
    """The engine checks its bounds; should it ever err, the process dies rather than read what is not the guest's."""
    program = (
        "from glassnic.transports.guest_memory import SharedMemory\n"
        "memory = SharedMemory()\n"
        "print('reserved', flush=True)\n"
        "memory.data[4096]\n"
        "print('touched')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["reserved"]
    assert done.returncode < 0


@pytest.mark.parametrize(("limit_gib", "said"), [(100, "0x1000000000"), (3, "ulimit -v")])
def test_where_address_space_is_limited_the_span_is_smaller_or_a_sentence(limit_gib: int, said: str) -> None:
    program = (
        "import resource\n"
        "from glassnic.transports.guest_memory import SharedMemory\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({limit_gib} << 30, {limit_gib} << 30))\n"
        "print(hex(SharedMemory().span_bytes))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert said in done.stdout + done.stderr


def test_the_span_is_given_back_with_its_last_view() -> None:
    """Many cards come and go in one process."""
    program = (
        "from glassnic.transports.guest_memory import SharedMemory\n"
        "views = []\n"
        "for _ in range(300):\n"  # 300 TiB: twice what a process can address
        "    views = [SharedMemory().data[:4096]]\n"
        "print('done')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["done"], done.stderr


PAGES = 12
MOVES = st.lists(st.tuples(st.booleans(), st.integers(0, PAGES - 1), st.integers(1, 4), st.booleans()), max_size=25)


@given(MOVES)
def test_after_any_maps_and_unmaps_the_ranges_say_exactly_what_is_mapped(
    moves: list[tuple[bool, int, int, bool]],
) -> None:
    memory = SharedMemory()
    fd = os.memfd_create("ram")
    os.ftruncate(fd, 4 * PAGE_BYTES)
    pieces: dict[int, tuple[int, bool]] = {}  # first page: pages, writable
    for mapping, start, count, writable in moves:
        touched = [first for first, (pages, _) in pieces.items() if first < start + count and start < first + pages]
        cut = any(first < start or first + pieces[first][0] > start + count for first in touched)
        try:
            if mapping:
                memory.map(start * PAGE_BYTES, count * PAGE_BYTES, fd, 0, writable=writable)
                assert not touched
                pieces[start] = (count, writable)
            else:
                memory.unmap(start * PAGE_BYTES, count * PAGE_BYTES)
                assert touched
                assert not cut
                for first in touched:
                    del pieces[first]
        except ProtocolError:
            assert touched if mapping else cut or not touched
    mapped = {page: pieces[first][1] for first in pieces for page in range(first, first + pieces[first][0])}
    told = {
        page: bool(writable)
        for start, end, writable in memory.ranges.tolist()
        for page in range(start // PAGE_BYTES, end // PAGE_BYTES)
    }
    assert told == mapped
    assert all((memory.read(page * PAGE_BYTES, 1) == b"\0") == (page in mapped) for page in range(PAGES + 4))
    os.close(fd)
