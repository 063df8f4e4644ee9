"""Does the archive say what was put into it? Read back by a small reader of the newc form written for these tests."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.lab.cpio import Archive

NAMES = st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5}){0,3}", fullmatch=True)


class Entry(NamedTuple):
    mode: int
    data: bytes
    device: tuple[int, int]


def entries(archive: bytes) -> dict[str, Entry]:
    """Every entry by name, in order; the trailer must end the archive, and everything lies on four bytes."""
    found: dict[str, Entry] = {}
    at = 0
    while True:
        assert archive[at : at + 6] == b"070701"
        field = [int(archive[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        name_end = at + 110 + field[11]
        assert archive[name_end - 1] == 0
        name = archive[at + 110 : name_end - 1].decode()
        begin = (name_end + 3) & ~3
        if name == "TRAILER!!!":
            assert begin == len(archive)
            return found
        found[name] = Entry(field[1], archive[begin : begin + field[6]], (field[9], field[10]))
        at = (begin + field[6] + 3) & ~3


def written(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    archive = Archive(out)
    for name, data in files.items():
        archive.file(name, data)
    archive.close()
    return out.getvalue()


@given(st.dictionaries(NAMES, st.binary(max_size=50), max_size=6))
def test_every_file_comes_back_with_its_bytes_below_its_folders(files: dict[str, bytes]) -> None:
    folders = {str(parent) for name in files for parent in Path(name).parents} - {"."}
    files = {name: data for name, data in files.items() if name not in folders}
    found = entries(written(files))
    assert {name: entry.data for name, entry in found.items() if stat.S_ISREG(entry.mode)} == files
    order = list(found)
    for name in files:
        for parent in Path(name).parents:
            assert str(parent) == "." or order.index(str(parent)) < order.index(name)


def test_links_nodes_and_modes_come_back(tmp_path: Path) -> None:
    out = io.BytesIO()
    archive = Archive(out)
    archive.device("dev/console", 5, 1)
    archive.link("sbin", "bin")
    program = tmp_path / "program"
    program.write_bytes(b"#!")
    program.chmod(0o750)
    archive.copy("bin/program", program)
    archive.close()
    found = entries(out.getvalue())
    assert found["dev/console"].device == (5, 1)
    assert stat.S_ISCHR(found["dev/console"].mode)
    assert (found["sbin"].data, stat.S_ISLNK(found["sbin"].mode)) == (b"bin", True)
    assert stat.S_IMODE(found["bin/program"].mode) == 0o750


def test_a_name_goes_in_only_once() -> None:
    archive = Archive(io.BytesIO())
    archive.file("init", b"")
    with pytest.raises(ValueError, match="init is in the archive already"):
        archive.file("init", b"other")
