"""What happens at a doorbell? The transmit side of the card: ring registers, turns of the engine, completion causes
(§3.4, §13.4.33 on).

A doorbell only marks how many descriptors software has given; `sweep` takes them in one bounded turn. The engine
itself is `transmit_kernel.py`; here its numbers are made ready, and what it reports becomes causes and timers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.core import Core
from glassnic.device.ports import LENGTH_LEAD, NO_FRAMES, NO_OUTLET, NO_PATIENCE, Frames, Outlet, Patience
from glassnic.device.timers import DelayTimer
from glassnic.device.transmit_kernel import walk
from glassnic.device.transmit_state import (
    ARENA_BYTES,
    ARENA_FRAMES,
    BEGUN,
    CAUSES,
    CURSOR,
    DELAYED,
    DOOR,
    FRAMES,
    FULL,
    GONE,
    HEAD,
    HEADER_BYTES,
    LED,
    LIMIT_BYTES,
    MAY_HAND_OVER,
    MOST_PIECES,
    NOW,
    OFFSET,
    OUTLET,
    SERIAL,
    STATE_WORDS,
    TAIL,
    TODO,
    TRAITS_USED,
    UNTIL,
    Desk,
    Setting,
)
from glassnic.spec import events
from glassnic.spec.bits import take
from glassnic.spec.descriptors import CONTEXTS, DESCRIPTOR_BYTES, FIFO_SLACK_BYTES, TX_DATA
from glassnic.spec.fields import CAUSE, CTRL, PBA, TCTL, TXDCTL
from glassnic.spec.registers import R

BUDGET_DESCRIPTORS = 2048
"""The most descriptors of one filling; where frames are long, the arena is full before."""

TXDW = CAUSE.TXDW.mask

NOWHERE = 1 << 62
"""Stands for a ring base that no memory can have; arithmetic on it stays within int64."""


class Transmit:
    """The transmit ring and its engine."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.timer = DelayTimer()
        self._arena = np.zeros(ARENA_BYTES, np.uint8)
        self._bounds = np.zeros((ARENA_FRAMES + 1, 2), np.int64)
        self._pieces = np.zeros((MOST_PIECES + 1, 2), np.int64)
        self._header = np.zeros(HEADER_BYTES, np.uint8)
        self._words = np.zeros(STATE_WORDS, np.int64)
        self._state = self._words.data
        """The same words: plain Python reads and writes them sooner so."""
        self._contexts = np.zeros((CONTEXTS, 2), np.int64)
        self._traits = {name: getattr(core.traits, name) for name in TRAITS_USED}
        self._setting: NDArray[np.int64] | None = None
        self._desk = self._lay_desk()
        self.lead = LENGTH_LEAD
        self.all_cut_here = False
        """True: no send is handed over whole, so that all that leaves is frames."""
        self.doorbells = 0
        """How often TDT was written since the card was made."""
        self._full = False
        self._enabled = False

    def reset(self) -> None:
        """CTRL.RST: ring, contexts and the open packet are gone (§14.7; the contexts read zero, inferred)."""
        kept = {
            word: self._state[word] for word in (FRAMES, GONE, BEGUN, CURSOR, SERIAL)
        }  # frames not drained yet have left
        self._words[:] = 0
        for word, value in kept.items():
            self._state[word] = value
        self._contexts[:] = 0
        self.timer.stop()
        self.changed()
        self._enabled = False

    # Handlers of the switchboard: a value as software wrote it.

    def doorbell(self, tail: int) -> None:
        """TDT: software gives the descriptors from TDH up to, not including, TDT (§3.4)."""
        self.doorbells += 1
        state, entries = self._state, self._entries
        head, tail = state[HEAD], tail & 0xFFFF
        state[TAIL], state[TODO] = tail, 0
        if head == tail:
            if self._enabled and self.core.traits.idle_txqe:
                self.core.interrupts.raise_(CAUSE.TXQE.mask)
            return
        if head >= entries or tail >= entries:
            self.core.recorder.record(events.TX_RING_ODD, head, tail, entries)
        if head >= entries:
            self.head_moved(0)
            head = 0
        given = tail - head if head <= tail else entries - head + tail
        state[TODO] = min(given, entries)  # a tail beyond the ring gives one lap at most

    def head_moved(self, head: int) -> None:
        """TDH: software puts the head elsewhere, which it may only do while transmission is off (§13.4.39)."""
        self._state[HEAD] = head & 0xFFFF
        self._state[OFFSET] = self._state[TODO] = 0

    def control(self, value: int) -> None:
        """TCTL: enabling takes up what is in the ring (§13.4.33)."""
        self.changed()
        before, self._enabled = self._enabled, bool(take(value, TCTL.EN))
        if self._enabled and not before:
            self.doorbell(self.core.registers[R.TDT])

    def changed(self, value: int = 0) -> None:
        """A register that the engine looks at was written."""
        self._setting = None
        self._entries = self.core.registers[R.TDLEN] // DESCRIPTOR_BYTES

    def lead_with(self, lead: int) -> None:
        """What stands before each frame from now on: LENGTH_LEAD or VNET_LEAD. Only while no frame waits."""
        self.lead = lead
        self.changed()

    def head(self) -> int:
        """What TDH reads."""
        head: int = self._state[HEAD]
        return head

    def contexts(self) -> list[list[int]]:
        """The two quadwords of each context slot, as signed numbers; what was never loaded is 0 (§3.3.6)."""
        return self._contexts.tolist()

    @property
    def pending(self) -> bool:
        """Is there work that a turn could do?"""
        return self._enabled and self._state[TODO] > 0 and not self._full

    def advance(self) -> None:
        """Raise TXDW if a delay timer has run out (§13.4.41, §13.4.44)."""
        if self.timer.expired(self.core.now_ns):
            self.core.interrupts.raise_(TXDW)

    def sweep(self, may_hand_over: bool = False, outlet: Outlet = NO_OUTLET, patience: Patience = NO_PATIENCE) -> None:
        """One turn: fetch descriptors, gather, cut, sum, write back; then raise the causes.

        `may_hand_over`: a send that the host would cut exactly alike may leave whole, if the lead can say so. What
        leaves by the `outlet` is not among what was `sent`, and makes room for more as long as the patience lasts.
        """
        core, state = self.core, self._state
        setting = self._set() if self._setting is None else self._setting
        if state[HEAD] >= self._entries:  # the ring was made shorter below the head
            self.head_moved(0)
            return
        state[NOW], state[MAY_HAND_OVER] = core.now_ns, may_hand_over and not self.all_cut_here
        (state[OUTLET], state[LED]), (state[UNTIL], state[DOOR]) = outlet, patience
        desk = self._desk if self._desk.ranges is core.memory.ranges else self._lay_desk()
        self._full = walk(*desk, setting) == FULL and state[GONE] < state[FRAMES]
        self._complete(state[CAUSES], bool(state[DELAYED]))

    def sent(self) -> Frames:
        """The frames that left since the last call, but by an outlet; valid until the next turn."""
        state = self._state
        gone, count = state[GONE], state[FRAMES]
        if count == gone:
            return NO_FRAMES
        frames = Frames(self._arena, self._bounds[gone:count], self.lead, state[BEGUN])
        state[GONE], state[BEGUN] = count, 0
        self._full = False
        return frames

    def _complete(self, causes: int, delayed: bool) -> None:
        """Causes of a turn; a write-back with IDE starts the delay instead, one without stops it (§13.4.41)."""
        registers = self.core.registers
        if delayed and not registers[R.TIDV] * self.core.traits.delays:
            causes, delayed = causes | TXDW, False  # no delay is asked for (inferred)
        if causes & TXDW:
            self.timer.stop()
        if delayed:
            self.timer.start(self.core.now_ns, registers[R.TIDV], registers[R.TADV])
        if causes:
            self.core.interrupts.raise_(causes)

    def _lay_desk(self) -> Desk:
        """The arrays of the engine; new ones when the guest's memory is laid out anew."""
        core = self.core
        self._desk = Desk(
            core.memory.data, core.memory.ranges, self._arena, self._bounds, self._header, self._words, self._contexts,
            core.statistics.counts, core.recorder.rows, core.recorder.tally, self._pieces,
        )  # fmt: skip
        return self._desk

    def _set(self) -> NDArray[np.int64]:
        """The numbers of a turn, from the registers, the model and the profile: the gate where all become int64."""
        registers, model, traits = self.core.registers, self.core.model, self.core.traits
        base = registers.pair(R.TDBAL, R.TDBAH) & -DESCRIPTOR_BYTES
        fifo_bytes = (64 - take(registers[R.PBA], PBA.RXA)) * 1024
        watches = model.small_packets & traits.watches_low
        on_wire = model.reports_on_wire | traits.reports_on_wire
        setting = Setting(
            base=base if base < NOWHERE else NOWHERE,
            entries=self._entries,
            budget=BUDGET_DESCRIPTORS,
            vet=registers[R.VET] & 0xFFFF if take(registers[R.CTRL], CTRL.VME) else -1,
            pad=take(registers[R.TCTL], TCTL.PSP) & traits.pads,
            limit=min(max(fifo_bytes - FIFO_SLACK_BYTES, 0), LIMIT_BYTES),
            low_water=8 * take(registers[R.TXDCTL], TXDCTL.LWTHRESH) if watches else -1,
            report=TX_DATA.RS.mask | on_wire * TX_DATA.RPS.mask,
            ipv6=model.ipv6,
            lead=self.lead,
            **self._traits,
        )
        self._setting = np.array(setting, np.int64)
        return self._setting
