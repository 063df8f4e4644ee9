"""Is the table of plans complete, and does `glassnic vm` judge and show what plans leave behind?"""

from __future__ import annotations

import argparse
import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from glassnic.lab import plans
from glassnic.lab.card import CardChoice
from glassnic.lab.command import add_arguments, chosen, conclude, leave_out, of_the_card, run
from glassnic.lab.errors import LabError
from glassnic.lab.fetch import Fetched
from glassnic.lab.kit import Kit, Qemu
from glassnic.lab.lab import Lab
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


def test_each_machines_card_writes_files_of_its_own_and_listens_at_the_one_socket() -> None:
    card = CardChoice(serve={"pcapng": "/tmp/a.pcapng,size=1M", "record": "b.rec", "control": "/tmp/c"})
    assert card.of_machine(1).serve["pcapng"] == "/tmp/a.pcapng,size=1M"
    assert card.of_machine(3).serve == {
        "pcapng": "/tmp/a-3.pcapng,size=1M", "record": f"{Path.cwd()}/b-3.rec", "control": "/tmp/c"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--nic", "e1000", "--control", "c"), "--control asks for what QEMU's e1000 cannot do"),
        (("--findings", "f,size=1M"), "give --findings without size and files"),
    ],
)
def test_what_a_card_cannot_do_for_a_guest_is_refused(words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(LabError, match=sentence):
        of_the_card(arguments(*words))


@pytest.fixture
def barren(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lab:
    """A lab on a machine whose `unshare` may make no namespace."""
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    kit = Kit(Qemu((), {}, ""), Fetched(tmp_path), tmp_path, "", tmp_path)
    return Lab(kit, CardChoice(), tmp_path)


def test_without_a_wire_the_plans_that_need_one_are_left_out_by_name(barren: Lab) -> None:
    out = io.StringIO()
    left_out = leave_out(barren, [PLANS["smoke"], PLANS["mixed"]], Console(file=out, width=300))
    assert [plan.name for plan in left_out] == ["mixed"]
    assert barren.choice.net == "host"
    assert "No network namespace can be had here (unshare failed: Operation not permitted)" in out.getvalue()
    assert "Left out: mixed." in out.getvalue()


def test_without_a_wire_plans_that_all_need_one_are_refused(barren: Lab) -> None:
    with pytest.raises(LabError, match="No network namespace can be had here"):
        leave_out(barren, [PLANS["mixed"], PLANS["flood"]], Console(file=io.StringIO()))


@pytest.mark.parametrize(
    ("held", "left_out", "status", "line"),
    [
        ([True], [], 0, "All plans hold (1 plan, 2 checks)"),
        ([True, False], ["mixed"], 1, "These fail: smoke (2 plans, 4 checks)"),
        ([True], ["mixed"], 2, "What could run holds; left out: mixed (1 plan, 2 checks)"),
    ],
)
def test_the_last_line_and_the_exit_status_say_whether_all_held(
    held: list[bool], left_out: list[str], status: int, line: str
) -> None:
    out = io.StringIO()
    outcomes = [outcome(True, holds) for holds in held]
    assert conclude(outcomes, [PLANS[name] for name in left_out], Console(file=out, width=100)) == status
    assert out.getvalue() == line + "\n"


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
