"""§13.4.8, §8.6, §8.10: the PHY behind MDIC. Reading and writing it, what it is, and what it does to the link."""

from __future__ import annotations

from glassnic.conformance.program import (
    MAC,
    Arrive,
    Delivered,
    Either,
    Give,
    NotDelivered,
    Program,
    Read,
    Sent,
    Step,
    Steps,
    Until,
    Wait,
    Write,
    program,
)
from glassnic.conformance.words import (
    MS,
    PEER,
    cause,
    incoming,
    legacy,
    link,
    no_cause,
    plain_frame,
    receiver,
    transmitter,
)
from glassnic.spec.fields import CAUSE, CTRL, MDIC, STATUS
from glassnic.spec.phy_registers import ADDRESS, PCTRL, PSSTAT, PSTATUS, P
from glassnic.wire.ethernet import BROADCAST

WRITING, READING = 1 << MDIC.OP.lo, 2 << MDIC.OP.lo
PHY_ID, PHY_ID_LOW = 0x0141, 0x0C20
DONE = MDIC.R.mask
LOOPBACK = 0x4140
"""PCTRL: loopback, full duplex, 1000 Mbit/s; no auto-negotiation."""
DOWN = 0x1940
"""PCTRL at its default, but for power down."""


def access(operation: int, number: int, data: int = 0, address: int = ADDRESS, more: int = 0) -> Steps:
    """One access to the PHY, and a wait for its end (§13.4.8)."""
    word = operation | address << MDIC.PHYADD.lo | number << MDIC.REGADD.lo | data | more
    return (Write("MDIC", word), Until("MDIC", DONE, DONE))


def phy_write(number: int, value: int) -> Steps:
    return access(WRITING, number, value)


def phy_read(number: int, value: int, mask: int = 0xFFFF) -> Steps:
    return (access(READING, number), Read("MDIC", value, mask))


def phy(name: str, rule: str, *steps: Step | Steps, section: str = "13.4.8.1") -> Program:
    return program(section, name, rule, steps)


def holds(name: str, number: int, *values: int) -> Program:
    return phy(
        f"{name}-holds-what-is-written",
        "Registers of the PHY that drivers write read as they were written.",
        [(phy_write(number, value), phy_read(number, value)) for value in values],
    )


REGISTERS: tuple[Program, ...] = (
    phy(
        "an-access-ends",
        "MDIC.R is set when an access is done, and E is not where the PHY answered.",
        (access(READING, P.PID.number), Read("MDIC", DONE, DONE | MDIC.E.mask)),
        section="13.4.8",
    ),
    phy(
        "mdac-when-it-is-asked-for",
        "With MDIC.I the end of an access sets MDAC.",
        (Read("ICR", 0, 0), access(READING, P.PID.number, more=MDIC.I.mask), cause(CAUSE.MDAC)),
        section="13.4.8",
    ),
    phy(
        "no-mdac-when-it-is-not",
        "Without MDIC.I the end of an access sets no cause.",
        (Read("ICR", 0, 0), access(READING, P.PID.number), no_cause(CAUSE.MDAC)),
        section="13.4.8",
    ),
    phy("the-identifier", "Register 2 holds the PHY's identifier.", phy_read(P.PID.number, PHY_ID)),
    phy(
        "the-extended-identifier",
        "Register 3 holds the model and, in its last four bits, a revision.",
        phy_read(P.EPID.number, PHY_ID_LOW, 0xFFF0),
    ),
    phy(
        "the-identifier-is-read-only",
        "The PHY's identifier cannot be written.",
        (phy_write(P.PID.number, 0x5555), phy_read(P.PID.number, PHY_ID)),
    ),
    phy(
        "control-at-first",
        "After power-on the PHY negotiates, for 1000 Mbit/s and full duplex.",
        phy_read(P.PCTRL.number, 0x1140),
    ),
    phy(
        "abilities",
        "Register 1 says that the PHY can negotiate, and has extended registers.",
        phy_read(P.PSTATUS.number, 0x0009, 0x0009),
    ),
    phy(
        "extended-abilities",
        "Register 15 says that the PHY can do 1000BASE-T, full and half duplex.",
        phy_read(P.EPSTATUS.number, 0x3000, 0x3000),
    ),
    phy(
        "a-link-is-seen-in-the-phy",
        "Where there is a link register 1 says so, at the second read at the latest.",
        (link(), access(READING, P.PSTATUS.number)),
        phy_read(P.PSTATUS.number, PSTATUS.LINK.mask, PSTATUS.LINK.mask),
    ),
    phy(
        "negotiation-is-over",
        "A PHY that negotiates has no link before that is over: register 1 says so as well.",
        (link(), phy_read(P.PSTATUS.number, PSTATUS.AN_COMPLETE.mask, PSTATUS.AN_COMPLETE.mask)),
    ),
    phy(
        "how-the-link-runs",
        "Register 17 says that there is a link, of 1000 Mbit/s and full duplex.",
        link(),
        phy_read(
            P.PSSTAT.number,
            2 << PSSTAT.SPEED.lo | PSSTAT.FD.mask | PSSTAT.RESOLVED.mask | PSSTAT.LINK.mask,
            PSSTAT.SPEED.mask | PSSTAT.FD.mask | PSSTAT.RESOLVED.mask | PSSTAT.LINK.mask,
        ),
    ),
    holds("the-advertisement", P.ANA.number, 0x0C01, 0x0DE1),
    holds("what-is-advertised-of-1000base-t", P.GCON.number, 0x0200, 0x0E00),
    holds("phy-specific-control", P.PSCON.number, 0x0808, 0x0360),
    holds("extended-phy-specific-control", P.EPSCON1.number, 0x0D70, 0x0D60),
    holds("the-page-of-register-30", P.R30PS.number, 0x001F, 0x001A),
    holds("register-30", P.R30AW.number, 0x8FFC, 0x8FF0),
    phy(
        "the-reset-bit-clears-itself",
        "Bit 15 of register 0 resets the PHY and reads 0 then.",
        (phy_write(P.PCTRL.number, 0x9140), Wait(2 * MS), phy_read(P.PCTRL.number, 0, PCTRL.RESET.mask)),
    ),
    phy(
        "the-restart-bit-clears-itself",
        "Bit 9 of register 0 restarts negotiation and reads 0 then.",
        (phy_write(P.PCTRL.number, 0x1340), Wait(2 * MS), phy_read(P.PCTRL.number, 0, PCTRL.RESTART.mask)),
    ),
    phy(
        "an-address-nobody-has",
        "The PHY has address 1; whether a read of another ends with E or with all ones only is not clear.",
        access(READING, P.PID.number, address=7),
        Either((("E", Read("MDIC", MDIC.E.mask, MDIC.E.mask)), ("all ones", Read("MDIC", 0xFFFF, 0xFFFF)))),
        section="13.4.8",
    ),
    phy(
        "a-write-to-an-address-nobody-has",
        "A write to another address than the PHY's does not reach it.",
        (phy_write(P.ANA.number, 0x0C01), access(WRITING, P.ANA.number, 0x0DE1, address=7)),
        phy_read(P.ANA.number, 0x0C01),
        section="13.4.8",
    ),
)


