"""§3.3.3.2, §3.4.2, §3.4.3, §13.4.41 to §13.4.44: how software learns that descriptors are done. DD, causes, timers."""

from __future__ import annotations

from glassnic.conformance.program import (
    Either,
    Give,
    Line,
    Peek,
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
    TX_RING,
    cause,
    context,
    done,
    lay,
    legacy,
    no_cause,
    plain_frame,
    sent,
    spread,
    spread_legacy,
    taken,
    transmitter,
)
from glassnic.driver.descriptors import encode_legacy
from glassnic.driver.message import Message
from glassnic.spec.descriptors import TX_STATUS_BYTE
from glassnic.spec.fields import CAUSE, TXDCTL

FRAME = plain_frame(100)
LAY_FRAME, FRAME_DATA = legacy(FRAME, 0)
_, QUIET = legacy(FRAME, 0, RS=0)
_, DELAYED = legacy(FRAME, 0, IDE=1)
_, DELAYED_QUIET = legacy(FRAME, 0, IDE=1, RS=0)
_, PIECES = spread_legacy(FRAME, 30, 30)
_, QUIET_PIECES = spread_legacy(FRAME, 30, 30, RS=0)
UDP = Message(tcp=False, payload=bytes(range(48)))
LAY_UDP, UDP_DATA = lay(UDP, 1)
_, QUIET_UDP = lay(UDP, 1, RS=0)
TCP = Message(payload=bytes(range(250)) * 2, mss=200)
LAY_TCP, TCP_PIECES = spread(TCP, 54, 250, number=2)
QUIET_TCP_PIECES = spread(TCP, 54, 250, number=2, RS=0)[1]

SOON, LATE = 1000, 0xFFFF
"""Of a timer, in units of 1.024 us: a millisecond, and longer than any program takes to look."""


def with_dd(descriptor: bytes) -> bytes:
    """The descriptor, written back."""
    return descriptor[:TX_STATUS_BYTE] + bytes([descriptor[TX_STATUS_BYTE] | 1]) + descriptor[TX_STATUS_BYTE + 1 :]


def fresh() -> Steps:
    """A transmitter, and no cause left from what brought the link up."""
    return (transmitter(), Read("ICR", 0, 0))


# What is written back


def laid(section: str, name: str, rule: str, *steps: Step | Steps) -> Program:
    """A program on a fresh transmitter, with the three messages laid."""
    return program(section, name, rule, fresh(), LAY_FRAME, LAY_UDP, LAY_TCP, steps)


ASKED = "DD is written into a descriptor whose RS is set."
NOT_ASKED = "A descriptor whose RS is 0 is not written to."

