"""§13.2.2: registers through the I/O BAR. IOADDR names one, IODATA is it; drivers reset some parts in no other way."""

from __future__ import annotations

from glassnic.conformance.program import (
    ALL,
    MAC,
    Give,
    Program,
    Read,
    ReadIo,
    Sent,
    Step,
    Steps,
    Wait,
    Write,
    WriteIo,
    program,
)
from glassnic.conformance.words import MS, TRANSMITTING, legacy, plain_frame, transmitter
from glassnic.spec.fields import CAUSE, CTRL, RAH, TCTL
from glassnic.spec.registers import offset_of

IOADDR, IODATA = 0, 4
FRAME = plain_frame(100)
LAY, DATA = legacy(FRAME)


def io_write(register: str, value: int) -> Steps:
    return (WriteIo(IOADDR, offset_of(register)), WriteIo(IODATA, value))


def io_read(register: str, value: int, mask: int = ALL) -> Steps:
    return (WriteIo(IOADDR, offset_of(register)), ReadIo(IODATA, value, mask))


def io(name: str, rule: str, *steps: Step | Steps, section: str = "13.2.2.2") -> Program:
    return program(section, name, rule, *steps)


def untouched(offset: int) -> Program:
    return io(
        f"beyond-the-registers-at-{offset:x}",
        "IODATA reaches a register only where IOADDR is below 20000h.",
        (Write("RDBAH", 0x1234), WriteIo(IOADDR, offset + offset_of("RDBAH")), WriteIo(IODATA, 0x55AA)),
        Read("RDBAH", 0x1234),
    )


PROGRAMS: tuple[Program, ...] = (
    io(
        "ioaddr-holds-an-offset",
        "IOADDR reads as it was written.",
        [(WriteIo(IOADDR, offset), ReadIo(IOADDR, offset)) for offset in (0x3818, 0, 0x1FFFC)],
        section="13.2.2.1",
    ),
    io(
        "ioaddr-has-20-bits",
        "IOADDR 31:20 read 0.",
        (WriteIo(IOADDR, 0xFFF0_0008), ReadIo(IOADDR, 8)),
        section="13.2.2.1",
    ),
    io(
        "a-register-is-written",
        "A write of IODATA is one of the register.",
        io_write("RDBAH", 0x55AA),
        Read("RDBAH", 0x55AA),
    ),
    io(
        "a-register-is-read",
        "A read of IODATA is one of the register.",
        Write("RDBAH", 0x55AA),
        io_read("RDBAH", 0x55AA),
    ),
    io(
        "one-register-many-times",
        "IOADDR stays: IODATA reaches the same register again and again.",
        io_write("RDBAH", 0x1111),
        (ReadIo(IODATA, 0x1111), WriteIo(IODATA, 0x2222), ReadIo(IODATA, 0x2222), Read("RDBAH", 0x2222)),
    ),
    io(
        "the-address-by-io",
        "The station address can be read through IODATA.",
        io_read("RAL[0]", int.from_bytes(MAC[:4], "little")),
        io_read("RAH[0]", int.from_bytes(MAC[4:], "little") | RAH.AV.mask, RAH.AV.mask | RAH.ADDR.mask),
    ),
    io(
        "a-read-with-effects",
        "A read of ICR through IODATA clears it as any other does.",
        (Write("ICS", CAUSE.RXT0.mask), WriteIo(IOADDR, offset_of("ICR"))),
        (ReadIo(IODATA, CAUSE.RXT0.mask, CAUSE.RXT0.mask), Read("ICR", 0, CAUSE.RXT0.mask)),
    ),
    io(
        "a-doorbell",
        "A write of TDT through IODATA sends what is in the ring.",
        (transmitter(tctl=TRANSMITTING & ~TCTL.EN.mask), LAY, Give((DATA,)), Sent(()), Write("TDT", 0)),
        (Write("TCTL", TRANSMITTING), io_write("TDT", 1), Sent((FRAME,))),
    ),
    io(
        "a-reset",
        "CTRL.RST written through IODATA resets the card.",
        (Write("RDBAH", 0x1234), Write("IMS", CAUSE.RXT0.mask), Write("RDT", 5)),
        (io_write("CTRL", CTRL.RST.mask), Wait(2 * MS)),
        (Read("IMS", 0), Read("RDT", 0), Read("CTRL", 0, CTRL.RST.mask)),
    ),
    *map(untouched, (0x20000, 0x40000)),
)
