"""Fifty times down and up in under 40 seconds, ten times without the driver, a reboot: the card is always ready
again, at once.

The time is a promise of its own: the driver looks at the link once when it is opened and then every two seconds, so a
card whose link is not ready at the first look costs two seconds a round.
"""

from __future__ import annotations

import time

from glassnic.lab.lab import Lab
from glassnic.lab.wire import GUEST4, PEER4

ROUNDS, LIMIT_SECONDS = 50, 40
RELOADS, BUSY_ROUNDS = 10, 10
DOWN_UP = "ip link set eth0 down; ip link set eth0 up; await-carrier 10 || exit 1"


def run(lab: Lab) -> None:
    """See the head of this file."""
    _down_up(lab)
    _down_up_under_traffic(lab)
    _reloads(lab)
    _reboot(lab)


def _down_up(lab: Lab) -> None:
    begin = time.monotonic()
    result = lab.guest.run(f"i=0; while [ $i -lt {ROUNDS} ]; do {DOWN_UP}; i=$((i+1)); done", 200)
    took = time.monotonic() - begin
    lab.check(f"{ROUNDS} times down and up, with the link back each time.", result.ok, result.text.strip()[-80:])
    lab.check(f"It takes less than {LIMIT_SECONDS} s.", took < LIMIT_SECONDS, f"{took:.1f} s")
    _answers(lab, "Afterwards every ping is answered.")


def _down_up_under_traffic(lab: Lab) -> None:
    downward = lab.wire.start_traffic("send", GUEST4, 9, 20_000, 400, 200)
    upward = lab.guest.start_python("send", PEER4, 9, 20_000, 1000, 200)
    result = lab.guest.run(f"i=0; while [ $i -lt {BUSY_ROUNDS} ]; do {DOWN_UP}; i=$((i+1)); done", 120)
    lab.guest.stop_python(upward)
    downward.stop()
    lab.check(f"{BUSY_ROUNDS} times down and up with traffic both ways.", result.ok, result.text.strip()[-80:])
    _answers(lab, "Afterwards every ping is answered again.")


def _reloads(lab: Lab) -> None:
    reload = f"rmmod e1000 && modprobe e1000 && ip addr add {GUEST4}/24 dev eth0 && ip link set eth0 up || exit 2"
    ping = f"await-carrier 10 || exit 3; ping -q -c 1 -W 3 {PEER4} >/dev/null || exit 4"
    command = f"i=0; while [ $i -lt {RELOADS} ]; do {reload}; {ping}; i=$((i+1)); done"
    result = lab.guest.run(command, 200)
    lab.check(
        f"{RELOADS} times the driver is unloaded and loaded, with a ping each time.",
        result.ok,
        f"status {result.status}" if not result.ok else "",
    )


def _reboot(lab: Lab) -> None:
    lab.guest.must("(sleep 0.3; reboot -f) >/dev/null 2>&1 &")
    lab.guest.wait_until_up()
    lab.plug()
    _answers(lab, "After a reboot of the guest every ping is answered.")


def _answers(lab: Lab, sentence: str) -> None:
    ping = lab.guest.run(f"ping -c 5 -i 0.2 {PEER4}")
    lab.check(sentence, ping.ok and " 0% packet loss" in ping.text, ping.text.strip().splitlines()[-1])
