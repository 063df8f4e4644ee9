"""Does `glassnic ctl` say what was asked for, and fail in one sentence?"""

from __future__ import annotations

import argparse
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from glassnic.live.ctl import add_arguments, run
from glassnic.live.protocol import VERBS
from glassnic.xray.command import entries
from live.driven import Guest, Watched

pytestmark = pytest.mark.kernel


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.stop()


def ctl(path: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args([str(path), *words]))


def test_each_verb_says_in_a_line_what_it_did(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    asked = (["link", "down"], ["link", "up"], ["fault", "drop", "1%"], ["fault", "delay", "20"], ["fault", "off"])
    assert [ctl(watched.control_path, *words) for words in asked] == [0] * 5
    assert capsys.readouterr().out.splitlines() == [
        "the cable is pulled",
        "the cable is plugged",
        "drop 1%",
        "drop 1%, delay 20 ms",
        "no fault",
    ]


def test_status_is_json_for_programs(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    assert ctl(watched.control_path, "status") == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["card"], status["model"], status["guest"]) == ("e1000", "82540em", False)


def test_help_names_every_verb(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    assert ctl(watched.control_path, "help") == 0
    said = capsys.readouterr().out
    assert all(f"  {name}" in said and verb.words in said for name, verb in VERBS.items())


def test_a_dump_is_a_capture_that_explain_reads(watched: Watched, tmp_path: Path) -> None:
    guest = Guest(watched.path)
    guest.send_mixed()
    file = tmp_path / "last.pcapng"
    assert ctl(watched.control_path, "dump", str(file)) == 0
    stories = [entry.explanation for entry in entries(str(file))]
    assert [story.headline.partition(",")[0] for story in stories if story] == ["UDP", "TCP", "TCP", "TCP"]
    guest.leave()


def test_a_dump_may_go_to_standard_output(
    watched: Watched, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    guest = Guest(watched.path)
    guest.send_mixed()
    assert ctl(watched.control_path, "dump", "-") == 0
    file = tmp_path / "piped.pcapng"
    file.write_bytes(capfdbinary.readouterr().out)
    assert len(list(entries(str(file)))) == 4
    guest.leave()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["link", "sideways"], "up or down"),
        (["fault", "drop"], "link-flap"),
        (["dump"], "FILE"),
        (["dump", "/nowhere/at/all.pcapng"], "/nowhere/at/all.pcapng"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    watched: Watched, capsys: pytest.CaptureFixture[str], words: list[str], part: str
) -> None:
    assert ctl(watched.control_path, *words) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert part in said.err


def test_where_no_card_is_the_sentence_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ctl(tmp_path / "nobody", "status") == 1
    assert f"glassnic serve --control {tmp_path / 'nobody'}" in capsys.readouterr().err


def test_the_cards_other_socket_is_told_from_its_control_socket(
    watched: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ctl(watched.path, "status") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(watched.path) in said


def test_what_is_no_card_at_all_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "other"))
        listener.listen()
        listener.settimeout(60)

        def answer() -> None:
            sock, _ = listener.accept()
            sock.recv(100)
            sock.sendall(b"220 hello\n")
            sock.close()

        thread = threading.Thread(target=answer)
        thread.start()
        assert ctl(tmp_path / "other", "status") == 1
        thread.join()
    assert "is no card" in capsys.readouterr().err
