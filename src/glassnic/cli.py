"""What does `glassnic` understand? A table of commands: modules with `add_arguments` and `run`, loaded when named.

Nothing happens here but parsing: a command line becomes one call, and the call's result the exit status. (Not of the
manual: ours.)
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import NamedTuple

from glassnic import __version__

DESCRIPTION = """\
A network card you can see through: an Intel 82540EM ("e1000") that real virtual machines plug in over vfio-user,
whose transmit offloads do what Intel's manual says."""


class Command(NamedTuple):
    """One command: where its `add_arguments` and `run` are, and what it does in a few words."""

    module: str
    help: str


COMMANDS: dict[str, Command] = {
    "serve": Command("glassnic.server.command", "be a PCI card for a virtual machine: listen on a vfio-user socket"),
    "vm": Command("glassnic.lab.command", "boot a Linux guest with the card in it; a shell, or test plans"),
    "run": Command("glassnic.run", "see it work: a guest's TCP and UDP through the card, every frame checked"),
    "demo": Command("glassnic.demo.command", "see the corruption of 2017 and its cure, in this process, in seconds"),
    "explain": Command(
        "glassnic.xray.command", "why each frame of a capture left as it did, from the card's own record"
    ),
    "report": Command(
        "glassnic.xray.report", "a capture as one HTML page: contexts over time, every frame, its bytes and its story"
    ),
    "top": Command(
        "glassnic.live.top", "watch a card that runs: rates, rings, contexts, causes, the last frames' stories"
    ),
    "ctl": Command("glassnic.live.ctl", "ask a card that runs: status, its last frames, link up or down, faults"),
    "conform": Command(
        "glassnic.conformance.command", "which rules of the manual a card keeps: this one, QEMU's, or any other"
    ),
    "explore": Command(
        "glassnic.conformance.explore_command",
        "find where this card and another differ, by random programs shrunk to the shortest",
    ),
    "replay": Command(
        "glassnic.conformance.replay_command", "a recorded session of a real driver once more, on this card or another"
    ),
    "bench": Command("glassnic.bench.command", "how fast the card is, side by side with others"),
}


def parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser. Only the chosen command's module is loaded; the others show their one line."""
    top = argparse.ArgumentParser(prog="glassnic", description=DESCRIPTION)
    top.add_argument("--version", action="version", version=f"glassnic {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        words = f"{command.help[0].upper()}{command.help[1:]}."
        below = commands.add_parser(name, help=command.help, description=words)
        if name == chosen:
            module = importlib.import_module(command.module)
            module.add_arguments(below)
            below.set_defaults(run=module.run)
    return top


def run(argv: list[str]) -> int:
    """Do what the command line says; the exit status."""
    chosen = next((word for word in argv if not word.startswith("-")), None)
    args = parser(chosen).parse_args(argv)
    try:
        return int(args.run(args))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output left, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
