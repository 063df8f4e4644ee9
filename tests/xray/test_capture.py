"""Does a served card's capture have every frame both ways, each with its own story, and never harm the card?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from glassnic.backends import open_backend
from glassnic.device.ports import VNET_LEAD, Frames
from glassnic.server.command import add_arguments, run
from glassnic.server.config import places, read_file
from glassnic.spec.fields import CTRL, RCTL, TCTL
from glassnic.spec.registers import R
from glassnic.xray.capture import UNTOLD, Capture
from glassnic.xray.command import entries
from glassnic.xray.pcapng import INBOUND, OUTBOUND, CaptureError, Packet, read
from glassnic.xray.probe import Probe
from glassnic.xray.sink import Target, refuse_shared
from glassnic.xray.story import Origin
from host_cut import GSO_TCPV4, NEEDS_CSUM, VNET
from plugged import Guest, Machine
from plugged import frame as numbered
from programs import Message
from workbench import MAC, Workbench, frame

pytestmark = pytest.mark.kernel


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.pcapng"


@pytest.fixture
def machine() -> Iterator[Machine]:
    machine = Machine()
    yield machine
    machine.stop()


def probe_into(path: Path, offset_ns: int = 0) -> Probe:
    return Probe([Capture(Target(path), [("e1000", Origin())]).channel()], offset_ns)


def packets(path: Path) -> list[Packet]:
    with path.open("rb") as file:
        return list(read(file))


def plugged(machine: Machine, path: Path, probe: Probe) -> Guest:
    socket = path.with_suffix(".sock")
    machine.add(socket, open_backend("loopback"), probe=probe)
    machine.start()
    guest = Guest(socket)
    guest.bring_up()
    return guest


def record(bench: Workbench, probe: Probe) -> None:
    """What left since the last time, and its rows, as the server does it."""
    recorder = bench.nic.core.recorder
    bench.nic.advance(bench.now_ns)
    probe.sent(bench.nic.sent(), recorder.history().tolist())


def test_every_frame_of_a_served_card_is_there_both_ways_with_its_story(machine: Machine, path: Path) -> None:
    guest = plugged(machine, path, probe_into(path, 1_000_000))
    sent = [numbered(number) for number in range(300)]
    for first in range(0, 300, 30):
        guest.send(*sent[first : first + 30])
        assert [guest.receive() for _ in range(30)] == sent[first : first + 30]
    guest.leave()
    found = list(entries(str(path)))
    for direction, words in ((OUTBOUND, "sent as gathered"), (INBOUND, ", delivered")):
        some = [entry for entry in found if entry.packet.direction == direction]
        assert [entry.packet.frame for entry in some] == sent
        assert all(entry.explanation and words in entry.explanation.headline for entry in some)
    stories = [entry.explanation.story for entry in found if entry.explanation]
    assert [story.descriptors[0].place for story in stories if story] == [number % 64 for number in range(300)]
    times = [entry.packet.at_ns for entry in found]
    assert times == sorted(times)


def test_a_reader_that_leaves_ends_the_capture_and_not_the_card(machine: Machine, path: Path) -> None:
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    guest = plugged(machine, path, probe_into(path))
    os.close(reader)
    for number in range(3):
        guest.send(numbered(number))
        assert guest.receive() == numbered(number)
    guest.leave()
    assert [said for said in machine.said if "nobody reads it any more" in said] == machine.said
    assert len(machine.said) == 1


def test_a_flow_control_frame_is_the_cards_own_and_takes_nobodys_story(path: Path) -> None:
    bench = Workbench()
    bench.lay(bench.data(frame(70), EOP=1, IFCS=1))
    bench.write(R.TDT, bench.slot)
    bench.set_bits(R.TCTL, TCTL.SWXOFF.mask)
    record(bench, probe_into(path))
    own, ordinary = packets(path)
    assert own.comments == ("a frame of the card's own, as flow control asks (§8.7)",)
    assert ordinary.frame == frame(70)
    assert "70 bytes" in ordinary.comments[0]


def test_frames_that_loop_back_inside_the_card_leave_nothing(path: Path) -> None:
    bench = Workbench()
    bench.open_receive(RCTL.EN.mask | RCTL.BAM.mask | 1 << RCTL.LBM.lo)
    bench.set_bits(R.CTRL, CTRL.SLU.mask)
    bench.lay(bench.data(frame(), EOP=1, IFCS=1))
    bench.write(R.TDT, bench.slot)
    record(bench, probe_into(path))
    assert packets(path) == []


def test_rows_that_do_not_match_the_frames_tell_of_none(path: Path) -> None:
    bench = Workbench()
    bench.open_receive()
    bench.nic.receive([frame(60, MAC)])
    rows = bench.nic.core.recorder.history().tolist()
    probe_into(path).received([frame(60, MAC)] * 2, rows, 5)
    assert [(one.at_ns, one.direction, one.comments) for one in packets(path)] == [(5, INBOUND, (UNTOLD[INBOUND],))] * 2


def test_lost_rows_make_contexts_forgotten_and_not_wrong(path: Path) -> None:
    bench = Workbench()
    bench.load(TUCSS=14, TUCSO=20)
    probe = probe_into(path)
    probe.sent([], bench.nic.core.recorder.history().tolist())
    probe.lost_rows()
    total = bench.nic.core.recorder.total
    frames = bench.send(frame(), TXSM=1)
    probe.sent(frames, bench.nic.core.recorder.since(total).tolist())
    assert "nothing is known" in packets(path)[0].comments[0]


def test_serve_refuses_a_capture_it_cannot_write(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    for text, words in ((str(path / "below" / "x"), "choose a file"), (f"{path},size=many", "size=64M")):
        socket = str(path.with_suffix(".sock"))
        assert run(parser.parse_args(["--socket", socket, "--net", "null", "--pcapng", text])) == 1
        assert words in capsys.readouterr().err


def test_two_cards_may_not_write_the_same_capture(tmp_path: Path) -> None:
    config = tmp_path / "cards.toml"
    cards = (f'[{name}]\nsocket = "/{name}"\npcapng = "x"\n' for name in ("one", "two"))
    config.write_text("".join(cards))
    with pytest.raises(CaptureError, match="x cannot be for --pcapng of one and for --pcapng of two"):
        refuse_shared(places(read_file(config)))


def starved(path: Path) -> tuple[Workbench, Probe]:
    """A card with one receive descriptor, to which three frames have come at 5 ns."""
    bench, probe = Workbench(), probe_into(path)
    bench.open_receive()
    bench.write(R.RDT, 1)
    probe.follow(bench.nic.core.recorder.history().tolist())
    before = bench.nic.core.recorder.total
    bench.nic.receive([frame(60 + number, MAC) for number in range(3)])
    probe.received([frame(60 + number, MAC) for number in range(3)], fresh(bench, before), 5)
    assert [len(one.frame) for one in packets(path)] == [60]
    return bench, probe


def fresh(bench: Workbench, total: int) -> list[list[int]]:
    rows: list[list[int]] = bench.nic.core.recorder.since(total).tolist()
    return rows


def test_frames_that_wait_in_the_fifo_are_told_when_they_are_delivered(path: Path) -> None:
    bench, probe = starved(path)
    total = bench.nic.core.recorder.total
    bench.now_ns = 900
    bench.write(R.RDT, 10)
    bench.run()
    probe.sent([], fresh(bench, total))
    for number, one in enumerate(packets(path)):
        assert (one.at_ns, one.direction, one.frame) == (5, INBOUND, frame(60 + number, MAC))
        assert ", delivered" in one.comments[0]
        assert f"descriptor {number} takes {60 + number} bytes" in one.comments[0]
        assert ("waits in the FIFO" in one.comments[0]) == (number > 0)


def test_a_reset_or_the_end_tells_of_the_frames_that_waited(path: Path) -> None:
    bench, probe = starved(path)
    total = bench.nic.core.recorder.total
    bench.reset()
    probe.follow(fresh(bench, total))
    assert ["lost from the FIFO" in one.comments[0] for one in packets(path)] == [False, True, True]
    _, probe = starved(path)
    probe.close()
    assert ["waits in the FIFO" in one.comments[0] for one in packets(path)] == [False, True, True]


def test_a_packet_that_is_cut_at_the_door_is_one_story_of_all_its_frames(path: Path) -> None:
    bench, probe = Workbench(), probe_into(path)
    bench.open_receive()
    bench.write(R.RDT, 2)
    probe.follow(bench.nic.core.recorder.history().tolist())
    before = bench.nic.core.recorder.total
    packet = MAC + Message(False, True, bytes(1400), 0).encode()[6:]
    lead = VNET.pack(NEEDS_CSUM, GSO_TCPV4, 54, 500, 34, 16)
    bench.nic.receive(Frames.joined([lead + packet, bytes(VNET_LEAD) + frame(60, MAC)], VNET_LEAD))
    probe.received([packet, frame(60, MAC)], fresh(bench, before), 5)
    assert packets(path) == []
    before = bench.nic.core.recorder.total
    bench.write(R.RDT, 10)
    bench.run()
    probe.sent([], fresh(bench, before))
    whole, single = packets(path)
    assert (whole.frame, single.frame) == (packet, frame(60, MAC))
    assert whole.comments[0].splitlines()[0] == (
        "a packet of 1454 bytes, left whole by the host, is cut into 3 frames at the card's door (§3.2); "
        "3 of them are delivered"
    )
    assert "descriptor 3 takes 60 bytes" in single.comments[0]
