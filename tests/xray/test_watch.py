"""Is what is wrong told at once, once, in order, and to everybody who asked? A watch on cards that run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from glassnic.backends import open_backend
from glassnic.spec.findings import ERROR, WARNING
from glassnic.xray.probe import Probe
from glassnic.xray.sink import Sink, Target
from glassnic.xray.story import Origin
from glassnic.xray.watch import QUIET_NS, Watch
from plugged import Guest, Machine
from recorded import MANUAL, SUMS, UDP_CONTEXT, datagram, found_in, segmentation, send
from workbench import WHOLE, Workbench, frame

pytestmark = pytest.mark.kernel

UNKNOWN_REGISTER = 0xC


@pytest.fixture
def machine() -> Iterator[Machine]:
    machine = Machine()
    yield machine
    machine.stop()


def told(watch: Watch, bench: Workbench) -> None:
    """All that the bench did, to a new eye of the watch."""
    Probe([watch.eye("card", MANUAL)]).sent(bench.frames, bench.nic.core.recorder.history().tolist())


def spoilt_datagrams(count: int, apart_ns: int = 0) -> Workbench:
    bench = Workbench()
    bench.load(**(UDP_CONTEXT | {"TUCSO": 50}))
    for _ in range(count):
        bench.send(datagram(), **SUMS)
        bench.now_ns += apart_ns
    return bench


def test_a_line_says_when_where_and_what() -> None:
    bench = Workbench()
    bench.now_ns = 1_500_000_000
    bench.send(b"")
    (one,) = found_in(bench)
    assert (one.code, one.severity, one.section, one.serial, one.values) == (
        "TX_EMPTY", "warning", "3.3.3.1", None, {"place": 0},
    )  # fmt: skip


def test_the_file_has_a_line_of_json_for_each_finding(tmp_path: Path) -> None:
    sink = Sink(Target(tmp_path / "found.json"), b"")
    bench = Workbench()
    bench.now_ns = 1_500_000_000
    bench.send(frame())
    bench.send(frame(16384))
    told(Watch(sink), bench)
    (line,) = (tmp_path / "found.json").read_text().splitlines()
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:01.500000+00:00",
        "card": "card",
        "code": "TX_TOO_LONG",
        "severity": "error",
        "sentence": "the packet that ends at descriptor 1 has 16384 bytes and exceeds the FIFO's 16304",
        "section": "3.3.7",
        "serial": None,
        "frame": None,
        "file": None,
        "values": {"place": 1, "length": 16384, "limit": 16304},
    }


def test_a_packet_that_does_not_leave_is_told_without_a_frame_to_follow() -> None:
    bench = Workbench()
    bench.send(frame(16384))
    assert bench.frames == []
    assert [(one.code, one.serial) for one in found_in(bench)] == [("TX_TOO_LONG", None)]


def test_what_is_found_of_a_packet_comes_before_what_is_found_of_its_frame() -> None:
    bench = Workbench(profile="one-context")
    bench.load(**UDP_CONTEXT)
    bench.load(**segmentation(250))
    for _ in range(2):
        bench.send(datagram(), **SUMS)
    found = [(one.serial, one.code) for one in found_in(bench, Origin(profile="one-context"))]
    of_one = ["CONTEXT_OF_OTHER_KIND", "SUM_MISPLACED", "PAYLOAD_OVERWRITTEN", "SUM_WRONG"]
    assert found == [(serial, code) for serial in (0, 1) for code in of_one]


def test_what_is_wrong_with_a_whole_send_is_told_once_with_its_first_frame() -> None:
    bench = Workbench()
    bench.load(**segmentation(250, IPCSS=18))
    bench.send(send(250), TSE=1, RS=1, **SUMS)
    found = found_in(bench)
    assert len(bench.frames) == 3
    assert [one.serial for one in found if one.code == "HEADER_MISPLACED"] == [0]
    assert {one.serial for one in found if one.code == "LENGTH_WRONG"} == {0, 1, 2}


def test_a_late_note_is_of_the_packet_and_not_of_the_one_that_follows() -> None:
    bench = Workbench()
    bench.load(**segmentation(240))
    bench.send(send(250), TSE=1, **SUMS)
    bench.load(**UDP_CONTEXT)
    bench.send(datagram(), **SUMS)
    assert [(one.code, one.serial) for one in found_in(bench)] == [("TX_PAYLEN_EXCEEDED", 0)]


def test_a_send_that_is_cut_in_more_than_one_turn_is_one_packet() -> None:
    bench = Workbench()
    bench.load(**segmentation(60_000, MSS=9, TUCSO=40))
    bench.send(send(60_000), TSE=1, **SUMS)
    assert bench.turns > 2
    found = found_in(bench)
    assert {one.serial for one in found if one.code == "SUM_MISPLACED"} == set(range(len(bench.frames)))


def test_one_report_in_a_lap_is_enough() -> None:
    bench = Workbench(entries=8)
    for number in range(40):
        bench.send(frame(), RS=int(number % 7 == 0))
    assert found_in(bench) == []


def test_a_lap_without_a_report_is_told_once_until_there_is_one() -> None:
    bench = Workbench(entries=8)
    for number in range(60):
        bench.send(frame(), RS=int(number == 30))
    assert [one.code for one in found_in(bench)] == ["NO_REPORT"] * 2


def test_a_reset_begins_the_lap_anew() -> None:
    bench = Workbench(entries=8)
    for _ in range(3):
        for _ in range(6):
            bench.send(frame())
        bench.reset()
        bench.open_transmit(8)
    assert found_in(bench) == []


@pytest.mark.parametrize(("severity", "codes"), [(WARNING, ["TX_EMPTY", "TX_TOO_LONG"]), (ERROR, ["TX_TOO_LONG"])])
def test_an_alarm_is_given_of_what_is_bad_enough(severity: str, codes: list[str]) -> None:
    said: list[str] = []
    bench = Workbench()
    bench.send(b"")
    bench.send(frame(16384))
    told(Watch(None, lambda card, sentence: said.append(f"{card} {sentence}"), severity), bench)
    assert [one.split()[1] for one in said] == codes
    assert said[-1].startswith("card TX_TOO_LONG (error): the packet that ends at descriptor 1 has 16384 bytes")


def test_alarms_of_one_kind_come_once_a_second_and_say_how_many_there_were() -> None:
    said: list[str] = []
    told(Watch(None, lambda _, sentence: said.append(sentence), WARNING), spoilt_datagrams(25, QUIET_NS // 10))
    misplaced = [sentence for sentence in said if sentence.startswith("SUM_MISPLACED")]
    assert len(misplaced) == 3
    assert "more before" not in misplaced[0]
    assert all(sentence.endswith("and 9 more before") for sentence in misplaced[1:])


def test_the_table_counts_by_code_and_says_the_worst_first(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    bench = spoilt_datagrams(3)
    bench.send(b"")
    told(watch, bench)
    watch.show()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "Out of order"
    rows = [line.split()[1:4] for line in lines if line.strip().startswith("card ") and "finding" not in line]
    assert rows == [
        ["SUM_MISPLACED", "error", "3"], ["PAYLOAD_OVERWRITTEN", "error", "3"], ["SUM_WRONG", "error", "3"],
        ["TX_EMPTY", "warning", "1"],
    ]  # fmt: skip


def test_where_nothing_was_wrong_the_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Watch().show()
    assert "out of order" in capsys.readouterr().out


def test_a_served_card_tells_even_what_makes_no_work(machine: Machine, tmp_path: Path) -> None:
    watch = Watch()
    machine.add(tmp_path / "card.sock", open_backend("loopback"), probe=Probe([watch.eye("e1000", MANUAL)]))
    machine.start()
    guest = Guest(tmp_path / "card.sock")
    guest.bring_up()
    guest.client.write_register(UNKNOWN_REGISTER, 5)
    guest.send(frame())
    guest.receive()
    guest.leave()
    assert {code: count.times for (_, code), count in watch.counts.items()} == {"REGISTER_UNKNOWN": 1}


def test_a_file_that_cannot_be_written_any_more_ends_with_a_sentence_and_the_watch_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    watch = Watch(Sink(Target(tmp_path / "found.json"), b""), lambda card, sentence: said.append(f"{card}: {sentence}"))
    assert watch.sink is not None
    watch.sink.close()
    bench = Workbench()
    bench.send(b"")
    bench.send(b"")
    told(watch, bench)
    assert [one.partition("found.json")[2] for one in said] == [": Bad file descriptor; the capture ends here"]
    assert watch.counts["card", "TX_EMPTY"].times == 2


def test_a_listener_that_fails_takes_no_other_with_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    pipe.write_text("")
    broken, whole = Watch(Sink(Target(pipe), b"")), Watch()
    assert broken.sink is not None
    broken.sink.close()
    probe = Probe([broken.eye("a", MANUAL), whole.eye("b", MANUAL)])
    bench = Workbench()
    bench.give(bench.data(b"", **WHOLE))
    with pytest.raises(Exception, match="the capture ends here"):
        probe.sent([], bench.nic.core.recorder.history().tolist())
    assert len(probe.listeners) == 1
    assert {code for _, code in whole.counts} == {"TX_EMPTY"}
