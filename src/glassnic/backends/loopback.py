"""What if the cable is bent back? Every frame that leaves comes back as it was, short ones too."""

from __future__ import annotations

from glassnic.backends.inside import Inside


class Loopback(Inside):
    """`loopback`."""

    def __init__(self) -> None:
        super().__init__(lambda frame: [frame])
