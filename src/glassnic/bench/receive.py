"""How fast do frames from the wire reach a receive ring? Every frame finds a descriptor, so none may be lost; what lies
in guest memory afterwards is compared with what was sent, byte for byte, each time.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from glassnic.bench import alone
from glassnic.bench.alone import Alone
from glassnic.bench.bed import Bed
from glassnic.bench.frames import FAR, ready_packet, stream_of
from glassnic.bench.measure import Contender, Measure, WrongOutput
from glassnic.bench.ports import TIMEOUT_S
from glassnic.bench.programs import BUFFERS, RING
from glassnic.bench.rigs import Rig, on_stream, on_streams
from glassnic.spec.bits import take
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, RX
from glassnic.spec.fields import RAH, RCTL, RXCSUM
from glassnic.spec.registers import R

BUFFER_BYTES = 2048
GLANCE_S = 0.00005
"""How often memory is looked at: seldom enough to leave the processors to those who work."""
SETTLE_S = 1.2
"""QEMU's cards take nothing for a second after RCTL is written."""
DD_BYTE = 12
"""Where in a descriptor of either ring the byte with DD is."""
ERRORS = RX.CE.mask | RX.SE.mask | RX.SEQ.mask | RX.CXE.mask | RX.TCPE.mask | RX.IPE.mask | RX.RXE.mask


class Arrival(NamedTuple):
    """The frames that must come, and a ring with a descriptor for each."""

    frames: list[bytes]
    ring: bytes

    @classmethod
    def of(cls, frames: list[bytes]) -> Arrival:
        """A ring of 2 KiB buffers, one after the other; a descriptor more than frames, so that the tail is not 0."""
        entries = (len(frames) // 8 + 1) * 8
        addresses = range(BUFFERS, BUFFERS + entries * BUFFER_BYTES, BUFFER_BYTES)
        return cls(frames, b"".join(address.to_bytes(8, "little") + bytes(8) for address in addresses))


@contextmanager
def stage(bed: Bed, length: int, count: int) -> Iterator[list[Contender]]:
    """`count` frames of `length` bytes come in on unix streams."""
    arrival = Arrival.of([ready_packet(length, n).frames[0] for n in range(count)])
    run = stream_of(arrival.frames)

    def act(rig: Rig, far_end: socket.socket) -> Measure:
        return receive(rig, arrival, lambda: far_end.sendall(run))

    def start(path: Path) -> AbstractContextManager[Alone]:
        return alone.receiving(bed, f"stream:{path}", count)

    with on_streams(bed) as rigs, on_stream(bed, alone.NAME, start) as (back_end, far_end):
        open_receivers(rig for rig, _ in rigs)
        yield [
            *(Contender(rig.name, rig.kind, partial(act, rig, far_end)) for rig, far_end in rigs),
            Contender(alone.NAME, alone.KIND, partial(back_end.measure, count, partial(far_end.sendall, run))),
        ]


def receive(rig: Rig, arrival: Arrival, send: Callable[[], object]) -> Measure:
    """Give the ring, send, wait until the last frame is there, compare."""
    give_ring(rig, arrival)
    watch = rig.watch()
    send()
    await_done(rig, RING + (len(arrival.frames) - 1) * DESCRIPTOR_BYTES)
    watch.stop()
    rig.port.read(R.STATUS.offset)
    measure = watch.measure(len(arrival.frames))
    compare(rig, arrival)
    return measure


def open_receivers(rigs: Iterable[Rig]) -> None:
    """The receivers on for the frames' address, with sums verified as Linux asks; each ring is empty."""
    for rig in rigs:
        rig.port.write(
            (R.RAL.offset, int.from_bytes(FAR[:4], "little")),
            (R.RAH.offset, int.from_bytes(FAR[4:], "little") | RAH.AV.mask),
            (R.RXCSUM.offset, RXCSUM.IPOFL.mask | RXCSUM.TUOFL.mask),
            (R.RDBAL.offset, RING),
            (R.RDBAH.offset, 0),
            (R.RCTL.offset, RCTL.EN.mask | RCTL.BAM.mask | RCTL.SECRC.mask),
        )
        rig.port.read(R.STATUS.offset)
    time.sleep(SETTLE_S)


def give_ring(rig: Rig, arrival: Arrival) -> None:
    """Descriptors written anew, buffers blank, and all of them given; nothing arrives meanwhile."""
    rig.write_memory(RING, arrival.ring)
    rig.write_memory(BUFFERS, bytes(len(arrival.frames) * BUFFER_BYTES))
    rig.port.write(
        (R.RDLEN.offset, len(arrival.ring)),
        (R.RDH.offset, 0),
        (R.RDT.offset, len(arrival.frames)),
    )
    rig.port.read(R.STATUS.offset)


def await_done(rig: Rig, descriptor: int) -> None:
    """Wait until the card has written DD at this address, or patience ends: whoever compares will tell."""
    deadline = time.monotonic() + TIMEOUT_S
    status = descriptor + DD_BYTE
    while not rig.read_memory(status, 1)[0] & 1 and time.monotonic() < deadline:
        time.sleep(GLANCE_S)


def compare(rig: Rig, arrival: Arrival) -> None:
    """Raise WrongOutput unless each frame lies whole in its buffer."""
    for number, frame in enumerate(arrival.frames):
        word = int.from_bytes(rig.read_memory(RING + number * DESCRIPTOR_BYTES + 8, 8), "little")
        if not take(word, RX.DD) or not take(word, RX.EOP) or word & ERRORS:
            raise WrongOutput(f"{rig.name}: descriptor {number} of {len(arrival.frames)} reads {word:#x}")
        data = rig.read_memory(BUFFERS + number * BUFFER_BYTES, take(word, RX.LENGTH))
        if data != frame:
            raise WrongOutput(f"{rig.name}: frame {number} of {len(arrival.frames)} is not what was sent")
