"""§8.7, §13.4.9 to §13.4.12: flow control. What a PAUSE frame holds up, whom it may reach, and when one is sent."""

from __future__ import annotations

from glassnic.conformance.program import (
    MAC,
    Arrive,
    Delivered,
    Either,
    Expectation,
    Give,
    NotDelivered,
    Offer,
    Program,
    Read,
    Sent,
    Step,
    Steps,
    Until,
    Wait,
    Write,
    program,
)
from glassnic.conformance.words import (
    MS,
    PEER,
    RECEIVING,
    TRANSMITTING,
    counted,
    incoming,
    legacy,
    plain_frame,
    receiver,
    rx_buffer,
    transmitter,
)
from glassnic.spec.fields import CTRL, RCTL, STATUS, TCTL

GROUP = bytes.fromhex("0180c2000001")
FLOW_TYPE, PAUSE, OTHER_OPCODE = 0x8808, 1, 0x0101
LONG, SHORT, XON = 0xFFFF, 2000, 0
"""Quanta of 512 ns at 1000 Mbit/s: 33 ms, 1 ms, none."""
UP = CTRL.SLU.mask | CTRL.FD.mask
LISTENING = UP | CTRL.RFCE.mask
ASKING = UP | CTRL.TFCE.mask
FRAME = plain_frame(100)
LAY_FRAME, DATA = legacy(FRAME)
HELD_UP = Until("STATUS", STATUS.TXOFF.mask, STATUS.TXOFF.mask)
NOT_HELD_UP = Read("STATUS", 0, STATUS.TXOFF.mask)
XONE = 1 << 31
HIGH_BYTES, LOW_BYTES = 1024, 512
MINIMUM_BYTES = 64
"""A PAUSE frame, with its FCS."""


def control(quanta: int, to: bytes = GROUP, source: bytes = PEER, opcode: int = PAUSE, kind: int = FLOW_TYPE) -> bytes:
    """A MAC control frame (IEEE 802.3 annex 31B)."""
    words = b"".join(word.to_bytes(2, "big") for word in (kind, opcode, quanta))
    return (to + source + words).ljust(MINIMUM_BYTES - 4, b"\0")


def pauses(*quanta: int) -> Arrive:
    return Arrive(tuple(control(one) for one in quanta))


def ready(ctrl: int = LISTENING, rctl: int = RECEIVING, buffers: int = 8) -> Steps:
    """Both units run, with the addresses and the type that the manual gives (§13.4.9, §13.4.10)."""
    group = (Write("FCAL", int.from_bytes(GROUP[:4], "little")), Write("FCAH", int.from_bytes(GROUP[4:], "little")))
    return (group, Write("FCT", FLOW_TYPE), transmitter(), receiver(buffers, rctl), Write("CTRL", ctrl), LAY_FRAME)


def flow(section: str, name: str, rule: str, *steps: Step | Steps) -> Program:
    return program(section, name, rule, steps)


def open_to(section: str, name: str, rule: str, *steps: Step | Steps, readings: dict[str, Expectation]) -> Program:
    return program(section, name, rule, steps, Either(tuple(readings.items())))


