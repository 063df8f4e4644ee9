"""Where do implementations differ, and how? A profile is a row of traits: numbers the engine uses as an index, a limit or a mask.

The engine never asks which profile it runs; it says `contexts[traits.plain_slot]`.
"""

from __future__ import annotations

from typing import NamedTuple


class Traits(NamedTuple):
    """What the engine takes from a profile. The defaults are the manual's."""

    plain_slot: int = 0
    """Where a context with TUCMD.TSE=0 is loaded, and where packets with DCMD.TSE=0 look (§3.6)."""
    segmented_slot: int = 1
    """The same for TSE=1 (§3.5.5)."""
    ipv6_header_bytes: int = 40
    """Taken off the IPv6 payload length in segmentation. The 8254x manual prints the formula without it (§3.5.9.1), an
    evident slip that the manuals of later parts correct."""
    zero_sum: int = 0xFFFF
    """Stored in place of a checksum that comes out 0. Silent in the manual; 0 would mean "none" to UDP."""
    legacy_sum: int = 1
    """Mask on CMD.IC: 1 when legacy descriptors insert a checksum (§3.3.3.1)."""
    block_send: int = 1
    """1: TUCMD.IP=0 with TCP=0 copies the header unchanged (§3.3.6.1 note 2); 0: it is taken for IPv6/UDP."""


PROFILES: dict[str, Traits] = {
    "manual": Traits(),
    # QEMU's e1000 before 2.12: one context for everything, so whichever was loaded last is used by all.
    "one-context": Traits(segmented_slot=0),
}
