"""What does `glassnic replay` do? Plays what `glassnic serve --record` has recorded on cards, and shows how far they do
the same; or cuts a program out of it.

Exit status 0: all was the same. 1: something was not. 2: the command makes no sense here, or a card cannot be had.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from glassnic.conformance.cut import cut
from glassnic.conformance.difference import differences
from glassnic.conformance.matrix import show_difference
from glassnic.conformance.play import Outcome
from glassnic.conformance.program import Arrive, Poke, Wait, Write, WriteIo
from glassnic.conformance.recording import Recording, read_recording
from glassnic.conformance.replay import Replayed, replay
from glassnic.conformance.targets.open import FORMS, open_target
from glassnic.conformance.targets.port import Target
from glassnic.conformance.targets.still import Still
from glassnic.lab.errors import LabError

DESCRIPTION = """\
Play a session that `glassnic serve --record FILE` has recorded: every register access of the guest's driver, every
frame that came, and what its memory held. Shown is how far a card answers, sends and writes what the recorded one did.
On glassnic in this process (self) all must be the same; on a card in real time what depends on time may differ."""
EXAMPLE = """\
from a guest's bug to a program (step N is line N+1 of the recording):
  glassnic vm --test mixed --record s.rec        or `glassnic serve --record s.rec` and a guest of your own
  glassnic replay s.rec --target qemu-11.1       says which step differs: say 38255
  glassnic replay s.rec --save bug.json --from 38240 --to 38255
  glassnic conform bug.json --target self --target qemu-11.1"""
MOST_ROWS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic replay`."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    width = max(map(len, FORMS))
    targets = "".join(f"  {form:{width}}  {words}\n" for form, words in FORMS.items())
    parser.epilog = f"targets:\n{targets}\n{EXAMPLE}"
    parser.add_argument("file", metavar="FILE", type=Path, help="the recording")
    parser.add_argument("--target", metavar="T", action="append", help="a card, see below; may be repeated (self)")
    parser.add_argument(
        "--save",
        metavar="FILE.json",
        type=Path,
        help="play nothing, but cut steps out as a program for `glassnic conform`, with what they need of the steps "
        "before them; with --target T so that T goes on failing",
    )
    parser.add_argument("--from", dest="first", metavar="STEP", type=int, help="where the program begins (1)")
    parser.add_argument("--to", dest="last", metavar="STEP", type=int, help="where it ends (the last step)")


def run(args: argparse.Namespace) -> int:
    """Do what the options say; gives the exit status."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        recording = read_recording(args.file)
        if args.save is not None:
            save(recording, args, console)
            return 0
        if args.first is not None or args.last is not None:
            raise LabError("--from and --to say what --save saves: give it too.")
        console.print(f"{escape(str(args.file))}: {describe(recording)}")
        words = list(dict.fromkeys(args.target or ["self"]))
        results = [play_on(recording, word, console) for word in words]
    except LabError as error:
        print(f"glassnic replay: {error}", file=sys.stderr)
        return 2
    return 0 if all(result.same for result in results) else 1


def describe(recording: Recording) -> str:
    """What is in a recording, in a sentence."""
    moments = recording.moments
    writes = sum(isinstance(one, Write | WriteIo) for one in moments)
    came = sum(len(one.frames) for one in moments if isinstance(one, Arrive))
    octets = sum(len(one.data) for one in moments if isinstance(one, Poke))
    seconds = sum(one.duration_ns for one in moments if isinstance(one, Wait)) / 1e9
    return (
        f"an {recording.head.model} with profile {recording.head.profile}, {seconds:.1f} s in {len(moments)} steps: "
        f"{writes} register writes, {came} frames came, {octets} bytes of memory were read"
    )


def play_on(recording: Recording, word: str, console: Console) -> Replayed:
    """Play on the card that `word` means, under a bar, and show what came of it. Raises LabError."""
    target = _card(recording, word, console)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            bar = progress.add_task(target.name, total=len(recording.moments))
            result = replay(recording, target, lambda taken: progress.update(bar, completed=taken))
    finally:
        target.close()
    show(result, word, console)
    return result


def _card(recording: Recording, word: str, console: Console) -> Target:
    """`self` is our card at the recording's own pace; with a profile, that of the recording with another profile."""
    kind, _, profile = word.partition(":")
    if kind != "self":
        return open_target(word, recording.head.profile, recording.head.model, console)
    if profile:
        open_target(word)  # or raise what is wrong with it
    return Still(recording.head.model, profile or recording.head.profile, recording.head.eeprom)


def show(result: Replayed, word: str, console: Console) -> None:
    """How much was the same, by kind; what differs; and of each kind the first difference, with its bytes."""
    verdict = "[bold green]the same[/]" if result.same else "[bold red]not the same[/]"
    console.print(f"[bold]{escape(result.target)}[/] ({escape(word)}): {verdict}")
    counts = result.counts()
    table = _table("", "the same", "of")
    for count in counts:
        style = "green" if count.first is None else "red"
        table.add_row(count.about, f"[{style}]{count.same}[/]", str(count.total))
    console.print(table)
    show_differing(result, console)
    firsts = [(one.first, one.about) for one in counts if one.first is not None]
    for first, about in sorted(firsts, key=lambda pair: pair[0].step):
        console.print(f"[bold]{about}[/], the first difference:")
        for difference in differences(Outcome(result.outcome.program, (first,))):
            show_difference(console, difference)
    if result.outcome.lost:
        console.print(f"[bold red]The card was lost[/]: {escape(result.outcome.lost)}.")


def show_differing(result: Replayed, console: Console) -> None:
    """Which registers answer otherwise, and which fields of descriptors are written otherwise; how often."""
    rows = result.differing()
    if not rows:
        return
    table = _table("what differs", "times", "since step", "in")
    for row in rows[:MOST_ROWS]:
        table.add_row(row.what, str(row.times), str(row.step + 1), row.fields)
    console.print(table)
    if len(rows) > MOST_ROWS:
        console.print(f"  [dim]and {len(rows) - MOST_ROWS} more registers[/]")


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for column in columns:
        table.add_column(column, justify="left" if column in (columns[0], "in") else "right")
    return table


def save(recording: Recording, args: argparse.Namespace, console: Console) -> None:
    """Cut a program out, and write it. Raises LabError."""
    path: Path = args.save
    first, last = args.first or 1, args.last or len(recording.moments)
    if path.suffix != ".json":
        raise LabError(f"A program's file ends in .json, so that `glassnic conform` knows it: not {path}.")
    if args.target and len(args.target) > 1:
        raise LabError("--save takes one --target at most: the card on which the program is to fail.")
    head = recording.head
    other = open_target(args.target[0], head.profile, head.model, console) if args.target else None
    with console.status("finding out what the steps need") as status, closing(other) if other else nullcontext():
        found = cut(
            *(recording, first, last, path.stem, other),
            tell=lambda left: status.update(f"{left} of the steps before them are left"),
        )
    try:
        path.write_text(found.program.encode(), encoding="utf-8")
    except OSError as error:
        raise LabError(f"{path} cannot be written: {error.strerror}.") from error
    console.print(f"{escape(str(path))}: " + ", ".join(_told(found.before, found.left_out)) + ".")
    console.print(f"Play it with: glassnic conform {escape(str(path))} --target …")


def _told(before: int, left_out: int) -> Iterator[str]:
    yield f"the steps, and {before} of those before them that they need"
    if left_out:
        yield f"without {left_out} answer{'s' * (left_out > 1)} that depend{'s' * (left_out == 1)} on when one asks"
