"""Who takes part, and how is each set up? A rig is one card, running: ours served as `glassnic serve` does, or one of
QEMU's in a machine whose processor sleeps. All share one piece of memory as their guest's, and each has its own wire.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from glassnic.bench.bed import Bed
from glassnic.bench.measure import BenchError, Watch
from glassnic.bench.ports import TIMEOUT_S, Port, QtestPort, VfioUserPort
from glassnic.bench.programs import MEMORY_BYTES
from glassnic.lab.card import CardChoice, ServedCard
from glassnic.lab.errors import LabError
from glassnic.lab.kit import Qemu
from glassnic.lab.process import Process
from glassnic.lab.sleeper import Sleeper
from glassnic.lab.sockets import accept, listen
from glassnic.spec.fields import CTRL, STATUS
from glassnic.spec.registers import R
from glassnic.transports.vfio_user.client import Client, GuestRam

T = TypeVar("T")
OURS = "glassnic"
ALL = 0xFFFF_FFFF


class Rig:
    """One card in its machine, with its link up."""

    def __init__(self, name: str, kind: str, port: Port, process: Process, ram: GuestRam) -> None:
        self.name = name
        self.kind = kind
        self.port = port
        self._ram = ram
        self.pid = process.child.pid
        """The process in which the device lives."""
        port.write((R.IMC.offset, ALL), (R.CTRL.offset, CTRL.SLU.mask))
        deadline = time.monotonic() + TIMEOUT_S
        while not port.read(R.STATUS.offset) & STATUS.LU.mask:  # ours has none before its engine is loaded
            if time.monotonic() > deadline:
                raise BenchError(f"{name} has no link after {TIMEOUT_S} s")
            time.sleep(0.01)

    def watch(self) -> Watch:
        """A stopwatch over this card."""
        return Watch(self.pid)

    def write_memory(self, address: int, data: bytes) -> None:
        """Write guest memory."""
        self._ram.data[address : address + len(data)] = data

    def read_memory(self, address: int, length: int) -> bytes:
        """Read guest memory."""
        return self._ram.data[address : address + length]


@contextmanager
def glassnic(bed: Bed, ram: GuestRam, net: str, inside: Sequence[str] = ()) -> Iterator[Rig]:
    """Our card with its frames going to `net`, a back end of `glassnic serve`."""
    bed.compile_engine()
    card = ServedCard(CardChoice(), net, bed.place(), inside)
    try:
        with Client(card.socket, TIMEOUT_S) as client:
            client.start(ram)
            yield Rig(OURS, OURS, VfioUserPort(client), card.process, ram)
    except BaseException:
        with suppress(LabError):  # what went wrong before says more
            card.stop()
        raise
    card.stop()


@contextmanager
def in_qemu(bed: Bed, ram: GuestRam, qemu: Qemu, model: str, netdev: str, inside: Sequence[str] = ()) -> Iterator[Rig]:
    """A card that QEMU models, with its frames going to `netdev`, QEMU's words for a back end."""
    with Sleeper(qemu, ram, model, netdev, bed.place(), TIMEOUT_S, inside) as machine:
        yield Rig(f"{qemu.version} {model}", model, QtestPort(machine), machine.process, ram)


@contextmanager
def on_stream(
    bed: Bed, name: str, start: Callable[[Path], AbstractContextManager[T]]
) -> Iterator[tuple[T, socket.socket]]:
    """What `start` starts, which connects to the path it is given, and the far end of that stream."""
    path = bed.place() / "wire.sock"
    with listen(path, TIMEOUT_S) as listener, start(path) as who, accept(listener, name) as far_end:
        yield who, far_end


@contextmanager
def on_streams(bed: Bed) -> Iterator[list[tuple[Rig, socket.socket]]]:
    """Our card and each QEMU's e1000, on a unix stream each, whose far end comes along."""
    with ExitStack() as stack:
        ram = stack.enter_context(closing(GuestRam(MEMORY_BYTES)))

        def card(name: str, start: Callable[[Path], AbstractContextManager[Rig]]) -> tuple[Rig, socket.socket]:
            return stack.enter_context(on_stream(bed, name, start))

        def peer(qemu: Qemu) -> Callable[[Path], AbstractContextManager[Rig]]:
            return lambda path: in_qemu(bed, ram, qemu, "e1000", f"stream,server=off,addr.type=unix,addr.path={path}")

        yield [
            card(OURS, lambda path: glassnic(bed, ram, f"stream:{path}")),
            *(card(qemu.version, peer(qemu)) for qemu in bed.qemus),
        ]
