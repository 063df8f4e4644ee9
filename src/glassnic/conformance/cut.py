"""How does a bug seen in a guest become a program? A stretch of a recorded session is cut out, with the state it needs.

What went before may be long, and most of it does not matter. So what is needed is found by trying: step after step is
taken away as long as our card, in this process, still does in the stretch what was recorded; and, if another card is
named, as long as that one still does something else. Answers that depend on when one asks are not expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from glassnic.conformance.play import Player
from glassnic.conformance.program import (
    MEMORY_BYTES,
    Arrive,
    Lend,
    Peek,
    Poke,
    Program,
    Read,
    ReadIo,
    Reset,
    Sent,
    Step,
    Wait,
    Write,
    WriteIo,
)
from glassnic.conformance.recording import Head, Host, Moment, Recording, Ring
from glassnic.conformance.relocate import relocate
from glassnic.conformance.replay import PATIENCE_NS, by_wire, take
from glassnic.conformance.targets.inside import Inside
from glassnic.conformance.targets.port import LostError, Target
from glassnic.conformance.targets.still import Still
from glassnic.lab.errors import LabError
from glassnic.spec.fields import RCTL, TCTL
from glassnic.spec.registers import R

LONGEST_NS = 100_000_000
"""No timer of the card runs longer: longer silences are cut to this."""
NEAR_BYTES = 16
"""Bytes written so close to one another are lent in one piece."""
LOST = -1
"""Stands for a step: the card was lost."""
Moments = Sequence[Moment]


@dataclass(frozen=True)
class Cut:
    """A program cut out of a session. `before`: how many steps set the scene; `left_out`: what depends on time."""

    program: Program
    before: int
    left_out: int


def cut(
    recording: Recording,
    first: int,
    last: int,
    name: str,
    other: Target | None = None,
    tell: Callable[[int], None] = lambda left: None,
) -> Cut:
    """Steps `first` to `last` of a recording, counted from 1, as a program on which `other` fails. Raises LabError.

    `tell` hears how many steps before it are left while they get fewer.
    """
    if not 1 <= first <= last <= len(recording.moments):
        raise LabError(f"There are no steps {first} to {last}: the recording has {len(recording.moments)}.")
    whole = recording.moments[:last]
    begin = max((at + 1 for at, one in enumerate(whole[:first]) if isinstance(one, Reset)), default=0)
    moments, memory_bytes = relocate(whole)
    before = [kept for one in moments[begin : first - 1] if (kept := _unjudged(one)) is not None]
    before += _heads(recording.head, moments[: first - 1], memory_bytes)
    trial = Trial(recording.head, memory_bytes, [_short(one) for one in moments[first - 1 :] if _counts(one)])
    left_out = trial.expect_less(before)
    before = _needed(before, trial, other, tell)
    steps, memory_bytes = relocate([*before, *trial.core])
    if memory_bytes > MEMORY_BYTES:
        raise LabError(
            f"Steps {first} to {last} touch {memory_bytes >> 10} KB of memory, and a program has {MEMORY_BYTES >> 10}: "
            "choose fewer steps."
        )
    program = _finished(recording.head, steps, len(before), name, (first, last))
    return Cut(program, sum(not isinstance(one, Ring) for one in before), left_out)


def _needed(before: list[Moment], trial: Trial, other: Target | None, tell: Callable[[int], None]) -> list[Moment]:
    """The steps before the stretch that our card needs; if the other card needs more to differ, these too. LabError."""
    fewer = _fewer(before, trial.holds, tell)
    if other is None or trial.differs(other, fewer):
        return fewer
    if not trial.differs(other, before):
        raise LabError(
            f"{other.name} does all that was recorded in these steps: begin earlier (with the doorbell, if a frame is "
            "wrong), or leave --target out."
        )
    return _fewer(before, trial.holds, tell)


class Trial:
    """Is `core` found as it was recorded, after some steps before it? On our card; and is it not so on another?"""

    def __init__(self, head: Head, memory_bytes: int, core: list[Moment]) -> None:
        self.core = core
        self._head, self._memory_bytes = head, memory_bytes
        self._other: Target | None = None
        self._wrong = LOST
        """The step of `core` at which the other card differs."""

    def expect_less(self, before: Moments) -> int:
        """Leave out of `core` what is not found on a clock of another pace; how many looks that spares."""
        left_out = 0
        while wrong := self._failures(_fresh(self._head, self._memory_bytes), before):
            left_out += len(wrong)
            core = [_ignoring(one) if at in wrong else one for at, one in enumerate(self.core)]
            self.core = [one for at, one in enumerate(core) if at not in wrong or isinstance(one, Read | ReadIo)]
        return left_out

    def differs(self, other: Target, before: Moments) -> bool:
        """Whether another card differs after these steps. From now on it has to, where it does first; what it answers
        matters least."""
        self._other, other.memory_bytes = other, self._memory_bytes
        wrong = sorted(self._failures(self._started(other), before))
        acts = [at for at in wrong if at == LOST or not isinstance(self.core[at], Read | ReadIo)]
        self._wrong = next(iter(acts or wrong), LOST)
        return bool(wrong)

    def holds(self, before: Moments) -> bool:
        """Whether all that is to be so after these steps is so."""
        if self._failures(_fresh(self._head, self._memory_bytes), before):
            return False
        return self._other is None or self._wrong in self._failures(self._started(self._other), before)

    def _started(self, other: Target) -> Player:
        with suppress(LostError):  # then it is lost in what follows too
            other.power_on()
        return Player(other, PATIENCE_NS if other.patience_ns else 0)

    def _failures(self, player: Player, before: Moments) -> set[int]:
        """The steps of `core` that are not found so after `before`, or LOST."""
        try:
            for moment in before:
                take(player, 0, moment)
            player.target.settle()
            player.target.take_sent()
            begin = len(player.seen)
            for number, moment in enumerate(self.core):
                take(player, number, moment)
        except LostError:
            return {LOST}
        return {one.step for one in player.seen[begin:] if one.held is False}


def _fresh(head: Head, memory_bytes: int) -> Player:
    card = Inside(head.profile, head.model)
    card.memory_bytes = memory_bytes
    card.power_on()
    return Player(card, 0)


def _unjudged(moment: Moment) -> Moment | None:
    """What a step before the stretch does, without what it expects; a read may have an effect."""
    match moment:
        case Read() | ReadIo():
            return _ignoring(moment)
        case Write() | WriteIo() | Poke() | Arrive() | Ring() | Wait():
            return _short(moment) if _counts(moment) else None
    return None


def _ignoring(moment: Moment) -> Moment:
    return replace(moment, value=0, mask=0) if isinstance(moment, Read | ReadIo) else moment


def _counts(moment: Moment) -> bool:
    """Whether it means anything in a program."""
    return not isinstance(moment, Host | Reset) and moment != Wait(0)


def _short(moment: Moment) -> Moment:
    return Wait(min(moment.duration_ns, LONGEST_NS)) if isinstance(moment, Wait) else by_wire(moment)


def _heads(head: Head, moments: Moments, memory_bytes: int) -> Iterator[Step]:
    """Put the ring's heads where they were, so that what went through the rings before can be left away (§13.4.39)."""
    card = Still(head.model, head.profile, head.eeprom)
    card.memory_bytes = memory_bytes
    card.power_on()
    player = Player(card, 0)
    for moment in moments:
        take(player, 0, moment)
    for control, enable, at, tail in ((R.TCTL, TCTL.EN, "TDH", R.TDT), (R.RCTL, RCTL.EN, "RDH", None)):
        word, place = card.read(control.offset), card.read(R.TDH.offset if at == "TDH" else R.RDH.offset)
        idle = tail is None or card.read(tail.offset) == place
        if word & enable.mask and place and idle:
            name = "TCTL" if at == "TDH" else "RCTL"
            yield Write(name, word & ~enable.mask)
            yield Write(at, place)
            if tail is not None:
                yield Write("TDT", place)
            yield Write(name, word)


