"""What happens when a frame arrives? The receive side of the card: ring registers, turns of the engine, causes, flow
control (§3.2, §8.7, §13.4.22 on).

A frame goes to guest memory as soon as it is here if the ring has descriptors for it, else it waits in the FIFO:
writing RDT only marks that there may be room again, and `deliver` moves what waits in one bounded turn. The engine
itself is `receive_kernel.py`; here its numbers are made ready, and what it reports becomes causes, timers and PAUSE
frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnic.device.core import Core
from glassnic.device.filters import exact_addresses
from glassnic.device.inlet import COUNT, DOOR, FD, INLET_WORDS, OCTETS, UNTIL
from glassnic.device.ports import NO_PATIENCE, Frames, Inlet, Patience
from glassnic.device.receive_kernel import arrive, deliver
from glassnic.device.receive_state import (
    ARENA_BYTES,
    CAUSES,
    DELAYED,
    FCS,
    FIFO_BYTES,
    HEAD,
    HELD,
    LONGEST,
    LONGEST_PLAIN,
    LOOPED,
    MASTER,
    MISSED,
    QUANTA,
    ROWS,
    SHORTEST,
    SPOILT,
    STARVED,
    STATE_WORDS,
    TAIL,
    TRAITS_USED,
    WAITING,
    WIRE,
    Desk,
    Setting,
)  # fmt: skip
from glassnic.device.timers import DelayTimer
from glassnic.spec import events
from glassnic.spec.bits import take
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, RX
from glassnic.spec.fields import CAUSE, CTRL, PBA, RCTL, RDTR, RXCSUM, TCTL
from glassnic.spec.registers import R

BUDGET_FRAMES = 1024
"""A turn's most: a FIFO full of the shortest frames."""
NOWHERE = 1 << 62
"""Stands for a ring base that no memory can have; arithmetic on it stays within int64."""
QUANTUM_NS = 512
"""PAUSE times count 64 byte times of 1 Gb/s (§8.7.3)."""
BUFFER_BYTES = (2048, 1024, 512, 256)
"""By RCTL.BSIZE; RCTL.BSEX makes them 16 times larger, and the first then reserved (§3.2.2)."""
HASH_SHIFTS = (4, 3, 2, 0)
"""By RCTL.MO: which 12 of the address's last 16 bits index the multicast table (§13.5.1)."""
JUDGEMENT = RX.CHECKSUM.mask | 0xFF << RX.CE.lo
"""The packet checksum and the errors of a descriptor (§3.2.3)."""
XON, XOFF = range(2)
GIVEN = np.zeros(INLET_WORDS, np.int64)
"""In place of an inlet's words, for frames that are here."""
GIVEN[FD] = -1

Octets = bytes | bytearray | memoryview


