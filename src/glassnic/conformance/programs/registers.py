"""§13.3, §13.4: what registers hold. Writable bits, reserved ones that read 0, values after power-on, other places."""

from __future__ import annotations

from glassnic.conformance.program import ALL, MAC, Either, Program, Read, Step, Write, program
from glassnic.spec.fields import PBA, RAH, STATUS
from glassnic.spec.registers import REGISTERS, R, offsets

PATTERNS = (0x5A5A_5A5A, 0xA5A5_A5A5, 0, ALL)
HELD = {
    "FCAL": ALL,
    "FCAH": 0xFFFF,
    "FCT": 0xFFFF,
    "VET": 0xFFFF,
    "FCTTV": 0xFFFF,
    "TXCW": 0xFFFF,
    "TIPG": 0x3FFF_FFFF,
    "ITR": 0xFFFF,
    "RDBAH": ALL,
    "RDTR": 0xFFFF,
    "RADV": 0xFFFF,
    "FCRTH": 0xFFF8,
    "TDBAH": ALL,
    "TIDV": 0xFFFF,
    "TADV": 0xFFFF,
    "RSRPD": 0x0FFF,
    "WUFC": 0x000F_00FF,
    "LEDCTL": 0x0F0F_0F0F,
}
"""Bits that drivers find as they wrote them."""
SPARED = {"FCRTH": 0xFFF8, "TIPG": 0x3FFF_FFFF, "TXCW": 0xFFFF, "RDTR": 0xFFFF, "WUFC": 0x000F_00FF}
"""What a driver may write where other bits do something, or may be there or not."""
ZERO_AT_FIRST = (
    *("RCTL", "RDLEN", "RDH", "RDT", "RDTR", "RADV", "RSRPD"),
    *("TCTL", "TDLEN", "TDH", "TDT", "TIDV", "TADV"),
    *("IMS", "ITR", "WUFC"),
)
RESERVED = {
    "FCAH": 0xFFFF,
    "FCT": 0xFFFF,
    "VET": 0xFFFF,
    "RDTR": 0xFFFF,
    "TIDV": 0xFFFF,
    "RSRPD": 0xFFF,
    "RADV": 0xFFFF,
}
"""The bits that these have; the others are reserved."""
RCTL_BITS = 0x06DF_B3FE
UNUSED = (0x0F00, 0x6000, 0x7FFC, 0xA000, 0xF000)
"""Offsets at which no register is."""


def holds(name: str, mask: int) -> Program:
    written = [(value & SPARED.get(name, ALL)) for value in PATTERNS]
    return program(
        REGISTERS[name].section,
        f"{name.lower()}-holds-what-is-written",
        f"{REGISTERS[name].title}: its bits read as they were written.",
        [(Write(name, value), Read(name, value, mask)) for value in written],
    )


def reserves(name: str, bits: int) -> Program:
    value = 0x7FFF_FFFF if name == "RDTR" else ALL
    return program(
        REGISTERS[name].section,
        f"reserved-bits-of-{name.lower()}",
        f"{REGISTERS[name].title}: bits that are reserved read 0, whatever is written.",
        (Write(name, value), Read(name, 0, ALL & ~bits)),
    )


def array(name: str, mask: int, count: int) -> Program:
    """Each word with a value of its own, so that no two are one."""
    values = [0x8123_4567 + index * 0x0101_0101 & ALL for index in range(count)]
    return program(
        REGISTERS[name].section,
        f"every-word-of-{name.lower()}",
        f"{REGISTERS[name].title}: {count} words, each of which holds its own.",
        [Write(f"{name}[{index}]", value) for index, value in enumerate(values)],
        [Read(f"{name}[{index}]", value, mask) for index, value in enumerate(values)],
    )


def starts_at_zero(name: str) -> Program:
    return program(
        REGISTERS[name].section,
        f"{name.lower()}-at-first",
        f"{REGISTERS[name].title}: 0 after power-on.",
        Read(name, 0),
    )


STORED: tuple[Program, ...] = (
    *(holds(name, mask) for name, mask in HELD.items()),
    *(reserves(name, bits) for name, bits in RESERVED.items()),
    array("MTA", ALL, 128),
    array("VFTA", ALL, 128),
    array("RAL", ALL, 16),
    array("RAH", RAH.AV.mask | RAH.ADDR.mask, 16),
    program(
        "13.4.22",
        "rctl-holds-what-is-written",
        "Receive control: its bits read as they were written, reserved ones 0.",
        [(Write("RCTL", value), Read("RCTL", value)) for value in (0x001F_B3FA, RCTL_BITS, 0)],
    ),
    program(
        "13.4.22",
        "reserved-bits-of-rctl",
        "Receive control: bits that are reserved read 0, whatever is written.",
        (Write("RCTL", ALL & ~0xC0), Read("RCTL", 0, ALL & ~RCTL_BITS)),
    ),
    program(
        "13.4.16",
        "what-is-left-of-the-packet-buffer",
        "Of the 64 KB of packet buffer transmission has what PBA does not give to reception.",
        [(Write("PBA", kb), Read("PBA", kb | (64 - kb) << PBA.TXA.lo)) for kb in (40, 24, 48)],
    ),
    program(
        "13.4.16",
        "the-transmit-share-is-read-only",
        "PBA.TXA cannot be written.",
        (Write("PBA", 0x003F_0030), Read("PBA", 16 << PBA.TXA.lo, PBA.TXA.mask)),
    ),
)


