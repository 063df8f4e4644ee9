"""How fast is a card on a TAP interface? Everything happens in a network namespace of the bench's own.

On the watch, frames end where a host has no use for them: in its network stack, at an address that is nobody's. Off the
watch the same work is done once more with the interface bridged to another, which cuts what is not cut yet; there
every frame is compared.
"""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial

from glassnic.bench import alone, inside
from glassnic.bench.bed import Bed
from glassnic.bench.frames import STATION, payload, tcp_packet
from glassnic.bench.measure import BenchError, Contender, Measure, WrongOutput
from glassnic.bench.ports import TIMEOUT_S
from glassnic.bench.programs import LONG_BYTES, MEMORY_BYTES, MSS, RING, Program
from glassnic.bench.receive import Arrival, await_done, open_receivers, receive
from glassnic.bench.rigs import Rig, glassnic, in_qemu
from glassnic.bench.transmit import at_once, lay
from glassnic.lab.sockets import accept, listen
from glassnic.lab.wire import Wire
from glassnic.spec.descriptors import DESCRIPTOR_BYTES
from glassnic.spec.registers import R
from glassnic.transports.vfio_user.client import GuestRam

BRIDGE, FAR_TAP, ALONE = "bridge0", "far0", "alone0"
QUEUE = 20_000
"""Frames that an interface may hold: more than any bench sends."""
NO_IPV6 = "for each in all default; do echo 1 >/proc/sys/net/ipv6/conf/$each/disable_ipv6; done"
"""So that the namespace's kernel has nothing of its own to say."""
LONGEST_BYTES = 1 << 16


class Ground:
    """The namespace with its interfaces."""

    def __init__(self, bed: Bed) -> None:
        self._bed = bed
        self.wire = Wire(bed.kit, bed.place())
        self.wire.run("sh", "-c", NO_IPV6)
        self._busybox = str(bed.kit.tools.root / "usr/bin/busybox")

    def bridge(self) -> int:
        """Make the bridge; gives the TAP behind it, to be closed."""
        done = self.wire.run(self._busybox, "brctl", "addbr", BRIDGE)
        if done.returncode != 0:
            raise BenchError(f"no bridge can be had here: {done.stderr.strip()}")
        self.wire.ip("link", "set", BRIDGE, "up")
        fd = self.open("tap", FAR_TAP)
        self.wire.ip("link", "set", FAR_TAP, "qlen", str(QUEUE), "up", "master", BRIDGE)
        return fd

    def add_tap(self, name: str) -> None:
        """A TAP interface for a card."""
        self.wire.traffic("tap", name)
        self.wire.ip("link", "set", name, "qlen", str(QUEUE), "up")

    def join(self, name: str, *, bridged: bool) -> None:
        """Put a card's interface behind the bridge, or take it away."""
        self.wire.ip("link", "set", name, *(("master", BRIDGE) if bridged else ("nomaster",)))

    def open(self, what: str, name: str) -> int:
        """A descriptor from inside: see inside.py."""
        path = self._bed.place() / "fd.sock"
        with listen(path, TIMEOUT_S) as listener:
            done = self.wire.run(sys.executable, inside.__file__, what, name, str(path))
            if done.returncode != 0:
                raise BenchError(f"{what} {name} cannot be opened: {done.stderr.strip().splitlines()[-1]}")
            with accept(listener, "the namespace") as sock:
                _, fds, _, _ = socket.recv_fds(sock, 1, 1)
        return fds[0]


@contextmanager
def on_taps(bed: Bed, *, models: Sequence[str], options: Sequence[str]) -> Iterator[tuple[Ground, dict[str, Rig]]]:
    """Our card with each of these options and the newest QEMU's models, by the names of their interfaces."""
    with ExitStack() as stack:
        ram = stack.enter_context(closing(GuestRam(MEMORY_BYTES)))
        ground = Ground(bed)
        stack.callback(ground.wire.close)
        inside_words = ground.wire.inside
        rigs: dict[str, Rig] = {}
        for number, option in enumerate(options):
            name = f"ours{number}"
            ground.add_tap(name)
            rig = stack.enter_context(glassnic(bed, ram, f"tap:{name}{option}", inside_words))
            if option:
                rig.kind = option.strip(",")
                rig.name = f"glassnic {rig.kind}"
            rigs[name] = rig
        for model in models:
            name = f"peer{len(rigs)}"
            ground.add_tap(name)
            netdev = f"tap,ifname={name},script=no,downscript=no,vhost=off"
            rigs[name] = stack.enter_context(in_qemu(bed, ram, bed.qemus[-1], model, netdev, inside_words))
        yield ground, rigs


