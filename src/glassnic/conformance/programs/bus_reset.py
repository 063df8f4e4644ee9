"""§14.7: RST#, the reset that comes from the PCI bus. Unlike CTRL.RST it reaches the PHY and what CTRL.RST keeps."""

from __future__ import annotations

from glassnic.conformance.program import (
    MAC,
    Arrive,
    Delivered,
    Either,
    Give,
    Line,
    NotDelivered,
    Program,
    Read,
    Reset,
    Sent,
    Step,
    Steps,
    Wait,
    Write,
    program,
)
from glassnic.conformance.programs.eeprom import by_eerd
from glassnic.conformance.programs.phy import LOOPBACK, phy_read, phy_write
from glassnic.conformance.programs.reset import (
    CLEARED,
    FRAME,
    FRAME_DATA,
    LAY_FRAME,
    LAY_SECOND,
    OTHER,
    SECOND,
    SECOND_DATA,
)
from glassnic.conformance.words import MS, context, incoming, lay, receiver, send, sent, station, summed, transmitter
from glassnic.driver.message import Message
from glassnic.spec.fields import CAUSE, CTRL, RAH
from glassnic.spec.phy_registers import P
from glassnic.spec.registers import REGISTERS

RESET = (Reset(), Wait(2 * MS))
"""A driver waits; how long the EEPROM takes is the card's affair."""
AT_FIRST = {"PBA": 40, "VET": 0x9100}
"""Registers whose value after power-on is not 0, and another to write before."""
PHY_AT_FIRST = 0x1140
UDP = Message(tcp=False, payload=bytes(range(100)))
AS_FOUND = UDP.encode()
SUM_END = len(AS_FOUND) - 1
CAUSES = CAUSE.RXT0.mask | CAUSE.TXDW.mask


def after(name: str, rule: str, *steps: Step | Steps, section: str = "14.7") -> Program:
    return program(section, name, rule, *steps)


def comes_back(name: str, other: int, value: int, mask: int = 0xFFFF) -> Program:
    return after(
        f"{name.lower()}-after-rst",
        f"{REGISTERS[name].title}: {value:X}h after RST#, as after power-on.",
        (Write(name, other), RESET, Read(name, value, mask)),
    )


PROGRAMS: tuple[Program, ...] = (
    *(comes_back(name, value, 0, 0xFFFF_FFFF) for name, value in CLEARED.items()),
    *(comes_back(name, value, REGISTERS[name].reset & 0xFFFF) for name, value in AT_FIRST.items()),
    after(
        "control-after-rst",
        "After RST# no bit of CTRL that software has set for flow control or VLANs is left.",
        (Write("CTRL", CTRL.SLU.mask | CTRL.RFCE.mask | CTRL.TFCE.mask | CTRL.VME.mask), RESET),
        Read("CTRL", 0, CTRL.RFCE.mask | CTRL.TFCE.mask | CTRL.VME.mask | CTRL.RST.mask),
    ),
    after(
        "pending-causes-after-rst",
        "RST# forgets the causes that pend.",
        (Write("ICS", CAUSES), RESET, Read("ICR", 0, CAUSES)),
    ),
    after(
        "the-line-after-rst",
        "RST# masks all interrupts: the line falls.",
        (Write("IMS", CAUSE.RXT0.mask), Write("ICS", CAUSE.RXT0.mask), Line(True), RESET, Line(False)),
    ),
    after(
        "the-phy-after-rst",
        "RST# reaches the PHY: its control register is as after power-on.",
        (phy_write(P.PCTRL.number, LOOPBACK), RESET, phy_read(P.PCTRL.number, PHY_AT_FIRST)),
    ),
    after(
        "the-eeprom-after-rst",
        "RST# leaves what is in the EEPROM: the station address stands in its first words.",
        (RESET, [by_eerd(at, int.from_bytes(MAC[2 * at : 2 * at + 2], "little")) for at in range(3)]),
    ),
    after(
        "the-station-address-after-rst",
        "RST# loads the first receive address from the EEPROM.",
        (station(OTHER), RESET, Read("RAL[0]", int.from_bytes(MAC[:4], "little"))),
        Read("RAH[0]", int.from_bytes(MAC[4:], "little") | RAH.AV.mask, RAH.AV.mask | RAH.ADDR.mask),
        section="13.5.3",
    ),
    after(
        "other-addresses-after-rst",
        "RST# clears AV of the other receive addresses.",
        ([station(OTHER, entry) for entry in (1, 7, 15)], RESET),
        [Read(f"RAH[{entry}]", 0, RAH.AV.mask) for entry in (1, 7, 15)],
        section="13.5.3",
    ),
    after(
        "transmission-after-rst",
        "After RST# rings can be laid anew, and frames leave.",
        (transmitter(), LAY_FRAME, LAY_SECOND, Give((FRAME_DATA,)), Sent((FRAME,)), RESET),
        (transmitter(), Give((SECOND_DATA,)), Sent((SECOND,))),
    ),
    after(
        "descriptors-not-taken-before-rst",
        "RST# ends the ring: what was not taken never leaves.",
        (transmitter(), LAY_FRAME, LAY_SECOND, Write("TCTL", 0), Give((FRAME_DATA,)), RESET),
        (transmitter(), Wait(MS), Sent(()), Give((SECOND_DATA,)), Sent((SECOND,))),
    ),
    after(
        "half-a-packet-before-rst",
        "RST# forgets a packet whose last descriptor has not come: the next one begins anew.",
        (transmitter(), send(UDP, EOP=0), Wait(MS), Sent(()), RESET),
        (transmitter(), LAY_SECOND, Give((SECOND_DATA,)), Sent((SECOND,))),
    ),
    after(
        "contexts-loaded-after-rst",
        "After RST# a context is loaded anew, and its sums are right.",
        (transmitter(), send(UDP), sent(UDP), RESET, transmitter(), send(UDP), sent(UDP)),
    ),
    after(
        "contexts-across-rst",
        "What the contexts hold after RST# is not said.",
        (transmitter(), lay(UDP)[0], Give((context(UDP), lay(UDP)[1])), sent(UDP), RESET, transmitter()),
        Give((lay(UDP, IXSM=0)[1],)),
        Either(
            (
                ("the contexts are zeros", Sent((summed(AS_FOUND, 0, 0),))),
                ("the contexts are kept", Sent((summed(AS_FOUND, 34, 40),))),
                ("no sum is inserted", Sent((AS_FOUND,))),
            )
        ),
    ),
    after(
        "reception-after-rst",
        "After RST# rings can be laid anew, and frames come.",
        (receiver(), Arrive((incoming(100),)), Delivered(incoming(100)), RESET),
        (receiver(), Arrive((incoming(80),)), Delivered(incoming(80))),
    ),
    after(
        "no-reception-by-itself-after-rst",
        "After RST# the receiver is off: what comes is lost.",
        (receiver(), RESET, Arrive((incoming(100),)), NotDelivered(), receiver()),
        (Arrive((incoming(80),)), Delivered(incoming(80)), NotDelivered()),
    ),
    after(
        "frames-that-wait-before-rst",
        "RST# empties the packet buffer: frames that waited for descriptors are lost.",
        (receiver(0), Arrive((incoming(100),)), RESET, receiver()),
        (Arrive((incoming(80),)), Delivered(incoming(80)), NotDelivered()),
    ),
)
