"""A flood that the guest cannot take is survived, and every lost frame is counted by whoever lost it.

The card counts what found no descriptor (MPC), the TAP what found no room in its queue; what is left must have arrived.
"""

from __future__ import annotations

import time

from glassnic.lab.lab import Lab
from glassnic.lab.wire import GUEST4, PEER4

DATAGRAMS, DATAGRAM_BYTES = 60_000, 700
PORT, AFTER_PORT = 7031, 7032
AFTERWARDS = 200
SETTLE_SECONDS = 30
STRAY_FRAMES = 4
"""Multicasts of the two kernels, which the card filters and nobody counts as lost or delivered."""


def run(lab: Lab) -> None:
    """See the head of this file."""
    wire, guest = lab.wire, lab.guest
    guest.must(f"ping -c 2 {PEER4}")
    taker = guest.start_python("receive", GUEST4, PORT, DATAGRAMS * 2, 3600)
    tap_before, before = wire.counters(), lab.statistics()
    told = wire.traffic("send", GUEST4, PORT, DATAGRAMS, DATAGRAM_BYTES, timeout=120)
    _settle(lab)
    after = lab.statistics()
    tap = {name: value - tap_before[name] for name, value in wire.counters().items()}
    delivered, missed, waited = (
        after[name] - before[name] for name in ("rx_packets", "rx_missed_errors", "rx_no_buffer_count")
    )
    lab.note(
        f"{told['sent']} datagrams sent: {tap['tx_dropped']} died in the TAP's queue, {missed} in the card for want "
        f"of a descriptor, {delivered} frames delivered; {waited} times the guest had no buffer ready (RNBC)."
    )
    offered = tap["tx_packets"] + tap["tx_dropped"]
    lab.check(
        "The host counts every frame that died in its queue.",
        abs(offered - told["sent"]) <= STRAY_FRAMES,
        f"{told['sent']} sent, {offered} accounted for",
    )
    lab.check(
        "The card counts every frame that it lost.",
        0 <= tap["tx_packets"] - delivered - missed <= STRAY_FRAMES,
        f"{tap['tx_packets']} = {delivered} delivered + {missed} missed + {tap['tx_packets'] - delivered - missed}",
    )
    lab.check("The flood was more than the guest could take.", tap["tx_dropped"] + missed + waited > 0)
    guest.stop_python(taker)
    _normal_again(lab)


def _settle(lab: Lab) -> None:
    """Wait until nothing moves any more: two looks with the same count."""
    deadline, seen = time.monotonic() + SETTLE_SECONDS, -1
    while time.monotonic() < deadline:
        now = lab.statistics()["rx_packets"]
        if now == seen:
            return
        seen = now
        lab.guest.must("sleep 1")


def _normal_again(lab: Lab) -> None:
    ping = lab.guest.run(f"ping -c 10 -i 0.2 {PEER4}")
    lab.check("Afterwards every ping is answered.", ping.ok and " 0% packet loss" in ping.text)
    answer = lab.guest.start_python("receive", GUEST4, AFTER_PORT, AFTERWARDS, 5)
    lab.wire.traffic("send", GUEST4, AFTER_PORT, AFTERWARDS, DATAGRAM_BYTES, 100)
    intact = lab.guest.answer(answer)
    lab.check(f"Afterwards {AFTERWARDS} datagrams arrive intact.", f'"intact": {AFTERWARDS}' in intact, intact)
