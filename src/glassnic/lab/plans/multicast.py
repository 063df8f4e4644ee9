"""Joining and leaving groups and promiscuous mode change what arrives, exactly.

Marked frames are put on the wire in phases, and one recording in the guest tells which of them the card let through.
More groups are joined than the card has exact filters, so the hash table is at work too.
"""

from __future__ import annotations

import base64
import tempfile
from collections import Counter
from pathlib import Path

from glassnic.lab.lab import Lab
from glassnic.lab.reader import frames_in
from glassnic.lab.wire import GUEST4, PEER4, TAP

# More than the 16 exact filters hold; 20 is what Linux lets one socket join.
GROUPS = tuple(f"239.1.2.{last}" for last in range(1, 20))
EACH = 3
STRANGER = "02676c61737a"  # somebody else's unicast address
UNJOINED = "01005e0a4b99"  # bits 47:36, which the hash table goes by, are no joined group's
ETHERTYPE = "88b5"


def run(lab: Lab) -> None:
    """See the head of this file."""
    recorder = lab.guest.start_python("record", "eth0", "/tmp/multicast.pcap")
    phases = _run_phases(lab)
    lab.guest.stop_python(recorder)
    file = lab.guest.must("base64 /tmp/multicast.pcap")
    with tempfile.NamedTemporaryFile() as copy:
        copy.write(base64.b64decode(file))
        copy.flush()
        came = Counter(frame[14:16] for frame in frames_in(Path(copy.name)) if frame[12:14] == bytes.fromhex(ETHERTYPE))
    for number, (sentence, sent, wanted) in enumerate(phases):
        arrived = came[number.to_bytes(2, "big")]
        lab.check(sentence, arrived == (sent if wanted else 0), f"{arrived} of {sent}")


def _run_phases(lab: Lab) -> list[tuple[str, int, bool]]:
    """Each phase: what it claims, how many frames went out, whether they are to arrive."""
    guest = lab.guest
    phases: list[tuple[str, int, bool]] = []

    def phase(sentence: str, addresses: list[str], wanted: bool) -> None:
        mark = len(phases).to_bytes(2, "big").hex()
        frames = [f"{address}02676c617330{ETHERTYPE}{mark}" + "00" * 44 for address in addresses]
        lab.wire.traffic("emit", TAP, EACH, *frames)
        guest.must(f"ping -c 1 {PEER4}")  # what was sent before it has arrived before it
        phases.append((sentence, EACH * len(frames), wanted))

    groups = [_address_of(group) for group in GROUPS]
    phase("Frames to its own address arrive.", ["525400123456"], True)
    phase("Broadcasts arrive.", ["ffffffffffff"], True)
    phase("Groups nobody joined do not arrive.", groups, False)
    answer = guest.start_python("receive", GUEST4, 7021, 1, 3600, ",".join(GROUPS))
    phase(f"All {len(GROUPS)} joined groups arrive, by exact filter and by hash.", groups, True)
    phase("A group nobody joined still does not.", [UNJOINED], False)
    guest.stop_python(answer)
    phase("Left groups arrive no more.", groups, False)
    phase("A stranger's frames do not arrive.", [STRANGER], False)
    guest.must("ip link set eth0 promisc on")
    phase("In promiscuous mode everybody's frames arrive.", [STRANGER, UNJOINED], True)
    guest.must("ip link set eth0 promisc off; ifconfig eth0 allmulti")
    phase("With all-multicast every group arrives.", [UNJOINED], True)
    phase("With all-multicast a stranger's frames do not.", [STRANGER], False)
    guest.must("ifconfig eth0 -allmulti")
    phase("Back to normal, neither arrives.", [STRANGER, UNJOINED], False)
    return phases


def _address_of(group: str) -> str:
    """The Ethernet address of an IPv4 group: 01-00-5E and its low 23 bits."""
    parts = [int(part) for part in group.split(".")]
    return bytes([0x01, 0x00, 0x5E, parts[1] & 0x7F, parts[2], parts[3]]).hex()
