"""Has the card become slower since? Two runs are compared by what hardly depends on how busy the machine was: ratios to
peers, where there are peers, else the card's own figure. A change counts where each median lies outside the other run's
spread.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from glassnic.bench.measure import BenchError, Spread
from glassnic.bench.report import words


class Change(NamedTuple):
    """What one bench says of one peer, or of ours alone, in both runs."""

    bench: str
    against: str
    before: Spread
    now: Spread
    more_is_better: bool

    @property
    def regressed(self) -> bool:
        """Is it worse now, and not by noise alone?"""
        worse = self.now.median < self.before.median if self.more_is_better else self.now.median > self.before.median
        return worse and self.now.apart_from(self.before)

    @property
    def improved(self) -> bool:
        """Is it better now, and not by noise alone?"""
        return self.now.apart_from(self.before) and not self.regressed


def load(path: Path) -> dict[str, Any]:
    """The results of an earlier run, as `--json` wrote them. BenchError says what is wrong with the file."""
    try:
        told = json.loads(path.read_text())
        return dict(told["benches"])
    except OSError as error:
        raise BenchError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{path} holds no results: give a file that `glassnic bench --json FILE` wrote") from error


def changes(before: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    """One for each figure that both runs have."""
    for name in now:
        old, new = before.get(name, {}).get("contenders", {}), now[name]["contenders"]
        for who in new:
            if who not in old or not new[who]["figure"]:
                continue
            if new[who]["ratio"] and old[who]["ratio"]:
                yield Change(name, who, Spread(**old[who]["ratio"]), Spread(**new[who]["ratio"]), more_is_better=True)
            elif len(new) == 1:
                yield Change(name, "", Spread(**old[who]["figure"]), Spread(**new[who]["figure"]), more_is_better=False)


def table(found: list[Change]) -> Table:
    """Before and now, and what to make of it."""
    out = Table(title="Against the earlier run: peer / ours (or the figure itself)", title_justify="left")
    for heading in ("bench", "against", "before", "now", ""):
        out.add_column(heading, no_wrap=True, justify="left" if heading in ("bench", "against", "") else "right")
    for change in found:
        verdict = "[bold red]slower[/]" if change.regressed else "[green]faster[/]" if change.improved else ""
        out.add_row(change.bench, change.against, words(change.before), words(change.now), verdict)
    return out
