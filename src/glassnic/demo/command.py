"""What does `glassnic demo` do? Plays the scenario under each profile asked for and tells it, to people or as JSON.

Exit status 0: the manual's card was right and the other one corrupted what it was to corrupt. 1: not so.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from glassnic.spec.profiles import PROFILES

if TYPE_CHECKING:
    from glassnic.demo.scenario import Arrival, Outcome

SIDE_BY_SIDE = ("manual", "one-context")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic demo`."""
    parser.add_argument(
        "--profile", metavar="P", choices=tuple(PROFILES), help=f"only this one: {', '.join(PROFILES)} (default: both)"
    )
    parser.add_argument(
        "--pcapng",
        metavar="FILE",
        help="record the frames for Wireshark and `glassnic explain`, a card for each profile",
    )
    parser.add_argument(
        "--findings", metavar="FILE", help="write what is wrong with requests and frames, as JSON lines"
    )
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")


def run(args: argparse.Namespace) -> int:
    """Play, tell, and say by the exit status whether the claim holds."""
    os.environ.setdefault("GLASSNIC_JIT", "0")  # a few dozen descriptors: compiling would take longer than all of it
    from rich.console import Console

    from glassnic.demo import scenario
    from glassnic.demo.show import tell

    outcomes = [scenario.run(profile) for profile in ([args.profile] if args.profile else SIDE_BY_SIDE)]
    if not _recorded(args.pcapng, args.findings, outcomes):
        return 1
    holds = all(outcome.holds for outcome in outcomes)
    if args.json:
        json.dump({"holds": holds, "profiles": [_plain_outcome(outcome) for outcome in outcomes]}, sys.stdout, indent=2)
        print()
    else:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal without ✓ shows ?, and the words still tell
        tell(outcomes, Console(highlight=False))
        if args.pcapng:
            print(f"\nWhy? `glassnic explain {args.pcapng} --findings` says it, from what the card recorded.")
    return 0 if holds else 1


def _recorded(pcapng: str | None, findings: str | None, outcomes: list[Outcome]) -> bool:
    """Write the frames and their record, and what is wrong with them; False, and a sentence, if that fails.

    Times are those of the card's clock.
    """
    from glassnic.xray.capture import Capture
    from glassnic.xray.pcapng import CaptureError
    from glassnic.xray.probe import Listener, Probe
    from glassnic.xray.sink import Sink, refuse_shared, target
    from glassnic.xray.story import Origin
    from glassnic.xray.watch import Watch

    cards = [(one.profile, Origin(profile=one.profile)) for one in outcomes]
    try:
        refuse_shared([("--pcapng", pcapng), ("--findings", findings)])
        with ExitStack() as stack:
            capture = stack.enter_context(closing(Capture(target(pcapng), cards))) if pcapng else None
            watch = Watch(stack.enter_context(closing(Sink(target(findings), b"")))) if findings else None
            for number, (card, outcome) in enumerate(zip(cards, outcomes, strict=True)):
                channel = capture.channel(number) if capture else None
                listeners: list[Listener] = [channel] if channel else []
                if watch:
                    listeners.append(watch.eye(*card, channel.place if channel else None))
                Probe(listeners).sent([one.frame for one in outcome.arrivals if one.frame], outcome.rows)
    except CaptureError as error:
        print(f"glassnic: {error}", file=sys.stderr)
        return False
    return True


def _plain_outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "profile": outcome.profile,
        "holds": outcome.holds,
        "frames": [_plain_arrival(arrival) for arrival in outcome.arrivals],
    }


def _plain_arrival(arrival: Arrival) -> dict[str, Any]:
    return {
        "title": arrival.expected.title,
        "expected": arrival.expected.frame.hex(),
        "arrived": arrival.frame.hex(),
        "wrong_bytes": arrival.differs,
        "wire": str(arrival.on_the_wire),
        "host": str(arrival.at_the_host),
        "application": {"intact": not arrival.spoilt, "sent": arrival.expected.data.hex(), "read": arrival.read.hex()},
    }
