"""What can be spoilt on purpose while a card runs? The wire: frames lost, damaged or late, and a cable that is pulled.

The vices are those of `backends/middleware.py`, put around a card's backend at the first fault; until then they do not
exist. While frames are to be hit the card cuts every send itself, and the host's whole packets are cut first: so a
frame is a frame of the wire.
"""

from __future__ import annotations

import re

from glassnic.backends import Backend
from glassnic.backends.middleware import Chance, Corrupt, Delay, Drop, Whole

MS_NS = 1_000_000
FLAP_MS = 1000
MOST_MS = 60_000
_AMOUNT = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(%?)")


class FaultError(Exception):
    """A fault that cannot be; the message is one sentence for the user."""


class Faults(Delay):
    """A backend with every vice, each at nothing to begin with."""

    def __init__(self, inner: Backend) -> None:
        self._drop = Drop(Whole(inner))
        self._corrupt = Corrupt(self._drop)
        super().__init__(self._corrupt)

    @property
    def hits_frames(self) -> bool:
        """Are single frames spoilt?"""
        return bool(self._drop.chance or self._corrupt.chance)

    def set(self, kind: str, amount: str) -> None:
        """`drop` or `corrupt` N or P%, `delay` MS. FaultError says what is wrong."""
        if kind == "delay":
            self.delay_ns = milliseconds(amount) * MS_NS
            return
        chance = {"drop": self._drop.chance, "corrupt": self._corrupt.chance}[kind]
        match = _AMOUNT.fullmatch(amount)
        if match is None or (match[2] and float(match[1]) > 100) or (not match[2] and "." in match[1]):
            raise FaultError(f"{amount!r} is no amount of frames to {kind}: write 5 for the next five, 1% for a share")
        chance.count, chance.share = (0, float(match[1]) / 100) if match[2] else (int(match[1]), 0.0)

    def off(self) -> None:
        """No vice is left; what is on its slow way still comes."""
        self.delay_ns = 0
        for chance in (self._drop.chance, self._corrupt.chance):
            chance.count, chance.share = 0, 0.0

    def state(self) -> dict[str, str]:
        """What is set, as it would be written."""
        said = {"drop": _amount(self._drop.chance), "corrupt": _amount(self._corrupt.chance)}
        said["delay"] = f"{self.delay_ns // MS_NS} ms" if self.delay_ns else ""
        return {kind: amount for kind, amount in said.items() if amount}


def milliseconds(amount: str) -> int:
    """A time that somebody wrote. FaultError if it is none, or longer than a minute."""
    if not amount.isdecimal() or int(amount[:6]) > MOST_MS:
        raise FaultError(f"{amount!r} is no time: write whole milliseconds, {MOST_MS} at most")
    return int(amount)


def _amount(chance: Chance) -> str:
    return f"next {chance.count}" if chance.count else f"{chance.share * 100:g}%" if chance.share else ""
