"""Is a program that dies told of in one sentence, and one that runs ended for sure?"""

from __future__ import annotations

from pathlib import Path

import pytest

from glassnic.lab.errors import LabError
from glassnic.lab.process import Process, ending, tail


def start(tmp_path: Path, script: str) -> Process:
    return Process("The card", ["sh", "-c", script], tmp_path / "log.txt")


def test_a_program_that_dies_is_told_of_with_the_end_of_its_log(tmp_path: Path) -> None:
    process = start(tmp_path, "echo one; echo no such TAP >&2; exit 3")
    process.child.wait()
    with pytest.raises(LabError, match=r"^The card ended too early \(exit status 3\): one / no such TAP$"):
        process.check()


def test_waiting_ends_when_the_word_comes_and_fails_when_the_program_dies_first(tmp_path: Path) -> None:
    process = start(tmp_path, "echo listens; exec sleep 100")
    process.wait_for(lambda: "listens" in process.said, 30, "its word")
    with pytest.raises(LabError, match="The card: its second word did not come in 0 s: listens"):
        process.wait_for(lambda: False, 0, "its second word")
    assert process.stop() == -15
    with pytest.raises(LabError, match="signal SIGTERM"):
        process.wait_for(lambda: False, 30, "its word")


def test_a_program_that_ignores_the_request_is_ended_all_the_same(tmp_path: Path) -> None:
    process = start(tmp_path, "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    process.wait_for(lambda: "ready" in process.said, 30, "its word")
    assert process.stop(seconds=0.2) == -9


def test_an_ended_program_can_be_stopped_again(tmp_path: Path) -> None:
    process = start(tmp_path, "exit 0")
    assert process.child.wait() == 0
    assert (process.stop(), process.stop()) == (0, 0)


def test_the_command_line_is_in_the_log_but_not_in_what_it_said(tmp_path: Path) -> None:
    process = start(tmp_path, "echo hello")
    process.child.wait()
    assert process.said == "hello\n"
    assert process.log.read_text().startswith("$ sh -c echo hello\n")


def test_endings_and_tails_are_words() -> None:
    assert (ending(2), ending(-11)) == ("exit status 2", "signal SIGSEGV")
    assert tail("a\nb\n\nc\n", 2) == "b / c"
    assert tail(" \n") == "it said nothing"
