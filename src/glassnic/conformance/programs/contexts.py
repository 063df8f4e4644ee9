"""§3.3.5, §3.5.5, §3.6: the two contexts. Which one a descriptor loads, which a packet uses, how long each lasts."""

from __future__ import annotations

from dataclasses import replace

from glassnic.conformance.program import Either, Give, Program, Sent, Wait, Write, program
from glassnic.conformance.words import (
    TRANSMITTING,
    context,
    done,
    lay,
    legacy,
    plain_frame,
    send,
    sent,
    spread,
    summed,
    taken,
    transmitter,
)
from glassnic.driver.message import Message
from glassnic.spec.fields import CTRL, TCTL
from glassnic.wire.tcp import ACK

UDP = Message(tcp=False, payload=bytes(range(48)))
PLAIN_TCP = Message(payload=bytes(range(60)))
TCP = Message(payload=bytes(range(100)) * 5, mss=200)
FINER = Message(payload=bytes(range(100)) * 5, mss=120, options=b"\1" * 12)
FRAME = plain_frame(80)
LAY_UDP, UDP_DATA = lay(UDP, 0)
LAY_TCP, TCP_DATA = lay(TCP, 1)
LAY_PLAIN_TCP, PLAIN_TCP_DATA = lay(PLAIN_TCP, 2)
LAY_FINER, FINER_DATA = lay(FINER, 3)
LAY_FRAME, FRAME_DATA = legacy(FRAME, 4)
LAY_IN_TWO, (FIRST, SECOND) = spread(UDP, 42)
LAY_TCP_IN_TWO, (TCP_FIRST, TCP_SECOND) = spread(TCP, 54 + 250, number=1)

ANEW = replace(TCP, payload=TCP.payload[200:], flags=ACK)
"""What follows the first frame of `TCP` where a context with a larger PAYLEN makes the card count from 0 again."""
AS_FOUND = UDP.encode()
ALL_SUMMED = summed(AS_FOUND, 0, 0)
"""What a context of zeros makes of a packet: everything is summed, and stored at its first byte."""

MOVES = {
    "P": (context(UDP), None),
    "S": (context(TCP), None),
    "p": (UDP_DATA, UDP),
    "s": (TCP_DATA, TCP),
}
"""P and S load the plain and the segmentation context, p and s are packets that use them."""


def interleaved(order: str) -> Program:
    """Loads and packets in this order: each packet must find the context of its kind."""
    moves = [MOVES[letter] for letter in order]
    return program(
        "3.6",
        "interleaved-" + "-".join({"P": "load", "S": "loadtse", "p": "plain", "s": "tse"}[letter] for letter in order),
        "A packet uses the last loaded context of its own kind, whatever was loaded or sent in between.",
        transmitter(),
        LAY_UDP,
        LAY_TCP,
        Give(tuple(descriptor for descriptor, _ in moves)),
        sent(*(message for _, message in moves if message)),
    )


KINDS: tuple[Program, ...] = (
    program(
        "3.6",
        "a-segmentation-context-leaves-the-plain-one-alone",
        "A context with TUCMD.TSE=1 loads the segmentation context; packets with DCMD.TSE=0 go on using the plain one.",
        transmitter(),
        LAY_UDP,
        LAY_TCP,
        Give((context(UDP), UDP_DATA, context(TCP), TCP_DATA, UDP_DATA)),
        sent(UDP, TCP, UDP),
    ),
    program(
        "3.6",
        "a-plain-context-leaves-the-segmentation-one-alone",
        "A context with TUCMD.TSE=0 loads the plain context; packets with DCMD.TSE=1 go on using the segmentation one.",
        transmitter(),
        LAY_UDP,
        LAY_TCP,
        Give((context(TCP), TCP_DATA, context(UDP), UDP_DATA, TCP_DATA)),
        sent(TCP, UDP, TCP),
    ),
    *map(interleaved, ("PSps", "PSsp", "SPps", "SPsp", "PSpsps", "PSssp", "SPpps", "PpSppsp", "SsPssps")),
    program(
        "3.3.6",
        "a-plain-context-has-no-segmentation-fields",
        "With TUCMD.TSE=0 the fields PAYLEN, HDRLEN and MSS and the bits IP and TCP of a context mean nothing.",
        transmitter(),
        LAY_UDP,
        Give((context(UDP, IP=0, TCP=1, PAYLEN=7, HDRLEN=9, MSS=5), UDP_DATA)),
        sent(UDP),
    ),
    program(
        "3.3.5",
        "a-context-carries-no-data",
        "A context descriptor takes a place in the ring and is written back, but nothing leaves for it.",
        transmitter(),
        Give((context(UDP), context(TCP), context(UDP))),
        taken(3),
        done(0, 1, 2),
        Sent(()),
    ),
)

