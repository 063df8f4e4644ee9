"""How does the transmit side run whose frames leave from within the engine? A bench beside one whose frames do not.

For tests only.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from glassnic.bench.engine import ENDLESS
from glassnic.device.ports import LENGTH_LEAD, RUN, VNET_LEAD, Outlet
from glassnic.spec.registers import REGISTERS
from programs import Program
from transmit_bench import KINDS, Bench

ROOMY, TIGHT = 1 << 20, 1
"""Of a socket's buffer. The kernel keeps some room whatever is asked for: a tight one takes a frame or two."""


class Lending(Bench):
    """A bench whose frames leave by a socket; what it does not take leaves the general way, behind the rest."""

    def __init__(self, kind: Any, program: Program, memory: Any, style: socket.SocketKind, led: int, room: int) -> None:
        super().__init__(kind, program, memory)
        self.transmit.lead_with(VNET_LEAD if led > 0 else LENGTH_LEAD)
        self.near, self.far = socket.socketpair(socket.AF_UNIX, style)
        for end in (self.near, self.far):
            end.setblocking(False)
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        self.outlet = Outlet(self.near.fileno(), led)
        self.came: list[bytes] = []

    def write(self, name: str, value: int) -> None:
        self.core.registers.store(REGISTERS[name].offset, value)
        self.board.get(name, self.transmit.changed)(value)
        while self.transmit.pending:
            self.transmit.sweep(True, self.outlet, ENDLESS)
            arrived = list(self._arrived())
            sent = self.transmit.sent()
            rest = [sent.stream()] if self.outlet.led == RUN else sent.with_lead() if self.outlet.led else sent
            self.came += [*arrived, *map(bytes, rest)]

    def _arrived(self) -> Iterator[bytes]:
        with suppress(BlockingIOError):
            while piece := self.far.recv(1 << 18):
                yield piece

    def close(self) -> None:
        self.near.close()
        self.far.close()


def both_ways(kind: str, program: Program, style: socket.SocketKind, led: int, room: int) -> tuple[Bench, Lending]:
    """The program done with and without an outlet; all but the way out must be the same."""
    memories = program.memory(), program.memory()
    general = Bench(KINDS[kind], program, memories[0])
    general.transmit.lead_with(VNET_LEAD if led > 0 else LENGTH_LEAD)
    lending = Lending(KINDS[kind], program, memories[1], style, led, room)
    for memory, bench in zip(memories, (general, lending), strict=True):
        program.play(memory, bench.write)
    lending.close()
    expected = general.outcome(memories[0])
    expected["frames"] = []
    assert lending.outcome(memories[1]) == expected
    return general, lending
