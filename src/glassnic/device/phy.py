"""What does the PHY answer over MDIC, and when is there a link? (§8.6, §13.4.8; IEEE 802.3 clauses 22, 28 and 40.)

The PHY is an M88E1011 on one end of a cable; on the other is a partner that can do, and advertises, everything.
Rules kept here:
- Status bit 2 latches low: after the link dropped, the first read says so even if it is up again.
- Auto-negotiation and a new forced setting drop the link, and take `NEGOTIATION_NS`. The best mode that both sides
  advertise wins; without one there is no link.
- A software reset keeps speed, duplex, auto-negotiation and all other registers (inferred: drivers write them, then
  reset to make them count). Here they count at once, as IEEE 802.3 has it. CTRL.PHY_RST brings the defaults.
- Loopback, isolation, power down and CTRL.PHY_RST leave no link.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from glassnic.device.core import Core
from glassnic.spec.bits import put, take
from glassnic.spec.fields import CAUSE, MDIC
from glassnic.spec.phy_registers import (
    ABILITIES,
    ADDRESS,
    ANA,
    CROSSED,
    GCON,
    PARTNER,
    PCTRL,
    PHY_BY_NAME,
    PHY_REGISTERS,
    PINTS,
    PSCON,
    PSSTAT,
    PSTATUS,
    RECEIVERS_OK,
    SPEED_CODE,
    Mode,
    P,
)
from glassnic.spec.registers import R

NEGOTIATION_NS = 10_000
"""From the restart to the link. Real parts take seconds, which no driver needs. One MDIO access takes longer than this
(64 bits at 2.5 MHz: 25.6 us), so who looks over MDIC finds a link, even where no clock moves."""

READ, WRITE = 0b10, 0b01
"""MDIC.OP."""

NO_LINK = PCTRL.LOOPBACK.mask | PCTRL.ISOLATE.mask | PCTRL.POWER_DOWN.mask
"""Bits of PCTRL that leave no link; a software reset clears them."""


class State(Enum):
    """Of the link."""

    OFF = auto()
    NEGOTIATING = auto()
    UP = auto()


class Event(Enum):
    """What moves it."""

    START = auto()
    """Software asks: restart, reset, power up, a new setting."""
    STOP = auto()
    """Software asks for loopback, isolation, power down, or holds the PHY in reset."""
    CABLE = auto()
    """The cable was plugged or pulled."""
    AGREED = auto()
    """Both sides came to a mode."""


class Phy:
    """One PHY. `on_change` is called when `link` or `loopback` may have changed; `cable`: the partner is plugged in."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.cable = True
        self.on_change: Callable[[], None] = _nobody_listens
        self._state = State.OFF
        self._due_ns: int | None = None
        self._held = False
        absent = core.traits.absent
        self._rows = {row.number: row for name, row in PHY_BY_NAME.items() if name not in absent}
        self.reset()

    @property
    def link(self) -> bool:
        """There is a link to the partner."""
        return self._state is State.UP

    @property
    def loopback(self) -> bool:
        """What is sent comes back, and nothing reaches the cable (PCTRL bit 14)."""
        control = self._words[P.PCTRL.number]
        return bool(take(control, PCTRL.LOOPBACK) and not take(control, PCTRL.POWER_DOWN))

    def reset(self) -> None:
        """Power on or RST#: the defaults. The bus then rests for a second, so nobody sees the negotiation."""
        self._restore()
        self._held = False
        self._state = State.NEGOTIATING
        self._begin()
        if self.cable:
            self._conclude()
        self._negotiated = self.core.traits.negotiated

    def hold_reset(self, held: bool) -> None:
        """CTRL.PHY_RST holds the PHY in reset while it is 1; afterwards it has its defaults (§13.4.1)."""
        if held != self._held:
            self._restore()
            self._held = held
            self._obey()

    def _restore(self) -> None:
        self._words = [0] * 32
        for row in self._rows.values():
            self._words[row.number] = row.reset
        self._words[P.PID.number], self._words[P.EPID.number] = self.core.model.phy_id
        self.mode = Mode(1000, True)
        self._dropped = True

    def set_cable(self, cable: bool) -> None:
        """Plug the cable in, or pull it."""
        if cable != self.cable:
            self.cable = cable
            self._step(Event.CABLE)

    @property
    def deadline(self) -> int | None:
        """When auto-negotiation is over."""
        return self._due_ns

    def advance(self) -> None:
        """The clock moved."""
        if self._due_ns is not None and self.core.now_ns >= self._due_ns:
            self._conclude()

    # MDIC

    def write_mdic(self, value: int) -> None:
        """A write of MDIC: the access is done at once, R set. A read that no PHY answers fails, with E (§13.4.8)."""
        if self._due_ns is not None:
            self._conclude()
        number, operation = take(value, MDIC.REGADD), take(value, MDIC.OP)
        done = value & ~MDIC.E.mask & 0x7FFF_FFFF | MDIC.R.mask
        if take(value, MDIC.PHYADD) == ADDRESS and not self._held:
            if operation == READ:
                done = put(done, MDIC.DATA, self._read(number))
            elif operation == WRITE:
                self._write(number, take(value, MDIC.DATA))
        elif operation == READ:
            done |= MDIC.DATA.mask | MDIC.E.mask  # nobody pulls the data line down
        self.core.registers[R.MDIC] = done
        if take(value, MDIC.I):
            self.core.interrupts.raise_(CAUSE.MDAC.mask)

    def _read(self, number: int) -> int:
        row = self._rows.get(number)
        if row is None:
            return 0
        value = self._words[number]
        self._words[number] &= ~row.clears
        if row is P.PSTATUS:
            value |= self._status()
        elif row is P.PSSTAT:
            value |= self._specific_status()
        return value

    def _write(self, number: int, value: int) -> None:
        row = self._rows.get(number)
        if row is None:
            return
        was = self._words[number]
        self._words[number] = now = value & row.writable | was & ~row.writable
        if row is P.PCTRL:
            if take(value, PCTRL.RESET):
                self._words[number] = now & ~NO_LINK
                self._obey()
            elif (now ^ was) & self.core.traits.phy_heeds or (
                take(value, PCTRL.RESTART) and take(value, PCTRL.AN_ENABLE)
            ):
                self._obey()

    def _status(self) -> int:
        """The moving bits of PSTATUS; reading it ends the latch of the link bit."""
        live, self._dropped = self.link and not self._dropped, False
        complete = self.link and take(self._words[P.PCTRL.number], PCTRL.AN_ENABLE) & self._negotiated
        return live << PSTATUS.LINK.lo | complete << PSTATUS.AN_COMPLETE.lo

    def _specific_status(self) -> int:
        """PSSTAT: how the link runs. The cable is short, straight or as PSCON crosses it, and its polarity is right."""
        crossed = take(self._words[P.PSCON.number], PSCON.MDI_MODE) == CROSSED
        status = crossed << PSSTAT.MDIX.lo
        if not self.link:
            return status
        status |= PSSTAT.LINK.mask | PSSTAT.RESOLVED.mask | self.mode.full_duplex << PSSTAT.FD.lo
        return put(status, PSSTAT.SPEED, SPEED_CODE[self.mode.speed_mbps]) | self._pause()

    def _pause(self) -> int:
        """Which ways PAUSE goes (IEEE 802.3 table 28B-3), the partner doing both kinds."""
        advertised = self._words[P.ANA.number] if self._words[P.LPA.number] and self.mode.full_duplex else 0
        if take(advertised, ANA.PAUSE):
            return PSSTAT.RX_PAUSE.mask | PSSTAT.TX_PAUSE.mask
        return take(advertised, ANA.ASM_DIR) << PSSTAT.TX_PAUSE.lo

    # The link

    def _obey(self) -> None:
        """Do what PCTRL says now."""
        stopped = self._held or self._words[P.PCTRL.number] & NO_LINK & self.core.traits.phy_heeds
        self._step(Event.STOP if stopped else Event.START)
        self.on_change()

    def _conclude(self) -> None:
        """Time is up. Without a mode in common the two go on trying, until something changes."""
        self._due_ns = None
        mode = self._common_mode()
        if mode is not None:
            self.mode = mode
            self._step(Event.AGREED)

    def _common_mode(self) -> Mode | None:
        """The best mode of both sides; or the forced one. 1000BASE-T cannot be forced: it needs auto-negotiation
        (IEEE 802.3 clause 40.5.1). A forced duplex is taken by the partner as if it knew."""
        control = self._words[P.PCTRL.number]
        if take(control, PCTRL.AN_ENABLE):
            return next((ability.mode for ability in ABILITIES if take(self._words[ability.number], ability.bit)), None)
        if take(control, PCTRL.SPEED_MSB):
            return None
        return Mode(100 if take(control, PCTRL.SPEED_LSB) else 10, bool(take(control, PCTRL.FD)))

    def _step(self, event: Event) -> None:
        was = self.link
        self._state, action = MACHINE[self._state, event]
        action(self)
        if self.link != was:
            self._dropped |= was
            self._words[P.PINTS.number] |= PINTS.LINK_CHANGED.mask
            self.on_change()

    def _stay(self) -> None:
        """Nothing to do."""

    def _forget(self) -> None:
        """The partner is not heard any more."""
        self._due_ns = None
        for number in PARTNER:
            self._words[number] = PHY_REGISTERS[number].reset

    def _begin(self) -> None:
        self._forget()
        if self.cable:
            self._due_ns = self.core.now_ns + NEGOTIATION_NS

    def _agree(self) -> None:
        """The link is up. Registers 5, 6 and 10 say what the partner said, if it was asked."""
        if not take(self._words[P.PCTRL.number], PCTRL.AN_ENABLE):
            return
        self._negotiated = 1
        for number, said in PARTNER.items():
            self._words[number] |= said
        gigabit = self._words[P.GCON.number]
        if self.mode.speed_mbps == 1000:
            master = take(gigabit, GCON.MANUAL) & take(gigabit, GCON.MASTER)
            self._words[P.GSTATUS.number] |= RECEIVERS_OK | master << GCON.IS_MASTER.lo
        self._words[P.PINTS.number] |= PINTS.AN_COMPLETED.mask


# fmt: off
MACHINE: dict[tuple[State, Event], tuple[State, Callable[[Phy], None]]] = {
    (State.OFF,         Event.START):  (State.NEGOTIATING, Phy._begin),
    (State.OFF,         Event.STOP):   (State.OFF,         Phy._stay),
    (State.OFF,         Event.CABLE):  (State.OFF,         Phy._stay),
    (State.NEGOTIATING, Event.START):  (State.NEGOTIATING, Phy._begin),
    (State.NEGOTIATING, Event.STOP):   (State.OFF,         Phy._forget),
    (State.NEGOTIATING, Event.CABLE):  (State.NEGOTIATING, Phy._begin),
    (State.NEGOTIATING, Event.AGREED): (State.UP,          Phy._agree),
    (State.UP,          Event.START):  (State.NEGOTIATING, Phy._begin),
    (State.UP,          Event.STOP):   (State.OFF,         Phy._forget),
    (State.UP,          Event.CABLE):  (State.NEGOTIATING, Phy._begin),
}
# fmt: on
"""(state, event) -> (next state, what is done). AGREED comes only while negotiating: the others have no deadline."""


def _nobody_listens() -> None:
    pass
