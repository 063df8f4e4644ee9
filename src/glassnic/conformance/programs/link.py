"""§8.6, §13.4.1, §13.4.2: the link as the MAC sees it. STATUS, what CTRL forces, and when LSC is set."""

from __future__ import annotations

from glassnic.conformance.program import Program, Read, Until, Wait, Write, program
from glassnic.conformance.words import MS
from glassnic.spec.fields import CAUSE, CTRL, STATUS

UP = CTRL.SLU.mask | CTRL.FD.mask
LINKED = Until("STATUS", STATUS.LU.mask, STATUS.LU.mask)


def status(lu: int) -> Read:
    return Read("STATUS", lu * STATUS.LU.mask, STATUS.LU.mask)


PROGRAMS: tuple[Program, ...] = (
    program(
        "13.4.1",
        "slu-brings-the-link-up",
        "With CTRL.SLU and a link of the PHY, STATUS.LU is set.",
        (Write("CTRL", UP), LINKED),
    ),
    program(
        "13.4.1",
        "without-slu",
        "Without CTRL.SLU the MAC has no link, whatever the PHY says.",
        (Write("CTRL", UP), LINKED, Write("CTRL", CTRL.FD.mask), status(0)),
    ),
    program(
        "13.4.17",
        "lsc-when-the-link-goes",
        "LSC is set when STATUS.LU changes: from 1 to 0 here.",
        (Write("CTRL", UP), LINKED, Read("ICR", 0, 0)),
        (Write("CTRL", CTRL.FD.mask), Until("ICR", CAUSE.LSC.mask, CAUSE.LSC.mask)),
    ),
    program(
        "13.4.17",
        "lsc-when-the-link-comes",
        "LSC is set when STATUS.LU changes: from 0 to 1 here.",
        (Write("CTRL", CTRL.FD.mask), Read("ICR", 0, 0), Write("CTRL", UP)),
        (LINKED, Until("ICR", CAUSE.LSC.mask, CAUSE.LSC.mask)),
    ),
    program(
        "13.4.17",
        "no-lsc-without-a-change",
        "LSC is not set by writes of CTRL that leave the link as it is.",
        (Write("CTRL", UP), LINKED, Read("ICR", 0, 0)),
        (Write("CTRL", UP | CTRL.VME.mask), Write("CTRL", UP), Read("ICR", 0, CAUSE.LSC.mask)),
    ),
    program(
        "13.4.2",
        "a-gigabit-link",
        "On a link of 1000 Mbit/s STATUS.SPEED is 1x and FD is set.",
        (Write("CTRL", UP), LINKED),
        Read("STATUS", STATUS.FD.mask | 2 << STATUS.SPEED.lo, STATUS.FD.mask | 2 << STATUS.SPEED.lo),
    ),
    *(
        program(
            "8.6.2.3",
            f"speed-{speed}-forced",
            "With CTRL.FRCSPD STATUS.SPEED is what CTRL.SPEED says.",
            (Write("CTRL", UP | CTRL.FRCSPD.mask | code << CTRL.SPEED.lo),),
            Read("STATUS", code << STATUS.SPEED.lo, STATUS.SPEED.mask),
        )
        for code, speed in enumerate((10, 100, 1000))
    ),
    *(
        program(
            "8.6.2.3",
            f"duplex-{('half', 'full')[duplex]}-forced",
            "With CTRL.FRCDPLX STATUS.FD is what CTRL.FD says.",
            (Write("CTRL", CTRL.SLU.mask | CTRL.FRCDPLX.mask | duplex * CTRL.FD.mask),),
            Read("STATUS", duplex * STATUS.FD.mask, STATUS.FD.mask),
        )
        for duplex in (0, 1)
    ),
    program(
        "8.6.2.3",
        "duplex-not-forced",
        "Without CTRL.FRCDPLX the PHY decides on duplex, whatever CTRL.FD says.",
        (Write("CTRL", CTRL.SLU.mask), LINKED),
        Read("STATUS", STATUS.FD.mask, STATUS.FD.mask),
    ),
    program(
        "14.7",
        "the-link-outlives-a-reset",
        "CTRL.RST does not reach the PHY: with SLU the link is there again at once.",
        (Write("CTRL", UP), LINKED, Write("CTRL", CTRL.RST.mask)),
        (Wait(2 * MS), Write("CTRL", UP)),
        LINKED,
    ),
)
