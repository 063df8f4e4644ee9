"""How fast is the card in a real guest? Two machines alike in everything, QEMU, kernel, back end, but for the network
card, take turns; the one that waits sleeps. After each measure bytes are sent out and back by TCP and UDP and compared.

The threads of a machine run where the host's scheduler puts them, or all `together` on one processor: then a register
access of our card is a switch to another process, and wakes no processor.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from glassnic.bench import echo, mmio
from glassnic.bench.bed import Bed
from glassnic.bench.floor import build
from glassnic.bench.measure import BenchError, Contender, Measure, Watch, WrongOutput
from glassnic.bench.rigs import OURS
from glassnic.bench.standin import StandIn
from glassnic.lab.card import Card, CardChoice, QemuCard, ServedCard
from glassnic.lab.guest import Guest
from glassnic.lab.machine import Boot, Machine
from glassnic.lab.wire import GUEST4, PEER4, PREFIX4, TAP, Wire

IPERF_PORT, ECHO_PORT = 5201, 7
SECONDS, SLACK_S = 3, 60
CHUNKS, TRIPS, READS = 12, 400, 2000
SCRIPT = "/tmp/echo.py"
PLUG = (
    "modprobe e1000 && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && ip link set eth0 up && "
    f"ip addr add {GUEST4}/{PREFIX4} dev eth0 && await-carrier 10"
)
MEGA = 1e6


class Seat(NamedTuple):
    """A running guest with one card."""

    name: str
    kind: str
    guest: Guest
    pids: tuple[int, ...]
    """The processes that its card takes part in: QEMU, and ours where there is one."""


Task = Callable[[Seat], Measure]


def iperf(words: str) -> Task:
    """A task: iperf3 in the guest with these words; the amount is in Mbit that arrived."""
    return partial(_iperf, words=words)


def _iperf(seat: Seat, words: str) -> Measure:
    watch = Watch(*seat.pids)
    said = seat.guest.must(f"iperf3 -c {PEER4} -p {IPERF_PORT} -t {SECONDS} -i 0 -J {words}", SECONDS + SLACK_S)
    watch.stop()
    arrived = _arrived(said)
    return _within(watch, arrived["seconds"] * 1e9, arrived["bytes"] * 8 / MEGA)


def _arrived(said: str) -> dict[str, Any]:
    """What the receiving side counted, in iperf3's report."""
    try:
        end = json.loads(said)["end"]
        arrived: dict[str, Any] = end.get("sum_received") or end["sum"]
        if arrived["bytes"] > 0:
            return arrived
    except (ValueError, KeyError):
        pass
    raise BenchError(f"iperf3 measured nothing: {said.strip()[-200:]}")


def request_response(seat: Seat) -> Measure:
    """A task: a byte out and back by TCP, again and again."""
    watch = Watch(*seat.pids)
    told = _echo(seat.guest, "trips", TRIPS)
    watch.stop()
    return _within(watch, told["ns"], told["trips"])


def _within(watch: Watch, cost_ns: float, amount: float) -> Measure:
    """What was measured inside the guest, with its share of the processor time that the watch saw."""
    seen = watch.measure(amount)
    assert seen.cpu_ns is not None
    return Measure(cost_ns, amount, seen.cpu_ns / seen.cost * cost_ns)


@contextmanager
def stage(bed: Bed, task: Task, together: bool = False) -> Iterator[list[Contender]]:
    """Both guests, booted when first asked for, with a task; each with its card on one processor, if `together`."""
    yield [Contender(seat.name, seat.kind, partial(_act, seat, task, together)) for seat in bed.keep(seats)]


def _act(seat: Seat, task: Task, together: bool) -> Measure:
    place(seat.pids, together)
    measure = task(seat)
    told = _echo(seat.guest, "exchange", CHUNKS)
    if told["damaged"] or told["chunks"] != CHUNKS or not told["datagrams"]:
        raise WrongOutput(f"{seat.name}: of what went out and back {told['damaged']} pieces were damaged: {told}")
    if complaints := seat.guest.complaints():
        raise WrongOutput(f"{seat.name}: the guest's kernel complains: {complaints[0]}")
    return measure


