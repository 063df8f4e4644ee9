"""Do frames that the engine fetches itself come in as they would by way of Python? Twins, on random scenes."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrivals import Arrival, Scene, Turn, nonsense, play, scenes
from glassnic.backends.inbox import ROWS, Inbox
from glassnic.bench.engine import ENDLESS
from glassnic.device.inlet import BEGIN, COUNT, FD, RUN_BYTES
from glassnic.device.nic import Nic
from glassnic.device.ports import LENGTH_LEAD, MAX_FRAME_BYTES, VNET_LEAD, FlatMemory, Patience, lead_of
from glassnic.spec.fields import CTRL, RCTL
from glassnic.spec.profiles import Traits
from glassnic.spec.registers import R
from receive_bench import ReceiveBench, frame
from receive_side import KINDS, Bench

pytestmark = pytest.mark.kernel
OnFile = Callable[[bytes], Inbox]
settled = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


class Fetching(Bench):
    """A receive side that fetches what comes by the wire itself; of a stream, in pieces of any size."""

    def __init__(self, kind: ModuleType, scene: Scene, style: socket.SocketKind, lead: int, seed: int) -> None:
        super().__init__(kind, scene, scene.memory())
        self.kind = kind
        self.near, self.far = socket.socketpair(socket.AF_UNIX, style)
        for end in (self.near, self.far):
            end.setblocking(False)
        self.runs = style == socket.SOCK_STREAM
        self.lead = lead
        self.inbox = Inbox(self.near.fileno(), lead, self.runs)
        self.random = Random(seed)
        self.fetched = 0

    def act(self, done: Arrival | Turn) -> None:
        if isinstance(done, Turn) or done.way != "wire":
            super().act(done)
            return
        led = [lead_of(each, self.lead) + each for each in done.frames]
        pieces = self.cut(b"".join(led)) if self.runs else led if self.lead == VNET_LEAD else list(done.frames)
        for piece in pieces:
            left = piece
            while left or not self.runs:
                with suppress(BlockingIOError):
                    left = left[self.far.send(left) :]
                    if not left:
                        break
                self.fetch()
            if self.random.random() < 0.5:
                self.fetch()
        self.fetch()

    def cut(self, stream: bytes) -> list[bytes]:
        places = sorted(self.random.randrange(len(stream) + 1) for _ in range(self.random.randrange(8)))
        return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True) if a < b]

    def fetch(self) -> None:
        while self.receive.take_from(self.inbox.inlet, True, ENDLESS):
            self.fetched += int(self.inbox.inlet.words[COUNT])
        while len(rest := self.inbox.fetch(ROWS)):  # nobody listens, so they are to be given
            self.receive.arrive(self.kind.Frames(rest.arena, rest.bounds, rest.lead), True)


class Given(Bench):
    """The same with all frames given, behind the same leads. On a stream one of no length is none."""

    def __init__(self, kind: ModuleType, scene: Scene, style: socket.SocketKind, lead: int) -> None:
        super().__init__(kind, scene, scene.memory())
        self.kind = kind
        self.runs = style == socket.SOCK_STREAM
        self.lead = lead

    def act(self, done: Arrival | Turn) -> None:
        if isinstance(done, Arrival) and done.way == "wire":
            frames = filter(None, done.frames) if self.runs else done.frames
            self.receive.arrive(self.kind.Frames.of(frames, self.lead), True)
        else:
            super().act(done)


@pytest.mark.parametrize(
    ("style", "lead"),
    [(socket.SOCK_STREAM, LENGTH_LEAD), (socket.SOCK_SEQPACKET, LENGTH_LEAD), (socket.SOCK_SEQPACKET, VNET_LEAD)],
)
@pytest.mark.parametrize("kind", KINDS)
@given(scene=st.one_of(scenes(), nonsense()), seed=st.integers(0, 1 << 20))
@settled
def test_frames_come_in_as_they_would_by_python(
    kind: str, style: socket.SocketKind, lead: int, scene: Scene, seed: int
) -> None:
    fetching = Fetching(KINDS[kind], scene, style, lead, seed)
    general = Given(KINDS[kind], scene, style, lead)
    for bench in (fetching, general):
        play(scene, bench.write, bench.act)
    fetching.near.close()
    fetching.far.close()
    assert fetching.outcome() == general.outcome()


@pytest.fixture
def on_file(tmp_path: Path) -> Iterator[OnFile]:
    """A stream that lies in a file: it has all at once, and an end."""
    path = tmp_path / "wire"
    path.touch()
    fd = os.open(path, os.O_RDONLY)

    def lay(content: bytes) -> Inbox:
        path.write_bytes(content)
        return Inbox(fd, LENGTH_LEAD, runs=True)

    yield lay
    os.close(fd)


@pytest.mark.parametrize(
    ("traits", "control", "until_ns", "waits", "rounds"),
    [
        (Traits(), 0, ENDLESS.until_ns, False, 6),
        (Traits(), 0, 1, False, 1),
        (Traits(), 0, ENDLESS.until_ns, True, 1),
        (Traits(), CTRL.TFCE.mask, ENDLESS.until_ns, False, 1),
        (Traits(host_waits=1), 0, ENDLESS.until_ns, False, 1),
    ],
)
def test_one_turn_asks_again_while_much_comes_and_it_may_go_on_unless_the_wire_may_be_stopped(
    on_file: OnFile, traits: Traits, control: int, until_ns: int, waits: bool, rounds: int
) -> None:
    bench = ReceiveBench()
    bench.core.traits = traits
    bench.write("CTRL", control)
    one = frame(1514)
    inbox = on_file((lead_of(one, LENGTH_LEAD) + one) * 1000)
    # the stream's file can always be read, as a door is while somebody waits
    assert bench.receive.take_from(inbox.inlet, True, Patience(until_ns, int(inbox.inlet.words[FD]) if waits else -1))
    assert (rounds - 1) * RUN_BYTES < inbox.inlet.words[COUNT] * 1518 <= rounds * RUN_BYTES
    came = int(inbox.inlet.words[COUNT])
    while bench.receive.take_from(inbox.inlet, True):
        came += int(inbox.inlet.words[COUNT])
    assert came == bench.count("TPR") == 1000


def test_what_is_no_length_is_left_and_what_came_before_it_comes_in(on_file: OnFile) -> None:
    bench = ReceiveBench()
    one = frame()
    inbox = on_file(lead_of(one, LENGTH_LEAD) + one + b"\xff" * 8)
    assert bench.receive.take_from(inbox.inlet, True)
    assert not bench.receive.take_from(inbox.inlet, True)
    assert inbox.next_length > MAX_FRAME_BYTES
    assert bench.delivered() == [one]


def test_where_nobody_listens_nothing_is_fetched(on_file: OnFile) -> None:
    one = frame()
    inbox = on_file(lead_of(one, LENGTH_LEAD) + one)
    bench = ReceiveBench()
    assert not bench.receive.take_from(inbox.inlet, False)
    for fields in ({"EN": 0}, {"EN": 1, "LBM": 1}):
        bench.control(**fields)
        assert not bench.receive.take_from(inbox.inlet, True)
    nic = Nic(FlatMemory(4096))
    nic.set_link(True)
    nic.write(R.RCTL.offset, RCTL.EN.mask)
    nic.asleep = True
    assert not nic.take_from(inbox.inlet)
    assert inbox.inlet.words[BEGIN] == 0
    assert len(inbox.fetch(1)) == 1