WRITTEN: tuple[Program, ...] = (
    laid("3.3.3.1", "a-legacy-descriptor-that-asks", ASKED, (Give((FRAME_DATA,)), done(0))),
    laid("3.3.7.1", "a-data-descriptor-that-asks", ASKED, (Give((context(UDP), UDP_DATA)), done(0, 1))),
    laid("3.3.6.1", "a-context-that-asks", ASKED, (Give((context(UDP),)), done(0))),
    laid("3.3.3.1", "each-legacy-descriptor-that-asks", ASKED, (Give(PIECES), done(0, 1, 2))),
    laid(
        "3.3.7.1", "each-descriptor-of-a-send-that-asks", ASKED, (Give((context(TCP), *TCP_PIECES)), done(0, 1, 2, 3))
    ),
    laid("3.3.3.1", "a-null-descriptor-that-asks", ASKED, (Give((encode_legacy(0, 0, RS=1),)), done(0))),
    laid(
        "3.3.3.1",
        "a-legacy-descriptor-that-does-not-ask",
        NOT_ASKED,
        (Give((QUIET,)), taken(1), Sent((FRAME,)), Wait(MS), done(not_yet=(0,))),
    ),
    laid(
        "3.3.7.1",
        "a-data-descriptor-that-does-not-ask",
        NOT_ASKED,
        (Give((context(UDP), QUIET_UDP)), taken(2), sent(UDP), Wait(MS), done(0, not_yet=(1,))),
    ),
    laid(
        "3.3.6.1",
        "a-context-that-does-not-ask",
        NOT_ASKED,
        (Give((context(UDP, RS=0), UDP_DATA)), taken(2), sent(UDP), done(1, not_yet=(0,))),
    ),
    laid(
        "3.3.3.1",
        "only-the-last-of-a-packet-asks",
        "Each descriptor of a packet asks for itself.",
        (Give((*QUIET_PIECES[:2], PIECES[2])), taken(3), Sent((FRAME,)), done(2, not_yet=(0, 1))),
    ),
    laid(
        "3.3.3.1",
        "only-the-first-of-a-packet-asks",
        "Each descriptor of a packet asks for itself.",
        (Give((PIECES[0], *QUIET_PIECES[1:])), taken(3), Sent((FRAME,)), done(0, not_yet=(1, 2))),
    ),
    laid(
        "3.3.7.1",
        "only-the-last-of-a-send-asks",
        "Each descriptor of a send asks for itself.",
        (Give((context(TCP, RS=0), *QUIET_TCP_PIECES[:2], TCP_PIECES[2])), taken(4), sent(TCP)),
        done(3, not_yet=(0, 1, 2)),
    ),
    laid(
        "3.3.3.2",
        "one-answer-for-all-before",
        "DD in a descriptor vouches for all before it: their packets have been fetched, and their buffers are free.",
        (Give((QUIET, QUIET, FRAME_DATA)), done(2), Sent((FRAME,) * 3)),
    ),
    laid(
        "3.3.3.2",
        "a-legacy-descriptor-keeps-all-but-its-status",
        "The card writes the status; address, length, command and special field stay for software to read.",
        (Give((legacy(FRAME, 0, SPECIAL=0xABCD)[1],)), done(0)),
        Peek(TX_RING, with_dd(legacy(FRAME, 0, SPECIAL=0xABCD)[1])),
    ),
    laid(
        "3.3.6.2",
        "a-context-keeps-all-but-its-status",
        "The card writes the status; the fields of the context stay as they were.",
        (Give((context(TCP),)), done(0), Peek(TX_RING, with_dd(context(TCP)))),
    ),
    laid(
        "3.3.7.2",
        "a-data-descriptor-keeps-all-but-its-status",
        "The card writes the status; address, length, command, options and special field stay.",
        (Give((context(TCP), TCP_PIECES[0])), done(1), Peek(TX_RING + 16, with_dd(TCP_PIECES[0]))),
    ),
    laid(
        "3.4.2",
        "in-bursts-of-one",
        "With TXDCTL.WTHRESH=1 and GRAN=1 each descriptor that asks is written back without waiting for others.",
        (Write("TXDCTL", TXDCTL.GRAN.mask | 1 << TXDCTL.WTHRESH.lo), Give((FRAME_DATA,)), done(0)),
        (Give((FRAME_DATA,)), done(1)),
    ),
    laid(
        "3.3.3.1",
        "a-delayed-interrupt-delays-no-write-back",
        "IDE delays the interrupt; the descriptor is written back at once.",
        (Write("TIDV", LATE), Give((DELAYED,)), Sent((FRAME,)), done(0)),
    ),
)


# Causes