def _fewer(steps: list[Moment], holds: Callable[[list[Moment]], bool], tell: Callable[[int], None]) -> list[Moment]:
    """Take away all waits, all reads, halves, quarters and so on, and single steps at last, as long as it holds."""
    for kinds in (Wait, Read):
        if holds(fewer := [one for one in steps if not isinstance(one, kinds)]):
            steps = fewer
    size = len(steps)
    while size:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + [one for one in steps[at : at + size] if isinstance(one, Ring)] + steps[at + size :]
            if len(fewer) < len(steps) and holds(fewer):
                steps = fewer
                tell(len(steps))
            else:
                at += size
        size //= 2
    return steps


def _finished(head: Head, moments: Moments, before: int, name: str, stretch: tuple[int, int]) -> Program:
    """The program: what is sent before the stretch is expected too, what is written is lent."""
    player = _fresh(head, MEMORY_BYTES)
    for moment in moments[:before]:
        take(player, 0, moment)
    sent = tuple(player.target.take_sent())
    for moment in moments[before:]:
        take(player, 0, moment)
    looked_at = {one.address + at for one in moments[before:] if isinstance(one, Peek) for at in range(len(one.data))}
    steps: list[Step] = [*_lent(sorted(looked_at.union(player.strays())))]
    steps += [one for one in moments[:before] if not isinstance(one, Ring | Reset | Host)]
    steps += [Sent(sent)] if sent else []
    steps += [one for one in moments[before:] if not isinstance(one, Ring | Reset | Host)]
    rule = f"As an {head.model} with profile {head.profile} did in steps {stretch[0]} to {stretch[1]} of a session."
    return Program("recorded", name, rule, tuple(steps))


def _lent(addresses: Sequence[int]) -> Iterator[Lend]:
    """Pieces of memory that hold all these bytes."""
    begin = end = None
    for address in addresses:
        if begin is not None and end is not None and address >= end + NEAR_BYTES:
            yield Lend(begin, end - begin)
            begin = None
        begin, end = (address if begin is None else begin), address + 1
    if begin is not None and end is not None:
        yield Lend(begin, end - begin)
