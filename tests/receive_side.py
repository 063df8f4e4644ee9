"""What is the receive side of a card with nothing around it? A bench for scenes, plain or jitted.

For tests only.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from arrivals import Arrival, Scene, Turn
from glassnic.device import receive as jitted
from glassnic.device.core import Core
from glassnic.device.ports import FlatMemory
from glassnic.device.receive_state import FIRST, ROW_MASK, WAITING
from glassnic.device.recorder import Recorder
from glassnic.spec.events import EVENTS
from glassnic.spec.registers import REGISTERS, R
from plain import plain

KINDS = {"plain": plain("glassnic.device.receive"), "jitted": jitted}
COUNTED = (
    "CRCERRS", "RLEC", "MPC", "RNBC", "RUC", "RFC", "ROC", "RJC", "TPR", "TOR", "GPRC", "GORC", "BPRC", "MPRC", "PRC64",
    "PRC127", "PRC255", "PRC511", "PRC1023", "PRC1522", "XONRXC", "XOFFRXC", "FCRUC",
)  # fmt: skip
TOLD = [event for event in EVENTS if event.name.startswith("RX_") and event.name not in ("RX_DISABLED", "RX_RING_ODD")]


class Bench:
    """The receive side of a card with its registers, wired as the switchboard wires it."""

    def __init__(self, kind: ModuleType, scene: Scene, memory: FlatMemory) -> None:
        self.memory = memory
        self.core = Core(memory, scene.model, scene.traits, Recorder())
        self.receive = kind.Receive(self.core)
        self.quanta: int | None = None

    def write(self, name: str, index: int, value: int) -> None:
        row = REGISTERS[name]
        self.core.registers.store(row.offset + index * row.stride, value)
        if name == "PBA":
            self.receive.reset()  # a split takes effect with a reset
        special = {"RDT": self.receive.tail_moved}
        special |= dict.fromkeys(("MTA", "RAL", "RAH", "VFTA"), self.receive.filters_changed)
        special.get(name, self.receive.changed)(value)

    def act(self, done: Arrival | Turn) -> None:
        if isinstance(done, Turn):
            self.core.bus_master = done.bus_master
            self.receive.deliver()
        elif done.way == "bad":
            self.receive.arrive_bad(done.frames, True)
        else:
            self.receive.arrive(done.frames, True, loopback=done.way == "loopback")

    def outcome(self) -> dict[str, Any]:
        core, state, tally = self.core, self.receive._state, self.core.recorder.tally
        rows = [self.receive._waiting[(state[FIRST] + n) & ROW_MASK] for n in range(state[WAITING])]
        return {
            "memory": self.memory.data.tobytes(),
            "head": core.registers[R.RDH],
            "causes": core.interrupts.icr,
            "delaying": self.receive.timer.deadline is not None,
            "statistics": {name: core.statistics[name] for name in COUNTED},
            "events": {event.name: int(tally[event.number]) for event in TOLD},
            "waiting": [self.receive._arena[at : at + length - 4].tobytes() for at, length, _ in rows],
        }
