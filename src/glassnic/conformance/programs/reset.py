"""§14.7, §13.4.1: resets of the MAC. What CTRL.RST clears and what it keeps, and what is loaded anew."""

from __future__ import annotations

from glassnic.conformance.program import (
    MAC,
    Arrive,
    Delivered,
    Either,
    Expectation,
    Give,
    Line,
    NotDelivered,
    Program,
    Read,
    Sent,
    Step,
    Steps,
    Wait,
    Write,
    program,
)
from glassnic.conformance.words import (
    MS,
    incoming,
    legacy,
    plain_frame,
    receiver,
    station,
    transmitter,
)
from glassnic.spec.fields import CAUSE, CTRL, CTRL_EXT, RAH
from glassnic.spec.registers import REGISTERS

RESET = (Write("CTRL", CTRL.RST.mask), Wait(2 * MS))
"""A driver waits; how long the EEPROM takes is the card's affair."""
OTHER = bytes.fromhex("5254000000ee")
FRAME, SECOND = plain_frame(100), plain_frame(80, number=7)
LAY_FRAME, FRAME_DATA = legacy(FRAME, 0)
LAY_SECOND, SECOND_DATA = legacy(SECOND, 1)
FCS_BYTES = 4
CLEARED = {
    "RCTL": 0x8000,
    "TCTL": 0x8,
    "RDLEN": 0x80,
    "RDH": 3,
    "RDT": 3,
    "RDTR": 9,
    "RADV": 9,
    "TDLEN": 0x80,
    "TDH": 3,
    "TDT": 3,
    "TIDV": 9,
    "TADV": 9,
    "IMS": 0x80,
    "ITR": 9,
    "RXCSUM": 0x300,
}
"""Registers whose value after a reset is 0, and something to write before."""


def after(name: str, rule: str, *steps: Step | Steps, section: str = "14.7") -> Program:
    return program(section, name, rule, *steps)


def clears(name: str, value: int) -> Program:
    return after(
        f"{name.lower()}-after-a-reset",
        f"{REGISTERS[name].title}: 0 after CTRL.RST.",
        (Write(name, value), RESET, Read(name, 0)),
    )


def open_to(name: str, rule: str, *steps: Step | Steps, readings: tuple[tuple[str, Expectation], ...]) -> Program:
    return program("14.7", name, rule, *steps, Either(readings))


