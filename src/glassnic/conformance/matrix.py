"""What did all cards do, at a glance? Programs by targets, a sign each; what all keep of a section is one row.

Above it, for whoever reads on, each failure in words and bytes; those that several targets show alike stand once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from string import ascii_uppercase

from rich.console import Console
from rich.table import Table
from rich.text import Text

from glassnic.conformance.difference import ROW_BYTES, Difference, Row, differences
from glassnic.conformance.program import Program
from glassnic.conformance.run import Mark, Verdict

STYLES = {
    Mark.PASSES: "green",
    Mark.READING: "cyan",
    Mark.UNSEEN: "dim",
    Mark.UNABLE: "dim",
    Mark.STRAYS: "bold yellow",
    Mark.FAILS: "bold red",
    Mark.LOST: "bold magenta",
}
MOST_ROWS = 6
"""Rows of differing bytes that are shown of one difference."""
WRONG = "bold red"

By = Mapping[tuple[str, str], Verdict]
"""Verdicts by target and address."""


def letters(targets: Sequence[str]) -> dict[str, str]:
    """What heads each target's column."""
    return {target: ascii_uppercase[number % len(ascii_uppercase)] for number, target in enumerate(targets)}


def table(programs: Sequence[Program], targets: Sequence[str], by: By) -> Table:
    """The matrix."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    drawn.add_column("program", overflow="fold")
    for letter in letters(targets).values():
        drawn.add_column(letter, justify="center")
    for section, of in groupby(programs, lambda one: one.section):
        plain = 0
        for one in of:
            marks = [by[target, one.address].mark for target in targets]
            if set(marks) == {Mark.PASSES}:
                plain += 1
            else:
                drawn.add_row(one.address, *map(_sign, marks))
        if plain:
            drawn.add_row(f"[dim]{section}: {plain} that all keep[/]", *[_sign(Mark.PASSES)] * len(targets))
    return drawn


def legend(programs: Sequence[Program], targets: Mapping[str, str], by: By) -> Iterator[Text]:
    """A line for each target: its letter, its name, its counts; then what the signs mean. `targets`: names by word."""
    for target, letter in letters(list(targets)).items():
        counts = Counter(by[target, one.address].mark for one in programs)
        line = Text.assemble((letter, "bold"), f"  {targets[target]}: ")
        yield line.append_text(
            Text(", ").join(Text.assemble(_sign(mark), f" {counts[mark]}") for mark in Mark if counts[mark])
        )
    for target, letter in letters(list(targets)).items():
        lacks = Counter(by[target, one.address].outcome.unable for one in programs)
        for lack, count in lacks.items():
            if lack:
                yield Text.assemble((letter, "bold"), (f"  not judged by {count} programs: {lack}", "dim"))
    used = {verdict.mark for verdict in by.values()}
    yield Text("   ").join(Text.assemble(_sign(mark), (f" {mark.words}", "dim")) for mark in Mark if mark in used)


def failures(verdicts: Iterable[Verdict]) -> Iterator[tuple[Verdict, list[str]]]:
    """Each way in which a program failed, and the targets that show it."""
    ways: dict[object, tuple[Verdict, list[str]]] = {}
    for verdict in verdicts:
        outcome = verdict.outcome
        if not outcome.passed:
            key = (outcome.program.address, outcome.lost, repr(outcome.failures), verdict.steady)
            ways.setdefault(key, (verdict, []))[1].append(verdict.target)
    yield from ways.values()


def show_failure(console: Console, verdict: Verdict, targets: Sequence[str]) -> None:
    """A failure in words and bytes."""
    program = verdict.program
    seldom = "" if verdict.steady else " [yellow](not the same when played again)[/]"
    console.print(f"{_sign(verdict.mark).markup} [bold]{program.address}[/] on {', '.join(targets)}{seldom}")
    section = f" [dim]§{program.section}[/]" if program.section[:1].isdigit() else ""
    console.print(f"  {program.rule}{section}")
    for difference in differences(verdict.outcome):
        show_difference(console, difference)
    console.print()


def show_difference(console: Console, difference: Difference) -> None:
    """A sentence, and the bytes where it is about bytes."""
    console.print(f"  [yellow]{difference.words}[/]")
    rows = list(difference.rows())
    if rows:
        width = ROW_BYTES * 3
        console.print(Text(f"  {'':>6}  {'expected':{width}}  real", "dim"))
    for row in rows[:MOST_ROWS]:
        console.print(_side_by_side(row))
    if len(rows) > MOST_ROWS:
        console.print(f"          [dim]and {len(rows) - MOST_ROWS} more rows that differ[/]")


def _sign(mark: Mark) -> Text:
    return Text(mark.sign, STYLES[mark])


def _side_by_side(row: Row) -> Text:
    """Expected bytes, then real ones; those that differ stand out in colour and by a mark behind them."""
    line = Text(f"  {row.offset:6x}  ")
    for octets in (row.expected, row.found):
        for at in range(ROW_BYTES):
            here = f"{octets[at]:02x}" if at < len(octets) else "--" if at in row.wrong else "  "
            wrong = at in row.wrong
            line.append(here, WRONG if wrong else "").append("<" if wrong else " ", WRONG if wrong else "")
        line.append("  ")
    line.rstrip()
    return line
