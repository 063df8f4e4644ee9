"""Is the cache kept where people say, and whole or not at all? No test here reaches a network."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from glassnic.lab import fetch as fetching
from glassnic.lab.errors import LabError
from glassnic.lab.fetch import GUEST, QEMU, Tree, cache_folder, fetch

NOTHING = Tree("nothing", ("no-such-suite",), ("no-such-package",))


def console() -> Console:
    return Console(file=io.StringIO())


def test_the_cache_is_where_the_person_says_else_in_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GLASSNIC_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == tmp_path / "home/.cache/glassnic"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg/glassnic"
    monkeypatch.setenv("GLASSNIC_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


def test_a_changed_recipe_gets_a_folder_of_its_own() -> None:
    names = {
        tree.folder_name for tree in (QEMU, GUEST, QEMU._replace(packages=("other",)), QEMU._replace(alone=("x",)))
    }
    assert len(names) == 4
    assert QEMU.folder_name == Tree(*QEMU).folder_name


def test_what_is_in_the_cache_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GLASSNIC_CACHE", str(tmp_path))
    (tmp_path / NOTHING.folder_name).mkdir()
    assert fetch(NOTHING, console()).root == tmp_path / NOTHING.folder_name


def test_where_nothing_can_be_fetched_one_sentence_says_so_and_no_tree_appears(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GLASSNIC_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))  # a machine without apt
    with pytest.raises(LabError) as raised:
        fetch(NOTHING, console())
    assert "\n" not in str(raised.value)
    assert str(raised.value).endswith(".")
    assert not (tmp_path / NOTHING.folder_name).exists()


def test_a_cache_that_cannot_be_written_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GLASSNIC_CACHE", str(tmp_path / "file"))
    with pytest.raises(LabError, match=r"cannot be kept in .*: Not a directory\. Set GLASSNIC_CACHE\.$"):
        fetch(NOTHING, console())


def test_a_machine_of_another_kind_is_told_that_programs_are_for_x86(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GLASSNIC_CACHE", str(tmp_path))
    monkeypatch.setattr(fetching.platform, "machine", lambda: "aarch64")
    with pytest.raises(LabError, match="for x86-64 only, and this machine is aarch64"):
        fetch(NOTHING, console())