class Receive:
    """The receive ring, its FIFO and its engine."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.timer = DelayTimer()
        self.control_frames: list[bytes] = []
        """PAUSE frames to send, without FCS."""
        self.pause_until_ns: int | None = None
        """Until when the partner has asked for silence."""
        self.doorbells = 0
        """How often RDT was written since the card was made."""
        self._arena = np.zeros(ARENA_BYTES, np.uint8)
        self._waiting = np.zeros((ROWS, 3), np.int64)
        self._numbers = np.zeros(STATE_WORDS, np.int64)
        self._state = self._numbers.data
        """The same numbers: plain Python reads and writes them sooner so."""
        self._traits = {name: getattr(core.traits, name) for name in TRAITS_USED}
        self.reset()

    def reset(self) -> None:
        """CTRL.RST: the FIFO is emptied and split anew as PBA says (§13.4.16, §14.7); a PAUSE is forgotten."""
        self._numbers[:] = 0
        self._state[QUANTA] = -1
        self._fifo_bytes = min(take(self.core.registers[R.PBA], PBA.RXA) * 1024, FIFO_BYTES)
        self._asked = XON
        self._warned = False
        self.control_frames.clear()
        self.timer.stop()
        self.pause_until_ns = None
        self.filters_changed()

    # Handlers of the switchboard: a value as software wrote it.

    def changed(self, value: int = 0) -> None:
        """A register that the engine looks at was written."""
        self._words: NDArray[np.int64] | None = None
        self._state[STARVED] = 0

    def filters_changed(self, value: int = 0) -> None:
        """One of those was written that say which frames are for this card."""
        self._filters_old = True
        self.changed()

    def control_changed(self, value: int) -> None:
        """RCTL: one pair of its size bits is reserved, and is taken for 2048 here (§3.2.2)."""
        if take(value, RCTL.BSEX) and not take(value, RCTL.BSIZE):
            self.core.recorder.record(events.RX_SIZE_RESERVED, value)
        self.changed()

    def tail_moved(self, value: int) -> None:
        """RDT: software gives descriptors; what waits may have room now (§3.2.6)."""
        self.doorbells += 1
        self._state[STARVED] = 0

    def head_moved(self, value: int) -> None:
        """RDH: software puts the head elsewhere, which it may only do while reception is off (§13.4.28)."""
        self._state[STARVED] = 0

    def delay_changed(self, value: int) -> None:
        """RDTR: FPD expires the timers now (§13.4.30). Write-backs never wait here: only the cause is left to raise."""
        if take(value, RDTR.FPD):
            self.timer.stop()
            self.core.interrupts.raise_(CAUSE.RXT0.mask)

    # The wire

    def arrive(self, frames: Frames | Iterable[Octets], link_up: bool, loopback: bool = False) -> None:
        """Frames from the wire, or from this card's own transmitter, without FCS.

        Behind virtio-net headers they may be packets of up to 64 KB: what their host left undone is finished here.
        """
        self._arrive(frames, link_up, LOOPED if loopback else WIRE)

    def arrive_bad(self, frames: Iterable[Octets], link_up: bool) -> None:
        """Frames with an FCS, their last 4 bytes, that is wrong."""
        self._arrive([frame for frame in frames if len(frame) >= FCS], link_up, SPOILT)

    def _arrive(self, given: Frames | Iterable[Octets], link_up: bool, way: int) -> None:
        frames = given if isinstance(given, Frames) else Frames.of(map(bytes, given))
        if not (self._is_on if way == LOOPED else self._hears(link_up)):
            for frame in frames:
                self.core.recorder.record(events.RX_DISABLED, len(frame) + (0 if way == SPOILT else FCS))
            return
        if len(frames):
            if self.pending:
                self.deliver()  # what waits comes first
            arrive(frames.arena, frames.bounds, frames.lead, GIVEN, way, *self._begin())
            self._settle()

    def take_from(self, inlet: Inlet, link_up: bool, patience: Patience = NO_PATIENCE) -> bool:
        """Fetch frames from a back end's inlet, at least once, and as long as many come and the patience lasts.
        False: none came, or they are to be given, for nobody listens here."""
        words = inlet.words
        words[COUNT] = words[OCTETS] = 0
        if not self._hears(link_up):
            return False
        if self.pending:
            self.deliver()
        # One that asks its partner to stop looks after each time whether it is to.
        stops = self.core.traits.host_waits or take(self.core.registers[R.CTRL], CTRL.TFCE)
        words[UNTIL], words[DOOR] = NO_PATIENCE if stops else patience
        arrive(*inlet, WIRE, *self._begin())
        self._settle()
        return bool(words[COUNT])

    @property
    def _is_on(self) -> bool:
        return bool(take(self.core.registers[R.RCTL], RCTL.EN))

    def _hears(self, link_up: bool) -> bool:
        """Does what comes by the wire reach the receiver? In MAC loopback the wire is cut off."""
        return link_up and self._is_on and not take(self.core.registers[R.RCTL], RCTL.LBM)

    # Turns

    @property
    def waiting(self) -> int:
        """How many frames are in the FIFO."""
        return self._state[WAITING]

    @property
    def pending(self) -> bool:
        """Is there work that a turn could do, bus mastering allowed?"""
        state = self._state
        return state[WAITING] > 0 and not state[STARVED] and self._is_on

    def deliver(self, budget: int = BUDGET_FRAMES) -> bool:
        """One turn: frames that wait go to guest memory, at most `budget`. Says whether work remains."""
        if self.pending and self.core.bus_master:
            deliver(budget, *self._begin())
            self._settle()
        return self.pending

    def _begin(self) -> tuple[Any, ...]:
        """What a turn of the engine works on; a head beyond the ring counts as 0 (inferred)."""
        core, state = self.core, self._state
        registers = core.registers
        if self._words is None:
            self._set()
        elif self._desk.ranges is not core.memory.ranges:
            self._lay_desk()
        entries = registers[R.RDLEN] // DESCRIPTOR_BYTES
        head, tail = registers[R.RDH], registers[R.RDT]
        if (head >= entries or tail > entries) and head != tail:
            core.recorder.record(events.RX_RING_ODD, head, tail, entries)
            head = head if head < entries else 0
        state[HEAD], state[TAIL] = head, tail
        state[MASTER] = core.bus_master
        state[CAUSES] = state[DELAYED] = state[MISSED] = 0
        return self._turn

    def _lay_desk(self) -> None:
        """The arrays of the engine; new ones when the filters change or the guest's memory is laid out anew."""
        core = self.core
        self._desk = Desk(
            core.memory.data, core.memory.ranges, self._arena, self._waiting, self._exact, self._multicast, self._vlans,
            self._numbers, core.statistics.counts, core.recorder.rows, core.recorder.tally,
        )  # fmt: skip
        self._turn = (*self._desk, self._words)

    def _settle(self) -> None:
        """What the turn reports: the head, causes, delays, PAUSE in either direction."""
        core, state = self.core, self._state
        registers, causes = core.registers, state[CAUSES]
        registers[R.RDH] = state[HEAD]
        if causes & CAUSE.RXT0.mask:
            self.timer.stop()
        if state[DELAYED]:
            if registers[R.RDTR] * core.traits.delays:
                self.timer.start(core.now_ns, registers[R.RDTR], registers[R.RADV])
            else:
                self.timer.stop()
                causes |= CAUSE.RXT0.mask
        if causes:
            core.interrupts.raise_(causes)
        if state[QUANTA] >= 0:
            self._pause(state[QUANTA])
            state[QUANTA] = -1
        if take(registers[R.CTRL], CTRL.TFCE):
            self._throttle()

    # Time

    @property
    def deadline(self) -> int | None:
        """When a delayed RXT0 or the end of a PAUSE falls due."""
        delay, pause = self.timer.deadline, self.pause_until_ns
        if delay is None or pause is None:
            return pause if delay is None else delay
        return min(delay, pause)

    def advance(self) -> None:
        """Raise RXT0 if a delay timer has run out (§13.4.30, §13.4.31); end a PAUSE."""
        if self.timer.expired(self.core.now_ns):
            self.core.interrupts.raise_(CAUSE.RXT0.mask)
        if self.pause_until_ns is not None and self.core.now_ns >= self.pause_until_ns:
            self.pause_until_ns = None

    # Flow control (§8.7)

    @property
    def paused(self) -> bool:
        """May the transmitter not begin a frame? STATUS.TXOFF says so (§13.4.2)."""
        return self.pause_until_ns is not None and self.core.now_ns < self.pause_until_ns

    def _pause(self, quanta: int) -> None:
        """The partner sent XOFF, or XON with no quanta; CTRL.RFCE says whether we listen."""
        if not take(self.core.registers[R.CTRL], CTRL.RFCE):
            return
        self.pause_until_ns = self.core.now_ns + quanta * QUANTUM_NS if quanta else None

    @property
    def full(self) -> bool:
        """Has the partner been asked to stop, and not yet to go on? One that cannot read PAUSE frames may look here."""
        asked = self._asked == XOFF and bool(take(self.core.registers[R.CTRL], CTRL.TFCE))
        return asked or self.turns_away

    @property
    def turns_away(self) -> bool:
        """Is nobody there to take a frame, and the host one that keeps it until somebody is?"""
        if not self.core.traits.host_waits:
            return False
        registers = self.core.registers
        return registers[R.RDH] == registers[R.RDT] or not take(registers[R.RCTL], RCTL.EN)

    def _throttle(self) -> None:
        """Ask the partner to stop when the FIFO fills to FCRTH, again if it overflows; to go on at FCRTL (§8.7.5)."""
        registers, held = self.core.registers, self._state[HELD]
        high, low = registers[R.FCRTH] & 0xFFF8, registers[R.FCRTL] & 0xFFF8
        if self._asked == XON and high and held >= high:
            self._asked, self._warned = XOFF, False
            self.send_xoff()
        elif self._asked == XOFF and held <= low:
            self._asked = XON
            if registers[R.FCRTL] >> 31:  # XONE
                self._send_pause(0)
        elif self._asked == XOFF and self._state[MISSED] and not self._warned:
            self._warned = True
            self.send_xoff()

    def send_xoff(self) -> None:
        """Send a PAUSE frame with the time FCTTV; also for TCTL.SWXOFF, whatever CTRL.TFCE says (§8.7.6)."""
        self._send_pause(self.core.registers[R.FCTTV])

    def _send_pause(self, quanta: int) -> None:
        registers, statistics = self.core.registers, self.core.statistics
        if not take(registers[R.TCTL], TCTL.EN):
            return
        frame = bytearray(SHORTEST - FCS)
        frame[0:6] = (registers.pair(R.FCAL, R.FCAH) & 0xFFFF_FFFF_FFFF).to_bytes(6, "little")
        frame[6:12] = (registers.pair(R.RAL, R.RAH) & 0xFFFF_FFFF_FFFF).to_bytes(6, "little")
        frame[12:18] = b"".join(word.to_bytes(2, "big") for word in (registers[R.FCT], 1, quanta))
        self.control_frames.append(bytes(frame))
        statistics.add("XOFFTXC" if quanta else "XONTXC")
        statistics.add("TPT")  # but not GPTC, PTC64 and the like: they leave flow control out (§13.7.30, §13.7.45)
        statistics.add("TOT", SHORTEST)

    def _set(self) -> None:
        """The numbers of a turn, from the registers and the model: the gate where all become int64."""
        registers, model, traits = self.core.registers, self.core.model, self.core.traits
        control, sums, general = registers[R.RCTL], registers[R.RXCSUM], registers[R.CTRL]
        if self._filters_old:
            self._filters_old = False
            self._exact = exact_addresses(registers, traits.source_entries)
            self._multicast = np.array(registers.many(R.MTA), np.int64)
            self._vlans = np.array(registers.many(R.VFTA), np.int64)
        base = registers.pair(R.RDBAL, R.RDBAH) & -DESCRIPTOR_BYTES
        entries, fcs = registers[R.RDLEN] // DESCRIPTOR_BYTES, 0 if take(control, RCTL.SECRC) else FCS
        size, low = take(control, RCTL.BSIZE), entries >> (take(control, RCTL.RDMTS) + 1)
        setting = Setting(
            base=base if base < NOWHERE else NOWHERE,
            entries=entries,
            low_water=low,
            low_floor=low * traits.rxdmt0_once,
            buffer=BUFFER_BYTES[size] * (16 if take(control, RCTL.BSEX) and size else 1),
            fifo=self._fifo_bytes,
            longest=(LONGEST if take(control, RCTL.LPE) else LONGEST_PLAIN) + traits.oversize,
            store_bad=take(control, RCTL.SBP),
            fcs=fcs,
            small=registers[R.RSRPD] if model.small_packets else 0,
            unicast=take(control, RCTL.UPE),
            multicast=take(control, RCTL.MPE),
            broadcast=take(control, RCTL.BAM),
            hash_shift=HASH_SHIFTS[take(control, RCTL.MO)],
            vet=registers[R.VET] & 0xFFFF,
            strip=take(general, CTRL.VME),
            vlan_filter=take(control, RCTL.VFE),
            cfi=take(control, RCTL.CFI) if take(control, RCTL.CFIEN) & traits.compares_cfi else -1,
            flow=take(general, CTRL.RFCE),
            flow_address=registers.pair(R.FCAL, R.FCAH),
            flow_type=registers[R.FCT],
            station=int(self._exact[0, 0]),
            discard_pause=take(control, RCTL.DPF),
            pass_control=take(control, RCTL.PMCF),
            sum_start=take(sums, RXCSUM.PCSS),
            ipv4=take(sums, RXCSUM.IPOFL) & traits.judges_sums,
            ipv6=take(sums, RXCSUM.IPV6OFL) & model.ipv6 & traits.judges_sums,
            layer4=take(sums, RXCSUM.TUOFL) & traits.judges_sums,
            unwritten=0 if traits.fcs_stored else fcs,
            written=-1 if traits.judges_sums else ~JUDGEMENT,
            **self._traits,
        )
        self._words = np.array(setting, np.int64)
        self._lay_desk()
