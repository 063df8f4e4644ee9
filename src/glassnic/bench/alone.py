"""How fast is a back end by itself? A process that hands it ready frames, or takes what it gets, and does nothing else:
what that takes is the host's, whatever card is before it.

Run as a program, this file is that process: `send` with a file of frames, or `receive` with how many must come.
"""

from __future__ import annotations

import select
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from glassnic.backends import Backend, BackendError, open_backend
from glassnic.backends.inbox import ROWS
from glassnic.bench.bed import Bed
from glassnic.bench.frames import stream_of
from glassnic.bench.measure import BenchError, Measure, Watch
from glassnic.bench.ports import TIMEOUT_S
from glassnic.device.ports import LENGTH_LEAD, PREFIX_BYTES, Frames
from glassnic.device.transmit_state import ROOM_BYTES
from glassnic.lab.process import Process
from glassnic.lab.sockets import accept, listen

NAME, KIND = "the back end alone", "backend"
OPEN = "is open"


class Alone:
    """The process, as the bench sees it."""

    def __init__(self, process: Process, control: socket.socket) -> None:
        self._process = process
        self._control = control

    def measure(self, amount: float, meanwhile: Callable[[], object] = lambda: None) -> Measure:
        """Have it send all its frames, or take as many as must come; do `meanwhile`; wait until both are done.

        LabError or BenchError if it never is.
        """
        watch = Watch(self._process.child.pid)
        self._control.send(b".")
        meanwhile()
        self._await_word()
        watch.stop()
        return watch.measure(amount)

    def _await_word(self) -> None:
        try:
            word = self._control.recv(1)
        except TimeoutError as error:
            raise BenchError(f"{NAME} is not done after {TIMEOUT_S} s") from error
        if not word:
            self._process.wait_for_end(TIMEOUT_S)
            self._process.check()


@contextmanager
def sending(bed: Bed, net: str, led: Iterable[bytes], inside: Sequence[str] = ()) -> Iterator[Alone]:
    """It sends these frames; they have their virtio-net headers already where `net` takes such."""
    file = bed.place() / "frames"
    file.write_bytes(stream_of(led))
    with _running(bed, net, "send", str(file), inside) as alone:
        yield alone


@contextmanager
def receiving(bed: Bed, net: str, count: int, inside: Sequence[str] = ()) -> Iterator[Alone]:
    """It takes `count` frames, or whole sends."""
    with _running(bed, net, "receive", str(count), inside) as alone:
        yield alone


@contextmanager
def _running(bed: Bed, net: str, task: str, what: str, inside: Sequence[str]) -> Iterator[Alone]:
    place = bed.place()
    path = place / "control.sock"
    words = [sys.executable, "-m", "glassnic.bench.alone", str(path), net, task, what]
    with listen(path, TIMEOUT_S) as listener:
        process = Process(NAME.capitalize(), words, place / "alone.txt", inside=inside)
        try:
            process.wait_for(lambda: OPEN in process.said, TIMEOUT_S, "its word that it is open")
            with accept(listener, NAME) as control:
                yield Alone(process, control)
        finally:
            process.stop()


def send_all(backend: Backend, runs: Sequence[Frames]) -> None:
    """Hand over one run after the other, waiting where the host takes no more."""
    ready = select.poll()
    ready.register(backend.fileno(), select.POLLOUT)
    for run in runs:
        backend.send(run)
        while backend.blocked:
            ready.poll()
            backend.flush()


def receive_all(backend: Backend, count: int) -> None:
    """Take frames until so many have come."""
    ready = select.poll()
    ready.register(backend.fileno(), select.POLLIN)
    while count > 0:
        came = len(backend.receive(ROWS))
        count -= came
        if not came:
            ready.poll()


def runs_of(frames: Frames) -> list[Frames]:
    """As much at a time as the card would hand over."""
    bounds, runs, begin = frames.bounds, [], 0
    while begin < len(frames):
        limit = bounds[begin, 0] + ROOM_BYTES
        end = max(int(np.searchsorted(bounds[:, 1], limit, "right")), begin + 1)
        runs.append(Frames(frames.arena, bounds[begin:end], frames.lead))
        begin = end
    return runs


def _read(file: Path) -> list[bytes]:
    data, led, at = file.read_bytes(), [], 0
    while at < len(data):
        begin = at + PREFIX_BYTES
        at = begin + int.from_bytes(data[at:begin], "big")
        led.append(data[begin:at])
    return led


def main(control: str, net: str, task: str, what: str) -> None:
    """Open the back end, say so, then do the task once for each byte that comes, and say so."""
    backend = open_backend(net)
    print(net, OPEN, flush=True)
    act: Callable[[], None] = partial(receive_all, backend, int(what)) if task == "receive" else _sender(backend, what)
    with socket.socket(socket.AF_UNIX) as parent:
        parent.connect(control)
        while parent.recv(1):
            act()
            parent.send(b".")


def _sender(backend: Backend, file: str) -> Callable[[], None]:
    led = _read(Path(file))
    frames = Frames.of(led) if backend.lead == LENGTH_LEAD else Frames.joined(led, backend.lead)
    return partial(send_all, backend, runs_of(frames))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BackendError as error:
        sys.exit(str(error))