LASTING: tuple[Program, ...] = (
    program(
        "3.6",
        "a-context-serves-many-packets",
        "A context need not be loaded for each packet: it is used until another of its kind is loaded.",
        transmitter(),
        LAY_UDP,
        Give((context(UDP), *(UDP_DATA,) * 10)),
        sent(*(UDP,) * 10),
    ),
    program(
        "3.6",
        "a-context-serves-later-doorbells",
        "A context loaded with one write of TDT is used by packets that are given with later ones.",
        transmitter(),
        LAY_UDP,
        Give((context(UDP),)),
        [(Give((UDP_DATA,)), sent(UDP)) for _ in range(3)],
    ),
    program(
        "3.6",
        "a-segmentation-context-serves-later-doorbells",
        "A segmentation context loaded with one write of TDT is used by a packet that is given with a later one.",
        transmitter(),
        LAY_TCP,
        Give((context(TCP),)),
        taken(1),
        Give((TCP_DATA,)),
        sent(TCP),
    ),
    program(
        "3.6",
        "a-plain-context-is-replaced-whole",
        "A context with TUCMD.TSE=0 replaces all of the plain context that was there.",
        transmitter(),
        LAY_UDP,
        LAY_PLAIN_TCP,
        Give((context(UDP), UDP_DATA, context(PLAIN_TCP), PLAIN_TCP_DATA, context(UDP), UDP_DATA)),
        sent(UDP, PLAIN_TCP, UDP),
    ),
    program(
        "3.5.5",
        "a-segmentation-context-is-replaced-whole",
        "A context with TUCMD.TSE=1 replaces all of the segmentation context: ranges, HDRLEN, MSS and PAYLEN.",
        transmitter(),
        LAY_TCP,
        LAY_FINER,
        Give((context(TCP), TCP_DATA, context(FINER), FINER_DATA, context(TCP), TCP_DATA)),
        sent(TCP, FINER, TCP),
    ),
    program(
        "3.6",
        "the-later-of-two-plain-contexts-counts",
        "Of two contexts of one kind the one that stands later in the ring is used.",
        transmitter(),
        LAY_UDP,
        Give((context(PLAIN_TCP), context(UDP), UDP_DATA)),
        sent(UDP),
    ),
    program(
        "3.5.5",
        "the-later-of-two-segmentation-contexts-counts",
        "Of two segmentation contexts the one that stands later in the ring is used.",
        transmitter(),
        LAY_TCP,
        Give((context(FINER), context(TCP), TCP_DATA)),
        sent(TCP),
    ),
    program(
        "3.3.5",
        "a-legacy-packet-leaves-both-contexts-alone",
        "A packet of legacy descriptors neither uses nor changes the contexts.",
        transmitter(),
        (LAY_UDP, LAY_TCP, LAY_FRAME),
        Give((context(UDP), context(TCP), FRAME_DATA, TCP_DATA, FRAME_DATA, UDP_DATA)),
        Sent((FRAME, *TCP.frames(), FRAME, *UDP.frames())),
    ),
    program(
        "3.3.7.3",
        "a-packet-without-options-leaves-the-context-alone",
        "A packet whose POPTS asks for no sum goes out as found; the next one that asks is served.",
        transmitter(),
        LAY_UDP,
        Give((context(UDP), lay(UDP, TXSM=0, IXSM=0)[1], UDP_DATA)),
        Sent((AS_FOUND, *UDP.frames())),
    ),
    program(
        "3.6",
        "contexts-outlive-a-pause-of-the-transmitter",
        "Contexts stay while TCTL.EN is off: only another context of the kind, or a reset, replaces one.",
        transmitter(),
        LAY_UDP,
        LAY_TCP,
        Give((context(UDP), context(TCP))),
        taken(2),
        Write("TCTL", TRANSMITTING & ~TCTL.EN.mask),
        Write("TCTL", TRANSMITTING),
        Give((UDP_DATA, TCP_DATA)),
        sent(UDP, TCP),
    ),
    program(
        "14.7",
        "contexts-are-loaded-anew-after-a-reset",
        "After CTRL.RST both contexts can be loaded and used as after power-on.",
        transmitter(),
        (send(TCP, 1), send(UDP), sent(TCP, UDP)),
        (Write("CTRL", CTRL.RST.mask), Wait(2_000_000), transmitter()),
        Give((context(UDP), context(TCP), TCP_DATA, UDP_DATA)),
        sent(TCP, UDP),
    ),
)