def place(pids: Iterable[int], together: bool) -> None:
    """Let all threads of these processes run on one processor, or on any that this process may use."""
    ours = os.sched_getaffinity(0)
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").glob("*"):
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setaffinity(int(thread.name), {max(ours)} if together else ours)


def _echo(guest: Guest, verb: str, count: int) -> dict[str, int]:
    words = shlex.join(["python3", "-S", "-E", SCRIPT, verb, PEER4, str(ECHO_PORT), str(count)])
    told: dict[str, int] = json.loads(guest.must(words, SLACK_S).splitlines()[-1])
    return told


@contextmanager
def seats(bed: Bed) -> Iterator[list[Seat]]:
    """Our card and QEMU's e1000, each in a guest, on a TAP in a namespace of its own."""
    bed.compile_engine()
    with ExitStack() as stack:
        found: list[Seat] = []
        for nic in (OURS, "e1000"):
            folder = bed.place()
            wire = Wire(bed.kit, folder)
            stack.callback(wire.close)
            found.append(_seat(bed, nic, wire, folder, stack))
        yield found


def _seat(bed: Bed, nic: str, wire: Wire, folder: Path, stack: ExitStack) -> Seat:
    card: Card
    pids: tuple[int, ...] = ()
    if nic == OURS:
        card = served = ServedCard(CardChoice(), f"tap:{TAP}", folder, wire.inside)
        name, inside, pids = OURS, (), (served.process.child.pid,)
    else:
        card = QemuCard(nic, TAP)
        name, inside = f"{bed.kit.qemu.version} {nic}", wire.inside
    stack.callback(card.stop)
    wire.serve_iperf(IPERF_PORT)
    server = wire.start("echo", sys.executable, echo.__file__, "serve", PEER4, str(ECHO_PORT))
    server.wait_for(lambda: "ready" in server.said, 20, "its first word")
    machine = Machine(bed.kit, card, folder, Boot(), inside)
    stack.callback(machine.stop)
    machine.guest.wait_until_up()
    machine.guest.must(f"cat >{SCRIPT} <<'END'\n{Path(echo.__file__).read_text()}\nEND")
    machine.guest.must(PLUG)
    return Seat(name, nic, machine.guest, (machine.qemu.child.pid, *pids))


@contextmanager
def reading(bed: Bed) -> Iterator[list[Contender]]:
    """A guest with our card and one with a card that only answers, each reading a register again and again."""
    yield [Contender(seat.name, seat.kind, partial(_read, seat)) for seat in bed.keep(readers)]


def _read(seat: Seat) -> Measure:
    watch = Watch(*seat.pids)
    took_ns, status = mmio.reads(seat.guest, READS)
    watch.stop()
    if bool(status) != (seat.kind == OURS):
        raise WrongOutput(f"{seat.name}: STATUS reads {status:#x}")
    return _within(watch, took_ns, READS)


@contextmanager
def readers(bed: Bed) -> Iterator[list[Seat]]:
    """Both guests, without a driver for their card."""
    bed.compile_engine()
    with ExitStack() as stack:
        ours = ServedCard(CardChoice(), "null", bed.place(), ())
        stack.callback(ours.stop)
        folder = bed.place()
        name, words = build(folder)
        floor = StandIn(folder, words)
        stack.callback(floor.stop)
        found: list[Seat] = []
        for card, title, kind in ((ours, OURS, OURS), (floor, name, "floor")):
            machine = Machine(bed.kit, card, bed.place(), Boot())
            stack.callback(machine.stop)
            machine.guest.wait_until_up()
            mmio.bring(bed, machine.guest)
            found.append(Seat(title, kind, machine.guest, (card.process.child.pid,)))
        floor.turn()
        yield found
