"""Can it be read? Eighty columns, no terminal, no colour: the marks must carry the meaning alone."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from glassnic.demo import scenario
from glassnic.demo.scenario import Arrival, Outcome
from glassnic.demo.show import tell

BOTH = ("manual", "one-context")


def told(*outcomes: Outcome, **how: object) -> str:
    out = io.StringIO()
    tell(list(outcomes), Console(file=out, width=80, **{"highlight": False, **how}))  # type: ignore[arg-type]
    return out.getvalue()


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    return {profile: scenario.run(profile) for profile in BOTH}


def test_it_fits_eighty_columns(outcomes: dict[str, Outcome]) -> None:
    text = told(*outcomes.values())
    assert max(len(line) for line in text.splitlines()) <= 80
    for whole in (
        "✗ wrong at 40-41, 50-51",
        "✗ 2 frames with a wrong",
        "✗ 2 messages corrupted",
        "✓ every byte as sent",
    ):
        assert whole in text


def test_without_colour_carets_stand_under_the_wrong_bytes(outcomes: dict[str, Outcome]) -> None:
    text = told(*outcomes.values(), no_color=True, force_terminal=False)
    assert "\x1b" not in text
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if line.lstrip().startswith("48 "))
    dump, carets = lines[place], lines[place + 1]
    wrong = outcomes["one-context"].arrivals[4].frame[50:52].hex(" ")
    assert dump[carets.index("^^") : carets.index("^^") + 5] == wrong
    assert carets.strip().split() == ["^^", "^^", "^^"]  # two bytes, and both as letters


def test_on_a_terminal_the_wrong_bytes_are_coloured(outcomes: dict[str, Outcome]) -> None:
    text = told(outcomes["one-context"], force_terminal=True, color_system="standard", no_color=False)
    assert "\x1b[1;31m" in text


def test_one_profile_alone_is_told_in_one_column(outcomes: dict[str, Outcome]) -> None:
    text = told(outcomes["manual"])
    assert "one-context" not in text
    assert "damage" not in text


def test_a_card_that_breaks_the_claim_is_not_explained_away(outcomes: dict[str, Outcome]) -> None:
    arrivals = outcomes["manual"].arrivals
    lost = Arrival(arrivals[4].expected, b"", b"")
    text = told(Outcome("manual", [*arrivals[:4], lost, *arrivals[5:]]), outcomes["one-context"])
    assert "manual: the card did NOT do what this profile foretells" in text
    assert "✗ never came" in text
