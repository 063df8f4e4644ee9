"""Is the table of plans complete, and does `glassnic vm` judge and show what plans leave behind?"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from glassnic.lab import plans
from glassnic.lab.command import add_arguments, chosen, run
from glassnic.lab.errors import LabError
from glassnic.lab.plan import Check, Outcome
from glassnic.lab.plans import PLANS

PROMISED = ["smoke", "mixed", "ethtool", "vlan", "jumbo", "files", "multicast", "flood", "churn", "ipxe"]


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def outcome(*held: bool) -> Outcome:
    return Outcome(PLANS["smoke"], 1.5, [Check(f"Sentence {n}.", holds, f"[seen {n}]") for n, holds in enumerate(held)])


def test_the_table_has_every_plan_and_every_file_is_in_the_table() -> None:
    assert list(PLANS) == PROMISED
    files = {path.stem for path in Path(plans.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(PLANS)


@pytest.mark.parametrize("name", PROMISED)
def test_every_plan_promises_one_sentence(name: str) -> None:
    promise = PLANS[name].promise
    assert promise.endswith(".")
    assert len(promise.split()) >= 5


def test_the_plans_run_in_the_tables_order_each_once() -> None:
    assert [plan.name for plan in chosen("mixed,smoke,mixed", None)] == ["smoke", "mixed"]
    assert [plan.name for plan in chosen("all", None)] == PROMISED
    assert chosen(None, None) == []


def test_an_unknown_plan_is_answered_with_the_ones_there_are() -> None:
    with pytest.raises(LabError, match=r"There is no plan 'smke': choose of smoke, mixed, .*, or all\."):
        chosen("smke", None)


def test_a_plan_that_needs_the_labs_wire_says_so_when_a_backend_is_given() -> None:
    with pytest.raises(LabError, match="The plan mixed looks at the other end of the lab's own wire: leave --net out"):
        chosen("smoke,mixed", "host")
    assert [plan.name for plan in chosen("smoke", "host")] == ["smoke"]


def test_a_plan_holds_when_all_its_sentences_do_and_there_are_some() -> None:
    assert outcome(True, True).holds
    assert not outcome(True, False).holds
    assert not outcome().holds


def test_an_outcome_reads_the_same_to_people_and_programs() -> None:
    told = outcome(True, False).as_json()
    assert (told["plan"], told["holds"], [check["holds"] for check in told["checks"]]) == (
        "smoke",
        False,
        [True, False],
    )
    assert json.loads(json.dumps(told)) == told
    out = io.StringIO()
    outcome(True, False).show(Console(file=out, width=80))
    assert out.getvalue().splitlines()[:3] == [
        "smoke FAILS in 2 s",
        "  ✓ Sentence 0.  [seen 0]",
        "  ✗ Sentence 1.  [seen 1]",
    ]


def test_the_list_names_every_plan_with_its_promise(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments("--list")) == 0
    said = capsys.readouterr().out
    assert all(plan.name in said for plan in PLANS.values())
    assert "every frame the guest sends is right" in " ".join(said.split())


def test_a_mistake_on_the_command_line_is_one_sentence_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments("--test", "nonsense")) == 2
    said = capsys.readouterr().err
    assert said.startswith("glassnic vm: There is no plan 'nonsense'")
    assert len(said.splitlines()) == 1
