"""What does `glassnic bench` do with its words, and does it measure everything that was promised?"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path

import pytest
from rich.console import Console

from bench.results import result
from glassnic.bench import command, floor, ports, process, receive, table, transmit
from glassnic.bench.bed import Bed
from glassnic.bench.measure import BenchError, WrongOutput
from glassnic.bench.programs import legacy64
from glassnic.bench.run import Result
from glassnic.bench.standin import StandIn
from glassnic.lab.process import Process
from glassnic.spec.registers import R
from glassnic.transports.vfio_user.client import Client

PROMISED = {
    "same ring: TSO": "ring/tso64k",
    "same ring: 1514 B with sums": "ring/csum1514",
    "same ring: 64 B": "ring/legacy64",
    "same ring: mixed": "ring/mixed",
    "same ring: one packet a doorbell": "ring/single",
    "TAP: TSO": "tap/tso64k",
    "TAP: 1514 B": "tap/csum1514",
    "TAP: 64 B": "tap/legacy64",
    "engine against memcpy": "engine/tso64k",
    "receive: 1514 B": "receive/1514",
    "receive: 64 B": "receive/64",
    "receive: a GRO frame from TAP": "receive/gro64k",
    "in a guest: TCP out": "guest/tcp-out",
    "in a guest: TCP in": "guest/tcp-in",
    "in a guest: UDP out": "guest/udp-out",
    "in a guest: UDP in": "guest/udp-in",
    "in a guest: request and response": "guest/request",
    "register read": "registers/read",
    "register read by a guest": "registers/guest",
    "messages": "registers/write",
    "idle": "process/idle",
    "start": "process/start",
    "memory": "process/memory",
    "recorder": "recorder/tso64k",
}
REPORTED_ONLY = {"process/start", "process/memory"}


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_all_that_was_promised_is_measured_with_a_goal() -> None:
    assert set(PROMISED.values()) <= set(table.BENCHES)
    aimless = {name for name in PROMISED.values() if not (table.BENCHES[name].goals or table.BENCHES[name].limit)}
    assert aimless == REPORTED_ONLY


def test_a_name_is_a_bench_or_a_group_and_none_means_all() -> None:
    assert [bench.name for bench in command.chosen(["ring/single"])] == ["ring/single"]
    assert {bench.name.partition("/")[0] for bench in command.chosen(["tap", "lap"])} == {"tap", "lap"}
    assert len(command.chosen([])) == len(table.BENCHES)
    with pytest.raises(BenchError, match=r"no bench 'rung'.*ring"):
        command.chosen(["rung"])


@pytest.mark.parametrize("words", [["nonsense"], ["--rounds", "0"], ["--compare", "/nowhere.json"]])
def test_what_makes_no_sense_is_one_sentence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(arguments(*words)) == 2
    assert capsys.readouterr().err.startswith("glassnic bench: ")


def test_the_list_names_every_bench(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(arguments("--list")) == 0
    shown = capsys.readouterr().out
    assert not [name for name in table.BENCHES if name not in shown]


def status(results: list[Result], *words: str) -> int:
    args = arguments(*words)
    before = json.loads(args.compare.read_text())["benches"] if args.compare else None
    return command.conclude(results, ["A peer is missing."], before, args, Console())


def test_files_are_written_with_the_folder_they_lie_in(tmp_path: Path) -> None:
    found, drawn = tmp_path / "bench" / "now.json", tmp_path / "bench" / "now.svg"
    assert status([result([1], [2])], "--json", str(found), "--svg", str(drawn)) == 0
    assert json.loads(found.read_text())["notes"] == ["A peer is missing."]
    assert drawn.read_text().startswith("<svg")


def test_wrong_output_or_a_regression_is_exit_status_1_and_a_missed_goal_is_not(tmp_path: Path) -> None:
    good, missed = result([100, 101, 102], [400, 401, 402]), result([100, 101, 102], [110, 111, 112])
    old = tmp_path / "old.json"
    assert status([good], "--json", str(old)) == 0
    assert status([missed]) == 0
    assert status([good], "--compare", str(old)) == 0
    assert status([missed], "--compare", str(old)) == 1
    assert status([Result(good.bench, wrong="frame 1 is wrong")]) == 1


@pytest.mark.kernel
def test_a_served_card_does_its_benches_rightly_and_a_wrong_expectation_is_found(tmp_path: Path) -> None:
    with Bed(Console(), tmp_path) as bed:
        bed.qemus = []
        with transmit.stage(bed, lambda: legacy64(8), transmit.one_by_one, laps=2) as (ours,):
            assert ours.act().amount == 16
        with receive.stage(bed, 60, 20) as (ours, back_end):
            assert ours.act().amount == back_end.act().amount == ours.act().amount == back_end.act().amount == 20
        arrival = receive.Arrival.of([b"other" * 12])
        with receive.stage(bed, 60, 1) as (ours, _):
            ours.act()
            with pytest.raises(WrongOutput, match="frame 0"):
                receive.compare(ours.act.args[0], arrival)  # type: ignore[attr-defined]
        with process.against_floor(bed, process.reads) as (ours, echo):
            assert ours.act().amount == echo.act().amount == process.READS


def test_the_echo_in_python_answers_every_read_and_no_write(tmp_path: Path) -> None:
    echo = Process("The echo", [sys.executable, floor.__file__, str(tmp_path / "s")], tmp_path / "log")
    try:
        echo.wait_for(lambda: "listens" in echo.said, 20, "its first word")
        with closing(ports.VfioUserPort(Client(tmp_path / "s"))) as port:
            port.write(*((R.FCTTV.offset, number) for number in range(100)))
            assert [port.read(R.STATUS.offset) for _ in range(3)] == [0, 0, 0]
    finally:
        echo.stop()


@pytest.mark.parametrize("in_c", [True, False])
def test_a_stand_in_is_a_card_until_it_is_told_and_then_only_answers(tmp_path: Path, in_c: bool) -> None:
    name, words = floor.build(tmp_path) if in_c else ("", [sys.executable, floor.__file__])
    if in_c and name != "an echo in C":
        pytest.skip("there is no C compiler")
    stand_in = StandIn(tmp_path, words)
    try:
        with Client(tmp_path / "card.sock") as client:
            client.start()
            port = ports.VfioUserPort(client)
            port.write((R.FCTTV.offset, 0x1234))
            assert port.read(R.FCTTV.offset) == 0x1234
            stand_in.turn()
            port.write((R.FCTTV.offset, 0x1234))
            assert [port.read(R.FCTTV.offset) for _ in range(3)] == [0, 0, 0]
    finally:
        stand_in.stop()
