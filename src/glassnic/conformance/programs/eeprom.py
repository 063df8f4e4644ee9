"""§13.4.3, §13.4.4, §5: the EEPROM. Words by EERD, and bit by bit through the pins of EECD, as drivers do it."""

from __future__ import annotations

from glassnic.conformance.program import MAC, Either, Program, Read, Step, Steps, Until, Write, program
from glassnic.spec.fields import EECD, EERD

WORDS = tuple(int.from_bytes(MAC[at : at + 2], "little") for at in (0, 2, 4))
"""What the first three words hold: the station address, its first byte lowest."""
SPARE = 0x06
"""A word for whoever builds cards: a program may write it."""
INTEL_WORD, INTEL = 0x0E, 0x8086
LARGE_DONE = 1 << 1
"""Where later parts have EERD.DONE."""
SELECT, CLOCK, REQUEST = EECD.CS.mask, EECD.SK.mask, EECD.REQ.mask
READ, WRITE, ERASE, EWEN, EWDS = "110", "101", "111", "10011", "10000"
"""The start bit and the opcode; the last two with the two address bits that tell them apart."""


# EERD


def by_eerd(word: int, value: int) -> Steps:
    yield Write("EERD", EERD.START.mask | word << EERD.ADDR.lo)
    yield Until("EERD", EERD.DONE.mask, EERD.DONE.mask)
    yield Read("EERD", value << EERD.DATA.lo, EERD.DATA.mask)


REGISTER: tuple[Program, ...] = (
    *(
        program(
            "13.4.4",
            f"word-{index}-by-eerd",
            "A write of EERD with START reads a word: DONE is set, and the word is in the upper half.",
            by_eerd(index, word),
        )
        for index, word in enumerate(WORDS)
    ),
    program(
        "13.4.4",
        "words-one-after-the-other",
        "Each START reads the word that ADDR names.",
        [by_eerd(index, WORDS[index]) for index in (2, 0, 1, 0, 2)],
    ),
    program("13.4.4", "the-vendor", "Word 0Eh holds the PCI vendor: Intel.", by_eerd(INTEL_WORD, INTEL)),
    program(
        "13.4.4",
        "a-spare-word",
        "What a word without a use holds in a new EEPROM is not said; the part itself comes erased.",
        (Write("EERD", EERD.START.mask | SPARE << EERD.ADDR.lo), Until("EERD", EERD.DONE.mask, EERD.DONE.mask)),
        Either(
            (
                ("it is erased", Read("EERD", 0xFFFF << EERD.DATA.lo, EERD.DATA.mask)),
                ("it is 0", Read("EERD", 0, EERD.DATA.mask)),
            )
        ),
    ),
    program(
        "13.4.4",
        "done-in-its-own-place",
        "DONE is bit 4 on this part; bit 1, where later parts have it, stays 0.",
        by_eerd(0, WORDS[0]),
        Read("EERD", 0, LARGE_DONE),
    ),
)


# The pins


def clocked(bits: str) -> Steps:
    """Bits go in with rising edges of SK."""
    pins = [REQUEST | SELECT | int(bit) * EECD.DI.mask for bit in bits]
    return [(Write("EECD", low), Write("EECD", low | CLOCK), Write("EECD", low)) for low in pins]


def select() -> Steps:
    return (Write("EECD", REQUEST), Write("EECD", REQUEST | SELECT))


def deselect() -> Steps:
    """CS falls, and one more clock: so drivers end a command."""
    return (Write("EECD", REQUEST), Write("EECD", REQUEST | CLOCK), Write("EECD", REQUEST))


def address(word: int) -> str:
    return f"{word:06b}"


def comes(value: int) -> Steps:
    """16 bits come out, the highest first: each is there after a rising edge of SK."""
    for bit in f"{value:016b}":
        yield Write("EECD", REQUEST | SELECT | CLOCK)
        yield Read("EECD", int(bit) * EECD.DO.mask, EECD.DO.mask)
        yield Write("EECD", REQUEST | SELECT)


