"""When are frames fetched from outside? As they come; but where a guest only listens, together, when it has time.

To wake for a frame costs a hundred times what the frame does, and each interrupt costs a guest several round trips to
this process. So once many have come and the guest has sent nothing in between, frames are left to gather outside until
the guest has handled its last interrupt and had time for itself. What is left too long dies in the host's queue, as it
does where a wire is too fast. What comes after a pause is fetched at once; and so are whole sends, for their sender
waits for answers. No chapter of the manual: this is ours.
"""

from __future__ import annotations

from glassnic.device.inlet import PLENTY_BYTES
from glassnic.device.nic import Nic

PAUSE_NS = 4_000_000
"""After so long without a frame, the next is fetched as it comes."""
MANY = 8
"""So many frames have to have come without the guest's sending anything."""
USUAL_BYTES = 1600
"""Frames that are longer on average are whole sends."""


class Pace:
    """When a card fetches frames."""

    def __init__(self, nic: Nic) -> None:
        self._nic = nic
        self._unanswered = 0
        self._doorbells = 0
        self._took_ns = 0
        self._rests = False
        self.plenty = False
        """Did the last fetch bring so much that there is more, most likely?"""

    @property
    def due(self) -> int | None:
        """When to fetch next, in ns of the card's clock; None: as they come."""
        return self._nic.core.interrupts.free_ns if self._rests else None

    def took(self, count: int, octets: int, last: int) -> None:
        """So many frames of so many octets have been fetched, now; `last`: the octets of what was fetched last."""
        now_ns, doorbells = self._nic.now_ns, self._nic.transmit.doorbells
        if doorbells != self._doorbells or now_ns - self._took_ns > PAUSE_NS:
            self._unanswered = 0
        self._unanswered += count
        self._doorbells, self._took_ns = doorbells, now_ns
        self.plenty = last >= PLENTY_BYTES
        self._rests = 0 < octets < count * USUAL_BYTES and self._unanswered > MANY
