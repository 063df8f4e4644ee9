"""What is a plan, and what does it leave behind? A plan is a function that makes claims in sentences and puts each to
the test on the running guest; what is left is a list of checks, which a person reads as a table and a program as
JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

from rich.console import Console
from rich.markup import escape


class Plan(NamedTuple):
    """One row of the table of plans."""

    name: str
    promise: str
    run: Callable[[Any], None]
    """Takes the `Lab`, which knows plans and not the other way round."""
    any_net: bool
    """Whether it can do without the lab's own wire."""
    boots_itself: bool
    watched: bool
    """Whether the card writes down what is wrong with requests and frames meanwhile."""

    @classmethod
    def of(cls, module: ModuleType) -> Plan:
        """The plan that a module of `plans/` describes: its name, the first sentence of its docstring, its `run`."""
        promise = (module.__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()
        return cls(
            module.__name__.rpartition(".")[2],
            promise,
            module.run,
            getattr(module, "ANY_NET", False),
            getattr(module, "BOOTS_ITSELF", False),
            getattr(module, "WATCHED", False),
        )


class Check(NamedTuple):
    """A sentence, whether it holds, and what was seen."""

    sentence: str
    holds: bool
    detail: str


@dataclass
class Outcome:
    """What a plan left behind."""

    plan: Plan
    seconds: float = 0.0
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """A plan that checked nothing shows nothing."""
        return bool(self.checks) and all(check.holds for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        checks = [check._asdict() for check in self.checks]
        return {
            "plan": self.plan.name,
            "holds": self.holds,
            "seconds": round(self.seconds, 1),
            "checks": checks,
            "notes": self.notes,
        }

    def show(self, console: Console, *, with_promise: bool = False) -> None:
        """For people: a line a check, sentence first."""
        verdict = "[bold green]holds[/]" if self.holds else "[bold red]FAILS[/]"
        console.print(f"[bold]{self.plan.name}[/] {verdict} [dim]in {self.seconds:.0f} s[/]", highlight=False)
        if with_promise:
            console.print(f"  [dim]{escape(self.plan.promise)}[/]", highlight=False, soft_wrap=True)
        for check in self.checks:
            mark = "[green]✓[/]" if check.holds else "[bold red]✗[/]"
            detail = f"  [dim]{escape(check.detail)}[/]" if check.detail else ""
            console.print(f"  {mark} {escape(check.sentence)}{detail}", highlight=False, soft_wrap=True)
        for note in self.notes:
            console.print(f"    {note}", style="dim", markup=False, highlight=False, soft_wrap=True)
        console.print()
