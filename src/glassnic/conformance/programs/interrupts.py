"""§13.4.17 to §13.4.21: causes, the mask and the line. Who sets them, who clears them, and what ITR holds back."""

from __future__ import annotations

from glassnic.conformance.program import Either, Line, Program, Read, Step, Steps, Until, Wait, Write, program
from glassnic.conformance.words import MS
from glassnic.spec.fields import CAUSE

RXT0, TXDW, LSC, RXO = CAUSE.RXT0.mask, CAUSE.TXDW.mask, CAUSE.LSC.mask, CAUSE.RXO.mask
SET_BY_DRIVERS = (*range(10), CAUSE.TXD_LOW.lo, CAUSE.SRPD.lo)
"""Causes that Linux's self-test sets one by one, reserved ones among them, and two more of this part."""
EVERY = sum(1 << bit for bit in SET_BY_DRIVERS)
LATE = 0xFFFF
"""ITR's most: 16.8 ms between two interrupts."""
QUIET = (Write("IMC", 0xFFFF_FFFF), Read("ICR", 0, 0))


def causes(name: str, rule: str, *steps: Step | Steps, section: str = "13.4.17") -> Program:
    """A program that begins with all masked and no cause pending."""
    return program(section, name, rule, QUIET, steps)


def held(mask: int, value: int) -> Until:
    """ICR shows these causes of those; which clears all."""
    return Until("ICR", mask, value)


def asserts(bit: int) -> Program:
    """Linux's test of interrupts, for one cause."""
    return causes(
        f"cause-{bit}-interrupts",
        "Any cause can be set through ICS, and asserts the line if IMS has its bit.",
        (Write("IMS", 1 << bit), Write("ICS", 1 << bit), Line(True), Read("ICR", 1 << bit, 1 << bit), Line(False)),
    )


def masked(bit: int) -> Program:
    return causes(
        f"cause-{bit}-masked",
        "A cause whose bit of IMS is 0 pends, but does not assert the line.",
        (Write("IMS", EVERY), Write("IMC", 1 << bit), Write("ICS", 1 << bit), Wait(MS), Line(False)),
        Read("ICR", 1 << bit, 1 << bit),
        section="13.4.20",
    )


CAUSES: tuple[Program, ...] = (
    causes(
        "ics-sets-causes",
        "Bits that are written 1 to ICS are set in ICR.",
        (Write("ICS", RXT0 | TXDW), Read("ICR", RXT0 | TXDW, EVERY)),
        section="13.4.19",
    ),
    causes(
        "ics-adds-causes",
        "Bits that are written 0 to ICS leave causes as they are.",
        (Write("ICS", RXT0), Write("ICS", TXDW), Write("ICS", 0), Read("ICR", RXT0 | TXDW, EVERY)),
        section="13.4.19",
    ),
    causes(
        "a-read-of-icr-clears",
        "A read of ICR clears all causes.",
        (Write("ICS", RXT0 | TXDW), Read("ICR", RXT0 | TXDW, EVERY), Read("ICR", 0, EVERY)),
    ),
    causes(
        "a-read-of-icr-clears-masked-causes",
        "A read of ICR clears causes that are masked as well.",
        (Write("IMS", TXDW), Write("ICS", RXT0 | TXDW), Read("ICR", RXT0 | TXDW, EVERY), Read("ICR", 0, EVERY)),
    ),
    causes(
        "masked-causes-are-seen",
        "ICR shows causes that are masked.",
        (Write("ICS", EVERY), Read("ICR", EVERY, EVERY)),
    ),
    causes(
        "a-write-of-icr-clears",
        "Bits that are written 1 to ICR are cleared.",
        (Write("ICS", RXT0 | TXDW | RXO), Write("ICR", RXT0 | RXO), Read("ICR", TXDW, EVERY)),
    ),
    causes(
        "a-write-of-0-to-icr",
        "Bits that are written 0 to ICR are left.",
        (Write("ICS", RXT0 | TXDW), Write("ICR", 0), Read("ICR", RXT0 | TXDW, EVERY)),
    ),
    causes(
        "a-cause-again",
        "A cause that was cleared can be set again.",
        [(Write("ICS", RXT0), Read("ICR", RXT0, EVERY)) for _ in range(3)],
    ),
    causes(
        "causes-above-16",
        "Bits 31:17 of ICR are reserved; whether ICS sets them is not said.",
        Write("ICS", 0x7FFE_0000),
        Either((("they read 0", Read("ICS", 0, 0x7FFE_0000)), ("they are set", Read("ICS", 0x7FFE_0000, 0x7FFE_0000)))),
        section="13.4.19",
    ),
    causes(
        "a-read-of-ics",
        "ICS is write only; some drivers read it for the causes, which stay.",
        Write("ICS", RXT0),
        Either((("the causes", Read("ICS", RXT0, RXT0)), ("0", Read("ICS", 0)))),
        section="13.4.19",
    ),
)

