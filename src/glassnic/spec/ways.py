"""By which filter may a frame come in, or be kept out (§3.2.1)? Numbers as the card records them, and their words.

Ways below 16 are the exact entries RAL/RAH themselves (§13.5.2, §13.5.3). Append only: recordings keep the numbers.
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

BY_ADDRESS, BY_VLAN, BY_CONTROL, BY_LENGTH = range(4)
REFUSALS: dict[int, str] = {
    BY_ADDRESS: "no address filter takes it (§3.2.1)",
    BY_VLAN: "the VLAN filter does not take its tag (§9.3)",
    BY_CONTROL: "MAC control frames end in the card (§8.7.4)",
    BY_LENGTH: "it is too short to hold a header",
}
"""Why a frame is kept out."""
