"""How is the transmit side run by itself, plain and jitted? A bench with its registers, wired as in the card (§3.4).

For tests only; the switchboard proper is in `nic.py`.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from glassnic.device import transmit as jitted
from glassnic.device.core import Core
from glassnic.device.ports import GuestMemory
from glassnic.device.recorder import Recorder
from glassnic.device.transmit_state import KIND
from glassnic.spec.registers import REGISTERS
from plain import plain
from programs import Program

COUNTED = ("TPT", "TOT", "GPTC", "GOTC", "MPTC", "BPTC", "TSCTC", "TSCTFC",
           "PTC64", "PTC127", "PTC255", "PTC511", "PTC1023", "PTC1522")  # fmt: skip

KINDS = {"plain": plain("glassnic.device.transmit"), "jitted": jitted}


class Bench:
    """The transmit side of a card with its registers, wired as the switchboard wires it."""

    def __init__(self, kind: ModuleType, program: Program, memory: GuestMemory) -> None:
        self.core = Core(memory, program.model, program.traits, Recorder())
        self.transmit = kind.Transmit(self.core)
        self.frames: list[bytes] = []
        self.led: list[bytes] = []
        """The frames with their leads."""
        transmit = self.transmit
        self.board = {"TDT": transmit.doorbell, "TDH": transmit.head_moved, "TCTL": transmit.control}

    def write(self, name: str, value: int) -> None:
        """A driver's register write, and all the turns that it asks for."""
        self.core.registers.store(REGISTERS[name].offset, value)
        self.board.get(name, self.transmit.changed)(value)
        while self.transmit.pending:
            self.transmit.sweep(may_hand_over=True)
            sent = self.transmit.sent()
            self.frames += map(bytes, sent)
            self.led += map(bytes, sent.with_lead())

    def outcome(self, memory: GuestMemory) -> dict[str, Any]:
        statistics = self.core.statistics
        found = {event.name: count for event, count in self.core.recorder.findings()}
        return {
            "frames": self.frames,
            "memory": memory.data.tobytes(),
            "head": int(self.transmit.head()),
            "causes": self.core.interrupts.icr,
            "delaying": self.transmit.timer.deadline is not None,
            "statistics": {name: statistics[name] for name in COUNTED},
            "findings": found,
            "open": bool(self.transmit._state[KIND]),
        }
