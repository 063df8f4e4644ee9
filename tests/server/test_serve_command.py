"""Does `glassnic serve` start, say what to do, serve and end as promised? Each card here is a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from glassnic.conformance.recording import read_recording
from glassnic.conformance.replay import RECEIVED, replay
from glassnic.conformance.targets.still import Still
from glassnic.server.command import add_arguments, qemu_command, run
from glassnic.transports.vfio_user.client import Client, RefusedError
from plugged import Guest, frame

PROGRAM = (
    "import argparse, sys\n"
    "from glassnic.server.command import add_arguments, run\n"
    "parser = argparse.ArgumentParser()\n"
    "add_arguments(parser)\n"
    "sys.exit(run(parser.parse_args()))\n"
)


class Process:
    """`glassnic serve` with these options."""

    def __init__(self, *options: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )

    def line(self) -> str:
        """The next line of its output."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Ask it to end, if it has not; status, the rest of its output, and what it complained of."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        out, complaints = self._process.communicate(timeout=60)
        return self._process.returncode, out, complaints


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.sock"


@pytest.fixture
def process(path: Path) -> Iterator[Process]:
    process = Process("--socket", str(path), "--net", "null")
    assert process.line() == f"glassnic listens on {path}"
    yield process
    process.end()


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """The one sentence with which it refuses to start."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert run(parser.parse_args(options)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("glassnic: ")
    assert said.err.count("\n") == 1
    return said.err


def test_registers_answer_as_soon_as_it_listens(process: Process, path: Path) -> None:
    with Client(path) as client:
        client.start()
        assert client.read(7, 0, 4) == bytes.fromhex("86800e10")
        assert client.read_register(8) & ~2 == 0x81, "full duplex at 1000 Mb/s; the link waits for the engine"


def test_the_link_comes_up_when_the_engine_is_loaded(process: Process, path: Path) -> None:
    with Client(path) as client:
        client.start()
        for _ in range(600):
            if client.read_register(8) & 2:
                return
            time.sleep(0.1)
    pytest.fail("there is no link after a minute")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_a_summary(process: Process, path: Path, number: int) -> None:
    with Client(path) as client:
        client.start()
        status, out, complaints = process.end(number)
    assert (status, complaints) == (0, "")
    assert not path.exists()
    assert "frames left" in out


def test_without_options_it_listens_in_the_users_runtime_folder(tmp_path: Path) -> None:
    process = Process(XDG_RUNTIME_DIR=str(tmp_path))
    path = tmp_path / "glassnic" / "e1000.sock"
    assert process.line() == f"glassnic listens on {path}"
    assert "QEMU 10.1" in process.line()
    command = "\n".join(process.line() for _ in range(3))
    assert command == qemu_command([path])
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert process.end()[0] == 0


def test_the_qemu_command_can_be_pasted(tmp_path: Path) -> None:
    awkward = tmp_path / "it's a card.sock"
    words = shlex.split(qemu_command([awkward, tmp_path / "b"]).replace("\\\n", ""))
    devices = [json.loads(words[at + 1]) for at, word in enumerate(words) if word == "-device"]
    assert [device["socket"]["path"] for device in devices] == [str(awkward), str(tmp_path / "b")]
    assert "share=on" in " ".join(words)


def test_a_file_serves_several_cards(tmp_path: Path) -> None:
    config = tmp_path / "cards.toml"
    config.write_text(
        f"[one]\nsocket = '{tmp_path}/1'\nnet = 'null'\n"
        f"[two]\nsocket = '{tmp_path}/2'\nnet = 'null'\nmodel = '82545em'\n"
    )
    process = Process("--config", str(config))
    assert [process.line(), process.line()] == [f"glassnic listens on {tmp_path}/{n}" for n in (1, 2)]
    with Client(tmp_path / "1") as one, Client(tmp_path / "2") as two:
        two.version()
        one.version()
        assert (two.read(7, 2, 2), one.read(7, 2, 2)) == (b"\x0f\x10", b"\x0e\x10")
    status, out, _ = process.end()
    assert status == 0
    assert {line.split(":")[0] for line in out.splitlines() if re.match(r"\w+: ", line)} == {"one", "two"}


def test_a_guest_that_does_not_share_its_memory_is_told_how(process: Process, path: Path) -> None:
    with Client(path) as client:
        client.version()
        with pytest.raises(RefusedError):
            client.map(0, 1 << 20, None)
    with Client(path) as client:
        client.start()
    status, _, complaints = process.end()
    assert status == 0
    assert "share=on" in complaints
    assert complaints.count("\n") == 1


def test_the_eeprom_file_is_made_and_read_again(path: Path, tmp_path: Path) -> None:
    image = tmp_path / "eeprom"
    options = ("--socket", str(path), "--net", "null", "--eeprom", str(image))
    process = Process(*options, "--mac", "52:54:00:aa:bb:cc")
    process.line()
    with Client(path) as client:
        client.version()
    assert process.end()[0] == 0
    assert image.read_bytes()[:6] == bytes.fromhex("525400aabbcc")
    process = Process(*options)
    process.line()
    with Client(path) as client:
        client.start()
        assert client.read(0, 0x5400, 8)[:6] == bytes.fromhex("525400aabbcc")
    process.end()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--net", "carrier-pigeon"), "carrier-pigeon"),
        (("--model", "rtl8139"), "rtl8139"),
        (("--profile", "lucky"), "lucky"),
        (("--mac", "01:02"), "01:02"),
        (("--socket", "/nowhere/at/all"), "/nowhere/at/all"),
        (("--config", "/nowhere.toml"), "/nowhere.toml"),
        (("--config", "x.toml", "--net", "host"), "--net"),
        (("--eeprom", "/"), "EEPROM"),
    ],
)
def test_each_mistake_is_one_sentence(
    capsys: pytest.CaptureFixture[str], path: Path, options: tuple[str, ...], word: str
) -> None:
    given = options if "--socket" in options or "--config" in options else ("--socket", str(path), *options)
    assert word in refusal(capsys, *given)
    assert not path.exists()


def test_an_eeprom_file_of_another_size_is_one_sentence(
    capsys: pytest.CaptureFixture[str], path: Path, tmp_path: Path
) -> None:
    (tmp_path / "eeprom").write_bytes(bytes(100))
    assert "128" in refusal(capsys, "--socket", str(path), "--eeprom", str(tmp_path / "eeprom"))


def test_a_socket_in_use_is_one_sentence_and_left_alone(
    capsys: pytest.CaptureFixture[str], process: Process, path: Path
) -> None:
    assert "another process" in refusal(capsys, "--socket", str(path))
    with Client(path) as client:
        client.version()


def test_a_socket_left_behind_by_a_killed_card_is_replaced(path: Path) -> None:
    first = Process("--socket", str(path), "--net", "null")
    first.line()
    first.end(signal.SIGKILL)
    assert path.exists()
    second = Process("--socket", str(path), "--net", "null")
    assert second.line() == f"glassnic listens on {path}"
    second.end()


def test_connections_without_a_word_do_not_stop_it(process: Process, path: Path) -> None:
    for _ in range(10):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
    with Client(path) as client:
        client.version()


UNKNOWN_REGISTER = 0xC


def test_strict_says_at_once_what_is_out_of_order_and_the_end_has_it_in_a_table(path: Path) -> None:
    found = path.with_suffix(".json")
    process = Process("--socket", str(path), "--net", "null", "--strict", "--findings", str(found))
    process.line()
    with Client(path) as client:
        client.start()
        client.write_register(UNKNOWN_REGISTER, 5)
        for _ in range(600):
            if found.read_text():
                break
            time.sleep(0.1)
        (line,) = map(json.loads, found.read_text().splitlines())
    status, out, complaints = process.end()
    assert (line["card"], line["code"], line["values"]["offset"]) == ("e1000", "REGISTER_UNKNOWN", UNKNOWN_REGISTER)
    assert complaints == (
        "glassnic: e1000: REGISTER_UNKNOWN (warning): an access to 0xc, where there is no register (§13.1)\n"
    )
    assert status == 0
    assert re.search(r"e1000 +REGISTER_UNKNOWN +warning +1 ", out)
    assert "out of order" not in out, "the table says it, and better"


def test_what_is_not_bad_enough_is_not_said(path: Path) -> None:
    process = Process("--socket", str(path), "--net", "null", "--strict=error")
    process.line()
    with Client(path) as client:
        client.start()
        client.write_register(UNKNOWN_REGISTER, 5)
        client.read_register(8)
    status, out, complaints = process.end()
    assert (status, complaints) == (0, "")
    assert "REGISTER_UNKNOWN" in out


def test_findings_that_cannot_be_written_are_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = str(path / "below" / "found.json")
    assert "choose a file" in refusal(capsys, "--socket", str(path), "--net", "null", "--findings", nowhere)


def test_a_recorded_session_of_a_guest_is_had_again_exactly(tmp_path: Path) -> None:
    path, session = tmp_path / "card.sock", tmp_path / "session"
    process = Process("--socket", str(path), "--net", "loopback", "--record", str(session))
    assert process.line() == f"glassnic listens on {path}"
    for _ in range(2):  # each guest finds the card as after power-on
        guest = Guest(path)
        guest.bring_up()
        for number in range(100):
            guest.send(frame(number), frame(number, 1514))
            assert (guest.receive(), guest.receive()) == (frame(number), frame(number, 1514))
        guest.leave()
    assert process.end()[0] == 0
    found = read_recording(session)
    result = replay(found, Still("82540em", "manual", found.head.eeprom))
    counts = {count.about: (count.same, count.total) for count in result.counts()}
    assert result.same
    assert counts["frames sent"] == counts[RECEIVED] == (400, 400)


def test_a_recording_that_cannot_be_made_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(tmp_path / "card.sock")
    nowhere = tmp_path / "none" / "session"
    assert f"cannot write {nowhere}" in refusal(capsys, "--socket", place, "--net", "null", "--record", str(nowhere))
    assert "a recording is one file" in refusal(
        capsys, "--socket", place, "--net", "null", "--record", f"{tmp_path}/a,size=1M,files=2"
    )