# After power-on

AT_FIRST: tuple[Program, ...] = (
    *map(starts_at_zero, ZERO_AT_FIRST),
    program(
        "13.4.16",
        "pba-at-first",
        "After power-on reception has 48 KB of the packet buffer, transmission 16.",
        Read("PBA", 0x0010_0030),
    ),
    program(
        "13.4.47",
        "rxcsum-at-first",
        "Receive checksum control: neither IPOFL nor TUOFL is set after power-on, and PCSS is 0.",
        Read("RXCSUM", 0, 0x3FF),
    ),
    program(
        "13.5.3",
        "the-station-address",
        "The first receive address is loaded from the EEPROM, and valid.",
        Read("RAL[0]", int.from_bytes(MAC[:4], "little")),
        Read("RAH[0]", int.from_bytes(MAC[4:], "little") | RAH.AV.mask, RAH.AV.mask | RAH.AS.mask | RAH.ADDR.mask),
    ),
    program(
        "13.5.3",
        "the-other-addresses",
        "Of the receive addresses but the first none is valid after power-on.",
        [Read(f"RAH[{entry}]", 0, RAH.AV.mask) for entry in range(1, 16)],
    ),
    program(
        "13.7",
        "statistics-at-first",
        "All statistics are 0 after power-on.",
        [Read(name, 0) for name, row in REGISTERS.items() if row.section.startswith("13.7")],
    ),
)


# Read only, write only, elsewhere


def either(section: str, name: str, rule: str, steps: tuple[Step, ...], *readings: tuple[str, Read]) -> Program:
    return program(section, name, rule, steps, Either(readings))


def aliased(offset: int, name: str, value: int) -> Program:
    """Where the 82542 had the register."""
    return either(
        "13.3",
        f"{name.lower()}-where-the-82542-had-it",
        "Some registers had other places in the first part of the family; whether this part answers there is not said.",
        (Write(offset, value),),
        ("it does", Read(name, value)),
        ("it does not", Read(name, 0)),
    )


KINDS: tuple[Program, ...] = (
    program(
        "13.4.2",
        "status-is-read-only",
        "STATUS cannot be written.",
        Write("CTRL", 0x41),
        Read("STATUS", STATUS.LU.mask, STATUS.LU.mask | 0xF000),
        (Write("STATUS", 0xFFFF_F833), Read("STATUS", STATUS.LU.mask, STATUS.LU.mask | 0xF000)),
        (Write("STATUS", 0), Read("STATUS", STATUS.LU.mask, STATUS.LU.mask | 0xF000)),
    ),
    program(
        "13.7",
        "statistics-are-read-only",
        "A statistic cannot be written.",
        [Write(name, 0x55) for name in ("CRCERRS", "MPC", "GPRC", "GORCL", "TPR", "TPT", "PRC64", "BPRC")],
        [Read(name, 0) for name in ("CRCERRS", "MPC", "GPRC", "GORCL", "TPR", "TPT", "PRC64", "BPRC")],
    ),
    program(
        "13.1",
        "where-no-register-is",
        "A write where no register is changes none.",
        [Write(offset, ALL) for offset in UNUSED],
        [Read(name, 0) for name in ("IMS", "RCTL", "TCTL", "RDT", "TDT", "RDLEN")],
    ),
    either(
        "13.4.21",
        "imc-is-write-only",
        "What a read of IMC gives is not said.",
        (Write("IMS", 0x80),),
        ("0", Read("IMC", 0)),
        ("the mask", Read("IMC", 0x80)),
    ),
    either(
        "13.3",
        "the-copy-of-ctrl",
        "Drivers know a copy of CTRL at offset 4; the manual says nothing.",
        (Write("CTRL", 0x41),),
        ("there is one", Read(4, 0x41)),
        ("there is none", Read(4, 0)),
    ),
    aliased(0x0128, "RDT", 5),
    aliased(0x0438, "TDT", 5),
    aliased(0x0110, "RDBAL", 0x1000),
    aliased(0x0200, "MTA[0]", 0x1234_5678),
    aliased(0x0600, "VFTA[0]", 0x1234_5678),
)

assert not set(UNUSED) & {offset for row in vars(R).values() if hasattr(row, "stride") for offset in offsets(row)}

PROGRAMS: tuple[Program, ...] = STORED + AT_FIRST + KINDS