# Resets

RESETS: tuple[Program, ...] = (
    phy(
        "the-phy-outlives-a-reset-of-the-mac",
        "CTRL.RST does not reach the PHY: its registers stay.",
        (phy_write(P.ANA.number, 0x0C01), Write("CTRL", CTRL.RST.mask), Wait(2 * MS), phy_read(P.ANA.number, 0x0C01)),
        section="14.7",
    ),
    phy(
        "a-reset-of-the-phy",
        "CTRL.PHY_RST, set and cleared, gives the PHY's registers their values after power-on.",
        (phy_write(P.ANA.number, 0x0C01), phy_write(P.PSCON.number, 0x0808)),
        (Write("CTRL", CTRL.SLU.mask | CTRL.PHY_RST.mask), Wait(MS), Write("CTRL", CTRL.SLU.mask), Wait(MS)),
        (phy_read(P.ANA.number, 0x0DE1), phy_read(P.PSCON.number, 0x0360)),
        section="13.4.1",
    ),
    phy(
        "phy-rst-does-not-clear-itself",
        "CTRL.PHY_RST stays until software clears it.",
        (
            Write("CTRL", CTRL.SLU.mask | CTRL.PHY_RST.mask),
            Wait(MS),
            Read("CTRL", CTRL.PHY_RST.mask, CTRL.PHY_RST.mask),
        ),
        (Write("CTRL", CTRL.SLU.mask), Read("CTRL", 0, CTRL.PHY_RST.mask)),
        section="13.4.1",
    ),
)


# The link, and none

FRAME, SECOND = plain_frame(100, to=MAC, source=PEER), plain_frame(80, to=BROADCAST)
LAY_FRAME, FRAME_DATA = legacy(FRAME, 0)
LAY_SECOND, SECOND_DATA = legacy(SECOND, 1)
LOOPED = Write("CTRL", CTRL.SLU.mask | CTRL.FD.mask | CTRL.FRCSPD.mask | CTRL.FRCDPLX.mask | CTRL.ILOS.mask | 2 << 8)


def looped(name: str, rule: str, *steps: Step | Steps) -> Program:
    """A card in PHY loopback, both units on. No frames arrive: a target that must wait for that, waits."""
    ready = (transmitter(), receiver(), Arrive(()), phy_write(P.PCTRL.number, LOOPBACK), LOOPED, LAY_FRAME, LAY_SECOND)
    return program("8.10", name, rule, ready, steps)


LINK: tuple[Program, ...] = (
    phy(
        "power-down-takes-the-link",
        "A PHY that is powered down has no link: STATUS.LU falls.",
        (link(), phy_write(P.PCTRL.number, DOWN), Until("STATUS", STATUS.LU.mask, 0)),
    ),
    phy(
        "power-down-sets-lsc",
        "A link that goes sets LSC.",
        (link(), Read("ICR", 0, 0), phy_write(P.PCTRL.number, DOWN), cause(CAUSE.LSC)),
        section="13.4.17",
    ),
    phy(
        "power-down-is-seen-in-the-phy",
        "A PHY that is powered down says in register 1 that there is no link.",
        (link(), phy_write(P.PCTRL.number, DOWN), access(READING, P.PSTATUS.number)),
        phy_read(P.PSTATUS.number, 0, PSTATUS.LINK.mask),
    ),
    looped(
        "what-is-sent-comes-back",
        "In PHY loopback what is sent is received.",
        (Give((FRAME_DATA, SECOND_DATA)), Delivered(FRAME), Delivered(SECOND)),
    ),
    looped(
        "nothing-reaches-the-wire",
        "In PHY loopback nothing leaves.",
        (Give((FRAME_DATA,)), Delivered(FRAME), Sent(())),
    ),
    looped(
        "nothing-comes-from-the-wire",
        "In PHY loopback nothing comes from outside.",
        (Arrive((incoming(64),)), NotDelivered(), Give((FRAME_DATA,)), Delivered(FRAME)),
    ),
    looped(
        "filters-in-loopback",
        "In PHY loopback frames pass the filters like any other.",
        (legacy(plain_frame(64), 2)[0], Give((legacy(plain_frame(64), 2)[1], FRAME_DATA)), Delivered(FRAME)),
    ),
)

PROGRAMS: tuple[Program, ...] = REGISTERS + RESETS + LINK
