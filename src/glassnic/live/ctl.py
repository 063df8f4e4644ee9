"""What does `glassnic ctl` do? Asks a card that runs, over its control socket, and prints the answer.

Exit status 0; 1 with one sentence where nobody answers or the card does not do it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from glassnic.live.protocol import VERBS, Control, ControlError
from glassnic.live.replay import write

WHERE = "the card's control socket: what `glassnic serve --control PATH` was given"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic ctl`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "verbs:\n" + "\n".join(_verb_lines())
    parser.add_argument("path", metavar="PATH", type=Path, help=WHERE)
    parser.add_argument("verb", metavar="VERB", choices=VERBS, help=", ".join(VERBS))
    parser.add_argument("words", metavar="WORD", nargs="*", help="what the verb takes")


def run(args: argparse.Namespace) -> int:
    """Ask; the exit status."""
    try:
        if args.verb == "dump":
            if len(args.words) != 1:
                raise ControlError("dump wants one word: a FILE to write, or - for standard output")
            with Control(args.path) as control:
                write(control.ask("dump"), args.words[0])
        else:
            with Control(args.path) as control:
                print(_told(args.verb, control.ask(args.verb, *args.words)))
    except ControlError as error:
        print(f"glassnic: {error}", file=sys.stderr)
        return 1
    return 0


def _told(verb: str, answer: dict[str, Any]) -> str:
    """The answer, for people where it is short."""
    if verb == "help":
        return "\n".join(_verb_lines())
    if verb == "link":
        return f"the cable is {'plugged' if answer['cable'] else 'pulled'}"
    if verb == "fault":
        return ", ".join(f"{kind} {amount}" for kind, amount in answer["faults"].items()) or "no fault"
    return json.dumps(answer, indent=2)


def _verb_lines() -> list[str]:
    return [f"  {name} {verb.form}".rstrip() + f"\n      {verb.words}" for name, verb in VERBS.items()]
