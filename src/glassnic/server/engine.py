"""How do the kernels get ready while cards answer already? A card of no consequence runs each once, in a thread.

Compiling takes seconds the first time, reading the cache some tenths of one later. Meanwhile `nic.ready` is false:
registers answer, rings wait. With the JIT off there is nothing to load.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable

import numpy as np

from glassnic.backends import inbox
from glassnic.backends.writes import write_each
from glassnic.device.cutting import cut
from glassnic.device.nic import Nic
from glassnic.device.patience import lasts
from glassnic.device.ports import NO_PATIENCE, VNET_LEAD, FlatMemory, Frames
from glassnic.jit import ENABLED
from glassnic.spec.bits import Bits
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, TX_DATA
from glassnic.spec.fields import CTRL, RCTL, TCTL
from glassnic.spec.registers import R
from glassnic.transports.vfio_user.counter import Counter

SWITCH_INTERVAL_S = 0.0002
"""How long the compiling thread may keep a register access waiting; Python's own 5 ms are too long for a guest."""

MEMORY_BYTES, TX_RING, RX_RING, BUFFER = 0x4000, 0x1000, 0x2000, 0x3000
FRAME = b"\xff" * 6 + bytes(54)
UNSUMMED = bytes([1, 0, 0, 0, 0, 0, 14, 0, 0, 0])
"""A virtio-net header that leaves the checksum to be made, so that the kernel that makes it runs too."""


def load_beside(done: Callable[[], None], with_cutter: bool = False) -> None:
    """Load the engine in a thread of its own, then call `done` there; at once where there is nothing to load."""
    if not ENABLED:
        done()
        return
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)

    def load_and_tell() -> None:
        try:
            load(with_cutter)
        finally:
            sys.setswitchinterval(usual)
            done()

    thread = threading.Thread(target=load_and_tell, name="engine", daemon=True)
    atexit.register(_leave_at_once, thread)
    thread.start()


def _leave_at_once(thread: threading.Thread) -> None:
    """A compiler that is at work cannot be unwound: all else is closed by now, so the process just ends."""
    if thread.is_alive():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def load(with_cutter: bool = False) -> None:
    """Run each kernel once: send a frame, take one in that finds no room, deliver it when room is given.

    `with_cutter`: that of `middleware.Whole` too, which only faults need.
    """
    memory = FlatMemory(MEMORY_BYTES)
    nic = Nic(memory)
    last = DESCRIPTOR_BYTES * 8
    command = len(FRAME) | _all(TX_DATA.EOP, TX_DATA.IFCS)
    memory.write(TX_RING, BUFFER.to_bytes(8, "little") + command.to_bytes(8, "little"))
    for register, value in (
        *((R.CTRL, _all(CTRL.SLU)), (R.TDBAL, TX_RING), (R.TDLEN, last), (R.TCTL, _all(TCTL.EN)), (R.TDT, 1)),
        *((R.RDBAL, RX_RING), (R.RDLEN, last), (R.RCTL, _all(RCTL.EN, RCTL.BAM))),
    ):
        nic.write(register.offset, value)
    nic.bus_master = True
    nic.advance(0)
    write_each(-1, nic.sent(), 0)
    nic.receive(Frames.joined([UNSUMMED + FRAME], VNET_LEAD))
    nic.write(R.RDT.offset, 1)
    nic.advance(1)
    inbox.load()
    if nic.lookups is not None:
        Counter().answer(-1, nic.lookups)
    lasts(*NO_PATIENCE)
    if with_cutter:
        cut(np.frombuffer(UNSUMMED + FRAME, np.uint8), np.zeros(MEMORY_BYTES, np.uint8), np.zeros(1, np.int64))


def _all(*bits: Bits) -> int:
    return sum(each.mask for each in bits)
