"""`glassnic explore`: random programs on our card and on another, each difference shrunk and kept."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from glassnic.conformance.targets.open import FORMS, open_target
from glassnic.lab.errors import LabError

if TYPE_CHECKING:
    from glassnic.conformance.explore import Finding

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
VERDICTS = {
    "known": ("cyan", "glassnic does the same under a known profile"),
    "new": ("bold red", "no profile does the same: the other card's own way, or a rule that nobody has looked at"),
    "ours": ("bold magenta", "the slow twin sides with the other card: glassnic is wrong"),
    "unstable": ("yellow", "did not show again: one of the cards is not the same twice"),
}
"""Each verdict's colour, and what it means."""


def duration(text: str) -> float:
    """`90`, `90s`, `10m`, `1h` in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: write 90s, 10m or 1h")
    return float(found[1]) * UNITS[found[2]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic explore`."""
    parser.add_argument("--target", required=True, metavar="T", help=f"the other card: {', '.join(FORMS)}")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="where chance begins (default: 1)")
    parser.add_argument(
        "--budget", type=duration, default=duration("10m"), metavar="TIME", help="how long: 90s, 10m, 1h (default: 10m)"
    )
    parser.add_argument("--known", type=Path, metavar="DIR", help="differences saved before: not reported again")
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep each difference as a program, a file each")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, default=1, metavar="N", help="processes on this machine (default: 1)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster instead, as tcp://host:8786")
    parser.epilog = "Exit status: 0 no difference that was not known, 1 there is one, 2 a mistake on this side."


def run(args: argparse.Namespace) -> int:
    """Explore; print each difference as it is found, and a table at the end."""
    try:
        from glassnic.conformance.explore import Verdict, load_known, news
        from glassnic.conformance.explore_run import Progress, cluster, explore
    except ImportError as error:
        return _complain(f"exploring needs {error.name}: install glassnic[explore].")
    try:
        known = load_known(args.known) if args.known else []
        open_target(args.target).close()
        if args.save:
            args.save.mkdir(parents=True, exist_ok=True)
    except (LabError, OSError, ValueError) as error:
        return _complain(str(error))

    console = Console(highlight=False, soft_wrap=True)
    found: list[Finding] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with cluster(args.scheduler, args.workers) as client, Bar(*columns, console=console, transient=True) as bar:
            task = bar.add_task("starting")

            def tell(at: Progress) -> None:
                rate = at.programs / max(at.seconds, 1e-9)
                words = (
                    f"{at.programs} programs, {rate:.0f} a second; {at.searches} searches; {at.findings} differences"
                )
                bar.update(task, description=words)

            kept = [one.known for one in known]
            for finding in explore(client, args.target, args.seed, args.budget, tuple(kept), tell):
                found.append(finding)
                console.print(_line(len(found), finding, news(finding, kept)))
                kept.append(finding.known)
                if args.save:
                    (args.save / f"{finding.program.name}.json").write_text(finding.encode())
    except OSError as error:
        return _complain(f"no Dask scheduler answers at {args.scheduler}: {error}")
    console.print(_table(found))
    if args.save and found:
        console.print(
            f"Play one again with: glassnic conform {args.save}/NAME.json --target self --target {args.target}"
        )
    return int(any(one.verdict is not Verdict.KNOWN for one in found))


def _line(number: int, finding: Finding, looks: frozenset[str]) -> Text:
    """One difference in one line: what the program has, and what differs that did not before."""
    verdict = finding.verdict.value
    words = Text(f"{number:3} ")
    words.append(f"{verdict:8} ", style=VERDICTS[verdict][0])
    words.append(", ".join(sorted(finding.known.features)) or "nothing odd", style="bold")
    words.append(f": {', '.join(sorted(looks))} differ{'s' * (len(looks) == 1)}")
    words.append(f" (as {finding.profile})" if finding.profile else "")
    return words


def _table(found: list[Finding]) -> Table | str:
    """How many of which kind."""
    if not found:
        return "No difference that was not known."
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("differences", justify="right")
    table.add_column("")
    table.add_column("")
    for verdict, number in Counter(one.verdict for one in found).most_common():
        colour, words = VERDICTS[verdict.value]
        table.add_row(str(number), Text(verdict.value, colour), words)
    return table


def _complain(sentence: str) -> int:
    print(f"glassnic explore: {sentence}", file=sys.stderr)
    return 2
