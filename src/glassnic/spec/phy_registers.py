"""What is in the PHY? The registers of the M88E1011 behind MDIC as rows: number, writable bits, reset value, name, section.

The manual describes them in §13.4.8.1; reset values are those that drivers are known to accept. Bits named in IEEE 802.3 clause
22 and 28 keep its meaning. Numbers without a row are reserved: they read 0 and ignore writes, for a PHY answers to all 32.
"""

from __future__ import annotations

from typing import NamedTuple

from glassnic.spec.bits import Bits

ADDRESS = 1
"""MDIC.PHYADD of the PHY on the chip (§13.4.8)."""


class PhyRegister(NamedTuple):
    """One register of 16 bits. A read clears the bits in `clears`; `title` says where the value comes from if not from here."""

    number: int
    writable: int
    reset: int
    clears: int
    title: str
    section: str


class P:
    """The registers, by the manual's names."""

    # fmt: off
    #                       number writable reset  clears  title
    PCTRL    = PhyRegister( 0, 0x7DC0, 0x1140, 0x0000, "PHY control; bits 15 and 9 clear themselves", "13.4.8.1")
    PSTATUS  = PhyRegister( 1, 0x0000, 0x7949, 0x0000, "PHY status; bits 5 and 2 follow the link", "13.4.8.1")
    PID      = PhyRegister( 2, 0x0000, 0x0000, 0x0000, "PHY identifier, by the model", "13.4.8.1")
    EPID     = PhyRegister( 3, 0x0000, 0x0000, 0x0000, "Extended PHY identifier, by the model", "13.4.8.1")
    ANA      = PhyRegister( 4, 0xBFFF, 0x0DE1, 0x0000, "Auto-negotiation advertisement", "13.4.8.1")
    LPA      = PhyRegister( 5, 0x0000, 0x0000, 0x0000, "Link partner ability, once it answered", "13.4.8.1")
    ANE      = PhyRegister( 6, 0x0000, 0x0004, 0x0002, "Auto-negotiation expansion", "13.4.8.1")
    NPT      = PhyRegister( 7, 0xB7FF, 0x2001, 0x0000, "Next page to transmit", "13.4.8.1")
    LPN      = PhyRegister( 8, 0x0000, 0x0000, 0x0000, "Link partner next page", "13.4.8.1")
    GCON     = PhyRegister( 9, 0xFF00, 0x0E00, 0x0000, "1000BASE-T control", "13.4.8.1")
    GSTATUS  = PhyRegister(10, 0x0000, 0x0000, 0x80FF, "1000BASE-T status, once the partner answered", "13.4.8.1")
    EPSTATUS = PhyRegister(15, 0x0000, 0x3000, 0x0000, "Extended PHY status: 1000BASE-T, both duplexes", "13.4.8.1")
    PSCON    = PhyRegister(16, 0xFFFF, 0x0360, 0x0000, "PHY specific control", "13.4.8.1")
    PSSTAT   = PhyRegister(17, 0x0000, 0x0000, 0x0000, "PHY specific status, all of it from the link", "13.4.8.1")
    PINTE    = PhyRegister(18, 0xFFFF, 0x0000, 0x0000, "PHY interrupt enable", "13.4.8.1")
    PINTS    = PhyRegister(19, 0x0000, 0x0000, 0xFFFF, "PHY interrupt status", "13.4.8.1")
    EPSCON1  = PhyRegister(20, 0xFFFF, 0x0D60, 0x0000, "Extended PHY specific control", "13.4.8.1")
    PREC     = PhyRegister(21, 0x0000, 0x0000, 0xFFFF, "Receive errors; this wire makes none", "13.4.8.1")
    EPSCON2  = PhyRegister(26, 0xFFFF, 0x0000, 0x0000, "Extended PHY specific control 2", "13.4.8.1")
    R30PS    = PhyRegister(29, 0xFFFF, 0x0000, 0x0000, "Page of register 30; drivers' tuning words only store", "13.4.8.1")
    R30AW    = PhyRegister(30, 0xFFFF, 0x0000, 0x0000, "What register 29 selects", "13.4.8.1")
    # fmt: on


PHY_BY_NAME: dict[str, PhyRegister] = {name: row for name, row in vars(P).items() if isinstance(row, PhyRegister)}
PHY_REGISTERS: dict[int, PhyRegister] = {row.number: row for row in PHY_BY_NAME.values()}
assert len(PHY_REGISTERS) == len(PHY_BY_NAME), "two rows for one number"


