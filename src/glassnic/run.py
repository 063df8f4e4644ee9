"""What does `glassnic run` show? A guest's traffic through the card; the demo instead, saying so, where none boots.

This is the main job before your eyes, with no options to choose. (Not of the manual: ours.)
"""

from __future__ import annotations

import argparse

from glassnic.demo import command as demo
from glassnic.lab import command as vm

PLANS = "smoke,mixed"
NO_LAB = 2
"""The exit status of `glassnic vm` when no guest can be had at all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There is nothing to choose."""


def run(args: argparse.Namespace) -> int:
    """Boot, run the plans, say what the card did; the exit status."""
    status = vm.run(_arguments_of(vm, ["--test", PLANS, "--verbose"]))
    if status != NO_LAB:
        return status
    print("No virtual machine can be had here, for the reason above. This is the demo in one process instead.\n")
    return demo.run(_arguments_of(demo, []))


def _arguments_of(command: object, words: list[str]) -> argparse.Namespace:
    """What the parser of another command makes of these words."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)  # type: ignore[attr-defined]
    return parser.parse_args(words)