HEARD: tuple[Program, ...] = (
    flow(
        "8.7.3",
        "an-xoff-holds-frames-up",
        "With CTRL.RFCE no frame leaves while a PAUSE runs; an XON, which has no time, ends it.",
        (ready(), pauses(LONG), HELD_UP, pauses(LONG), Give((DATA,)), Wait(2 * MS), Sent(())),
        (pauses(XON), Sent((FRAME,)), NOT_HELD_UP),
    ),
    flow(
        "8.7.3",
        "a-pause-runs-out",
        "A PAUSE ends when its time is over.",
        (ready(), pauses(SHORT), Give((DATA,)), Wait(5 * MS), NOT_HELD_UP, Sent((FRAME,))),
    ),
    flow(
        "8.7.3",
        "the-last-pause-counts",
        "A PAUSE takes the place of one that runs: a short one after a long one is soon over.",
        (ready(), pauses(LONG, SHORT), Wait(5 * MS), NOT_HELD_UP, Give((DATA,)), Sent((FRAME,))),
    ),
    flow(
        "8.7.3",
        "a-pause-to-the-station",
        "A PAUSE may be sent to the station address too.",
        (ready(), Arrive((control(LONG, MAC),)), HELD_UP, Arrive((control(XON, MAC),)), Wait(MS), NOT_HELD_UP),
    ),
    flow(
        "8.7.3",
        "a-pause-to-another",
        "A frame of the type of PAUSE to any other address holds nothing up.",
        (ready(rctl=RECEIVING | RCTL.UPE.mask | RCTL.MPE.mask), Arrive((control(LONG, PEER, MAC),)), Wait(MS)),
        (NOT_HELD_UP, Give((DATA,)), Sent((FRAME,)), counted(XOFFRXC=0)),
    ),
    flow(
        "13.4.1",
        "without-rfce",
        "Without CTRL.RFCE a PAUSE holds nothing up.",
        (ready(UP), pauses(LONG), Wait(MS), NOT_HELD_UP, Give((DATA,)), Sent((FRAME,))),
    ),
    flow(
        "13.4.10",
        "another-flow-control-type",
        "FCT says which type a PAUSE has: with another one the usual type means nothing.",
        (ready(), Write("FCT", 0x8809), pauses(LONG), Wait(MS), NOT_HELD_UP),
        (Arrive((control(LONG, kind=0x8809),)), HELD_UP),
    ),
    flow(
        "13.4.9",
        "another-flow-control-address",
        "FCAL and FCAH say to which address a PAUSE goes.",
        (ready(), Write("FCAL", 0x33C2_8001), Arrive((control(LONG, bytes.fromhex("0180c2330001")),)), HELD_UP),
    ),
    flow(
        "13.4.2",
        "a-reset-ends-a-pause",
        "After CTRL.RST no PAUSE runs.",
        (ready(), pauses(LONG), HELD_UP, pauses(LONG), Write("CTRL", CTRL.RST.mask), Wait(2 * MS), NOT_HELD_UP),
    ),
    flow(
        "13.7.18",
        "xoffs-and-xons-are-counted",
        "XOFFRXC counts the PAUSE frames with a time, XONRXC those without one.",
        (ready(), pauses(SHORT, SHORT, XON), Wait(MS), counted(XOFFRXC=2, XONRXC=1, FCRUC=0)),
        counted(XOFFRXC=0, XONRXC=0),
    ),
    flow(
        "13.7.20",
        "other-control-frames-are-counted",
        "FCRUC counts MAC control frames whose opcode is not that of PAUSE; they hold nothing up.",
        (ready(), Arrive((control(LONG, opcode=OTHER_OPCODE),)), Wait(MS), NOT_HELD_UP),
        counted(FCRUC=1, XOFFRXC=0, XONRXC=0),
    ),
    flow(
        "13.7.22",
        "flow-control-is-no-good-packet",
        "GPRC leaves PAUSE frames out, TPR counts all that is received.",
        (ready(), pauses(SHORT, XON), Wait(MS), counted(GPRC=0, TPR=2)),
    ),
    open_to(
        "13.7.18",
        "xoffs-without-rfce",
        "Whether a PAUSE is counted that CTRL.RFCE does not listen to is hardly said.",
        (ready(UP), pauses(SHORT), Wait(MS)),
        readings={"counted": Read("XOFFRXC", 1), "not counted": Read("XOFFRXC", 0)},
    ),
)
TO_HOST: tuple[Program, ...] = (
    flow(
        "13.4.22",
        "dpf-keeps-pauses-from-the-host",
        "With CTRL.RFCE and RCTL.DPF no PAUSE goes to the host, even one to the station.",
        (ready(rctl=RECEIVING | RCTL.DPF.mask), Arrive((control(SHORT, MAC), incoming(80)))),
        (Delivered(incoming(80)), NotDelivered()),
    ),
    flow(
        "13.4.22",
        "without-dpf-the-filters-decide",
        "Without RCTL.DPF a PAUSE goes through the filters as any frame: one to the station reaches the host.",
        (ready(), Arrive((control(SHORT, MAC), incoming(80)))),
        (Delivered(control(SHORT, MAC)), Delivered(incoming(80)), NotDelivered()),
    ),
    flow(
        "13.4.22",
        "without-rfce-a-pause-is-a-frame",
        "Without CTRL.RFCE RCTL.DPF means nothing: a PAUSE to the station reaches the host.",
        (ready(UP, RECEIVING | RCTL.DPF.mask), Arrive((control(SHORT, MAC),)), Delivered(control(SHORT, MAC))),
    ),
    open_to(
        "13.4.22",
        "a-pause-to-the-group-with-mpe",
        "Whether a PAUSE to its own group address may reach the host at all is hardly said.",
        (ready(rctl=RECEIVING | RCTL.MPE.mask), pauses(SHORT), Wait(MS)),
        readings={"it ends in the MAC": NotDelivered(), "it passes the filters": Delivered(control(SHORT))},
    ),
    *(
        flow(
            "13.4.22",
            f"other-control-frames-{'with' if passed else 'without'}-pmcf",
            "RCTL.PMCF says whether MAC control frames other than PAUSE go to the host.",
            ready(rctl=RECEIVING | passed * RCTL.PMCF.mask),
            Arrive((control(SHORT, opcode=OTHER_OPCODE), incoming(80))),
            (Delivered(control(SHORT, opcode=OTHER_OPCODE)),) if passed else (),
            (Delivered(incoming(80)), NotDelivered()),
        )
        for passed in (0, 1)
    ),
)
ASKED = control(0x1234, source=MAC)
"""What the card sends with 1234h in FCTTV."""
FULL = (Write("FCTTV", 0x1234), Write("FCRTL", LOW_BYTES), Write("FCRTH", HIGH_BYTES))
TWO = (incoming(1000), incoming(1000, number=9))
SENT: tuple[Program, ...] = (
    flow(
        "13.4.33",
        "software-sends-an-xoff",
        "TCTL.SWXOFF sends one PAUSE with the time in FCTTV, from the station to the address in FCAL and FCAH.",
        (ready(ASKING), Write("FCTTV", 0x1234), Write("TCTL", TRANSMITTING | TCTL.SWXOFF.mask), Wait(MS)),
        Sent((ASKED,)),
    ),
    flow(
        "13.4.33",
        "swxoff-clears-itself",
        "TCTL.SWXOFF reads 0 once the PAUSE has left.",
        (ready(ASKING), Write("FCTTV", 0x1234), Write("TCTL", TRANSMITTING | TCTL.SWXOFF.mask), Wait(MS)),
        Read("TCTL", 0, TCTL.SWXOFF.mask),
    ),
    flow(
        "13.7.19",
        "an-xoff-that-is-sent-is-counted",
        "XOFFTXC counts the XOFFs that are sent; GPTC leaves them out, TPT does not.",
        (ready(ASKING), Write("FCTTV", 0x1234), Write("TCTL", TRANSMITTING | TCTL.SWXOFF.mask), Wait(MS)),
        (Sent((ASKED,)), counted(XOFFTXC=1, XONTXC=0, GPTC=0, TPT=1)),
    ),
    flow(
        "8.7.5",
        "a-full-buffer-asks-for-a-pause",
        "With CTRL.TFCE an XOFF is sent when the receive FIFO fills to FCRTH; what came is delivered nevertheless.",
        (ready(ASKING, buffers=0), FULL, Arrive(TWO), Wait(MS), Sent((ASKED,))),
        (Offer((rx_buffer(0), rx_buffer(1))), Delivered(TWO[0]), Delivered(TWO[1])),
    ),
    flow(
        "8.7.5",
        "below-the-high-mark",
        "No XOFF is sent while the receive FIFO holds less than FCRTH.",
        (ready(ASKING, buffers=0), FULL, Arrive(TWO[:1]), Wait(MS), Sent(())),
    ),
    flow(
        "13.4.1",
        "without-tfce",
        "Without CTRL.TFCE a full FIFO asks for nothing.",
        (ready(UP, buffers=0), FULL, Arrive(TWO), Wait(MS), Sent(()), counted(XOFFTXC=0)),
    ),
    open_to(
        "13.4.23",
        "xon-at-the-low-mark",
        "FCRTL.XONE, for an XON when the FIFO has drained to FCRTL, is not said to be in every part.",
        (ready(ASKING, buffers=0), FULL, Write("FCRTL", XONE | LOW_BYTES), Arrive(TWO), Wait(MS), Sent((ASKED,))),
        (Offer((rx_buffer(0), rx_buffer(1))), Delivered(TWO[0]), Delivered(TWO[1]), Wait(MS)),
        readings={"an XON is sent": Sent((control(XON, source=MAC),)), "nothing is sent": Sent(())},
    ),
)

PROGRAMS: tuple[Program, ...] = HEARD + TO_HOST + SENT
