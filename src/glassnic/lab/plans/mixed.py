"""TCP and UDP run side by side in both directions, and every frame the guest sends is right on the wire.

This is the traffic that a card with one transmit context corrupts: segmented TCP, whose sums lie elsewhere than
UDP's, in between checksummed datagrams. An independent reader takes every sum of every frame; datagrams carry a
pattern, so that damage shows even where somebody on the way made the sum fit.
"""

from __future__ import annotations

import json
from typing import Any

from glassnic.lab.guest import traffic_command
from glassnic.lab.lab import Lab
from glassnic.lab.recording import Recording
from glassnic.lab.wire import GUEST4, PEER4, PEER6

WATCHED = True
SECONDS = 6
DATAGRAMS, DATAGRAM_BYTES, PER_SECOND = 900, 1100, 150
UP_PORT, DOWN_PORT = 7001, 7002
# name → port, iperf3's words; UDP at a rate that an emulated processor can take beside TCP
STREAMS = {
    "TCP over IPv4": (5201, f"-c {PEER4} --bidir"),
    "UDP over IPv4": (5202, f"-c {PEER4} --bidir -u -b 8M -l 1400"),
    "TCP over IPv6": (5203, f"-c {PEER6} --bidir -b 40M"),
}


def run(lab: Lab) -> None:
    """See the head of this file."""
    wire, guest = lab.wire, lab.guest
    wire.serve_iperf(*(port for port, _ in STREAMS.values()))
    recording = Recording(wire, lab.folder / "mixed.pcap")
    upward = wire.start_traffic("receive", PEER4, UP_PORT, DATAGRAMS, 5)
    downward = guest.start_python("receive", GUEST4, DOWN_PORT, DATAGRAMS, 5)
    sender = wire.start_traffic("send", GUEST4, DOWN_PORT, DATAGRAMS, DATAGRAM_BYTES, PER_SECOND)
    results = guest.must(_all_at_once(), timeout=SECONDS + 60)
    told_up = wire.finish(upward, stop=False)
    told_sent = wire.finish(sender, stop=False)
    told_down = json.loads(guest.answer(downward))
    recording.stop()
    _judge_streams(lab, results)
    _judge_datagrams(lab, "to the wire", DATAGRAMS, told_up)
    _judge_datagrams(lab, "to the guest", told_sent["sent"], told_down)
    _judge_frames(lab, recording)
    lab.check_findings()


def _all_at_once() -> str:
    """A shell command that runs all streams and the pattern sender at once; prints iperf3's reports, a line each."""
    jobs = [f"iperf3 {words} -p {port} -t {SECONDS} -i 0 -J >/tmp/{port} 2>&1 &" for port, words in STREAMS.values()]
    jobs.append(f"{traffic_command('send', PEER4, UP_PORT, DATAGRAMS, DATAGRAM_BYTES, PER_SECOND)} >/tmp/send 2>&1 &")
    reports = [f"tr -d '\\n' </tmp/{port}; echo" for port, _ in STREAMS.values()]
    return "\n".join([*jobs, "wait", *reports])


def _judge_streams(lab: Lab, results: str) -> None:
    for name, line in zip(STREAMS, results.splitlines(), strict=True):
        report: dict[str, Any] = json.loads(line) if line.startswith("{") else {"error": line[-200:]}
        end = report.get("end", {})
        up, down = (_megabits(end, suffix) for suffix in ("", "_bidir_reverse"))
        lab.check(
            f"{name} flows both ways at once.",
            up > 0 and down > 0,
            report.get("error") or f"{up:.0f} Mbit/s up, {down:.0f} down",
        )


def _megabits(end: dict[str, Any], suffix: str) -> float:
    received = end.get(f"sum_received{suffix}") or end.get(f"sum{suffix}") or {}
    return float(received.get("bits_per_second", 0)) / 1e6


def _judge_datagrams(lab: Lab, where: str, sent: int, told: dict[str, int]) -> None:
    clean = told["damaged"] == told["strange"] == 0
    lab.check(
        f"Every datagram that comes {where} is intact.",
        told["received"] > 0 and clean,
        f"{told['intact']} of {sent} sent came, all intact",
    )


def _judge_frames(lab: Lab, recording: Recording) -> None:
    lab.check("The recording has every frame the guest sent.", recording.complete, recording)
    verdict = recording.verdict()
    lab.check(
        "Every frame on the wire is right: lengths, header sums, payload sums, pattern.", not verdict.bad, verdict
    )
    shown = verdict.verified
    lab.check(
        "Each kind of sum was put to the test.",
        all(shown[kind] for kind in ("TCP sum", "UDP sum", "UDP payload pattern")),
        "",
    )
    lab.check("No datagram leaves without a checksum.", shown["UDP without a sum"] == 0)
    cut = lab.statistics().get("tx_tcp_seg_good", 0)
    lab.check("The card cut TCP sends into segments itself.", cut > 0, f"{cut} sends")
