"""Frames of 9,014 bytes run both ways, whole and intact."""

from __future__ import annotations

import json

from glassnic.lab.lab import Lab
from glassnic.lab.recording import Recording
from glassnic.lab.wire import GUEST4, PEER4, TAP

MTU = 9000
PORT, UP_PORT, DOWN_PORT = 5206, 7011, 7012
DATAGRAMS, DATAGRAM_BYTES, PER_SECOND = 200, MTU - 28, 50
SECONDS = 4


def run(lab: Lab) -> None:
    """See the head of this file."""
    lab.wire.ip("link", "set", TAP, "mtu", str(MTU))
    lab.guest.must(f"ip link set eth0 mtu {MTU}")
    lab.await_carrier()
    try:
        _judge(lab)
    finally:
        lab.wire.ip("link", "set", TAP, "mtu", "1500")


def _judge(lab: Lab) -> None:
    wire, guest = lab.wire, lab.guest
    ping = guest.run(f"ping -c 5 -i 0.2 -s {MTU - 28} {PEER4}")
    lab.check("Every ping of 9,000 bytes is answered.", ping.ok and " 0% packet loss" in ping.text)
    wire.serve_iperf(PORT)
    recording = Recording(wire, lab.folder / "jumbo.pcap")
    flow = guest.run(f"iperf3 -c {PEER4} -p {PORT} -t {SECONDS} -i 0 --bidir", SECONDS + 30)
    lab.check("TCP flows both ways at once.", flow.ok)
    upward = wire.start_traffic("receive", PEER4, UP_PORT, DATAGRAMS, 5)
    guest.python("send", PEER4, UP_PORT, DATAGRAMS, DATAGRAM_BYTES, PER_SECOND)
    told = wire.finish(upward, stop=False)
    lab.check("Every datagram to the wire arrives intact.", told["intact"] == DATAGRAMS, told)
    downward = guest.start_python("receive", GUEST4, DOWN_PORT, DATAGRAMS, 5)
    wire.traffic("send", GUEST4, DOWN_PORT, DATAGRAMS, DATAGRAM_BYTES, PER_SECOND)
    told = json.loads(guest.answer(downward))
    lab.check("Every datagram to the guest arrives intact.", told["intact"] == DATAGRAMS, told)
    recording.stop()
    longest = max(map(len, recording.frames()))
    verdict = recording.verdict(MTU)
    lab.check("The recording has every frame the guest sent.", recording.complete, recording)
    lab.check("Full frames of 9,014 bytes were on the wire.", longest == MTU + 14, f"the longest has {longest} bytes")
    lab.check("Every frame on the wire is right.", not verdict.bad, verdict)
