"""Does `glassnic conform` tell what it found? What it shows, keeps and returns, for a sound card and a broken one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from glassnic import cli
from glassnic.conformance.programs import PROGRAMS

RULE = "3.6/a-segmentation-context-leaves-the-plain-one-alone"


class Said(NamedTuple):
    status: int
    out: str
    err: str


Conform = Callable[..., Said]
"""The command with these words."""


@pytest.fixture
def conform(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Conform:
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words: str) -> Said:
        status = cli.run(["conform", *words])
        return Said(status, *capsys.readouterr())

    return run


def test_a_card_that_keeps_the_rules_passes_and_each_is_counted(conform: Conform) -> None:
    said = conform("3.3.5")
    assert said.status == 0
    count = sum(one.section == "3.3.5" for one in PROGRAMS)
    assert f"({count} played)" in said.out
    assert "glassnic manual" in said.out


def test_a_broken_rule_is_shown_with_its_section_the_step_and_both_bytes(conform: Conform) -> None:
    said = conform(RULE, "--target", "self:one-context")
    assert said.status == 1
    assert "TSE=1 loads the segmentation context" in said.out
    assert "§3.6" in said.out
    assert re.search(r"Step \d+: .*frame", said.out)
    assert re.search(r"[0-9a-f]{2}<.*  .*[0-9a-f]{2}<", said.out), "bytes that differ are marked on both sides"
    assert "1 fail of 1" in said.out


def test_two_cards_stand_side_by_side_in_the_matrix(conform: Conform) -> None:
    said = conform(RULE, "--target", "self", "--target", "self:one-context")
    assert re.search(rf"{RULE}\s+✓\s+✗", said.out)
    assert re.search(r"^B +glassnic one-context: ✗ 1", said.out, re.MULTILINE)


def test_only_failures_that_are_not_known_fail(conform: Conform, tmp_path: Path) -> None:
    known = tmp_path / "known"
    assert conform("3.6", "--target", "self:one-context", "--write-expect", str(known)).status == 1
    said = conform("3.6", "--target", "self:one-context", "--expect", str(known))
    assert said.status == 0
    assert "Nothing new fails" in said.out
    assert "expected" not in said.out, "what is known is not shown again"
    known.write_text("# none is known\n")
    assert conform("3.6", "--target", "self:one-context", "--expect", str(known)).status == 1


def test_a_known_failure_that_passes_is_mentioned(conform: Conform, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text(f"self {RULE}  # for now\n\n")
    said = conform(RULE, "--expect", str(known))
    assert said.status == 0
    assert f"self {RULE} is known to fail and passes" in said.out


def test_the_json_says_for_each_program_what_each_target_did(conform: Conform) -> None:
    said = conform(RULE, "--target", "self", "--target", "self:one-context", "--json", "-")
    told = json.loads(said.out)
    assert told["passes"] is False
    (one,) = told["programs"]
    assert one["address"] == RULE
    assert one["verdicts"]["self"] == {"verdict": "passes"}
    broken = one["verdicts"]["self:one-context"]
    assert (broken["verdict"], broken["known"], broken["steady"]) == ("fails", False, True)
    assert bytes.fromhex(broken["differences"][0]["expected"]) != bytes.fromhex(broken["differences"][0]["found"])


def test_the_page_has_matrix_and_failures_and_loads_nothing(conform: Conform, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    conform("3.6", "--target", "self", "--target", "self:one-context", "--html", str(page))
    text = page.read_text()
    assert RULE in text
    assert "<mark>" in text
    assert not re.search(r"https?://|<script|<link|<img|url\(", text)
    targets = set(re.findall(r'href="#([^"]+)"', text))
    assert targets, "a failing cell leads to its failure"
    places = re.findall(r'id="([^"]+)"', text)
    assert targets <= set(places)
    assert len(places) == len(set(places))


def test_the_list_has_a_line_for_each_program_whose_number_finds_it_again(conform: Conform) -> None:
    lines = conform("--list").out.splitlines()
    assert len(lines) == len(PROGRAMS)
    for line in lines[::17]:
        number, address = line.split(":")[0].split()
        assert conform(number, "--list").out.count("\n") == 1
        assert address in conform(number, "--list").out


@pytest.mark.parametrize("pattern", ["3.6", "3", "leaves-the-plain", "3.6/a-seg*alone", RULE])
def test_a_program_is_found_by_section_part_glob_and_address(conform: Conform, pattern: str) -> None:
    assert RULE in conform(pattern, "--list").out


def test_a_section_brings_those_below_it_and_no_other(conform: Conform) -> None:
    sections = {line.partition("/")[0] for line in conform("3.3", "--list").out.splitlines()}
    assert {"3.3.3", "3.3.5"} <= sections
    assert all(section.split(".")[:2] == ["3", "3"] for section in sections)


def test_a_program_in_a_file_is_played(conform: Conform, tmp_path: Path) -> None:
    kept = tmp_path / "found.json"
    kept.write_text(PROGRAMS[0].encode())
    said = conform(str(kept))
    assert said.status == 0
    assert "(1 played)" in said.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["no-such-rule"], "No program is named by 'no-such-rule'"),
        (["3.6/999"], "No program is named by '3.6/999'"),
        (["/no/such.json"], "/no/such.json cannot be read"),
        (["--target", "card"], "There is no target 'card'"),
        (["--expect", "/no/such/file"], "/no/such/file cannot be read"),
        ([RULE, "--html", "/no/such/page.html"], "/no/such/page.html cannot be written"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(conform: Conform, words: list[str], sentence: str) -> None:
    said = conform(*words)
    assert said.status == 2
    assert said.err.count("\n") == 1
    assert sentence in said.err


def test_a_list_of_known_failures_that_is_none_is_told_by_its_line(conform: Conform, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text("self 3.6/x\nself and something else\n")
    said = conform("--expect", str(known))
    assert said.status == 2
    assert f"Line 2 of {known}" in said.err


def test_a_card_is_named_by_its_nearest_profile(conform: Conform) -> None:
    said = conform(RULE, "--target", "self:one-context", "--fingerprint")
    assert "nearest to profile one-context" in said.out
    assert "one-context 0, manual 1" in said.out
