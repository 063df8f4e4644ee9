"""Does another card do what the recorded one did? A recording is played step by step, each expectation looked at.

Only the card that keeps the recording's own time can be held to all of it. On others time is real: what depends on it
(a poll, a counter, which cause came first) may differ by right, so differences are told apart by what they are about;
and how many frames leave in one turn is a card's own affair, so there they are compared as one flow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import eq, or_
from typing import Any

from glassnic.conformance.play import Found, Outcome, Player, Seen
from glassnic.conformance.program import Arrive, Line, Peek, Program, Read, ReadIo, Reset, Sent, Wait, Write
from glassnic.conformance.recording import Host, Moment, Recording, Ring
from glassnic.conformance.relocate import relocate
from glassnic.conformance.targets.port import LostError, Target
from glassnic.conformance.targets.still import Still
from glassnic.spec.bits import take as field
from glassnic.spec.descriptors import RX
from glassnic.spec.fields import RCTL, WORDS, named
from glassnic.wire.ethernet import padded

LONGEST_NS = 1_000_000_000
"""Longer silences are cut to this where time is real."""
PATIENCE_NS = 20_000_000
"""So long a card in real time may take for what it sends and writes, but for memory only where the last look at it was
as expected; a register is read once, as the driver did."""
FCS_BYTES = 4
FRAMES, BEYOND, RECEIVED, FCS = "frames sent", "frames sent beyond these", "received frames", "FCS of received frames"
SENDING, RECEIVING = "transmit descriptors written back", "receive descriptors written back"
ABOUT: dict[type, str] = {Read: "register answers", ReadIo: "I/O answers", Sent: FRAMES, Line: "interrupt line"}


@dataclass(frozen=True)
class Differing:
    """A register, or the descriptors received, that differ so often, in these fields, since this step."""

    what: str
    times: int
    fields: str
    step: int


@dataclass(frozen=True)
class Count:
    """What was held against the recording about one thing; `first` is the first difference."""

    about: str
    total: int
    same: int
    first: Seen | None


@dataclass(frozen=True)
class Replayed:
    """What came of a replay on a target."""

    target: str
    outcome: Outcome

    @property
    def same(self) -> bool:
        return self.outcome.passed

    def counts(self) -> list[Count]:
        """By what they are about, the expectations that there were and that the target can tell of."""
        sorts: dict[str, list[tuple[Seen, int, int]]] = {}
        abouts = _abouts(self.outcome.program.steps)
        for one in self.outcome.seen:
            if one.held is not None:
                for about, total, same in _weigh(abouts[one.step], one):
                    sorts.setdefault(about, []).append((one, total, same))
        return [_count(about, weighed) for about, weighed in sorted(sorts.items())]

    def differing(self) -> list[Differing]:
        """The registers that answered otherwise and the fields of received descriptors, most frequent first."""
        found: dict[str, list[Seen]] = {}
        abouts = _abouts(self.outcome.program.steps)
        for one in self.outcome.failures:
            step = self.outcome.program.steps[one.step]
            if isinstance(step, Read):
                name = step.register if isinstance(step.register, str) else f"{step.register:#07x}"
                found.setdefault(name, []).append(one)
            elif abouts[one.step] == (RECEIVING,):
                found.setdefault("receive descriptors", []).append(one)
        rows = [Differing(what, len(seen), _fields(what, seen), seen[0].step) for what, seen in found.items()]
        return sorted(rows, key=lambda row: -row.times)


class Flow(Player):
    """What leaves a card in real time is one flow: what came early is kept for the next look; what is found before the
    frames that are expected was too much of the last look. After any other difference the flow is begun anew.
    """

    _last: int | None = None
    """Which of `seen` was the last look at the wire."""

    def _look_at_wire(self, step: Sent) -> tuple[Found, Found]:
        super()._look_at_wire(step)
        self._places = self._find(step)
        if not self._places:
            return step.frames, tuple(self._sent[: len(step.frames) or None])
        first, last = self._places[0], self._places[-1]
        between = (self._sent[at] for at in range(first, last) if at not in self._places)
        return step.frames, (*step.frames, *between)

    def _forget(self, step: Any) -> None:
        if not isinstance(step, Sent) or not self._places:
            super()._forget(step)
            return
        before = tuple(self._sent[: self._places[0]])
        if before and self._last is not None:
            last = self.seen[self._last]
            self.seen[self._last] = replace(last, found=last.found + before, held=False)
        self._last = len(self.seen) - 1
        self._sent = self._sent[self._places[-1] + 1 :]

    def _find(self, step: Sent) -> list[int]:
        """Where in the flow these frames are, in their order; empty if they are not."""
        places: list[int] = []
        for frame in step.frames:
            begin = places[-1] + 1 if places else 0
            if frame not in self._sent[begin:]:
                return []
            places.append(self._sent.index(frame, begin))
        return places


def replay(recording: Recording, target: Target, tell: Callable[[int], None] = lambda number: None) -> Replayed:
    """Play a recording; `tell` hears how many steps were taken. Raises LabError if the target cannot be had."""
    exact = isinstance(target, Still)
    told = recording.moments if exact else in_real_time(recording.moments)
    moments, target.memory_bytes = relocate(told)
    player = (Player if exact else Flow)(target, 0)
    patience_ns = PATIENCE_NS if target.patience_ns else 0
    program = Program("", "recorded", "What the recorded card did", tuple(told))  # type: ignore[arg-type]
    lost, differs = "", False
    try:
        for number, moment in enumerate(moments):
            impatient = isinstance(moment, Read | ReadIo) or (isinstance(moment, Peek) and differs)
            player.patience_ns = 0 if impatient else patience_ns
            take(player, number, moment)
            if isinstance(moment, Peek):
                differs = player.seen[-1].held is False
            tell(number + 1)
    except LostError as error:
        lost = str(error)
    return Replayed(target.name, Outcome(program, tuple(player.seen), lost))


def take(player: Player, number: int, moment: Moment) -> None:
    """One line of a recording. What surrounds a card can be changed for ours only."""
    if isinstance(moment, Reset):
        player.target.power_on()
    elif isinstance(moment, Host):
        if isinstance(player.target, Still):
            player.target.surround(moment.what, moment.on)
    elif not isinstance(moment, Ring):
        player.take(number, moment)


def in_real_time(moments: Sequence[Moment]) -> tuple[Moment, ...]:
    """The same with silences cut short, and with frames as a wire carries them; in the end no frame may be left."""
    return (*map(_shorter, moments), Sent(()))


def _shorter(moment: Moment) -> Moment:
    if isinstance(moment, Wait):
        return Wait(min(moment.duration_ns, LONGEST_NS))
    return by_wire(moment)


def by_wire(moment: Moment) -> Moment:
    """Frames filled up as on a wire: a host hands over shorter ones, to which our card does that itself."""
    return Arrive(tuple(map(padded, moment.frames))) if isinstance(moment, Arrive) else moment


def _abouts(moments: Sequence[Moment]) -> list[tuple[str, ...]]:
    """What each step's expectation is about; of a frame that ends with its FCS, frame and FCS."""
    rings: dict[str, Ring] = {}
    strips = 0
    abouts: list[tuple[str, ...]] = []
    for moment, after in zip(moments, (*moments[1:], None), strict=True):
        if isinstance(moment, Ring):
            rings[moment.name] = moment
        elif isinstance(moment, Write) and moment.register == "RCTL":
            strips = field(moment.value, RCTL.SECRC)
        about: tuple[str, ...] = (ABOUT.get(type(moment), ""),)
        if isinstance(moment, Peek):
            ring = _ring_of(moment, rings)
            last = isinstance(after, Peek) and field(int.from_bytes(after.data, "little"), RX.EOP)
            about = (SENDING if ring == "TD" else RECEIVING,) if ring else (RECEIVED,)
            about += (FCS,) if not ring and last and not strips else ()
        abouts.append(about)
    return abouts


