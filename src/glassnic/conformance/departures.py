"""Where does a profile not follow the card it is named after? Each program on which the two differ, and the reason.

Most of it lies around the card rather than in it: the host's network, memory where there is none, rings that are none.
"""

from __future__ import annotations

from typing import NamedTuple


class Departure(NamedTuple):
    """Why profiles differ from their cards, on these programs."""

    profiles: tuple[str, ...]
    reason: str
    programs: tuple[str, ...]


BOTH = ("qemu-7.2", "qemu-11.1")

DEPARTURES: tuple[Departure, ...] = (
    Departure(
        BOTH,
        "At a doorbell QEMU's network gives its card all that it keeps for it, and what it cannot take then, with too "
        "few descriptors or with the receiver off, is lost. Here the host goes on keeping it (§3.2.6).",
        (
            "3.2.6/a-doorbell-for-each-that-waits",
            "14.7/no-reception-by-itself-after-rst",
            "14.7/frames-that-wait-before-rst",
        ),
    ),
    Departure(
        BOTH,
        "QEMU loses what comes while RDLEN is 0 and RDT is not RDH. Here it waits in the packet buffer (§3.2.6).",
        ("3.2.6/a-reset-helps-after-a-ring-without-entries",),
    ),
    Departure(
        BOTH,
        "QEMU's card loses a frame for which there are descriptors, but too few, if it sees it then; the host may have "
        "kept it till later. Here it waits for the others (§3.2.6).",
        ("3.2.6/a-frame-waits-for-its-last-descriptor",),
    ),
    Departure(
        BOTH,
        "In QEMU's machine, memory that nobody answers for reads 0, and addresses beyond the last begin at 0 again. "
        "Here a packet that lies outside the guest's memory is dropped, and nothing is written round the end.",
        ("3.4/a-buffer-outside-memory", "3.2.6/a-reset-helps-after-a-buffer-across-the-end-of-addresses"),
    ),
    Departure(
        BOTH,
        "QEMU's card fetches a descriptor behind the ring if RDH says so. Here a head beyond the ring counts as 0, so "
        "that nothing is written where no ring lies (§13.4.28).",
        ("3.2.6/a-reset-helps-after-a-head-behind-the-ring",),
    ),
)


def departures(profile: str) -> set[str]:
    """The addresses of all programs on which a profile differs from its card."""
    return {program for one in DEPARTURES if profile in one.profiles for program in one.programs}
