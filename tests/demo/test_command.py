"""Does `glassnic demo` keep its contract with people and programs? Options, exit status, JSON, no compiling."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

import pytest

from glassnic.demo import command

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
