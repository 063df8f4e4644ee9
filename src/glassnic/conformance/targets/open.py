"""Which card does a word of the command line mean? Every form of `--target`, and what each opens."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from glassnic.conformance.targets import qemu
from glassnic.conformance.targets.inside import Inside
from glassnic.conformance.targets.port import Target
from glassnic.conformance.targets.qemu import QemuCard
from glassnic.conformance.targets.vfio_user import Served, VfioUserCard
from glassnic.lab.errors import LabError
from glassnic.lab.fetch import QEMU, QEMU_BOOKWORM, Tree
from glassnic.lab.kit import Qemu, qemu_in, version_of
from glassnic.spec.profiles import PROFILES

FORMS = {
    "self": "glassnic in this process, on a virtual clock",
    "self:PROFILE": "the same with a profile of its own",
    "vfio-user": "glassnic as `glassnic serve` has it, in a process of its own",
    "vfio-user:SOCKET[,wire=stream:PATH]": "any server that listens at SOCKET, its back end at PATH",
    "qemu:PATH[:MODEL]": f"a card of the QEMU at PATH; MODEL is {', '.join(qemu.MODELS)} (default: {qemu.MODELS[0]})",
    "qemu-7.2[:MODEL]": "the same of Debian 12's QEMU, fetched when needed",
    "qemu-11.1[:MODEL]": "the same of a current QEMU, fetched when needed",
}
FETCHED = {"qemu-7.2": QEMU_BOOKWORM, "qemu-11.1": QEMU}
WIRE = ",wire="


def open_target(word: str, profile: str = "manual", model: str = "82540em", console: Console | None = None) -> Target:
    """The card that `word` means; `profile` and `model` are for ours, `console` shows fetching. Raises LabError."""
    kind, _, rest = word.partition(":")
    if kind == "self":
        if rest and rest not in PROFILES:
            raise LabError(f"There is no profile {rest!r}: choose of {', '.join(PROFILES)}.")
        return Inside(rest or profile, model)
    if word == "vfio-user":
        return Served(profile, model)
    if kind == "vfio-user":
        return _at_socket(rest)
    if kind in FETCHED:
        card = _model(rest or qemu.MODELS[0])
        return QemuCard(_fetched(kind, FETCHED[kind], console or Console(stderr=True)), card)
    if kind == "qemu" and rest:
        path, colon, named = rest.rpartition(":")
        card = _model(named if colon else qemu.MODELS[0])
        return QemuCard(_at_path(Path(path if colon else rest)), card)
    raise LabError(f"There is no target {word!r}: choose of {', '.join(FORMS)}.")


def _at_socket(text: str) -> VfioUserCard:
    path, _, wire = text.partition(WIRE)
    form, _, place = wire.partition(":")
    if wire and (form != "stream" or not place):
        raise LabError(
            f"A wire is given as stream:PATH, the socket at which the card's back end listens, not {wire!r}."
        )
    if not path:
        raise LabError(
            "vfio-user: needs a socket, as in vfio-user:/run/card.sock; without colon it starts a card itself."
        )
    return VfioUserCard(Path(path), Path(place) if wire else None)


def _at_path(path: Path) -> Qemu:
    if not path.is_file():
        raise LabError(f"There is no QEMU at {path}: give the path of qemu-system-x86_64.")
    found = Qemu((str(path.absolute()),), {}, "")
    try:
        return found._replace(version=version_of(found))
    except OSError as error:
        raise LabError(f"{path} does not start: {error.strerror}.") from error


def _fetched(kind: str, tree: Tree, console: Console) -> Qemu:
    found = qemu_in(tree, console)
    wanted = kind.partition("-")[2]
    if not found.version.startswith(f"QEMU {wanted}."):
        raise LabError(f"Debian has {found.version} now and no {wanted}: build one, and give it as qemu:PATH.")
    return found


def _model(name: str) -> str:
    if name not in qemu.MODELS:
        raise LabError(f"There is no model {name!r} in QEMU that could be judged: choose of {', '.join(qemu.MODELS)}.")
    return name
