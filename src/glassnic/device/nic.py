"""What is the card, seen from its bus and its wire? Registers, frames and time in; frames and an interrupt out (§2).

`Nic` joins the parts and holds the one switchboard: which register behaves, and where its behaviour is. All else that a
register does is storage (`register_file.py`) or counting (`statistics.py`). Doorbells mark work; `advance` does it, in
bounded turns, so that no register access waits for a ring to be worked off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from glassnic.device.core import Core
from glassnic.device.eeprom import Eeprom, mac_octets
from glassnic.device.io_window import IoWindow
from glassnic.device.link import Link
from glassnic.device.lookups import Lookups, kinds_of
from glassnic.device.phy import Phy
from glassnic.device.ports import NO_FRAMES, NO_OUTLET, NO_PATIENCE, Frames, GuestMemory, Inlet
from glassnic.device.receive import Receive
from glassnic.device.recorder import Recorder
from glassnic.device.register_file import KEPT_BY_PCI_RESET, by_offset
from glassnic.device.ring import head_moved, laid
from glassnic.device.transmit import Transmit
from glassnic.device.wakeup import Wakeup
from glassnic.spec import events
from glassnic.spec.bits import put, take
from glassnic.spec.fields import CTRL, CTRL_EXT, PBA, RCTL, TCTL
from glassnic.spec.models import MODELS
from glassnic.spec.profiles import PROFILES, Traits
from glassnic.spec.registers import ALIAS_OF, Access, R, Register

PACKET_BUFFER_KB = 64

DEFAULT_MAC = "52:54:00:12:34:56"


class Nic:
    """One card. `read` and `write` take byte offsets into BAR0; a register is 32 bits."""

    def __init__(
        self,
        memory: GuestMemory,
        *,
        model: str = "82540em",
        profile: str | Traits = "manual",
        mac: str | bytes | None = None,
        eeprom: bytes | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """`profile` is a name, or traits of one's own. `eeprom`: 128 bytes, or None for a fresh image with `mac`.

        ValueError names what is unknown.
        """
        if model not in MODELS:
            raise ValueError(f"there is no model {model!r}; known are {', '.join(MODELS)}")
        if isinstance(profile, str) and profile not in PROFILES:
            raise ValueError(f"there is no profile {profile!r}; known are {', '.join(PROFILES)}")
        traits = PROFILES[profile] if isinstance(profile, str) else profile
        self.core = Core(memory, MODELS[model], traits, recorder or Recorder())
        self.eeprom = Eeprom(self.core, eeprom, mac_octets(mac if mac is not None or eeprom else DEFAULT_MAC))
        self.phy = Phy(self.core)
        self.link = Link(self.core, self.phy)
        self.transmit = Transmit(self.core)
        self.receiver = Receive(self.core)
        self.wakeup = Wakeup(self.core)
        self.io = IoWindow(self.read, self.write, traits)
        self.ready = True
        """False while the engine is still being loaded: registers answer, rings wait."""
        self.transmit_held = False
        """True while the back end takes no more: the transmit ring waits."""
        self.outlet = NO_OUTLET
        """Where frames may leave at once, without being `sent`."""
        self.patience = NO_PATIENCE
        """How long a turn repeats what leaves and comes by itself; it does so once at least."""
        self.asleep = False
        """True in a power state below D0: frames only wake (§6)."""
        self.link.on_change = self._link_changed
        self._refused = False
        self._own_place = ALIAS_OF if traits.old_places else {}
        acts = self._switchboard_of_writes()
        self._on_write = by_offset({row: acts[row] for row in self.core.registers.present.values() if row in acts})
        self._on_read = by_offset(self._switchboard_of_reads())
        kinds = kinds_of(self.core.registers.rows, self._on_read.keys() | self._own_place.keys())
        self._lookups = Lookups(self.core.registers.numbers, kinds)
        self._rows = self.core.registers.rows
        self._words = self.core.registers.words
        self.reset()

    def _switchboard_of_writes(self) -> dict[Register, Callable[[int], None]]:
        """What a write does beyond storing. The handler gets the value as software wrote it, after it was stored."""
        interrupts, transmit, receive = self.core.interrupts, self.transmit, self.receiver
        return {
            R.CTRL: self._control,
            R.CTRL_EXT: self._control_extended,
            R.PBA: self._allocate,
            R.EECD: self.eeprom.write_pins,
            R.EERD: self.eeprom.write_eerd,
            R.MDIC: self.phy.write_mdic,
            R.ICR: interrupts.clear_causes,
            R.ITR: interrupts.throttle,
            R.ICS: interrupts.raise_,
            R.IMS: interrupts.set_mask,
            R.IMC: interrupts.clear_mask,
            R.TCTL: self._transmit_control,
            R.TDBAL: partial(laid, self.core, R.TDBAL, transmit.changed),
            R.TDBAH: transmit.changed,
            R.TDLEN: partial(laid, self.core, R.TDLEN, transmit.changed),
            R.TDH: partial(head_moved, self.core, R.TDH, R.TCTL, TCTL.EN, transmit.head_moved),
            R.TDT: transmit.doorbell,
            R.TXDCTL: transmit.changed,
            R.VET: self._tag_type,
            R.RCTL: self._receive_control,
            R.RDBAL: partial(laid, self.core, R.RDBAL, receive.changed),
            R.RDBAH: receive.changed,
            R.RDLEN: partial(laid, self.core, R.RDLEN, receive.changed),
            R.RDH: partial(head_moved, self.core, R.RDH, R.RCTL, RCTL.EN, receive.head_moved),
            R.RDT: receive.tail_moved,
            R.RDTR: receive.delay_changed,
            R.RXCSUM: receive.changed,
            R.FCAL: receive.changed,
            R.FCAH: receive.changed,
            R.FCT: receive.changed,
            R.RSRPD: receive.changed,
            R.MTA: receive.filters_changed,
            R.RAL: receive.filters_changed,
            R.RAH: receive.filters_changed,
            R.VFTA: receive.filters_changed,
            R.WUC: self.wakeup.write_control,
            R.WUS: self.wakeup.write_status,
        }

    def _switchboard_of_reads(self) -> dict[Register, Callable[[], int]]:
        """Where a read is more than looking up what is stored."""
        interrupts = self.core.interrupts
        board: dict[Register, Callable[[], int]] = {
            R.STATUS: self._status,
            R.EECD: self.eeprom.read_pins,
            R.ICR: interrupts.take_causes,
            R.ICS: interrupts.causes,
            R.IMS: interrupts.mask,
            R.TDH: self.transmit.head,
        }
        for name, row in self.core.registers.present.items():
            if row.access in (Access.RC, Access.LOW, Access.HIGH):
                board[row] = partial(self.core.statistics.read, name)
        return board

    # The bus

    @property
    def lookups(self) -> Lookups | None:
        """What compiled code may answer in place of `read`, ICR put among it; a PAUSE makes STATUS more than a look."""
        self.core.registers[R.ICR] = self.core.interrupts.icr
        return self._lookups if self.ready and self.receiver.pause_until_ns is None else None

    def read(self, offset: int) -> int:
        """The 32-bit register at byte `offset` of BAR0; where there is none, 0 (§13.1)."""
        offset = self._own_place.get(offset, offset)
        act = self._on_read.get(offset)
        if act is not None:
            return act()
        if offset not in self._rows:
            self.core.recorder.record(events.REGISTER_UNKNOWN, offset, 0, 0)
            return 0
        return self._words[offset >> 2]

    def write(self, offset: int, value: int) -> None:
        """Write the 32-bit register at byte `offset` of BAR0: store its writable bits, then act (§13.1)."""
        offset = self._own_place.get(offset, offset)
        if offset not in self._rows:
            self.core.recorder.record(events.REGISTER_UNKNOWN, offset, 1, value)
            return
        self.core.registers.store(offset, value)
        act = self._on_write.get(offset)
        if act is not None:
            act(value)

    def read_io(self, offset: int) -> int:
        """32 bits at byte `offset` of the I/O BAR (§13.2.2, recalled)."""
        return self.io.read(offset)

    def write_io(self, offset: int, value: int) -> None:
        """The same, written."""
        self.io.write(offset, value)

    # The wire

    def receive(self, frames: Frames | Iterable[bytes | memoryview]) -> None:
        """Frames from the wire, without FCS; with `VNET_LEAD` the host may have left them whole, of up to 64 KB."""
        if self.asleep:
            for frame in frames:
                self.wakeup.examine(bytes(frame), True)
        elif not self._cut_off:
            self.receiver.arrive(frames, self.link.up)

    def take_from(self, inlet: Inlet) -> bool:
        """Fetch frames from the wire. False: none came, or they are to be given with `receive`."""
        return not (self.asleep or self._cut_off) and self.receiver.take_from(inlet, self.link.up, self.patience)

    @property
    def _cut_off(self) -> bool:
        """In loopback the wire is cut off (§8.10)."""
        return bool(self.link.loopback and self.core.traits.loop_shuts)

    def sent(self) -> Frames:
        """The frames that left since the last call, without FCS and but by the outlet; valid until the next turn."""
        frames = self.transmit.sent()
        if self.link.loopback:
            self.receiver.arrive(frames, True, loopback=True)
            frames = NO_FRAMES
        control = self.receiver.control_frames
        if control:
            frames = frames.behind(control, self.transmit.lead)
            control.clear()
        return frames

    def lead_with(self, lead: int) -> None:
        """What the back end wants before each frame: LENGTH_LEAD, or VNET_LEAD where it can cut whole TCP sends."""
        self.transmit.lead_with(lead)

    def set_link(self, up: bool) -> None:
        """Plug or pull the cable."""
        self.phy.set_cable(up)
        self.link.update()

    # Time

    def advance(self, now_ns: int) -> None:
        """Move the clock, fire what is due, and work for one bounded turn."""
        core = self.core
        core.now_ns = core.interrupts.now_ns = now_ns
        self.phy.advance()
        self.transmit.advance()
        self.receiver.advance()
        if self.ready and core.bus_master:
            self.work()
        elif self.ready:
            self._refuse()
        core.interrupts.advance(now_ns)

    @property
    def pending(self) -> bool:
        """Is there work for a turn?"""
        return self.ready and self.core.bus_master and (self._may_transmit or self.receiver.pending)

    def work(self) -> None:
        """One bounded turn of what is pending, the clock standing still."""
        if self._may_transmit:
            if self.link.loopback:
                self.transmit.sweep()
                self.sent()
            else:
                self.transmit.sweep(True, self.outlet, self.patience)
        if self.receiver.pending:
            self.receiver.deliver()

    def _refuse(self) -> None:
        """Work waits, but the card may not master the bus: said once each time."""
        refused = self._may_transmit or self.receiver.pending
        if refused and not self._refused:
            self.core.recorder.record(events.DMA_REFUSED, self.transmit.head(), self.core.registers[R.RDH])
        self._refused = refused

    @property
    def deadline(self) -> int | None:
        """When `advance` is wanted next, in ns of its clock: now while work or a PAUSE frame waits, None when idle."""
        if self.pending or self.receiver.control_frames:
            return self.core.now_ns
        soonest = self.core.interrupts.deadline
        for due in (self.transmit.timer.deadline, self.receiver.deadline, self.phy.deadline):
            if due is not None and (soonest is None or due < soonest):
                soonest = due
        return soonest

    @property
    def now_ns(self) -> int:
        """The virtual clock. To move it without doing anything is cheap: accesses are then timed by it."""
        return self.core.now_ns

    @now_ns.setter
    def now_ns(self, now_ns: int) -> None:
        self.core.now_ns = self.core.interrupts.now_ns = now_ns

    @property
    def interrupt(self) -> bool:
        """The level of the interrupt line: ICR & IMS, moderated by ITR (§13.4.17, §13.4.18)."""
        return self.core.interrupts.line

    @property
    def bus_master(self) -> bool:
        """Command register bit 2, as the PCI layer tells it; off, the card reaches no memory."""
        return self.core.bus_master

    @bus_master.setter
    def bus_master(self, on: bool) -> None:
        self.core.bus_master = on

    @property
    def _may_transmit(self) -> bool:
        """With no link the controller stops fetching, as Linux's watchdog relies on; a PAUSE stops it too (§8.9)."""
        link, held = self.link, self.transmit_held
        return self.transmit.pending and not held and (link.up or link.loopback) and not self.receiver.paused

    # Resets and control

    def reset(self) -> None:
        """PCI RST#, or waking from D3: all but the EEPROM's content and what woke the system (§14.7)."""
        self.core.registers.reset(kept=KEPT_BY_PCI_RESET)
        self.phy.reset()
        self.wakeup.reset()
        self.io.reset()
        self.asleep = False
        self.core.recorder.record(events.RESET, 0)
        self._reset_mac()

    def _reset_mac(self) -> None:
        """What every reset does: rings, contexts, FIFOs, causes, counts; then the EEPROM is read again (§14.7)."""
        self.transmit.reset()
        self.receiver.reset()
        self.core.interrupts.reset()
        self.core.statistics.reset()
        self.eeprom.load(self.core.registers)
        self.link.reset()

    def _control(self, value: int) -> None:
        """CTRL: RST resets the MAC and loses the other bits of the write; PHY_RST holds the PHY (§13.4.1)."""
        if take(value, CTRL.RST) & self.core.traits.soft_reset:
            self.core.registers.reset()
            self.core.recorder.record(events.RESET, 1)
            self._reset_mac()
            return
        self.core.registers[R.CTRL] = put(self.core.registers[R.CTRL], CTRL.RST, 0)
        self.phy.hold_reset(bool(take(value, CTRL.PHY_RST) & self.core.traits.phy_reset))
        self.link.update()
        self.transmit.changed()
        self.receiver.changed()

    def _control_extended(self, value: int) -> None:
        """CTRL_EXT.EE_RST reads the EEPROM again, and clears itself (§13.4.6)."""
        if take(value, CTRL_EXT.EE_RST):
            self.core.registers[R.CTRL_EXT] = put(value, CTRL_EXT.EE_RST, 0)
        if take(value, CTRL_EXT.EE_RST) & self.core.traits.loads_again:
            self.eeprom.load(self.core.registers)
            self.link.update()
            self.receiver.filters_changed(value)
        self.link.write_ctrl_ext(value)

    def _allocate(self, value: int) -> None:
        """PBA: software gives the receive share, the rest is transmit's (§13.4.16)."""
        receive_kb = take(value, PBA.RXA)
        self.core.registers.keep(R.PBA, put(0, PBA.TXA, max(PACKET_BUFFER_KB - receive_kb, 0)))
        self.transmit.changed()
        self.receiver.changed()

    def _receive_control(self, value: int) -> None:
        """RCTL: LBM is the link's affair too (§13.4.22)."""
        self.link.update()
        self.receiver.control_changed(value)

    def _transmit_control(self, value: int) -> None:
        """TCTL: SWXOFF sends one XOFF and clears itself (§13.4.33)."""
        if take(value, TCTL.SWXOFF) & self.core.traits.swxoff:
            self.core.registers[R.TCTL] = put(self.core.registers[R.TCTL], TCTL.SWXOFF, 0)
            self.receiver.send_xoff()
        self.transmit.control(value)

    def _status(self) -> int:
        """STATUS: the link, and whether a PAUSE holds transmission (§13.4.2)."""
        self.link.paused = self.receiver.paused
        return self.link.read_status()

    def _link_changed(self) -> None:
        """The link went up or down, which may wake a sleeping system (§6.3)."""
        self.wakeup.link_changed(self.asleep)

    def _tag_type(self, value: int) -> None:
        """VET is looked at by both directions (§13.4.11)."""
        self.transmit.changed()
        self.receiver.changed()

    def summary(self, findings: bool = True) -> list[str]:
        """What the card did since it was made, in sentences; `findings`: and what it noted out of order."""
        tally = self.core.recorder.tally
        lines = [
            f"{int(tally[events.TX_FRAME])} frames left, {int(tally[events.RX_FRAME])} were delivered to the guest",
            f"{int(tally[events.TX_CONTEXT])} contexts were loaded, {int(tally[events.TX_SUM])} checksums inserted",
        ]
        lost = int(tally[events.RX_MISSED])
        lines.append(f"{lost} received frames were lost for want of room")
        if not findings:
            return lines
        odd = self.core.recorder.findings()
        if not odd:
            lines.append("nothing the driver asked for was out of order")
        for event, count in odd:
            lines.append(f"{count} × {event.name} (§{event.section}): the driver asked for something out of order")
        return lines
