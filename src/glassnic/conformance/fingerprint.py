"""Whose card is it? Holds what a card showed against what ours shows under each profile and each value of a trait.

Nothing is declared by hand: a program witnesses a trait if our card behaves differently on it under two values of the
trait. What a card showed on the witnesses says which value it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from glassnic.conformance.play import Outcome, play
from glassnic.conformance.program import Program
from glassnic.conformance.targets.inside import Inside
from glassnic.spec.profiles import PROFILES, Traits


class Reading(NamedTuple):
    """A trait as a card shows it. `value` is None if no known value explains what was seen on any witness."""

    trait: str
    value: object
    agreeing: int
    witnesses: int


class Fingerprint(NamedTuple):
    """The nearest known profile, the programs on which the card differs from it, and the traits it shows."""

    profile: str
    differs: tuple[Program, ...]
    traits: tuple[Reading, ...]
    distances: tuple[tuple[str, int], ...]
    """For each profile, the nearest first: on how many programs the card differs."""


def fingerprint(
    outcomes: Sequence[Outcome], model: str = "82540em", step: Callable[[], None] = lambda: None
) -> Fingerprint:
    """Recognise a card by its outcomes. `step` is called for each of the runs of our own card that this takes."""
    programs = [outcome.program for outcome in outcomes]
    known: dict[Traits, list[Outcome]] = {}

    def ours(traits: Traits) -> list[Outcome]:
        if traits not in known:
            step()
            known[traits] = [play(one, Inside(traits, model)) for one in programs]
        return known[traits]

    distance = {name: _differing(outcomes, ours(traits)) for name, traits in PROFILES.items()}
    nearest = min(distance, key=lambda name: len(distance[name]))
    readings = tuple(_read(trait, outcomes, PROFILES[nearest], ours) for trait in Traits._fields)
    ordered = sorted(((name, len(found)) for name, found in distance.items()), key=lambda pair: pair[1])
    return Fingerprint(nearest, tuple(distance[nearest]), readings, tuple(ordered))


def _differing(theirs: Sequence[Outcome], ours: Sequence[Outcome]) -> list[Program]:
    return [one.program for one, other in zip(theirs, ours, strict=True) if not one.agrees(other)]


def _read(trait: str, outcomes: Sequence[Outcome], base: Traits, ours: Callable[[Traits], list[Outcome]]) -> Reading:
    """Which value of a trait explains most of what the witnesses showed."""
    values = sorted({getattr(traits, trait) for traits in PROFILES.values()} | {getattr(base, trait)})
    runs = {value: ours(base._replace(**{trait: value})) for value in values}
    first = runs[values[0]]
    witnesses = [at for at in range(len(outcomes)) if any(not run[at].agrees(first[at]) for run in runs.values())]
    score = {value: sum(outcomes[at].agrees(run[at]) for at in witnesses) for value, run in runs.items()}
    best = max(values, key=lambda value: (score[value], value == getattr(base, trait)))
    explained = not witnesses or score[best] > 0
    return Reading(trait, best if explained else None, score[best], len(witnesses))
