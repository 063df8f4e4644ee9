"""Does the private apt find the mirror and unpack what it got, without a network?"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from glassnic.lab.apt import find_mirror, parse_status, sources_list, unpack
from glassnic.lab.errors import LabError

SECURITY = """Repo-URI: http://mirror.example/debian-security/
Component: main
Origin: Debian
Label: Debian-Security"""
STRANGER = """Repo-URI: https://packages.example/
Component: main
Origin: packages
Label: packages"""
MAIN = """Repo-URI: http://mirror.example/debian/
Component: main
Origin: Debian
Label: Debian"""
NEVER_UPDATED = """Repo-URI: http://fresh.example/debian/
Component: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg"""
NON_FREE = MAIN.replace("main", "non-free")


@pytest.mark.parametrize(
    ("paragraphs", "mirror"),
    [
        ([MAIN], "http://mirror.example/debian/"),
        ([STRANGER, SECURITY, NON_FREE, MAIN], "http://mirror.example/debian/"),
        ([SECURITY, NEVER_UPDATED], "http://fresh.example/debian/"),
        ([NEVER_UPDATED, MAIN], "http://mirror.example/debian/"),
        ([STRANGER, SECURITY], None),
        ([], None),
    ],
)
def test_the_mirror_is_the_main_archives_and_no_other(paragraphs: list[str], mirror: str | None) -> None:
    assert find_mirror("\n\n".join(paragraphs)) == mirror


def test_the_sources_name_each_suite_signed_by_debians_keys() -> None:
    text = sources_list("http://mirror.example/debian/", ("trixie", "trixie-backports"), Path("/keys.gpg"))
    assert text.splitlines() == [
        "deb [signed-by=/keys.gpg] http://mirror.example/debian/ trixie main",
        "deb [signed-by=/keys.gpg] http://mirror.example/debian/ trixie-backports main",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("dlstatus:3:12.5:Retrieving file 3 of 90\n", (12.5, "Retrieving file 3 of 90")),
        ("dlstatus:3:12.5:Retrieving: file\n", (12.5, "Retrieving: file")),
        ("dlstatus:3:soon:Retrieving", None),
        ("pmstatus:x:1:y", None),
        ("", None),
    ],
)
def test_progress_is_read_from_apts_status_lines(line: str, told: tuple[float, str] | None) -> None:
    assert parse_status(line) == told


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not on this machine")
def test_packages_are_unpacked_into_one_usr_and_progress_ends_at_100(tmp_path: Path) -> None:
    packages = []
    for name, folder in (("one", "usr/lib"), ("two", "lib")):
        built = tmp_path / name
        (built / "DEBIAN").mkdir(parents=True)
        (built / "DEBIAN/control").write_text(
            f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example>\nDescription: x\n"
        )
        (built / folder).mkdir(parents=True)
        (built / folder / name).write_text(name)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-b", built, tmp_path / f"{name}.deb"], check=True, capture_output=True
        )
        packages.append(tmp_path / f"{name}.deb")
    steps: list[float] = []
    unpack(packages, tmp_path / "root", lambda percent, _: steps.append(percent))
    assert [(tmp_path / "root/usr/lib" / name).read_text() for name in ("one", "two")] == ["one", "two"]
    assert steps == [0, 50, 100]


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not on this machine")
def test_a_broken_package_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken_1_all.deb").write_bytes(b"not a package")
    with pytest.raises(LabError, match=r"^broken_1_all.deb cannot be unpacked: .*") as raised:
        unpack([tmp_path / "broken_1_all.deb"], tmp_path / "root", lambda *_: None)
    assert "\n" not in str(raised.value)
