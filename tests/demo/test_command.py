"""Does `glassnic demo` keep its contract with people and programs? Options, exit status, JSON, no compiling."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from glassnic.demo import command
from glassnic.xray.command import entries

ASK = (
    "import argparse, sys; from glassnic.demo import command as c; p = argparse.ArgumentParser(); c.add_arguments(p); "
)


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture(autouse=True)
def _the_engine_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSNIC_JIT", os.environ.get("GLASSNIC_JIT", "1"))


def test_without_options_both_cards_are_shown_and_the_claim_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(parsed()) == 0
    text = capsys.readouterr().out
    assert "manual" in text
    assert "one-context" in text


def test_json_says_all_that_the_tables_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(parsed("--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["holds"] is True
    assert [one["profile"] for one in told["profiles"]] == ["manual", "one-context"]
    damaged = told["profiles"][1]["frames"][4]
    assert damaged["wrong_bytes"] == [40, 41, 50, 51]
    assert "UDP checksum wrong" in damaged["wire"]
    assert "UDP checksum right" in damaged["host"]
    assert damaged["application"]["intact"] is False


def test_one_profile_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(parsed("--profile", "one-context", "--json")) == 0
    assert [one["profile"] for one in json.loads(capsys.readouterr().out)["profiles"]] == ["one-context"]


def test_an_unknown_profile_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--profile", "qed")
    assert "one-context" in capsys.readouterr().err


def test_it_compiles_nothing_and_needs_no_utf8_terminal() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("GLASSNIC_JIT", "NO_COLOR")}
    code = ASK + "status = c.run(p.parse_args([])); sys.exit(status or 'numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment | {"PYTHONIOENCODING": "ascii"}, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"wrong at 40-41, 50-51" in done.stdout


def test_the_findings_name_the_spoilt_datagrams_and_under_the_manual_there_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tmp_path / "found.json"
    assert command.run(parsed("--profile", "manual", "--findings", str(found))) == 0
    assert found.read_text() == ""
    assert command.run(parsed("--findings", str(found))) == 0
    lines = [json.loads(line) for line in found.read_text().splitlines()]
    assert {(line["card"], line["serial"], line["frame"]) for line in lines} == {
        ("one-context", 4, None), ("one-context", 9, None)
    }  # fmt: skip
    (misplaced, _) = [line for line in lines if line["code"] == "SUM_MISPLACED"]
    assert (misplaced["values"]["place"], misplaced["values"]["right"], misplaced["section"]) == (50, 40, "3.3.6")
    assert "glassnic" not in capsys.readouterr().err


def test_a_finding_names_its_frame_in_the_capture_beside_it(tmp_path: Path) -> None:
    found, capture = tmp_path / "found.json", tmp_path / "frames.pcapng"
    assert command.run(parsed("--pcapng", str(capture), "--findings", str(found))) == 0
    for line in map(json.loads, found.read_text().splitlines()):
        told = list(entries(line["file"]))[line["frame"] - 1]
        assert told.explanation
        assert told.explanation.story
        assert told.explanation.story.serial == line["serial"]
        assert line["code"] in {point.code for point in told.explanation.points}


def test_one_file_for_frames_and_findings_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = str(tmp_path / "both")
    assert command.run(parsed("--pcapng", both, "--findings", both)) == 1
    assert "cannot be for --pcapng and for --findings: give each a place of its own" in capsys.readouterr().err


def test_findings_that_cannot_be_written_end_the_demo_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run(parsed("--findings", str(tmp_path / "below" / "found.json"))) == 1
    assert capsys.readouterr().err.startswith("glassnic: cannot write")
