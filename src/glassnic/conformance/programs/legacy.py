"""§3.3.3: legacy packets. Buffers joined, the one sum, FCS and padding, descriptors that hold nothing."""

from __future__ import annotations

from glassnic.conformance.program import ALL, Either, Give, Poke, Program, Sent, Until, program
from glassnic.conformance.words import (
    TRANSMITTING,
    buffer,
    context,
    counted,
    done,
    lay,
    legacy,
    plain_frame,
    sent,
    spread_legacy,
    summed,
    taken,
    transmitter,
    with_fcs,
)
from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.driver.message import Message
from glassnic.spec.fields import TCTL

FRAME, OTHER = plain_frame(100), plain_frame(70, number=100)
LAY_FRAME, FRAME_DATA = legacy(FRAME, 0)
LAY_OTHER, OTHER_DATA = legacy(OTHER, 1)


def as_it_is(length: int) -> Program:
    poke, descriptor = legacy(plain_frame(length))
    return program(
        "3.3.3",
        f"a-packet-of-{length}-bytes",
        "A legacy packet without options leaves as it lies in memory.",
        (transmitter(), poke, Give((descriptor,)), Sent((plain_frame(length),))),
    )


def joined(name: str, *sizes: int) -> Program:
    poke, descriptors = spread_legacy(FRAME, *sizes)
    return program(
        "3.3.3",
        f"joined-from-{name}",
        "A packet is the bytes of its descriptors, up to the one with EOP, joined.",
        (transmitter(), poke, Give(descriptors), Sent((FRAME,))),
    )


def scattered() -> Program:
    """The pieces lie in the buffers backwards, and each at an odd address."""
    pieces = [(buffer(9 - index) + 2 * index + 1, FRAME[at : at + 25]) for index, at in enumerate(range(0, 100, 25))]
    descriptors = [
        encode_legacy(address, 25, IFCS=1, RS=1, EOP=int(index == 3)) for index, (address, _) in enumerate(pieces)
    ]
    return program(
        "3.3.3",
        "joined-from-odd-addresses",
        "Buffers may lie anywhere, in any order and at any alignment.",
        (transmitter(), [Poke(address, data) for address, data in pieces], Give(tuple(descriptors)), Sent((FRAME,))),
    )


JOINED: tuple[Program, ...] = (
    *map(as_it_is, (60, 61, 63, 128, 1514, 1518, 4000)),
    joined("two-descriptors", 14),
    joined("descriptors-of-one-byte", *(1,) * 20),
    joined("descriptors-of-growing-length", 1, 2, 3, 5, 8, 13, 21),
    scattered(),
    program(
        "3.3.3",
        "packets-in-the-order-of-the-ring",
        "Packets leave in the order of the ring.",
        (transmitter(), LAY_FRAME, LAY_OTHER, Give((FRAME_DATA, OTHER_DATA, OTHER_DATA, FRAME_DATA))),
        Sent((FRAME, OTHER, OTHER, FRAME)),
    ),
    program(
        "3.3.3.1",
        "no-end-no-packet",
        "Without EOP a packet goes on: nothing leaves until the descriptor that ends it is given.",
        (transmitter(), LAY_FRAME, Give(spread_legacy(FRAME, 40)[1][:1]), taken(1), Sent(())),
        (Give(spread_legacy(FRAME, 40)[1][1:]), Sent((FRAME,))),
    ),
    program(
        "3.3.3.1",
        "a-null-descriptor-in-a-packet",
        "A descriptor whose address is 0 transfers nothing, whatever its length says; the packet goes on.",
        (transmitter(), LAY_FRAME),
        Give((spread_legacy(FRAME, 40)[1][0], encode_legacy(0, 50, RS=1, IFCS=1), spread_legacy(FRAME, 40)[1][1])),
        (Sent((FRAME,)), done(0, 1, 2)),
    ),
    program(
        "3.3.3.1",
        "a-descriptor-of-no-bytes-in-a-packet",
        "A descriptor of length 0 transfers nothing; the packet goes on.",
        (transmitter(), LAY_FRAME, Give(spread_legacy(FRAME, 40, 0, 0)[1]), Sent((FRAME,)), done(0, 1, 2, 3)),
    ),
    program(
        "3.3.3.1",
        "null-descriptors-between-packets",
        "Null descriptors are written back if they ask for it, and transfer nothing.",
        (transmitter(), LAY_FRAME, Give((encode_legacy(0, 0, RS=1), FRAME_DATA, encode_legacy(0, 0, RS=1)))),
        (Sent((FRAME,)), taken(3), done(0, 1, 2)),
    ),
)