CAUSES: tuple[Program, ...] = (
    laid(
        "13.4.17",
        "txdw-for-a-write-back",
        "TXDW is set when a descriptor with RS was written back.",
        (Give((FRAME_DATA,)), cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.17",
        "no-txdw-without-rs",
        "TXDW is not set for a descriptor without RS.",
        (Give((QUIET,)), Sent((FRAME,)), taken(1), Wait(MS), no_cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.17",
        "txdw-for-a-context",
        "TXDW is set for a context with RS like for any other descriptor.",
        (Give((context(UDP),)), cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.17",
        "no-txdw-for-a-context-without-rs",
        "TXDW is not set for a context without RS.",
        (Give((context(UDP, RS=0),)), taken(1), Wait(MS), no_cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.17",
        "txqe-when-the-ring-is-empty",
        "TXQE is set when all descriptors have been processed.",
        (Give((QUIET,)), cause(CAUSE.TXQE)),
    ),
    laid(
        "13.4.17",
        "causes-are-set-though-masked",
        "A cause is set whether or not its mask is; only the line asks for the mask.",
        (Write("IMC", 0xFFFF_FFFF), Give((FRAME_DATA,)), done(0), Line(False), cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.20",
        "the-line-tells-of-a-write-back",
        "With IMS.TXDW the line is asserted at a write-back, until ICR is read.",
        (Write("IMS", CAUSE.TXDW.mask), Line(False), Give((FRAME_DATA,)), Line(True)),
        (cause(CAUSE.TXDW), Line(False)),
    ),
    laid(
        "13.4.17",
        "a-cause-for-each-write-back",
        "After ICR was read the next write-back sets TXDW again.",
        [(Give((FRAME_DATA,)), cause(CAUSE.TXDW), no_cause(CAUSE.TXDW)) for _ in range(3)],
    ),
    laid(
        "13.4.43",
        "few-descriptors-left",
        "TXD_LOW is set when the descriptors at hand fall to eight times TXDCTL.LWTHRESH.",
        (Write("TXDCTL", 1 << TXDCTL.LWTHRESH.lo), Give((FRAME_DATA,) * 12), cause(CAUSE.TXD_LOW)),
    ),
    laid(
        "13.4.43",
        "few-descriptors-from-the-start",
        "TXD_LOW is not set where there never were more than eight times TXDCTL.LWTHRESH.",
        (Write("TXDCTL", 1 << TXDCTL.LWTHRESH.lo), Give((FRAME_DATA,) * 5), taken(5), Sent((FRAME,) * 5)),
        no_cause(CAUSE.TXD_LOW),
    ),
    program(
        "13.4.17",
        "txqe-at-a-doorbell-that-adds-nothing",
        "Whether TXQE is set again when TDT is written as it is, is not said.",
        (fresh(), Write("TDT", 0), Wait(MS)),
        Either((("set", cause(CAUSE.TXQE)), ("not set", no_cause(CAUSE.TXQE)))),
    ),
)


# Timers

TIMERS: tuple[Program, ...] = (
    laid(
        "13.4.41",
        "ide-waits-for-tidv",
        "A write-back with IDE does not set TXDW before TIDV has run out.",
        (Write("TIDV", LATE), Give((DELAYED,)), done(0), Sent((FRAME,)), no_cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.41",
        "tidv-runs-out",
        "TIDV counts units of 1.024 us from the last write-back with IDE; when it runs out TXDW is set.",
        (Write("TIDV", SOON), Give((DELAYED,)), done(0), Wait(5 * MS), cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.41",
        "one-txdw-for-many-write-backs",
        "One run of TIDV sets TXDW once for all the write-backs before it.",
        (Write("TIDV", SOON), Give((DELAYED,) * 5), done(0, 4), Wait(5 * MS), cause(CAUSE.TXDW)),
        (Wait(5 * MS), no_cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.44",
        "tadv-is-the-limit",
        "TADV runs from the first write-back with IDE; it sets TXDW though TIDV still runs.",
        (Write("TIDV", LATE), Write("TADV", SOON), Give((DELAYED,)), done(0), Wait(5 * MS), cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.44",
        "tadv-of-0-is-no-limit",
        "With TADV=0 only TIDV ends the delay.",
        (Write("TIDV", LATE), Write("TADV", 0), Give((DELAYED,)), done(0), Wait(5 * MS), no_cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.41",
        "a-write-back-without-ide-is-told-at-once",
        "A write-back without IDE sets TXDW at once and ends a delay that runs.",
        (Write("TIDV", SOON), Give((DELAYED, FRAME_DATA)), cause(CAUSE.TXDW)),
        (Wait(5 * MS), no_cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.41",
        "ide-without-rs",
        "IDE counts only in a descriptor with RS: without, no timer starts.",
        (Write("TIDV", SOON), Give((DELAYED_QUIET,)), Sent((FRAME,)), Wait(5 * MS), no_cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.41",
        "a-context-with-ide",
        "IDE of a context delays like that of any other descriptor.",
        (Write("TIDV", LATE), Give((context(UDP, IDE=1),)), done(0), no_cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.41",
        "a-delay-holds-the-line",
        "While the delay runs the line is not asserted for the write-back; then it is.",
        (Write("IMS", CAUSE.TXDW.mask), Write("TIDV", 10 * SOON), Give((DELAYED,)), done(0), Wait(10 * MS)),
        (Wait(5 * MS), Line(True), cause(CAUSE.TXDW)),
    ),
    laid(
        "13.4.41",
        "ide-with-tidv-0",
        "TIDV=0 is not allowed: what a write-back with IDE does then is not said.",
        (Write("TIDV", 0), Give((DELAYED,)), done(0), Wait(MS)),
        Either((("told at once", cause(CAUSE.TXDW)), ("never told", no_cause(CAUSE.TXDW)))),
    ),
)

PROGRAMS: tuple[Program, ...] = WRITTEN + CAUSES + TIMERS
