"""What do the parts of the card share? The bundle that `nic.py` makes once and hands to each of them (§2)."""

from __future__ import annotations

from glassnic.device.interrupts import Interrupts
from glassnic.device.ports import GuestMemory
from glassnic.device.recorder import Recorder
from glassnic.device.register_file import RegisterFile
from glassnic.device.statistics import Statistics
from glassnic.spec.models import Model
from glassnic.spec.profiles import Traits


class Core:
    """Shared state of one card. `now_ns` is the virtual clock as of the last `advance`."""

    def __init__(self, memory: GuestMemory, model: Model, traits: Traits, recorder: Recorder) -> None:
        self.memory = memory
        self.model = model
        self.traits = traits
        self.registers = RegisterFile(model, traits)
        # A cause that software can set is one that there is.
        self.interrupts = Interrupts(dict(traits.writable).get("ICS", model.causes))
        self.statistics = Statistics()
        self.recorder = recorder
        self.now_ns = 0
        self.bus_master = True
