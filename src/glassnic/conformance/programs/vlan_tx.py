"""§3.3.4, §3.3.7.4, §13.4.11: the tag that the card inserts: when, where, what it says, what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

from glassnic.conformance.program import Either, Give, Program, Sent, Steps, Write, program
from glassnic.conformance.words import (
    context,
    counted,
    lay,
    legacy,
    plain_frame,
    send,
    sent,
    spread,
    spread_legacy,
    transmitter,
    with_fcs,
)
from glassnic.driver.message import Message
from glassnic.spec.fields import CTRL

FRAME = plain_frame(80)
UDP = Message(tcp=False, payload=bytes(range(48)))
TCP = Message(payload=bytes(range(250)) * 2, mss=200)
TCI = 0x602A
LINK = CTRL.SLU.mask | CTRL.FD.mask
LAY_FRAME, FRAME_DATA = legacy(FRAME, 0, VLE=1, SPECIAL=TCI)
_, UNTAGGED = legacy(FRAME, 0)
LAY_UDP, UDP_DATA = lay(UDP, 1, VLE=1, SPECIAL=TCI)


def tagging(vet: int = 0x8100) -> Steps:
    """A transmitter that inserts tags of this type."""
    return (transmitter(), Write("VET", vet), Write("CTRL", LINK | CTRL.VME.mask))


def tag(tci: int = TCI, vet: int = 0x8100) -> bytes:
    return vet.to_bytes(2, "big") + tci.to_bytes(2, "big")


def tagged(frame: bytes, tci: int = TCI, vet: int = 0x8100) -> bytes:
    return frame[:12] + tag(tci, vet) + frame[12:]


def all_tagged(message: Message) -> Sent:
    return Sent(tuple(map(tagged, message.frames())))


def special(name: str, tci: int) -> Program:
    poke, descriptor = legacy(FRAME, 0, VLE=1, SPECIAL=tci)
    return program(
        "3.3.4",
        f"a-tag-with-{name}",
        "All 16 bits of SPECIAL, priority, CFI and VLAN, are the tag.",
        (tagging(), poke, Give((descriptor,)), Sent((tagged(FRAME, tci),))),
    )


INSERTED: tuple[Program, ...] = (
    program(
        "3.3.4",
        "a-tag-for-a-legacy-packet",
        "With CTRL.VME=1 and VLE=1, VET and SPECIAL are inserted behind the source address.",
        (tagging(), LAY_FRAME, Give((FRAME_DATA,)), Sent((tagged(FRAME),))),
    ),
    program(
        "3.3.7.4",
        "a-tag-for-an-extended-packet",
        "With CTRL.VME=1 and VLE=1, VET and SPECIAL are inserted behind the source address.",
        (tagging(), LAY_UDP, Give((lay(UDP, 1, VLE=1, SPECIAL=TCI, TXSM=0, IXSM=0)[1],))),
        Sent((tagged(UDP.encode()),)),
    ),
    program(
        "3.3.4",
        "no-tag-without-vle",
        "With CTRL.VME=1 a packet whose VLE is 0 gets no tag.",
        (tagging(), LAY_FRAME, Give((UNTAGGED, FRAME_DATA, UNTAGGED)), Sent((FRAME, tagged(FRAME), FRAME))),
    ),
    program(
        "3.3.3.1",
        "no-tag-for-a-legacy-packet-without-vme",
        "With CTRL.VME=0, VLE and SPECIAL of a legacy descriptor mean nothing.",
        (transmitter(), Write("VET", 0x8100), LAY_FRAME, Give((FRAME_DATA,)), Sent((FRAME,))),
    ),
    program(
        "3.3.7.1",
        "no-tag-for-an-extended-packet-without-vme",
        "With CTRL.VME=0, VLE and SPECIAL of a data descriptor mean nothing.",
        (transmitter(), Write("VET", 0x8100), send(UDP, 1, VLE=1, SPECIAL=TCI), sent(UDP)),
    ),
    program(
        "3.3.7.1",
        "no-tag-for-segments-without-vme",
        "With CTRL.VME=0 no segment gets a tag.",
        (transmitter(), Write("VET", 0x8100), send(TCP, 1, VLE=1, SPECIAL=TCI), sent(TCP)),
    ),
    program(
        "3.3.4",
        "vme-switched-on-and-off",
        "CTRL.VME holds for the packets that are taken while it is set.",
        (tagging(), LAY_FRAME, Give((FRAME_DATA,)), Sent((tagged(FRAME),))),
        (Write("CTRL", LINK), Give((FRAME_DATA,)), Sent((FRAME,))),
        (Write("CTRL", LINK | CTRL.VME.mask), Give((FRAME_DATA,)), Sent((tagged(FRAME),))),
    ),
    special("all-ones", 0xFFFF),
    special("all-zeros", 0),
    special("a-priority-only", 0xE000),
    special("cfi-only", 0x1000),
    special("a-vlan-only", 0x0ABC),
    program(
        "13.4.11",
        "a-tag-of-another-type",
        "The type of the tag is VET, whatever software wrote there.",
        (tagging(0x88A8), LAY_FRAME, Give((FRAME_DATA,)), Sent((tagged(FRAME, vet=0x88A8),))),
        (Write("VET", 0x9100), Give((FRAME_DATA,)), Sent((tagged(FRAME, vet=0x9100),))),
    ),
    program(
        "3.3.4",
        "a-tag-of-each-packets-own",
        "Each packet's tag is its own descriptor's.",
        (tagging(), LAY_FRAME, Give(tuple(legacy(FRAME, 0, VLE=1, SPECIAL=tci)[1] for tci in (1, 2, 3)))),
        Sent(tuple(tagged(FRAME, tci) for tci in (1, 2, 3))),
    ),
    program(
        "3.3.4",
        "a-tag-before-a-tag",
        "A tag that the buffer holds already stays, behind the one that is inserted.",
        (tagging(), legacy(tagged(FRAME, 7), 0)[0]),
        Give((legacy(tagged(FRAME, 7), 0, VLE=1, SPECIAL=TCI)[1],)),
        Sent((tagged(tagged(FRAME, 7)),)),
    ),
)

FIRST, SECOND, THIRD = spread_legacy(FRAME, 30, 20, VLE=0)[1]
_, (VLE_FIRST, VLE_SECOND, VLE_THIRD) = spread_legacy(FRAME, 30, 20, VLE=1, SPECIAL=TCI)
_, (DATA_FIRST, DATA_LAST) = spread(UDP, 42, number=1)
_, (VLE_DATA_FIRST, VLE_DATA_LAST) = spread(UDP, 42, number=1, VLE=1, SPECIAL=TCI)
LAY_TCP, (TCP_FIRST, TCP_LAST) = spread(TCP, 54, number=2)
_, (VLE_TCP_FIRST, VLE_TCP_LAST) = spread(TCP, 54, number=2, VLE=1, SPECIAL=TCI)

LAST = "VLE and SPECIAL count in the descriptor with EOP; in the others of a packet they are not looked at."
WHOSE: tuple[Program, ...] = (
    program(
        "3.3.3.1",
        "the-last-legacy-descriptor-asks-for-a-tag",
        LAST,
        (tagging(), LAY_FRAME, Give((FIRST, SECOND, VLE_THIRD, VLE_FIRST, VLE_SECOND, THIRD))),
        Sent((tagged(FRAME), FRAME)),
    ),
    program(
        "3.3.7.1",
        "the-last-data-descriptor-asks-for-a-tag",
        LAST,
        (tagging(), LAY_UDP, Give((context(UDP), DATA_FIRST, VLE_DATA_LAST))),
        all_tagged(UDP),
    ),
    program(
        "3.3.3.1",
        "the-last-of-two-tags-is-inserted",
        LAST,
        (tagging(), LAY_FRAME),
        Give((spread_legacy(FRAME, 40, VLE=1, SPECIAL=1)[1][0], spread_legacy(FRAME, 40, VLE=1, SPECIAL=2)[1][1])),
        Sent((tagged(FRAME, 2),)),
    ),
)

OUTSIDE = "The offsets of a sum do not count the tag that the card inserts, and the sum does not cover it."
BESIDE: tuple[Program, ...] = (
    program("3.3.3", "sums-beside-a-tag", OUTSIDE, tagging(), send(UDP, 1, VLE=1, SPECIAL=TCI), all_tagged(UDP)),
    program(
        "3.3.3",
        "ipv6-sums-beside-a-tag",
        OUTSIDE,
        (tagging(), send(replace(UDP, ipv6=True), 1, VLE=1, SPECIAL=TCI), all_tagged(replace(UDP, ipv6=True))),
    ),
    program(
        "3.3.3",
        "sums-beside-two-tags",
        "A tag in the buffer is counted by the offsets of a sum, one that is inserted is not.",
        (tagging(), send(replace(UDP, tags=tag(7)), 1, VLE=1, SPECIAL=TCI)),
        all_tagged(replace(UDP, tags=tag(7))),
    ),
    program(
        "3.3.4",
        "a-tag-in-every-segment",
        "Every frame of a send gets the tag.",
        (tagging(), send(TCP, 1, VLE=1, SPECIAL=TCI), all_tagged(TCP)),
    ),
    program(
        "3.3.4",
        "a-tag-in-every-segment-of-udp",
        "Every frame of a send gets the tag.",
        (tagging(), send(replace(TCP, tcp=False), 1, VLE=1, SPECIAL=TCI), all_tagged(replace(TCP, tcp=False))),
    ),
    program(
        "3.3.4",
        "tagged-segments-then-a-plain-packet",
        "The tag of a send does not stay for the next packet.",
        (tagging(), send(TCP, 1, VLE=1, SPECIAL=TCI), LAY_FRAME, Give((UNTAGGED,))),
        Sent((*map(tagged, TCP.frames()), FRAME)),
    ),
    program(
        "13.7.42",
        "the-tag-is-counted",
        "The octet counts take in the inserted tag and the FCS.",
        (tagging(), LAY_FRAME, Give((FRAME_DATA,)), Sent((tagged(FRAME),)), counted(TOTL=88, GOTCL=88, PTC127=1)),
    ),
    program(
        "3.3.3.1",
        "a-tagged-packet-always-gets-an-fcs",
        "With VLE=1 the FCS is inserted whether or not IFCS is set: nothing of the buffer is taken for one.",
        (tagging(), LAY_FRAME, Give((legacy(FRAME, 0, VLE=1, SPECIAL=TCI, IFCS=0)[1],)), Sent((tagged(FRAME),))),
    ),
    program(
        "3.3.3.1",
        "vle-without-vme-brings-no-fcs",
        "With CTRL.VME=0, VLE means nothing: IFCS=0 leaves the FCS to the last four bytes of the buffer.",
        (transmitter(), legacy(with_fcs(FRAME), 0)[0]),
        (Give((legacy(with_fcs(FRAME), 0, VLE=1, SPECIAL=TCI, IFCS=0)[1],)), Sent((FRAME,))),
    ),
)


def whose(name: str, *descriptors: bytes) -> Program:
    """A send whose two descriptors do not agree on the tag."""
    return program(
        "3.3.7.1",
        name,
        "Of a send, the note takes VLE from the first data descriptor, the field's own words from the one with EOP.",
        (tagging(), LAY_TCP, Give((context(TCP), *descriptors))),
        Either((("with tags", all_tagged(TCP)), ("without tags", sent(TCP)))),
    )


OPEN: tuple[Program, ...] = (
    whose("vle-in-the-first-descriptor-of-a-send", VLE_TCP_FIRST, TCP_LAST),
    whose("vle-in-the-last-descriptor-of-a-send", TCP_FIRST, VLE_TCP_LAST),
)

PROGRAMS: tuple[Program, ...] = INSERTED + WHOSE + BESIDE + OPEN
