"""What does `glassnic bench` do? Runs the benches that are named, one after the other, and shows what came of them.

Exit status 0: everything measured did its work rightly, whether or not goals are met. 1: some output was wrong, or with
`--compare` something has become slower. 2: the command makes no sense here.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from glassnic.bench import compare, plot, report
from glassnic.bench.bed import Bed
from glassnic.bench.measure import BenchError
from glassnic.bench.run import Bench, Result
from glassnic.bench.run import run as run_bench
from glassnic.bench.table import BENCHES

ROUNDS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic bench`."""
    parser.add_argument("names", metavar="NAME", nargs="*", help="a bench or a group, such as ring; default: all")
    parser.add_argument("--rounds", metavar="N", type=int, default=ROUNDS, help=f"how often to measure each ({ROUNDS})")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results here")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="draw the ratios here")
    parser.add_argument("--compare", metavar="OLD", type=Path, help="an earlier run's JSON: what is slower now?")
    parser.add_argument("--list", action="store_true", help="list the benches")


def run(args: argparse.Namespace) -> int:
    """Do what the options say; gives the exit status."""
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="glassnic-"))
    try:
        if args.rounds < 1:
            raise BenchError("There is nothing to measure in less than one round: give --rounds 5 or more.")
        benches = chosen(args.names)
        if args.list:
            show_list(benches, console)
            return 0
        before = compare.load(args.compare) if args.compare else None
        with Bed(console, folder) as bed:
            results = measure(benches, bed, args.rounds, console)
        return conclude(results, bed.notes, before, args, console)
    except BenchError as error:
        print(f"glassnic bench: {error}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def chosen(names: list[str]) -> list[Bench]:
    """The benches named, or in a group that is named, in the table's order; all if there are no names."""
    for name in names:
        if not any(name in (bench, bench.partition("/")[0]) for bench in BENCHES):
            groups = dict.fromkeys(bench.partition("/")[0] for bench in BENCHES)
            raise BenchError(f"there is no bench {name!r}: take a group ({', '.join(groups)}), or see --list")
    return [bench for name, bench in BENCHES.items() if not names or name in names or name.partition("/")[0] in names]


def measure(benches: list[Bench], bed: Bed, rounds: int, console: Console) -> list[Result]:
    """Run them; each is told of in a line as it ends."""
    results: list[Result] = []
    for bench in benches:
        with console.status(bench.name) as status:
            results.append(run_bench(bench, bed, rounds, lambda text: status.update(f"{bench.name}: {text}")))  # noqa: B023
        console.print(summary(results[-1]), highlight=False, soft_wrap=True)
    return results


def summary(result: Result) -> str:
    """A result in a line."""
    name = f"[bold]{result.bench.name:16}[/]"
    if result.wrong:
        return f"{name} [bold red]wrong output: {escape(result.wrong)}[/]"
    if not result.measures:
        return f"{name} [dim]not measured here: {escape(result.not_measured)}[/]"
    figure = f"{report.number(result.figure(next(iter(result.measures))).median)} {result.bench.unit.words}"
    against = [f"{report.number(result.ratio(peer).median)} × {peer}" for peer in result.peers]
    return f"{name} {', '.join([figure, *against])}"


def conclude(
    results: list[Result],
    notes: list[str],
    before: dict[str, Any] | None,
    args: argparse.Namespace,
    console: Console,
) -> int:
    """Show and write what was measured; the exit status."""
    console.print(report.table(results, args.rounds))
    for note in notes:
        console.print(note, highlight=False, soft_wrap=True)
    told = report.as_json(results, args.rounds, notes)
    if args.json:
        write(args.json, json.dumps(told, indent=1) + "\n")
    if args.svg:
        write(args.svg, plot.svg(plot.bars(results), args.rounds))
    status = int(any(result.wrong for result in results))
    if before is not None:
        changes = list(compare.changes(before, told["benches"]))
        console.print(compare.table(changes))
        status |= int(any(change.regressed for change in changes))
    return status


def write(path: Path, text: str) -> None:
    """Write a file, and its folder if there is none. Raises BenchError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise BenchError(f"{path} cannot be written: {error.strerror}") from error


def show_list(benches: list[Bench], console: Console) -> None:
    """The benches in words."""
    for bench in benches:
        about = f"{bench.title} [dim]({bench.backend}; {bench.batch})[/]"
        console.print(f"[bold]{bench.name:16}[/] {about}", highlight=False, soft_wrap=True)
