"""How does the guest get a network with no root and nothing installed? By the neighbour, who answers inside this
process."""

from __future__ import annotations

from glassnic.backends.inside import Inside
from glassnic.backends.neighbour import Neighbour


class Host(Inside):
    """`host`. What a real host would throw away, frames with a wrong checksum or cut short, counts as dropped."""

    def __init__(self) -> None:
        self.neighbour = Neighbour()
        super().__init__(self.neighbour.answer)

    @property
    def dropped(self) -> int:
        return self.neighbour.wrong_sums + self.neighbour.malformed
