"""What does `glassnic conform` do? Plays programs on targets, and shows which rules of the manual each keeps.

Exit status 0: nothing fails, or nothing but what `--expect` knows. 1: something does. 2: the command makes no sense
here, or a target cannot be had.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from glassnic.conformance import expect, matrix
from glassnic.conformance.fingerprint import fingerprint
from glassnic.conformance.page import as_json, page
from glassnic.conformance.program import Program
from glassnic.conformance.programs import PROGRAMS
from glassnic.conformance.run import Verdict, chosen, in_order, judge
from glassnic.conformance.sheet import sheet
from glassnic.conformance.targets.open import FORMS, open_target
from glassnic.conformance.targets.port import Target
from glassnic.lab.errors import LabError
from glassnic.spec.models import MODELS
from glassnic.spec.profiles import PROFILES

DESCRIPTION = """\
Put a card to rules of Intel's manual, each a short program with what must be seen then, and show which it keeps and
which it breaks, with the bytes. Any implementation of the 8254x can be a target."""
PATTERN = """\
a section and those below it (3.5), the second program of a section (3.5/2), an address (3.6/NAME), a part of one, a
glob, or a file with a program (FILE.json); default: all"""

LISTED = 8
"""Programs that nothing explains: so many are named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic conform`."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    width = max(map(len, FORMS))
    parser.epilog = "targets:\n" + "\n".join(f"  {form:{width}}  {words}" for form, words in FORMS.items())
    parser.add_argument("patterns", metavar="PATTERN", nargs="*", help=PATTERN)
    parser.add_argument("--target", metavar="T", action="append", help="a card, see below; may be repeated (self)")
    parser.add_argument("--profile", choices=tuple(PROFILES), default="manual", help="of our card (manual)")
    parser.add_argument("--model", choices=tuple(MODELS), default="82540em", help="of our card (82540em)")
    parser.add_argument(
        "--fingerprint", action="store_true", help="name each card's nearest known profile, and what else it shows"
    )
    parser.add_argument("--list", action="store_true", help="list the programs, one a line")
    parser.add_argument("--json", metavar="FILE", help="write the results here; - is standard output")
    parser.add_argument("--html", metavar="FILE", type=Path, help="make a page of the results, which loads nothing")
    parser.add_argument(
        "--markdown", metavar="FILE", type=Path, help="write a document: rules kept by section, and each divergence"
    )
    parser.add_argument(
        "--expect", metavar="FILE", type=Path, help="failures that are known: only others fail the command"
    )
    parser.add_argument("--write-expect", metavar="FILE", type=Path, help="make such a file of all that fails now")


def run(args: argparse.Namespace) -> int:
    """Do what the options say; gives the exit status."""
    console = Console(stderr=args.json == "-", highlight=False, soft_wrap=True)
    try:
        programs = chosen(args.patterns, in_order(PROGRAMS))
        if args.list:
            show_list(programs)
            return 0
        known = expect.read(args.expect) if args.expect else frozenset()
        words = list(dict.fromkeys(args.target or ["self"]))
        targets = {word: open_target(word, args.profile, args.model, console) for word in words}
        verdicts = play_all(programs, targets, console)
        names = {word: target.name for word, target in targets.items()}
        show(programs, names, verdicts, known, console)
        keep(programs, names, verdicts, known, args)
        if args.fingerprint:
            show_fingerprints(names, verdicts, args.model, console)
        return conclude(verdicts, known, console)
    except LabError as error:
        print(f"glassnic conform: {error}", file=sys.stderr)
        return 2


def play_all(programs: Sequence[Program], targets: dict[str, Target], console: Console) -> list[Verdict]:
    """Play, under a bar that shows how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=len(programs) * len(targets))
        return judge(
            programs,
            targets,
            lambda one: progress.update(
                bar, advance=1, description=f"{targets[one.target].name}  {one.program.address}"
            ),
        )


def show_list(programs: Iterable[Program]) -> None:
    """The programs, one a line: section and number, address, rule."""
    number, section = 0, ""
    for one in programs:
        number, section = number + 1 if one.section == section else 1, one.section
        ambiguous = "" if one.firm else " (the manual can be read in more than one way)"
        print(f"{f'{section}/{number}':12} {one.address}: {one.rule}{ambiguous}")


def show(
    programs: Sequence[Program], names: dict[str, str], verdicts: list[Verdict], known: expect.Known, console: Console
) -> None:
    """Each new failure, the matrix, and what it counts."""
    by = {one.key: one for one in verdicts}
    new = [one for one in verdicts if one.key not in known]
    for verdict, words in matrix.failures(new):
        matrix.show_failure(console, verdict, [names[word] for word in words])
    console.print(matrix.table(programs, list(names), by))
    console.print()
    for line in matrix.legend(programs, names, by):
        console.print(line)


def show_fingerprints(names: dict[str, str], verdicts: Sequence[Verdict], model: str, console: Console) -> None:
    """Whose card each is, as far as these programs tell."""
    for word, name in names.items():
        outcomes = [one.outcome for one in verdicts if one.target == word]
        with console.status(f"{name}: compared with {len(PROFILES)} profiles"):
            found = fingerprint(outcomes, model)
        distances = ", ".join(f"{profile} {number}" for profile, number in found.distances)
        console.print(
            f"[bold]{name}[/] is nearest to profile [bold]{found.profile}[/] (programs that differ: {distances})"
        )
        for other in found.others:
            console.print(f"  but {other.trait} is {other.value}: explains {other.explains}")
        if found.differs:
            first = ", ".join(one.address for one in found.differs[:LISTED])
            more = len(found.differs) - LISTED
            console.print(f"  unexplained {len(found.differs)}: {first}{f' and {more} more' if more > 0 else ''}")


def keep(
    programs: Sequence[Program],
    names: dict[str, str],
    verdicts: list[Verdict],
    known: expect.Known,
    args: argparse.Namespace,
) -> None:
    """Write what was asked for. Raises LabError."""
    by = {one.key: one for one in verdicts}
    if args.json:
        text = json.dumps(as_json(programs, names, by, known), indent=1) + "\n"
        print(text, end="") if args.json == "-" else _write(Path(args.json), text)
    if args.html:
        _write(args.html, page(programs, names, by))
    if args.markdown:
        _write(args.markdown, sheet(programs, names, by))
    if args.write_expect:
        _write(args.write_expect, expect.text(verdicts))


def conclude(verdicts: Sequence[Verdict], known: expect.Known, console: Console) -> int:
    """The last line; gives the exit status."""
    failing = [one for one in verdicts if not one.outcome.passed]
    new = [one for one in failing if one.key not in known]
    for one in verdicts:
        if one.outcome.passed and one.key in known:
            console.print(f"[yellow]{escape(' '.join(one.key))} is known to fail and passes: take it off the list.[/]")
    old = f", {len(failing) - len(new)} known" if known else ""
    if new:
        console.print(f"[bold red]{len(new)} fail{old}[/] [dim]of {len(verdicts)}[/]")
        return 1
    console.print(
        f"[bold green]{'Nothing new fails' if known else 'All pass'}{old}[/] [dim]({len(verdicts)} played)[/]"
    )
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LabError(f"{path} cannot be written: {error.strerror}.") from error