# The one sum of a legacy packet

TO_THE_END = "IC sums from CSS to the end of the packet and stores the checksum at CSO."


def with_ic(name: str, rule: str, expected: bytes, css: int, cso: int, ic: int = 1) -> Program:
    descriptor = legacy(FRAME, 0, IC=ic, CSS=css, CSO=cso)[1]
    return program("3.3.3.1", name, rule, (transmitter(), LAY_FRAME, Give((descriptor,)), Sent((expected,))))


def legacy_sum(name: str, css: int, cso: int) -> Program:
    return with_ic(name, TO_THE_END, summed(FRAME, css, cso), css, cso)


_, (SUM_FIRST, SUM_LAST) = spread_legacy(FRAME, 30, IC=1, CSS=34, CSO=60)
_, (OTHER_SUM_FIRST, OTHER_SUM_LAST) = spread_legacy(FRAME, 30, IC=1, CSS=20, CSO=50)
NO_SUM_LAST = spread_legacy(FRAME, 30)[1][1]
IGNORED = "IC is ignored where CSS is not in the packet, or CSO leaves no room for two bytes in it."

SUMS: tuple[Program, ...] = (
    legacy_sum("a-legacy-sum", 34, 40),
    legacy_sum("a-legacy-sum-stored-before-its-range", 50, 30),
    legacy_sum("a-legacy-sum-from-an-odd-offset", 35, 60),
    legacy_sum("a-legacy-sum-stored-at-an-odd-offset", 34, 61),
    legacy_sum("a-legacy-sum-over-all", 0, 40),
    legacy_sum("a-legacy-sum-stored-in-the-last-two-bytes", 34, 98),
    legacy_sum("a-legacy-sum-over-the-last-byte", 99, 40),
    with_ic("css-behind-the-packet", IGNORED, FRAME, 100, 40),
    with_ic("cso-behind-the-packet", IGNORED, FRAME, 34, 120),
    with_ic("cso-at-the-last-byte", IGNORED, FRAME, 34, 99),
    with_ic("css-and-cso-without-ic", "With IC=0, CSS and CSO mean nothing.", FRAME, 34, 40, ic=0),
    program(
        "3.3.3.1",
        "the-last-descriptor-asks-for-the-sum",
        "IC counts in the descriptor with EOP.",
        (transmitter(), LAY_FRAME, Give((SUM_FIRST, NO_SUM_LAST)), Sent((FRAME,))),
    ),
    program(
        "3.3.3",
        "the-first-says-where-to-begin-the-last-where-to-store",
        "CSS is the first descriptor's, CSO the one's with EOP.",
        (transmitter(), LAY_FRAME, Give((SUM_FIRST, OTHER_SUM_LAST, OTHER_SUM_FIRST, SUM_LAST))),
        Sent((summed(FRAME, 34, 50), summed(FRAME, 20, 60))),
    ),
    program(
        "3.3.3.1",
        "a-legacy-sum-uses-no-context",
        "The sum of a legacy packet has nothing to do with the contexts.",
        (transmitter(), LAY_FRAME),
        Give((encode_context(TUCSS=20, TUCSO=30, IPCSS=60, IPCSO=70), legacy(FRAME, 0, IC=1, CSS=34, CSO=40)[1])),
        Sent((summed(FRAME, 34, 40),)),
    ),
)


# FCS and padding

