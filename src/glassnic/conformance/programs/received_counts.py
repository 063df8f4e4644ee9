"""§13.7: what is counted of frames that came: packets, octets with FCS, sizes, kinds, and what was no good."""

from __future__ import annotations

from glassnic.conformance.program import Arrive, Delivered, Program, Read, Step, Steps, program
from glassnic.conformance.words import RECEIVING, counted, incoming, receiver
from glassnic.spec.fields import RCTL
from glassnic.spec.registers import REGISTERS
from glassnic.wire.ethernet import BROADCAST

FCS_BYTES = 4
GROUP = bytes.fromhex("01005e000001")
OTHER = bytes.fromhex("5254000000ee")
ALL_GROUPS = RECEIVING | RCTL.MPE.mask
SIZES = {
    "PRC64": (64, 64),
    "PRC127": (65, 127),
    "PRC255": (128, 255),
    "PRC511": (256, 511),
    "PRC1023": (512, 1023),
    "PRC1522": (1024, 1522),
}
"""Which lengths, FCS included, a counter takes: from, to."""
GOOD = incoming(60)
TOO_LONG = incoming(1600)


def come(*frames: bytes) -> Steps:
    """These frames arrive, and lie in memory."""
    return (Arrive(frames), [Delivered(frame) for frame in frames])


def counts(name: str, register: str, rule: str, *steps: Step | Steps, rctl: int = RECEIVING) -> Program:
    return program(REGISTERS[register].section, name, rule, receiver(rctl=rctl), steps)


def sized(counter: str, length: int) -> Program:
    """A frame of so many bytes, FCS included, is counted by this counter of sizes and no other."""
    return counts(
        f"a-frame-received-of-{length}-bytes",
        counter,
        f"{counter} counts frames of {SIZES[counter][0]} to {SIZES[counter][1]} bytes, FCS included.",
        come(incoming(length - FCS_BYTES)),
        counted(**(dict.fromkeys(SIZES, 0) | {counter: 1})),
    )


