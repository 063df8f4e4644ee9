"""What does `glassnic top` do? Opens the screen of `screen.py` on one card's control socket.

Exit status 0; 1 with one sentence where no card answers, or where there is no terminal to draw on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from glassnic.live.ctl import WHERE
from glassnic.live.protocol import Control, ControlError

MOST_OFTEN_S = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic top`."""
    parser.add_argument("--socket", metavar="PATH", type=Path, required=True, help=WHERE)
    parser.add_argument("--every", metavar="SECONDS", type=float, default=1.0, help="how often to look (default: 1)")
    parser.epilog = (
        "Keys: q quit, p pause, f findings, arrows and Enter explain a frame, l pull and plug the cable. Asking costs "
        "the card about a millisecond each time."
    )


def run(args: argparse.Namespace) -> int:
    """Watch until q; the exit status."""
    try:
        if not sys.stdout.isatty():
            raise ControlError("top draws on a terminal; for a program ask `glassnic ctl PATH status`")
        if not args.every >= MOST_OFTEN_S:
            raise ControlError(f"--every wants seconds, {MOST_OFTEN_S} at least")
        Control(args.socket).close()
    except ControlError as error:
        print(f"glassnic: {error}", file=sys.stderr)
        return 1
    from glassnic.live.screen import Top  # with textual, only when there is something to draw

    Top(args.socket, args.every).run()
    return 0
