"""Tagged traffic runs both ways: the card inserts and strips tags, in segmented sends too.

The guest's interface for VLAN 5 hands the card untagged packets and a tag in the descriptor; every frame on the wire
must carry it.
"""

from __future__ import annotations

from glassnic.lab.lab import Lab
from glassnic.lab.recording import Recording
from glassnic.lab.wire import TAP

VLAN, STRANGE_VLAN = 5, 6
IPV4 = b"\x08\x00"
PEER_INTERFACE = "lab0v5"
PEER, GUEST = "10.0.5.2", "10.0.5.15"
PORT, SECONDS = 5205, 4


def run(lab: Lab) -> None:
    """See the head of this file."""
    other_end = lab.wire.start_traffic("vlan", TAP, PEER_INTERFACE, VLAN)
    lab.wire.ip("addr", "add", f"{PEER}/24", "dev", PEER_INTERFACE)
    lab.wire.ip("link", "set", PEER_INTERFACE, "up")
    lab.guest.must(
        f"modprobe 8021q; ip link add link eth0 name eth0.{VLAN} type vlan id {VLAN} && "
        f"ip addr add {GUEST}/24 dev eth0.{VLAN} && ip link set eth0.{VLAN} up"
    )
    try:
        _judge(lab)
    finally:
        other_end.stop()
    lab.guest.must(f"ip link del eth0.{VLAN}")


def _judge(lab: Lab) -> None:
    wire, guest = lab.wire, lab.guest
    lab.check("Every tagged ping is answered.", guest.run(f"ping -c 5 -i 0.2 {PEER}").ok)
    cut = lab.statistics()["tx_tcp_seg_good"]
    wire.serve_iperf(PORT)
    recording = Recording(wire, lab.folder / "vlan.pcap")
    flow = guest.run(f"iperf3 -c {PEER} -p {PORT} -t {SECONDS} -i 0 --bidir", SECONDS + 30)
    recording.stop()
    verdict = recording.verdict()
    lab.check("Tagged TCP flows both ways at once.", flow.ok, flow.text.strip().splitlines()[-1] if not flow.ok else "")
    lab.check("Every frame on the wire is right.", not verdict.bad, verdict)
    bare = sum(frame[12:14] == IPV4 for frame in recording.frames())
    lab.check(
        "Every IPv4 packet of the flow carries its tag.",
        bare == 0 and verdict.verified["TCP sum"] > 100,
        f"{bare} bare",
    )
    lab.check("The recording has every frame the guest sent.", recording.complete, recording)
    cut = lab.statistics()["tx_tcp_seg_good"] - cut
    lab.check("The card cut tagged TCP sends into segments itself.", cut > 0, f"{cut} sends")
    before = lab.statistics()["rx_packets"]
    wire.traffic("emit", TAP, 20, f"ffffffffffff02676c6173308100{STRANGE_VLAN:04x}88b5" + "00" * 46)
    guest.must(f"ping -c 1 {PEER}")
    lab.check(
        "Frames of a VLAN that the guest is not in are filtered out.", lab.statistics()["rx_packets"] - before < 10
    )