PROGRAMS: tuple[Program, ...] = (
    *(sized(counter, length) for counter, bounds in SIZES.items() for length in sorted(set(bounds))),
    counts(
        "packets-received",
        "GPRC",
        "GPRC counts the good packets that pass the filters.",
        (come(*(incoming(60 + number) for number in range(5))), counted(GPRC=5)),
    ),
    counts(
        "all-packets-received",
        "TPR",
        "TPR counts every packet, whether it passes the filters or not.",
        (Arrive((incoming(60, OTHER), incoming(60, GROUP))), come(GOOD), counted(TPR=3)),
    ),
    counts(
        "packets-refused-are-no-good-ones",
        "GPRC",
        "GPRC does not count packets that the filters refuse.",
        (Arrive((incoming(60, OTHER), incoming(60, GROUP))), come(GOOD), counted(GPRC=1)),
    ),
    counts(
        "good-octets",
        "GORCL",
        "GORC counts the octets of good packets from the address to the FCS.",
        (come(incoming(60), incoming(61), incoming(1000)), counted(GORCL=1121 + 3 * FCS_BYTES)),
    ),
    counts(
        "good-octets-of-what-passes",
        "GORCL",
        "GORC does not count packets that the filters refuse.",
        (Arrive((incoming(200, OTHER),)), come(GOOD), counted(GORCL=64)),
    ),
    counts(
        "total-octets",
        "TORL",
        "TOR counts the octets of all packets, whether they pass the filters or not.",
        (Arrive((incoming(200, OTHER),)), come(GOOD), counted(TORL=204 + 64)),
    ),
    counts(
        "multicasts-received",
        "MPRC",
        "MPRC counts multicasts that pass the filters.",
        (come(incoming(60, GROUP), GOOD, incoming(70, GROUP)), counted(MPRC=2)),
        rctl=ALL_GROUPS,
    ),
    counts(
        "multicasts-refused",
        "MPRC",
        "MPRC does not count multicasts that the filters refuse.",
        (Arrive((incoming(60, GROUP),)), come(GOOD), counted(MPRC=0)),
    ),
    counts(
        "broadcasts-are-no-multicasts",
        "MPRC",
        "MPRC does not count broadcasts.",
        (come(incoming(60, BROADCAST)), counted(MPRC=0)),
    ),
    counts(
        "broadcasts-received",
        "BPRC",
        "BPRC counts broadcasts.",
        (come(incoming(60, BROADCAST), GOOD), counted(BPRC=1)),
    ),
    counts(
        "broadcasts-refused",
        "BPRC",
        "Without RCTL.BAM broadcasts are not counted.",
        (Arrive((incoming(60, BROADCAST),)), come(GOOD), counted(BPRC=0)),
        rctl=RECEIVING & ~RCTL.BAM.mask,
    ),
    counts(
        "frames-too-long",
        "ROC",
        "ROC counts frames that are too long and pass the filters.",
        (Arrive((TOO_LONG, incoming(1600, OTHER))), come(GOOD), counted(ROC=1)),
    ),
    counts(
        "lengths-that-are-wrong",
        "RLEC",
        "RLEC counts frames of a length that is not allowed.",
        (Arrive((TOO_LONG,)), come(GOOD), counted(RLEC=1)),
    ),
    counts(
        "frames-too-long-are-not-good",
        "GPRC",
        "GPRC does not count frames that are too long.",
        (Arrive((TOO_LONG,)), come(GOOD), counted(GPRC=1)),
    ),
    counts(
        "frames-too-long-are-received",
        "TPR",
        "TPR counts packets of any length.",
        (Arrive((TOO_LONG,)), come(GOOD), counted(TPR=2)),
    ),
    counts(
        "long-frames-with-lpe-are-good",
        "PRC1522",
        "With RCTL.LPE longer frames are good ones, and counted with those of 1024 bytes and more.",
        (come(TOO_LONG), counted(PRC1522=1)),
        rctl=RECEIVING | RCTL.LPE.mask,
    ),
    program(
        REGISTERS["RNBC"].section,
        "frames-that-find-no-buffer",
        "RNBC counts frames that come while there is no descriptor, though they are delivered later.",
        (receiver(0), Arrive((GOOD, GOOD)), counted(RNBC=2)),
    ),
    counts(
        "frames-that-find-a-buffer",
        "RNBC",
        "RNBC does not count frames for which there is a descriptor.",
        (come(GOOD), counted(RNBC=0)),
    ),
    counts(
        "nothing-is-missed",
        "MPC",
        "MPC counts only frames for which the packet buffer has no room.",
        (come(GOOD, GOOD), counted(MPC=0)),
    ),
    counts(
        "a-receiver-that-is-off-counts-nothing",
        "TPR",
        "Receive statistics count only while RCTL.EN is set.",
        (Arrive((GOOD,)), counted(TPR=0, TORL=0)),
        rctl=RECEIVING & ~RCTL.EN.mask,
    ),
    counts(
        "a-read-clears-what-was-received",
        "TPR",
        "Reading a statistic clears it; then it counts from 0.",
        (come(GOOD), counted(TPR=1), counted(TPR=0), come(GOOD), counted(TPR=1)),
    ),
    counts(
        "good-octets-received-are-cleared-by-the-high-half",
        "GORCL",
        "Reading the low half of a count of octets clears nothing; reading the high half clears both.",
        (come(GOOD), Read("GORCL", 64), Read("GORCL", 64), Read("GORCH", 0), Read("GORCL", 0)),
    ),
    counts(
        "total-octets-received-are-cleared-by-the-high-half",
        "TORL",
        "Reading the low half of a count of octets clears nothing; reading the high half clears both.",
        (come(GOOD), Read("TORL", 64), Read("TORL", 64), Read("TORH", 0), Read("TORL", 0)),
    ),
    counts(
        "counts-of-reception-are-each-their-own",
        "GPRC",
        "Clearing one statistic leaves the others.",
        (come(GOOD), counted(TPR=1), come(GOOD), counted(TPR=1, GPRC=2)),
    ),
    counts(
        "sent-and-received-are-two",
        "TPT",
        "What is received does not count as sent.",
        (come(GOOD), counted(TPT=0, GPTC=0, TOTL=0)),
    ),
)