OWN = with_fcs(FRAME)
LAY_OWN, OWN_DATA = legacy(OWN, 0, IFCS=0)
_, (OWN_FIRST, OWN_LAST) = spread_legacy(OWN, 50, IFCS=0)
ENDS: tuple[Program, ...] = (
    program(
        "3.3.3.1",
        "software-brings-the-fcs",
        "With IFCS=0 the card appends no FCS: the last four bytes that software gave are it.",
        (transmitter(), LAY_OWN, Give((OWN_DATA,)), Sent((FRAME,))),
    ),
    program(
        "3.3.3.1",
        "the-last-descriptor-asks-for-the-fcs",
        "IFCS counts in the descriptor with EOP.",
        (transmitter(), LAY_OWN, Give((spread_legacy(OWN, 50, IFCS=1)[1][0], OWN_LAST)), Sent((FRAME,))),
        Give((OWN_FIRST, spread_legacy(OWN, 50, IFCS=1)[1][1])),
        Sent((OWN,)),
    ),
    program(
        "3.3.7.1",
        "software-brings-the-fcs-of-an-extended-packet",
        "With IFCS=0 in a data descriptor the last four bytes that software gave are the FCS.",
        (transmitter(), LAY_OWN, Give((encode_data(buffer(0), len(OWN), EOP=1, RS=1),)), Sent((FRAME,))),
    ),
    program(
        "13.7.42",
        "an-fcs-of-software-is-counted-once",
        "Octets are counted from the address to the FCS, whoever made it.",
        (transmitter(), LAY_OWN, Give((OWN_DATA,)), taken(1), Until("TPT", ALL, 1), counted(TOTL=len(OWN))),
    ),
    program(
        "13.4.33",
        "short-packets-are-padded",
        "With TCTL.PSP=1 a short packet goes out with 64 bytes, FCS included.",
        (transmitter(), legacy(plain_frame(40))[0], Give((legacy(plain_frame(40))[1],)), taken(1)),
        (Until("TPT", ALL, 1), counted(TOTL=64, PTC64=1, GPTC=1)),
    ),
    program(
        "13.4.33",
        "a-packet-one-byte-short-is-padded",
        "With TCTL.PSP=1 a short packet goes out with 64 bytes, FCS included.",
        (transmitter(), legacy(plain_frame(59))[0], Give((legacy(plain_frame(59))[1],)), taken(1)),
        (Until("TPT", ALL, 1), counted(TOTL=64, PTC64=1)),
    ),
    program(
        "13.4.33",
        "short-packets-are-not-padded-without-psp",
        "With TCTL.PSP=0 a packet of 32 bytes and more, FCS included, goes out as it is.",
        (transmitter(tctl=TRANSMITTING & ~TCTL.PSP.mask), legacy(plain_frame(40))[0]),
        (Give((legacy(plain_frame(40))[1],)), Sent((plain_frame(40),)), counted(TOTL=44)),
    ),
)


# What a descriptor must not be

UDP = Message(tcp=False, payload=bytes(range(48)))
LAY_UDP, UDP_DATA = lay(UDP, 2)
WITH_RPS = encode_legacy(buffer(0), len(FRAME), EOP=1, IFCS=1, RPS=1)
STATUS_LEFT, STATUS_WRITTEN = *done(not_yet=(0,)), *done(0)


def reserved(kind: int) -> Program:
    odd = encode_data(buffer(0), len(FRAME), EOP=1, IFCS=1, RS=1, DTYP=kind)
    return program(
        "3.3.7",
        f"descriptor-type-{kind}",
        "DTYP other than 0 and 1 is reserved: what leaves is not described, but the ring is worked off.",
        (transmitter(), LAY_FRAME, LAY_OTHER, Give((odd, OTHER_DATA)), taken(2), done(1)),
    )


ODD: tuple[Program, ...] = (
    *map(reserved, (2, 3, 15)),
    program(
        "3.3.5",
        "legacy-and-extended-in-one-packet",
        "The kinds must not be mixed within a packet: what leaves is not described, but the ring is worked off.",
        (transmitter(), LAY_FRAME, LAY_OTHER),
        Give((spread_legacy(FRAME, 40)[1][0], encode_data(buffer(0) + 40, 60, EOP=1, IFCS=1, RS=1), OTHER_DATA)),
        (taken(3), done(0, 1, 2)),
    ),
    program(
        "3.3.3.1",
        "report-packet-sent",
        "Bit 28 asks for a report when the packet is on the wire; on parts after the 82544 it is reserved.",
        (transmitter(), LAY_FRAME, Give((WITH_RPS,)), Sent((FRAME,)), taken(1)),
        Either((("reserved", STATUS_LEFT), ("reported", STATUS_WRITTEN))),
    ),
    program(
        "3.3.3.1",
        "a-null-descriptor-before-an-extended-packet",
        "Whether a null descriptor without EOP begins a packet is not said.",
        (transmitter(), LAY_UDP, Give((context(UDP), encode_legacy(0, 0, RS=1), UDP_DATA))),
        Either((("it is no part of the packet", sent(UDP)), ("it begins a legacy packet", Sent((UDP.encode(),))))),
    ),
    program(
        "3.3.3.1",
        "an-end-without-bytes",
        "Whether a packet of no bytes is one is not said.",
        (transmitter(), Give((encode_legacy(buffer(0), 0, EOP=1, IFCS=1, RS=1),)), taken(1)),
        Either(
            (
                ("an empty frame leaves", Sent((b"",))),
                ("a frame of padding leaves", Sent((bytes(60),))),
                ("nothing leaves", Sent(())),
            )
        ),
    ),
)

PROGRAMS: tuple[Program, ...] = JOINED + SUMS + ENDS + ODD
