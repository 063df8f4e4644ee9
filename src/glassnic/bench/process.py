"""What is the card like as a process? How soon it answers a register and takes a posted write, against a peer that does
nothing else; what it costs while its guest is idle; how long it takes to start, and how much memory it holds.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from glassnic.bench.bed import Bed
from glassnic.bench.floor import floor
from glassnic.bench.measure import BenchError, Contender, Measure, Watch, WrongOutput
from glassnic.bench.ports import TIMEOUT_S, VfioUserPort
from glassnic.bench.programs import MEMORY_BYTES, legacy64
from glassnic.bench.rigs import OURS, Rig, glassnic
from glassnic.bench.transmit import at_once, lay
from glassnic.lab.process import Process
from glassnic.spec.fields import CAUSE, STATUS
from glassnic.spec.registers import R
from glassnic.transports.vfio_user.client import Client, GuestRam

READS, WRITES, KEPT = 2000, 10_000, 0x1234
IDLE_TURNS, IDLE_S = 2, 2.0
COUNTERS = range(0x4000, 0x4000 + 60 * 4, 4)
"""What Linux's driver reads every two seconds, before it makes one interrupt (e1000_watchdog)."""

Talk = Callable[[VfioUserPort], int]
"""Talks to a card; gives how many accesses that were."""


def reads(port: VfioUserPort) -> int:
    """Register reads, one after the other."""
    for _ in range(READS):
        port.read(R.STATUS.offset)
    return READS


def writes(port: VfioUserPort) -> int:
    """Posted writes to a register that only keeps them, a message each as QEMU sends them, then a read that waits."""
    message = port.encode((R.FCTTV.offset, KEPT))
    for _ in range(WRITES):
        port.send(message)
    port.read(R.FCTTV.offset)
    return WRITES


@contextmanager
def against_floor(bed: Bed, talk: Talk) -> Iterator[list[Contender]]:
    """The served card, and a peer that only answers."""
    with closing(GuestRam(MEMORY_BYTES)) as ram, glassnic(bed, ram, "null") as rig, floor(bed) as (name, echo, path):
        assert isinstance(rig.port, VfioUserPort)
        with closing(VfioUserPort(Client(path, TIMEOUT_S))) as port:
            yield [
                Contender(OURS, OURS, partial(_talk, talk, rig.port, rig.pid, answers=True)),
                Contender(name, "floor", partial(_talk, talk, port, echo.child.pid, answers=False)),
            ]


def _talk(talk: Talk, port: VfioUserPort, pid: int, answers: bool) -> Measure:
    watch = Watch(pid)
    done = talk(port)
    watch.stop()
    measure = watch.measure(done)
    if answers and not port.read(R.STATUS.offset) & STATUS.LU.mask:
        raise WrongOutput("the card does not answer STATUS rightly")
    if answers and talk is writes and port.read(R.FCTTV.offset) != KEPT:
        raise WrongOutput("what was written was not kept")
    return measure


@contextmanager
def idle(bed: Bed) -> Iterator[list[Contender]]:
    """The served card, with a guest that does what Linux does while nothing happens."""
    with closing(GuestRam(MEMORY_BYTES)) as ram, glassnic(bed, ram, "null") as rig:
        _send_a_little(rig)
        yield [Contender(OURS, OURS, partial(_idle, rig))]


def _idle(rig: Rig) -> Measure:
    """Cost is processor time, amount wall time: a share of one processor."""
    watch = rig.watch()
    begin = time.monotonic_ns()
    for _ in range(IDLE_TURNS):
        time.sleep(IDLE_S)
        for offset in COUNTERS:
            rig.port.read(offset)
        rig.port.write((R.ICS.offset, CAUSE.RXDMT0.mask))
        rig.port.read(R.ICR.offset)
    used = watch.measure(1).cpu_ns
    assert used is not None
    return Measure(used, time.monotonic_ns() - begin)


@contextmanager
def start(bed: Bed) -> Iterator[list[Contender]]:
    """From the start of the program to the answer of the first register."""
    bed.compile_engine()
    yield [Contender(OURS, OURS, partial(_start, bed))]


def _start(bed: Bed) -> Measure:
    place = bed.place()
    path = place / "card.sock"
    watch = Watch()
    words = [sys.executable, "-m", "glassnic", "serve", "--socket", str(path), "--net", "null"]
    process = Process("The card", words, place / "card.txt")
    try:
        with _connect(path, process) as client:
            client.start()
            client.read_register(R.STATUS.offset)
            watch.stop()
            return watch.measure(1)
    finally:
        process.stop()


def _connect(path: Path, process: Process) -> Client:
    while True:
        process.check()
        with suppress(FileNotFoundError, ConnectionRefusedError):
            return Client(path, TIMEOUT_S)
        time.sleep(0.001)


@contextmanager
def memory(bed: Bed) -> Iterator[list[Contender]]:
    """The most memory the card has held, its engine loaded."""
    yield [Contender(OURS, OURS, partial(_memory, bed))]


def _memory(bed: Bed) -> Measure:
    """Cost is bytes."""
    with closing(GuestRam(MEMORY_BYTES)) as ram, glassnic(bed, ram, "null") as rig:
        _send_a_little(rig)
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{rig.pid}/status").read_text())
        assert found is not None
        return Measure(int(found[1]) * 1024, 1)


def _send_a_little(rig: Rig) -> None:
    """Send some frames, so that everything the card needs for its work is there."""
    program = legacy64(8)
    lay(rig, program)
    at_once(rig, program)
    deadline = time.monotonic() + TIMEOUT_S
    while rig.port.read(R.TDH.offset) != program.tails[-1]:
        if time.monotonic() > deadline:
            raise BenchError("the card does not send")
        time.sleep(0.01)