MASK: tuple[Program, ...] = (
    causes(
        "ims-adds",
        "Bits that are written 1 to IMS are set in the mask, the others are left.",
        (Write("IMS", RXT0), Write("IMS", TXDW), Write("IMS", 0), Read("IMS", RXT0 | TXDW)),
        section="13.4.20",
    ),
    causes(
        "imc-takes-away",
        "Bits that are written 1 to IMC are cleared in the mask, the others are left.",
        (Write("IMS", RXT0 | TXDW | LSC), Write("IMC", TXDW), Write("IMC", 0), Read("IMS", RXT0 | LSC)),
        section="13.4.21",
    ),
    causes(
        "imc-of-all-ones",
        "IMC with all ones masks all.",
        (Write("IMS", EVERY), Write("IMC", 0xFFFF_FFFF), Read("IMS", 0)),
        section="13.4.21",
    ),
    causes(
        "every-bit-of-the-mask",
        "IMS holds a bit for each cause.",
        (Write("IMS", EVERY), Read("IMS", EVERY, EVERY)),
        section="13.4.20",
    ),
    causes(
        "a-read-of-icr-leaves-the-mask",
        "A read of ICR does not change the mask.",
        (Write("IMS", RXT0 | TXDW), Write("ICS", RXT0), Read("ICR", RXT0, EVERY), Read("IMS", RXT0 | TXDW)),
    ),
    *map(masked, (0, 2, 7)),
)

LINE: tuple[Program, ...] = (
    *map(asserts, SET_BY_DRIVERS),
    causes(
        "a-mask-that-is-opened",
        "Setting the mask bit of a cause that pends already asserts the line.",
        (Write("ICS", RXT0), Line(False), Write("IMS", RXT0), Line(True)),
        section="13.4.20",
    ),
    causes(
        "a-mask-that-is-closed",
        "Clearing the mask bit of the cause takes the line away, and leaves the cause.",
        (Write("IMS", RXT0), Write("ICS", RXT0), Line(True), Write("IMC", RXT0), Line(False)),
        Read("ICR", RXT0, EVERY),
        section="13.4.21",
    ),
    causes(
        "a-cause-that-is-written-away",
        "Clearing the cause by a write of ICR takes the line away.",
        (Write("IMS", RXT0), Write("ICS", RXT0), Line(True), Write("ICR", RXT0), Line(False)),
    ),
    causes(
        "one-of-two-causes-is-left",
        "The line stays while any cause is left that is not masked.",
        (Write("IMS", RXT0 | TXDW), Write("ICS", RXT0 | TXDW), Line(True), Write("ICR", RXT0), Line(True)),
        (Write("ICR", TXDW), Line(False)),
    ),
    causes(
        "a-line-that-stays",
        "The line stays until its causes are read, cleared or masked.",
        (Write("IMS", RXT0), Write("ICS", RXT0), Line(True), Wait(MS), Line(True), Read("ICR", RXT0, EVERY)),
        Line(False),
    ),
    causes(
        "a-masked-cause-beside",
        "A cause that is masked does not hold the line.",
        (Write("IMS", RXT0), Write("ICS", RXT0 | TXDW), Line(True), Write("ICR", RXT0), Line(False)),
        Read("ICR", TXDW, EVERY),
    ),
)


# ITR

THROTTLED = (Write("ITR", LATE), Write("IMS", RXT0), Write("ICS", RXT0), Line(True), Read("ICR", RXT0, EVERY))

THROTTLE: tuple[Program, ...] = (
    causes(
        "itr-holds-the-line",
        "From one assertion of the line to the next at least ITR times 256 ns go by.",
        (THROTTLED, Write("ICS", RXT0), Line(False)),
        section="13.4.18",
    ),
    causes(
        "itr-ends",
        "When ITR times 256 ns have gone by, a cause that pends asserts the line.",
        (THROTTLED, Write("ICS", RXT0), Wait(10 * MS), Wait(10 * MS), Line(True), Read("ICR", RXT0, EVERY)),
        section="13.4.18",
    ),
    causes(
        "itr-does-not-hold-causes",
        "ITR holds the line only: causes are seen in ICR at once.",
        (THROTTLED, Write("ICS", RXT0), Read("ICR", RXT0, EVERY)),
        section="13.4.18",
    ),
    causes(
        "without-itr",
        "With ITR=0 the line follows the causes, however fast they come.",
        Write("IMS", RXT0),
        [(Write("ICS", RXT0), Line(True), Read("ICR", RXT0, EVERY), Line(False)) for _ in range(5)],
        section="13.4.18",
    ),
)

PROGRAMS: tuple[Program, ...] = CAUSES + MASK + LINE + THROTTLE
