"""How often was what found? The table that a watch leaves behind, a row for each card and code."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from glassnic.spec.findings import ERROR
from glassnic.xray.found import Found

WIDTH_OF_A_FILE = 160


def show(counts: Mapping[tuple[str, str], tuple[Found, int]]) -> None:
    """Print the table: by card and code the first finding and how many there were, the worst first."""
    table = Table(box=box.SIMPLE_HEAD, title="Out of order", title_justify="left", title_style="bold")
    for title in ("card", "finding", "severity", "times", "the first one", "section"):
        table.add_column(title, justify="right" if title == "times" else "left", no_wrap=title != "the first one")
    for (card, code), (first, times) in sorted(counts.items(), key=lambda item: _rank(*item[1])):
        style = "red" if first.severity == ERROR else "yellow"
        sentence, section = Text(first.sentence), f"§{first.section}"
        table.add_row(card, code, first.severity, str(times), sentence, section, style=style)
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE).print(table)


def _rank(first: Found, times: int) -> tuple[bool, int]:
    return first.severity != ERROR, -times
