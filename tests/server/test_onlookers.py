"""Does whoever looks on see every frame, though the back end would lend the card its descriptor both ways?"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from glassnic.backends.middleware import Tee
from glassnic.backends.pcap import Pcap
from glassnic.backends.stream import Stream
from glassnic.device.ports import Frames
from glassnic.server.tape import Tape
from glassnic.xray.capture import Capture
from glassnic.xray.probe import Probe
from glassnic.xray.sink import Target
from glassnic.xray.story import Origin
from plugged import Guest, Machine, echo_on_a_stream, frame
from session import Bench

pytestmark = pytest.mark.kernel
Seen = Callable[[], bytes]
"""What the onlooker has written by the end."""


def captured(machine: Machine, folder: Path) -> Seen:
    path = folder / "card.pcapng"
    probe = Probe([Capture(Target(path), [("e1000", Origin())]).channel()])
    machine.add(folder / "card.sock", echo_on_a_stream(), probe=probe)
    return path.read_bytes


def taped(machine: Machine, folder: Path) -> Seen:
    card = machine.add(folder / "card.sock", echo_on_a_stream())
    tape = card.tape = Tape(card.nic.core.recorder)
    return lambda: b"".join(stretch.frames.arena.tobytes() for stretch in tape._stretches)


def teed(machine: Machine, folder: Path) -> Seen:
    path = folder / "wire.pcap"
    machine.add(folder / "card.sock", Tee(echo_on_a_stream(), Pcap(str(path))))
    return path.read_bytes


@pytest.mark.parametrize("look_on", [captured, taped, teed])
def test_every_frame_of_both_ways_is_seen(tmp_path: Path, look_on: Callable[[Machine, Path], Seen]) -> None:
    machine = Machine()
    seen = look_on(machine, tmp_path)
    machine.start()
    guest = Guest(tmp_path / "card.sock")
    guest.bring_up()
    sent = [frame(number) for number in range(30)]
    guest.send(*sent)
    assert [guest.receive() for _ in sent] == sent
    guest.leave()
    machine.stop()
    assert [seen().count(each) for each in sent] == [2] * len(sent)


def test_a_card_that_is_recorded_fetches_nothing_itself(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "session.rec")
    bench.driver.open()
    bench.driver.listen(0xFFFF)
    near, far = socket.socketpair()
    backend = Stream(near, "stream:far")
    far.sendall(Frames.of([frame(1)]).stream())
    assert not bench.nic.take_from(backend.inlet)
    assert list(map(bytes, backend.receive())) == [frame(1)]
    far.close()
    backend.close()
    bench.recording()