OPEN: tuple[Program, ...] = (
    program(
        "3.3.5",
        "a-context-inside-a-packet",
        "No context may stand between the descriptors of a packet; what a card does then is its own affair.",
        transmitter(),
        LAY_IN_TWO,
        Give((context(UDP), FIRST, context(UDP, TUCSO=44, IPCSO=30), SECOND)),
        Either(
            (
                ("the first descriptor chose the context", sent(UDP)),
                ("the context is looked up at the end", Sent((summed(summed(AS_FOUND, 34, 44), 14, 30, 33),))),
            )
        ),
    ),
    program(
        "3.3.5",
        "a-segmentation-context-inside-a-plain-packet",
        "No context may stand between the descriptors of a packet, even one that the packet does not use.",
        transmitter(),
        LAY_IN_TWO,
        Give((context(UDP), FIRST, context(TCP), SECOND)),
        Either((("the packet keeps its context", sent(UDP)), ("the packet is dropped", Sent(())))),
    ),
    program(
        "3.3.5",
        "a-segmentation-context-inside-its-own-send",
        "No context may stand between the descriptors of a send, even one of its own kind.",
        transmitter(),
        LAY_TCP_IN_TWO,
        Give((context(TCP), TCP_FIRST, context(TCP, PAYLEN=900), TCP_SECOND)),
        Either(
            (
                ("the first descriptor chose the context", sent(TCP)),
                ("the send begins anew, with the context", Sent((TCP.frames()[0], *ANEW.frames()))),
            )
        ),
    ),
    program(
        "3.6",
        "a-sum-before-any-context",
        "A sum that is asked for before a context was loaded comes out as it will.",
        transmitter(),
        LAY_UDP,
        Give((lay(UDP, IXSM=0)[1],)),
        Either((("the context is all zeros", Sent((ALL_SUMMED,))), ("no sum is inserted", Sent((AS_FOUND,))))),
    ),
    program(
        "14.7",
        "contexts-across-a-reset",
        "What the contexts hold after CTRL.RST is not said.",
        transmitter(),
        (send(UDP), sent(UDP)),
        (Write("CTRL", CTRL.RST.mask), Wait(2_000_000), transmitter()),
        Give((lay(UDP, IXSM=0)[1],)),
        Either(
            (
                ("the contexts are zeros", Sent((ALL_SUMMED,))),
                ("the contexts are kept", Sent((summed(AS_FOUND, 34, 40),))),
                ("no sum is inserted", Sent((AS_FOUND,))),
            )
        ),
    ),
)

PROGRAMS: tuple[Program, ...] = KINDS + LASTING + OPEN