def _ring_of(step: Peek, rings: dict[str, Ring]) -> str:
    inside = (one.name for one in rings.values() if one.address <= step.address < one.address + one.length)
    return next(inside, "")


def _weigh(abouts: tuple[str, ...], seen: Seen) -> Iterator[tuple[str, int, int]]:
    """What was looked at, how much of it, and how much was the same: of frames that left each one counts."""
    if isinstance(seen.expected, tuple):
        yield FRAMES, len(seen.expected), sum(map(eq, seen.expected, seen.found))
        if extra := max(len(seen.found) - len(seen.expected), 0):
            yield BEYOND, extra, 0
    elif FCS in abouts:
        yield abouts[0], 1, int(seen.expected[:-FCS_BYTES] == seen.found[:-FCS_BYTES])
        yield abouts[1], 1, int(seen.expected[-FCS_BYTES:] == seen.found[-FCS_BYTES:])
    else:
        yield abouts[0], 1, int(seen.held is True)


def _count(about: str, weighed: Sequence[tuple[Seen, int, int]]) -> Count:
    wrong = (seen for seen, total, same in weighed if same < total)
    return Count(about, sum(one[1] for one in weighed), sum(one[2] for one in weighed), next(wrong, None))


def _fields(what: str, seen: Sequence[Seen]) -> str:
    """The fields in which these differ, as far as the word has any."""
    if isinstance(seen[0].expected, bytes):
        pairs = [(int.from_bytes(one.expected, "little"), int.from_bytes(one.found, "little")) for one in seen]
        return named(RX, reduce(or_, (ours ^ theirs for ours, theirs in pairs)))
    return named(WORDS[what], reduce(or_, (one.expected ^ one.found for one in seen))) if what in WORDS else ""