class _Pctrl(NamedTuple):
    """PHY control, IEEE 802.3 table 22-7. The speed is in two bits that do not touch."""

    SPEED_MSB: Bits = Bits(6)
    COLLISION_TEST: Bits = Bits(7)
    FD: Bits = Bits(8)
    RESTART: Bits = Bits(9)
    ISOLATE: Bits = Bits(10)
    POWER_DOWN: Bits = Bits(11)
    AN_ENABLE: Bits = Bits(12)
    SPEED_LSB: Bits = Bits(13)
    LOOPBACK: Bits = Bits(14)
    RESET: Bits = Bits(15)


class _Pstatus(NamedTuple):
    """PHY status, IEEE 802.3 table 22-8."""

    LINK: Bits = Bits(2)
    AN_COMPLETE: Bits = Bits(5)


class _Ana(NamedTuple):
    """What both sides say of themselves: ANA and LPA, IEEE 802.3 annex 28B."""

    PAUSE: Bits = Bits(10)
    ASM_DIR: Bits = Bits(11)


class _Gcon(NamedTuple):
    """1000BASE-T control and status, IEEE 802.3 table 40-3."""

    MASTER: Bits = Bits(11)
    MANUAL: Bits = Bits(12)
    IS_MASTER: Bits = Bits(14)


class _Pscon(NamedTuple):
    """PHY specific control."""

    MDI_MODE: Bits = Bits(5, 2)


class _Psstat(NamedTuple):
    """PHY specific status: what drivers read speed, duplex and cable from."""

    RX_PAUSE: Bits = Bits(2)
    TX_PAUSE: Bits = Bits(3)
    MDIX: Bits = Bits(6)
    LINK: Bits = Bits(10)
    RESOLVED: Bits = Bits(11)
    FD: Bits = Bits(13)
    SPEED: Bits = Bits(14, 2)


class _Pints(NamedTuple):
    """PHY interrupt status; no interrupt cause of the 82540EM follows it."""

    LINK_CHANGED: Bits = Bits(10)
    AN_COMPLETED: Bits = Bits(11)


PCTRL, PSTATUS, ANA, GCON = _Pctrl(), _Pstatus(), _Ana(), _Gcon()
PSCON, PSSTAT, PINTS = _Pscon(), _Psstat(), _Pints()

CROSSED = 0b01
"""PSCON.MDI_MODE: the pairs are crossed by hand."""

PHY_WORDS: dict[str, tuple[Bits, ...]] = {
    "PCTRL": PCTRL, "PSTATUS": PSTATUS, "ANA": ANA, "LPA": ANA, "GCON": GCON, "GSTATUS": GCON, "PSCON": PSCON,
    "PSSTAT": PSSTAT, "PINTE": PINTS, "PINTS": PINTS,
}  # fmt: skip
"""Register name -> its fields, for dumps and docs."""


class Mode(NamedTuple):
    """How a link runs."""

    speed_mbps: int
    full_duplex: bool


class Ability(NamedTuple):
    """A mode and the bit that advertises it, in register `number`."""

    mode: Mode
    number: int
    bit: Bits


ABILITIES = (
    Ability(Mode(1000, True), P.GCON.number, Bits(9)),
    Ability(Mode(1000, False), P.GCON.number, Bits(8)),
    Ability(Mode(100, True), P.ANA.number, Bits(8)),
    Ability(Mode(100, False), P.ANA.number, Bits(7)),
    Ability(Mode(10, True), P.ANA.number, Bits(6)),
    Ability(Mode(10, False), P.ANA.number, Bits(5)),
)
"""Best first: the best that both sides advertise is taken (IEEE 802.3 annex 28B.3)."""

PARTNER = {P.LPA.number: 0xCDE1, P.ANE.number: 0x000B, P.GSTATUS.number: 0x0C00}
"""What a partner says that can do everything, with both kinds of PAUSE and next pages: bits it adds to these registers."""

RECEIVERS_OK = 0x3000
"""GSTATUS at 1000 Mbit/s: both receivers hear well."""

SPEED_CODE = {10: 0b00, 100: 0b01, 1000: 0b10}
"""The two-bit code of a speed, in PHY and MAC alike."""
