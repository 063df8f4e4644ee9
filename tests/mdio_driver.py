"""How does a driver reach the PHY and the link? By MDIC, CTRL and STATUS, in the steps Linux's e1000 takes."""

from __future__ import annotations

from glassnic.device.core import Core
from glassnic.device.link import Link
from glassnic.device.phy import Phy
from glassnic.device.ports import FlatMemory
from glassnic.device.recorder import Recorder
from glassnic.spec.fields import CAUSE, CTRL
from glassnic.spec.models import M82540EM, Model
from glassnic.spec.profiles import PROFILES
from glassnic.spec.registers import R, Register

READ, WRITE = 0b10 << 26, 0b01 << 26
READY, INTERRUPT, ERROR = 1 << 28, 1 << 29, 1 << 30

RESET, LOOPBACK, AN_ENABLE, POWER_DOWN, ISOLATE, RESTART = (1 << bit for bit in (15, 14, 12, 11, 10, 9))


class MdioDriver:
    """A core with a PHY and a link, wired as in the card, and a driver's hands on them."""

    def __init__(self, model: Model = M82540EM) -> None:
        self.core = Core(FlatMemory(0), model, PROFILES["manual"], Recorder(64))
        self.phy = Phy(self.core)
        self.link = Link(self.core, self.phy)

    def command(self, value: int) -> int:
        """A write of MDIC; what it reads afterwards."""
        self.core.registers.store(R.MDIC.offset, value)
        self.phy.write_mdic(value)
        return self.core.registers[R.MDIC]

    def read(self, number: int) -> int:
        done = self.command(READ | 1 << 21 | number << 16)
        assert done & (READY | ERROR) == READY
        return done & 0xFFFF

    def write(self, number: int, data: int) -> None:
        assert self.command(WRITE | 1 << 21 | number << 16 | data) & (READY | ERROR) == READY

    def store(self, row: Register, value: int) -> None:
        self.core.registers.store(row.offset, value)

    def write_ctrl(self, value: int) -> None:
        self.store(R.CTRL, value)
        self.phy.hold_reset(bool(value & CTRL.PHY_RST.mask))
        self.link.update()

    @property
    def ctrl(self) -> int:
        return self.core.registers[R.CTRL]

    def take_lsc(self) -> bool:
        """LSC since the last look."""
        return bool(self.core.interrupts.take_causes() & CAUSE.LSC.mask)

    def finds_link(self) -> bool:
        """The driver's look: status twice, for the link bit latches."""
        self.read(1)
        return bool(self.read(1) & 4)

    def pass_time(self) -> None:
        """Until nothing is due any more."""
        while self.phy.deadline is not None:
            self.core.now_ns = self.phy.deadline
            self.phy.advance()

    def negotiate(self, advertised: int, gigabit: int) -> None:
        """Advertise the speed bits of registers 4 and 9, and restart."""
        self.write(4, self.read(4) & ~0x1E0 | advertised)
        self.write(9, self.read(9) & ~0x300 | gigabit)
        self.write(0, self.read(0) | AN_ENABLE | RESTART)

    def force(self, speed_mbps: int, full_duplex: bool) -> None:
        """Speed and duplex by hand, PHY and MAC alike, with the PHY reset at the end."""
        ctrl = self.ctrl & ~(CTRL.SPEED.mask | CTRL.FD.mask | CTRL.ASDE.mask) | CTRL.FRCSPD.mask | CTRL.FRCDPLX.mask
        hundred = speed_mbps == 100
        self.write_ctrl(ctrl | hundred << CTRL.SPEED.lo | full_duplex << CTRL.FD.lo)
        control = self.read(0) & ~(AN_ENABLE | 1 << 13 | 1 << 6 | 1 << 8)
        self.write(16, self.read(16) & ~0x60)
        self.write(0, control | hundred << 13 | full_duplex << 8 | RESET)

    def loop_back(self) -> None:
        """What `ethtool -t` does before its loopback test."""
        self.write(16, 0x0808)
        self.write(0, 0x9140)
        self.write(0, 0x8140)
        self.write(0, 0x4140)
        forced = CTRL.FRCSPD.mask | CTRL.FRCDPLX.mask | 2 << CTRL.SPEED.lo | CTRL.FD.mask
        self.write_ctrl(self.ctrl & ~CTRL.SPEED.mask | forced | CTRL.ILOS.mask)
        for number, data in ((29, 0x1F), (30, 0x8FFC), (29, 0x1A), (30, 0x8FF0)):
            self.write(number, data)