PROGRAMS: tuple[Program, ...] = (
    *(clears(name, value) for name, value in CLEARED.items()),
    after(
        "rst-clears-itself",
        "CTRL.RST reads 0 once the reset is over.",
        (RESET, Read("CTRL", 0, CTRL.RST.mask)),
        section="13.4.1",
    ),
    after(
        "what-is-written-with-rst",
        "The other bits that are written with CTRL.RST are lost in the reset.",
        (Write("CTRL", CTRL.RST.mask | CTRL.VME.mask | CTRL.RFCE.mask), Wait(2 * MS)),
        Read("CTRL", 0, CTRL.VME.mask | CTRL.RFCE.mask),
        section="13.4.1",
    ),
    after(
        "pending-causes",
        "CTRL.RST forgets the causes that pend.",
        (Write("ICS", CAUSE.RXT0.mask | CAUSE.TXDW.mask), RESET, Read("ICR", 0, CAUSE.RXT0.mask | CAUSE.TXDW.mask)),
    ),
    after(
        "the-line",
        "CTRL.RST masks all interrupts: the line falls.",
        (Write("IMS", CAUSE.RXT0.mask), Write("ICS", CAUSE.RXT0.mask), Line(True), RESET, Line(False)),
    ),
    after(
        "the-station-address-is-loaded-anew",
        "CTRL.RST loads the first receive address from the EEPROM.",
        (station(OTHER), RESET, Read("RAL[0]", int.from_bytes(MAC[:4], "little"))),
        Read("RAH[0]", int.from_bytes(MAC[4:], "little") | RAH.AV.mask, RAH.AV.mask | RAH.ADDR.mask),
        section="13.5.3",
    ),
    after(
        "other-addresses-are-not-valid",
        "CTRL.RST clears AV of the other receive addresses.",
        ([station(OTHER, entry) for entry in (1, 7, 15)], RESET),
        [Read(f"RAH[{entry}]", 0, RAH.AV.mask) for entry in (1, 7, 15)],
        section="13.5.3",
    ),
    after(
        "the-split-of-the-packet-buffer",
        "CTRL.RST keeps PBA: only so a new split takes effect.",
        (Write("PBA", 40), RESET, Read("PBA", 40, 0x7F)),
        section="13.4.16",
    ),
    after(
        "transmission-after-a-reset",
        "After CTRL.RST rings can be laid anew, and frames leave.",
        (transmitter(), LAY_FRAME, LAY_SECOND, Give((FRAME_DATA,)), Sent((FRAME,)), RESET),
        (transmitter(), Give((SECOND_DATA,)), Sent((SECOND,))),
    ),
    after(
        "descriptors-not-taken",
        "CTRL.RST ends the ring: what was not taken never leaves.",
        (transmitter(), LAY_FRAME, LAY_SECOND, Write("TCTL", 0), Give((FRAME_DATA,)), RESET),
        (transmitter(), Wait(MS), Sent(()), Give((SECOND_DATA,)), Sent((SECOND,))),
    ),
    after(
        "reception-after-a-reset",
        "After CTRL.RST rings can be laid anew, and frames come.",
        (receiver(), Arrive((incoming(100),)), Delivered(incoming(100)), RESET),
        (receiver(), Arrive((incoming(80),)), Delivered(incoming(80))),
    ),
    after(
        "no-reception-by-itself",
        "After CTRL.RST the receiver is off: what comes is lost.",
        (receiver(), RESET, Arrive((incoming(100),)), NotDelivered(), receiver()),
        (Arrive((incoming(80),)), Delivered(incoming(80)), NotDelivered()),
    ),
    after(
        "frames-that-wait",
        "CTRL.RST empties the packet buffer: frames that waited for descriptors are lost.",
        (receiver(0), Arrive((incoming(100),)), RESET, receiver()),
        (Arrive((incoming(80),)), Delivered(incoming(80)), NotDelivered()),
    ),
    after(
        "a-reset-while-nothing-was-set",
        "CTRL.RST right after power-on changes nothing that a driver needs.",
        (RESET, transmitter(), LAY_FRAME, Give((FRAME_DATA,)), Sent((FRAME,))),
    ),
    after(
        "two-resets",
        "A second CTRL.RST does as the first.",
        (RESET, Write("RDT", 3), RESET, Read("RDT", 0), Read("CTRL", 0, CTRL.RST.mask)),
    ),
    after(
        "ee-rst-loads-the-station-address",
        "CTRL_EXT.EE_RST reads the EEPROM again, and with it the first receive address.",
        (station(OTHER), Write("CTRL_EXT", CTRL_EXT.EE_RST.mask), Wait(2 * MS)),
        Read("RAL[0]", int.from_bytes(MAC[:4], "little")),
        section="13.4.6",
    ),
    after(
        "ee-rst-clears-itself",
        "CTRL_EXT.EE_RST reads 0 once the EEPROM has been read.",
        (Write("CTRL_EXT", CTRL_EXT.EE_RST.mask), Wait(2 * MS), Read("CTRL_EXT", 0, CTRL_EXT.EE_RST.mask)),
        section="13.4.6",
    ),
    open_to(
        "statistics-after-a-reset",
        "Whether CTRL.RST clears the statistics is not said; drivers read them all before they count.",
        (transmitter(), LAY_FRAME, Give((FRAME_DATA,)), Sent((FRAME,)), RESET),
        readings=(("cleared", Read("TOTL", 0)), ("kept", Read("TOTL", len(FRAME) + FCS_BYTES))),
    ),
    open_to(
        "the-multicast-table-after-a-reset",
        "The multicast table is undefined after a reset.",
        (Write("MTA[3]", 0x1234_5678), RESET),
        readings=(("kept", Read("MTA[3]", 0x1234_5678)), ("cleared", Read("MTA[3]", 0))),
    ),
    open_to(
        "the-vlan-table-after-a-reset",
        "The VLAN table is undefined after a reset.",
        (Write("VFTA[3]", 0x1234_5678), RESET),
        readings=(("kept", Read("VFTA[3]", 0x1234_5678)), ("cleared", Read("VFTA[3]", 0))),
    ),
)
