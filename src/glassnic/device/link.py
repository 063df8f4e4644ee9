"""Is the link up for the MAC, and how does it run? CTRL and the PHY make STATUS and LSC (§8.6, §13.4.1, §13.4.2).

Rules kept here:
- STATUS.LU is CTRL.SLU and the PHY's link, which CTRL.ILOS inverts (inferred: drivers set it for PHY loopback, where
  the PHY has no link).
- Speed and duplex are the PHY's, unless FRCSPD and FRCDPLX; else CTRL.SPEED and CTRL.FD say nothing (§8.6.2.3).
- LSC is raised at each change of LU, and only then. CTRL.RST does not reach the PHY (§14.7), so LU outlives it.
"""

from __future__ import annotations

from collections.abc import Callable

from glassnic.device.core import Core
from glassnic.device.phy import Phy
from glassnic.spec import events
from glassnic.spec.bits import take
from glassnic.spec.fields import CAUSE, CTRL, CTRL_EXT, RCTL, STATUS
from glassnic.spec.phy_registers import SPEED_CODE
from glassnic.spec.registers import R

SPEED_MBPS = (10, 100, 1000, 1000)
"""By CTRL.SPEED and STATUS.SPEED; 11b is not used, and taken for 1000 as STATUS does (§13.4.2)."""

TXOFF = STATUS.TXOFF.mask

LOOPBACK_MODES = frozenset({0b01, 0b11})
"""RCTL.LBM: the MAC's own loopback, and the transceiver's; 10b is undefined (§13.4.22)."""


class Link:
    """The MAC's view of the link. `up` is STATUS.LU; `paused` is STATUS.TXOFF, which the receiver sets and clears.

    `loopback`: what is sent is received, with or without a link, and nothing passes the cable (§13.4.22).
    """

    def __init__(self, core: Core, phy: Phy) -> None:
        self.core = core
        self.phy = phy
        self.paused = False
        self.on_change: Callable[[], None] = _nobody_listens
        self._detected_speed = 0
        self.up = self._linked()
        self.loopback = False
        phy.on_change = self.update
        self.update()

    @property
    def speed_mbps(self) -> int:
        """10, 100 or 1000."""
        control = self.core.registers[R.CTRL]
        forced = take(control, CTRL.FRCSPD) & self.core.traits.forces
        return SPEED_MBPS[take(control, CTRL.SPEED)] if forced else self.phy.mode.speed_mbps

    @property
    def full_duplex(self) -> bool:
        control = self.core.registers[R.CTRL]
        forced = take(control, CTRL.FRCDPLX) & self.core.traits.forces
        return bool(take(control, CTRL.FD)) if forced else self.phy.mode.full_duplex

    def write_ctrl_ext(self, value: int) -> None:
        """A write of CTRL_EXT: ASDCHK measures the speed once, for STATUS.ASDV, and clears itself (§8.6.2.2)."""
        if take(value, CTRL_EXT.ASDCHK):
            self.core.registers[R.CTRL_EXT] &= ~CTRL_EXT.ASDCHK.mask
            self._detected_speed = SPEED_CODE[self.phy.mode.speed_mbps]
            self.update()

    def read_status(self) -> int:
        """A read of STATUS, the register that drivers read most: what is stored has all but TXOFF."""
        status = self.core.registers[R.STATUS]
        return status | TXOFF if self.paused else status

    def reset(self) -> None:
        """After CTRL.RST or RST#, with CTRL back at its reset value: so a held PHY is let go."""
        self.paused = False
        self._detected_speed = 0
        self.phy.hold_reset(False)
        self.update()

    def update(self) -> None:
        """After each write of CTRL or RCTL, and when the PHY changed: see what changed, and tell of LU."""
        self.loopback = self.phy.loopback or take(self.core.registers[R.RCTL], RCTL.LBM) in LOOPBACK_MODES
        up = self._linked()
        if up != self.up:
            self.up = up
            self.core.recorder.record(events.LINK, up, self.speed_mbps, self.full_duplex)
            self.core.interrupts.raise_(CAUSE.LSC.mask)
            self.on_change()
        # The bus is 32 bits wide at 33 MHz, the card its only function: those bits are 0.
        self.core.registers[R.STATUS] = (
            self.full_duplex << STATUS.FD.lo
            | up << STATUS.LU.lo
            | SPEED_CODE[self.speed_mbps] << STATUS.SPEED.lo
            | self._detected_speed << STATUS.ASDV.lo
        )

    def _linked(self) -> bool:
        control = self.core.registers[R.CTRL]
        if not self.core.traits.link_by_ctrl:
            return self.phy.link
        return bool(take(control, CTRL.SLU)) and self.phy.link != bool(take(control, CTRL.ILOS))


def _nobody_listens() -> None:
    pass
