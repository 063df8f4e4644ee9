"""By which filter may a frame come in? The ways of §3.2.1: their numbers as the card records them, and their words.

Numbers below 16 are the exact entries RAL/RAH themselves (§13.5.2, §13.5.3); file formats keep all of them.
"""

from __future__ import annotations

UNICAST, MULTICAST, BROADCAST, HASH, CONTROL = range(16, 21)

WAYS: dict[int, str] = {
    **{entry: f"exact address entry {entry} (§13.5.3)" for entry in range(16)},
    UNICAST: "RCTL.UPE, which takes every unicast address (§13.4.22)",
    MULTICAST: "RCTL.MPE, which takes every multicast address (§13.4.22)",
    BROADCAST: "RCTL.BAM, which takes broadcasts (§13.4.22)",
    HASH: "the multicast hash alone, so that software must look again (§13.5.1)",
    CONTROL: "RCTL.PMCF, which passes MAC control frames (§8.7.4)",
}
