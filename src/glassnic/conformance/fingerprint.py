"""Whose card is it? Holds what it showed against what ours shows under each profile, then with single traits changed.

Nothing is declared by hand: a trait is another one if our card, with that value, behaves more like the card than the
nearest profile does. A profile that differs in nothing leaves nothing to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Any, NamedTuple

from glassnic.conformance.play import Outcome, play
from glassnic.conformance.program import Program
from glassnic.conformance.targets.inside import Inside
from glassnic.spec.profiles import PROFILES, Traits


class Reading(NamedTuple):
    """A trait in which a card is unlike the nearest profile, and on how many programs that explains it."""

    trait: str
    value: Any
    explains: int


class Fingerprint(NamedTuple):
    """The nearest known profile, what else the card shows, and the programs that neither explains."""

    profile: str
    distances: tuple[tuple[str, int], ...]
    """For each profile, the nearest first: on how many programs the card differs."""
    others: tuple[Reading, ...]
    differs: tuple[Program, ...]

    @property
    def traits(self) -> Traits:
        """All traits as the card shows them."""
        return reduce(lambda traits, one: _with(traits, one.trait, one.value), self.others, PROFILES[self.profile])


def fingerprint(
    outcomes: Sequence[Outcome], model: str = "82540em", step: Callable[[], None] = lambda: None
) -> Fingerprint:
    """Recognise a card by its outcomes. `step` is called for each profile that is tried."""
    unlike: dict[str, list[Outcome]] = {}
    for name, traits in PROFILES.items():
        unlike[name] = _unlike(outcomes, traits, model)
        step()
    ordered = sorted(unlike, key=lambda name: len(unlike[name]))
    nearest = ordered[0]
    shown, differs, others = PROFILES[nearest], unlike[nearest], []
    for trait in Traits._fields:
        for value in _values(trait, shown):
            changed = _with(shown, trait, value)
            left = _unlike(differs, changed, model)
            if len(left) < len(differs) and len(left := _unlike(outcomes, changed, model)) < len(differs):
                others.append(Reading(trait, value, len(differs) - len(left)))
                shown, differs = changed, left
    distances = tuple((name, len(unlike[name])) for name in ordered)
    return Fingerprint(nearest, distances, tuple(others), tuple(one.program for one in differs))


def _unlike(theirs: Sequence[Outcome], traits: Traits, model: str) -> list[Outcome]:
    """What a card with these traits does not show."""
    return [one for one in theirs if not one.agrees(_ours(one.program, traits, model))]


@cache
def _ours(program: Program, traits: Traits, model: str) -> Outcome:
    return play(program, Inside(traits, model))


def _with(traits: Traits, trait: str, value: Any) -> Traits:
    return traits._replace(**{trait: value})


def _values(trait: str, shown: Traits) -> list[Any]:
    """The values that any known card has for a trait, but for the one at hand."""
    known: list[Any] = list(dict.fromkeys(getattr(traits, trait) for traits in PROFILES.values()))
    return [value for value in known if value != getattr(shown, trait)]
