"""What does `glassnic vm` do? Without `--test` it is a shell in a real guest; with it, plans run one after the other
and their results are shown to people and programs. Exit status 0: every sentence held. 1: one did not. 2: the lab
could not be set up, or not for all of the plans.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from glassnic.lab.card import CardChoice, Engine
from glassnic.lab.errors import LabError
from glassnic.lab.kit import Kit, gather
from glassnic.lab.lab import Lab
from glassnic.lab.machine import Boot
from glassnic.lab.plan import Outcome, Plan
from glassnic.lab.plans import PLANS
from glassnic.spec.models import MODELS
from glassnic.spec.profiles import PROFILES

DEFAULT_NET = "host"
"""For a person at the console: a neighbour that leases an address and needs nothing of the machine."""
BRING_UP = "modprobe e1000 && ip link set eth0 up && await-carrier 10 && udhcpc -i eth0 -n -q -t 5 >/dev/null 2>&1"

OF_THE_CARD = {
    "pcapng": ("FILE", "record frames and what the card did to them, for Wireshark, `glassnic explain` and `report`"),
    "findings": ("FILE", "write what is wrong with requests and frames as JSON lines"),
    "record": ("FILE", "record the driver's session, for `glassnic replay FILE`"),
    "control": ("PATH", "answer `glassnic top` and `glassnic ctl` on a socket here"),
}
"""Options of `glassnic serve` that mean the same here."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic vm`."""
    parser.add_argument(
        "--test", metavar="PLAN[,PLAN…]", help="run these plans, or `all`; without it: a shell in the guest"
    )
    parser.add_argument(
        "--profile", choices=tuple(PROFILES), default="manual", help="what the card is like (default: manual)"
    )
    parser.add_argument("--model", choices=tuple(MODELS), default="82540em", help="which card (default: 82540em)")
    parser.add_argument(
        "--net",
        metavar="BACKEND",
        help="where frames go, as for `glassnic serve`; plans default to a wire of the lab's own",
    )
    for name, (metavar, words) in OF_THE_CARD.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=words)
    parser.add_argument("--append", metavar="ARGS", default="", help="more words for the guest's kernel command line")
    parser.add_argument("--keep", action="store_true", help="keep the logs, recordings and console, and say where")
    parser.add_argument("--json", metavar="FILE", help="write the results here as JSON; - is standard output")
    parser.add_argument("--list", action="store_true", help="list the plans and what each promises")
    parser.add_argument("--verbose", action="store_true", help="say what each plan promises, and which programs run")
    # A QEMU model to compare with, such as e1000.
    parser.add_argument("--nic", default="glassnic", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Do what the options say; gives the exit status."""
    console = Console(stderr=args.json == "-")
    if args.list:
        for plan in PLANS.values():
            console.print(f"[bold]{plan.name:10}[/] {plan.promise}")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="glassnic-"))
    try:
        plans = chosen(args.test, args.net)
        kit = prepare(args.nic == "glassnic", folder, console)
        net = args.net or (None if plans else DEFAULT_NET)
        lab = Lab(kit, CardChoice(args.model, args.profile, net, args.nic, of_the_card(args)), folder, args.append)
        if not plans:
            return run_shell(lab, args, console)
        left_out = leave_out(lab, plans, console)
        return run_plans(lab, plans, left_out, args, console)
    except LabError as error:
        print(f"glassnic vm: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("glassnic vm: interrupted; card and guest are ended.", file=sys.stderr)
        return 130
    finally:
        if args.keep:
            print(f"Logs, recordings and console are in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def of_the_card(args: argparse.Namespace) -> dict[str, str]:
    """The options that go to `glassnic serve` as they are; LabError for what no card can do."""
    given = {name: text for name in OF_THE_CARD if (text := getattr(args, name)) is not None}
    if given and args.nic != "glassnic":
        raise LabError(f"--{next(iter(given))} asks for what QEMU's {args.nic} cannot do: leave it out.")
    if "," in given.get("findings", ""):
        raise LabError("The findings of a guest go into one file: give --findings without size and files.")
    return given


def prepare(glassnic_card: bool, folder: Path, console: Console) -> Kit:
    """Everything fetched, and the engine compiled, at the same time."""
    engine = Engine(folder) if glassnic_card else None
    try:
        kit = gather(console)
        if engine is not None:
            with console.status("compiling the card's engine, which takes a while the first time"):
                engine.wait()
    finally:
        if engine is not None:
            engine.stop()
    return kit


def chosen(names: str | None, net: str | None) -> list[Plan]:
    """The plans that `--test` names, in the table's order; LabError for one that isn't there or not for `net`."""
    if names is None:
        return []
    wanted = set(PLANS) if names == "all" else {name.strip() for name in names.split(",")}
    if unknown := sorted(wanted - set(PLANS)):
        raise LabError(f"There is no plan {unknown[0]!r}: choose of {', '.join(PLANS)}, or all.")
    plans = [plan for plan in PLANS.values() if plan.name in wanted]
    if net is not None and (bound := [plan.name for plan in plans if not plan.any_net]):
        raise LabError(f"The plan {bound[0]} looks at the other end of the lab's own wire: leave --net out.")
    return plans


def leave_out(lab: Lab, plans: list[Plan], console: Console) -> list[Plan]:
    """The plans that have no wire to run on; the others get the embedded neighbour. LabError when there are none."""
    try:
        if lab.has_wire:
            lab.lay_wire()
        return []
    except LabError as error:
        bound = [plan for plan in plans if not plan.any_net]
        if len(bound) == len(plans):
            raise
        console.print(f"[yellow]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        console.print(f"[yellow]Left out: {', '.join(plan.name for plan in bound)}.[/]", highlight=False)
        lab.choice = lab.choice._replace(net=DEFAULT_NET)
        return bound


def run_plans(lab: Lab, plans: list[Plan], left_out: list[Plan], args: argparse.Namespace, console: Console) -> int:
    """Run the plans that are not left out and show each as it ends; gives the exit status."""
    console.print(f"[dim]{lab.kit.qemu.version}, Linux {lab.kit.kernel_version}, {args.model} as {args.profile}[/]")
    if args.verbose:
        console.print(f"[dim]started as {shlex.join(lab.kit.qemu.words)}[/]", highlight=False, soft_wrap=True)
    outcomes: list[Outcome] = []
    try:
        for plan in [plan for plan in plans if plan not in left_out]:
            with console.status(f"{plan.name}: {plan.promise}"):
                outcomes.append(lab.run(plan))
            outcomes[-1].show(console, with_promise=args.verbose)
    finally:
        lab.close()
    show_card(lab, console)
    if args.json:
        write_json(args.json, results(lab, outcomes, left_out))
    return conclude(outcomes, left_out, console)


def conclude(outcomes: list[Outcome], left_out: list[Plan], console: Console) -> int:
    """The last line; gives the exit status."""
    failing = [outcome.plan.name for outcome in outcomes if not outcome.holds]
    if failing:
        status, verdict = 1, f"[bold red]These fail: {', '.join(failing)}[/]"
    elif left_out:
        status, verdict = 2, f"[bold yellow]What could run holds; left out: {', '.join(p.name for p in left_out)}[/]"
    else:
        status, verdict = 0, "[bold green]All plans hold[/]"
    checks = sum(len(outcome.checks) for outcome in outcomes)
    console.print(f"{verdict} [dim]({counted(len(outcomes), 'plan')}, {counted(checks, 'check')})[/]", highlight=False)
    return status


def counted(number: int, thing: str) -> str:
    """As `1 plan`, `2 plans`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def run_shell(lab: Lab, args: argparse.Namespace, console: Console) -> int:
    """A shell on the guest's console until the guest powers off."""
    if not sys.stdin.isatty():
        raise LabError("A shell in the guest needs a terminal: give --test PLAN to run without one.")
    console.print(
        f"[dim]{lab.kit.qemu.version}; frames go to {lab.choice.net}. Leave with `exit`, or with Ctrl-A X.[/]"
    )
    try:
        machine = lab.start(Boot(append=args.append, interactive=True))
        try:
            machine.guest.wait_until_up()
            machine.guest.run(BRING_UP, 30)
        except LabError:
            if machine.qemu.child.poll() != 0:  # else the person left before all was set up
                raise
        machine.qemu.child.wait()
    finally:
        lab.close()
    show_card(lab, console)
    return 0


def show_card(lab: Lab, console: Console) -> None:
    """What the card says of its life."""
    for line in lab.card_said:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def results(lab: Lab, outcomes: list[Outcome], left_out: list[Plan]) -> dict[str, Any]:
    """The results for a program."""
    return {
        "holds": all(outcome.holds for outcome in outcomes) and not left_out,
        "left_out": [plan.name for plan in left_out],
        "qemu": lab.kit.qemu.version,
        "kernel": lab.kit.kernel_version,
        "card": lab.choice._asdict(),
        "card_said": lab.card_said,
        "plans": [outcome.as_json() for outcome in outcomes],
    }


def write_json(target: str, told: dict[str, Any]) -> None:
    """To a file, or to standard output for `-`."""
    text = json.dumps(told, indent=2)
    if target == "-":
        print(text)
        return
    try:
        Path(target).write_text(text + "\n")
    except OSError as error:
        raise LabError(f"The results cannot be written to {target}: {error.strerror}.") from error


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="glassnic vm")
    add_arguments(options)
    sys.exit(run(options.parse_args()))
