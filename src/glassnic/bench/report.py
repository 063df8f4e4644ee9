"""How do results read? A table for people, with the goals beside the figures, and one JSON object for programs, which a
later run can be compared with.
"""

from __future__ import annotations

import os
import platform
from typing import Any

from rich.markup import escape
from rich.table import Table

from glassnic import __version__
from glassnic.bench.measure import Spread
from glassnic.bench.run import Result

MARKS = {True: "[green]✓[/]", False: "[bold red]✗[/]"}


def number(value: float, digits: int = 3) -> str:
    """So many digits that count; all of those before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.{digits}g}"


def words(spread: Spread) -> str:
    """`12.3 (11.9–14)`: the median, then what lies around it."""
    return f"{number(spread.median)} [dim]({number(spread.low, 2)}–{number(spread.high, 2)})[/]"


def table(results: list[Result], rounds: int) -> Table:
    """The table: a row a bench, in it a line a contender, ours first."""
    title = f"Medians of {rounds} rounds in turn (lowest–highest); CPU: processor time of the device's process"
    out = Table(title=title, title_justify="left", show_lines=True)
    out.add_column("bench", min_width=26)
    for heading in ("who", "figure", "CPU", "peer / ours", "goal"):
        out.add_column(heading, no_wrap=True, justify="left" if heading == "who" else "right")
    for result in results:
        out.add_row(_about(result), *("\n".join(column) for column in zip(*_lines(result), strict=True)))
    return out


def _about(result: Result) -> str:
    bench = result.bench
    lines = [f"[bold]{bench.name}[/]", escape(bench.title), f"[dim]{escape(bench.backend)}; {escape(bench.batch)}[/]"]
    lines += [f"[bold red]{escape(result.wrong)}[/]"] if result.wrong else []
    lines += [escape(result.not_measured)] if result.not_measured else []
    lines += [f"[dim]in[/] {bench.unit.words}"] if result.measures else []
    return "\n".join(lines)


def _lines(result: Result) -> list[tuple[str, str, str, str, str]]:
    """Who, figure, processor time, ratio and goal of each contender."""
    if not result.measures:
        return [("[bold red]wrong output[/]" if result.wrong else "not measured here", "", "", "", "")]
    lines = []
    for name, measures in result.measures.items():
        used = result.bench.unit.cpu(measures)
        spent = "" if used is None else number(used) + (" %" if result.bench.unit.is_rate else "")
        ratio = words(result.ratio(name)) if name in result.peers else ""
        lines.append((name, words(result.figure(name)), spent, ratio, _goal(result, name)))
    return lines


def _goal(result: Result, name: str) -> str:
    limit = result.bench.limit
    if name in result.peers and (goal := result.goal(name)) is not None:
        return f"≥ {number(goal)} {MARKS[result.ratio(name).median >= goal]}"
    if name not in result.peers and limit is not None:
        return f"≤ {limit:g} {MARKS[result.figure(name).median <= limit]}"
    return ""


def as_json(results: list[Result], rounds: int, notes: list[str]) -> dict[str, Any]:
    """All there is to know about a run."""
    machine = {
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }
    benches = {result.bench.name: _result_as_json(result) for result in results}
    return {"glassnic": __version__, "rounds": rounds, "machine": machine, "notes": notes, "benches": benches}


def _result_as_json(result: Result) -> dict[str, Any]:
    bench = result.bench
    told: dict[str, Any] = {
        "title": bench.title,
        "backend": bench.backend,
        "batch": bench.batch,
        "unit": bench.unit.words,
        "goals": bench.goals,
        "limit": bench.limit,
        "wrong": result.wrong,
        "not_measured": result.not_measured,
    }
    told["contenders"] = {
        name: {
            "figure": result.figure(name)._asdict(),
            "cpu": bench.unit.cpu(measures),
            "ratio": result.ratio(name)._asdict() if name in result.peers else None,
            "measures": [measure._asdict() for measure in measures],
        }
        for name, measures in result.measures.items()
    }
    return told