def by_pins(word: int, value: int) -> Steps:
    return (select(), clocked(READ + address(word)), comes(value), deselect())


def standby() -> Steps:
    """How drivers begin the next command without a pause: CS falls and rises while SK is moved."""
    low = (Write("EECD", REQUEST), Write("EECD", REQUEST | CLOCK))
    return (*low, Write("EECD", REQUEST | SELECT | CLOCK), Write("EECD", REQUEST | SELECT))


def command(bits: str) -> Steps:
    return (select(), clocked(bits), deselect())


def stored(word: int, value: int) -> Steps:
    """A word is written: CS falls, and when it is high again DO says when that is done."""
    yield from (select(), clocked(f"{WRITE}{address(word)}{value:016b}"), deselect(), select())
    yield from (Until("EECD", EECD.DO.mask, EECD.DO.mask), deselect())


OPEN, SHUT = command(EWEN + "0000"), command(EWDS + "0000")


def pins(name: str, rule: str, *steps: Step | Steps) -> Program:
    return program("13.4.3", name, rule, steps)


PINS: tuple[Program, ...] = (
    pins(
        "the-eeprom-is-there",
        "EECD.PRES says that there is an EEPROM.",
        Read("EECD", EECD.PRES.mask, EECD.PRES.mask),
    ),
    pins(
        "a-request-is-granted",
        "EECD.GNT answers REQ.",
        Write("EECD", REQUEST),
        Until("EECD", EECD.GNT.mask, EECD.GNT.mask),
    ),
    *(
        pins(
            f"word-{index}-by-the-pins",
            "READ is 110 and six bits of address; 16 bits follow on DO, each behind a rising edge of SK.",
            by_pins(index, word),
        )
        for index, word in enumerate(WORDS)
    ),
    pins(
        "words-one-after-the-other-by-the-pins",
        "Each command begins with a rising CS.",
        [by_pins(index, WORDS[index]) for index in (2, 0, 1)],
    ),
    pins(
        "standby-between-words",
        "A new command may begin as soon as CS has been low, whatever SK does then.",
        (select(), clocked(READ + address(1)), comes(WORDS[1])),
        (standby(), clocked(READ + address(2)), comes(WORDS[2]), deselect()),
    ),
    pins(
        "a-command-that-ends-early",
        "A command that CS ends is forgotten: the next one begins anew.",
        (select(), clocked(READ + "000"), deselect(), by_pins(1, WORDS[1])),
    ),
    pins(
        "clocks-without-select",
        "Without CS the EEPROM sees no clock.",
        [(Write("EECD", REQUEST | EECD.DI.mask | CLOCK), Write("EECD", REQUEST | EECD.DI.mask)) for _ in range(5)],
        by_pins(0, WORDS[0]),
    ),
    pins(
        "pins-and-eerd-agree",
        "EERD and the pins read the same words.",
        (by_pins(1, WORDS[1]), by_eerd(1, WORDS[1]), by_pins(2, WORDS[2])),
    ),
    pins(
        "a-word-is-written",
        "After EWEN a word can be written, and read again.",
        (OPEN, stored(SPARE, 0x5AA5), by_pins(SPARE, 0x5AA5), stored(SPARE, 0xA55A), by_pins(SPARE, 0xA55A), SHUT),
    ),
    pins(
        "ewds-locks",
        "After EWDS nothing is written.",
        (OPEN, stored(SPARE, 0x1234), SHUT, stored(SPARE, 0x4321), by_pins(SPARE, 0x1234)),
    ),
    pins(
        "a-word-is-erased",
        "ERASE sets all bits of a word.",
        (OPEN, stored(SPARE, 0x1234), command(ERASE + address(SPARE)), by_pins(SPARE, 0xFFFF), SHUT),
    ),
)

PROGRAMS: tuple[Program, ...] = REGISTER + PINS