@contextmanager
def transmitting(bed: Bed, make: Callable[[], Program]) -> Iterator[list[Contender]]:
    """Everybody sends a program out of a TAP."""
    program = make()
    with on_taps(bed, models=("e1000", "e1000e"), options=("", ",gso=off")) as (ground, rigs), ExitStack() as stack:
        far = stack.enter_context(os.fdopen(ground.bridge(), "rb", 0)).fileno()
        ground.add_tap(ALONE)
        back_end = stack.enter_context(alone.sending(bed, f"tap:{ALONE}", program.led, ground.wire.inside))

        def contender(name: str, who: str, kind: str, send: Callable[[], Measure]) -> Contender:
            return Contender(who, kind, partial(_send, ground, name, who, send, program, far))

        yield [
            *(contender(name, rig.name, rig.kind, partial(_by_card, rig, program)) for name, rig in rigs.items()),
            contender(ALONE, alone.NAME, alone.KIND, partial(back_end.measure, len(program.frames))),
        ]


def _send(ground: Ground, name: str, who: str, send: Callable[[], Measure], program: Program, far: int) -> Measure:
    """Send out of the interface `name`, on the watch, then off it where every frame is looked at."""
    measure = send()
    ground.join(name, bridged=True)
    try:
        send()
        came = collect(far, len(program.frames))
    finally:
        ground.join(name, bridged=False)
    for number, (found, wanted) in enumerate(zip(came, program.frames, strict=False)):
        if found != wanted:
            raise WrongOutput(f"{who}: frame {number} of {len(program.frames)} is not as it must be")
    if len(came) != len(program.frames):
        raise WrongOutput(f"{who}: {len(came)} of {len(program.frames)} frames came, in {program.name}")
    return measure


def _by_card(rig: Rig, program: Program) -> Measure:
    """Done when the last descriptor is, and a register is read: by then a card has handed over what it sent."""
    lay(rig, program)
    watch = rig.watch()
    at_once(rig, program)
    await_done(rig, RING + (program.tails[-1] - 1) * DESCRIPTOR_BYTES)
    rig.port.read(R.STATUS.offset)
    watch.stop()
    return watch.measure(len(program.frames))


def collect(fd: int, count: int) -> list[bytes]:
    """The frames of the flow that come out of a TAP: `count`, or what came before it fell silent, and any surplus."""
    frames: list[bytes] = []
    patience_s = TIMEOUT_S / 10
    while select.select([fd], [], [], patience_s if len(frames) < count else 0)[0]:
        frame = os.read(fd, LONGEST_BYTES)
        if frame[6:12] == STATION:
            frames.append(frame)
    return frames


@contextmanager
def receiving(bed: Bed, count: int) -> Iterator[list[Contender]]:
    """The host hands `count` packets of 64 KB to each TAP: whole where the card takes them so, else cut by the host."""
    packets = [tcp_packet(payload(LONG_BYTES, n), n, MSS) for n in range(count)]
    arrival = Arrival.of([frame for packet in packets for frame in packet.frames])
    sends = [led for packet in packets for led in packet.led]
    with on_taps(bed, models=("e1000",), options=("",)) as (ground, rigs), ExitStack() as stack:
        open_receivers(rigs.values())
        contenders: list[Contender] = []
        for name, rig in rigs.items():
            sock = stack.enter_context(socket.socket(fileno=ground.open("packet", name)))
            act = partial(receive, rig, arrival, partial(_hand, sock, sends))
            contenders.append(Contender(rig.name, rig.kind, act))
        ground.add_tap(ALONE)
        back_end = stack.enter_context(alone.receiving(bed, f"tap:{ALONE}", len(sends), ground.wire.inside))
        sock = stack.enter_context(socket.socket(fileno=ground.open("packet", ALONE)))
        act = partial(back_end.measure, len(arrival.frames), partial(_hand, sock, sends))
        contenders.append(Contender(alone.NAME, alone.KIND, act))
        yield contenders


def _hand(sock: socket.socket, sends: list[bytes]) -> None:
    for send in sends:
        sock.send(send)
