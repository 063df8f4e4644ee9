"""The driver takes the card, the link comes up, and IPv4 and IPv6 get an answer.

The least there is to see; it runs over the lab's wire as well as over the embedded neighbour (`--net host`), which
also leases an address.
"""

from __future__ import annotations

import re

from glassnic.lab.lab import Lab
from glassnic.lab.wire import GUEST4, PEER4, PEER6, PREFIX4

ANY_NET = True
WATCHED = True


def run(lab: Lab) -> None:
    """See the head of this file."""
    guest = lab.guest
    driver = guest.run("ethtool -i eth0; ethtool eth0")
    lab.check(
        "The stock e1000 driver takes the card.", "driver: e1000\n" in driver.text, _line(driver.text, "bus-info")
    )
    lab.check(
        "The link is up at 1000 Mb/s, full duplex.", "Speed: 1000Mb/s" in driver.text and "Duplex: Full" in driver.text
    )
    if not lab.has_wire:
        lease = guest.run(
            f"ip addr del {GUEST4}/{PREFIX4} dev eth0; udhcpc -i eth0 -n -q -t 5; ip -4 addr show eth0 | grep {GUEST4}"
        )
        lab.check("DHCP leases an address.", lease.ok, _line(lease.text, "lease of"))
    for name, peer in (("IPv4", PEER4), ("IPv6", PEER6)):
        for size in (56, 1400):
            ping = guest.run(f"ping -c 3 -i 0.2 -s {size} {peer}")
            lab.check(
                f"Every {name} ping of {size} bytes is answered.",
                ping.ok and " 0% packet loss" in ping.text,
                _line(ping.text, "min/avg/max"),
            )
    errors = {name: value for name, value in lab.statistics().items() if "error" in name and value}
    lab.check("The card counts no errors.", not errors, errors or "")
    resets = guest.run("dmesg | grep -ciE 'e1000.*(hang|reset adapter)'").text.strip()
    lab.check("The driver never resets the card.", resets == "0")


def _line(text: str, word: str) -> str:
    found = re.search(rf"^.*{re.escape(word)}.*$", text, re.MULTILINE)
    return found[0].strip() if found else ""
