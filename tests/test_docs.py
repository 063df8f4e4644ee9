"""Do the documents tell the truth? What is made from tables is as the tables say; what is named exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from glassnic.backends import FORMS
from glassnic.cli import COMMANDS
from glassnic.conformance import profiles_sheet
from glassnic.lab.plans import PLANS
from glassnic.spec import findings_sheet
from glassnic.spec.sheet import sheet

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]


def test_the_register_sheet_is_fresh() -> None:
    assert (ROOT / "docs/registers.md").read_text() == sheet(), "run `make docs`"


def test_the_findings_sheet_is_fresh() -> None:
    assert (ROOT / "docs/findings.md").read_text() == findings_sheet.sheet(), "run `make docs`"


def test_the_profiles_sheet_is_fresh() -> None:
    assert (ROOT / "docs/profiles.md").read_text() == profiles_sheet.sheet(), "run `make docs`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_and_source_file_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    sources = re.findall(r"`((?:src|tests|docs|requirements)/[\w/.-]+\.\w+)`", text)
    missing = [link for link in links if not (document.parent / link).exists()]
    missing += [source for source in sources if not (ROOT / source).exists()]
    assert not missing


def test_the_readme_names_every_command_backend_and_plan() -> None:
    text = (ROOT / "README.md").read_text()
    wanted = (
        [f"glassnic {name}" for name in COMMANDS] + [f"`{form}" for form in FORMS] + [f"`{plan}`" for plan in PLANS]
    )
    assert not [name for name in wanted if name not in text]


def test_architecture_names_the_five_rooms_where_they_are() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = re.findall(r"`([a-z_]+(?:/[a-z_]+)+\.py)`", text)
    assert len(rooms) >= 5
    assert not [room for room in rooms if not any((base / room).exists() for base in (ROOT, ROOT / "src/glassnic"))]
