"""How does an interrupt level become writes of eventfds? (VFIO's rules for INTx and MSI, as QEMU keeps them.)

INTx is a level that the far side masks by being told: on a level we write the eventfd and hold back until UNMASK, and
if the level is then still high we write again. QEMU takes the first access to any BAR as the end of interrupt, so an
UNMASK can come before the guest's handler has run; firing on edges alone would lose interrupts. Under KVM the UNMASK
comes as a second eventfd ("resample") instead of a message. MSI is an edge: one write each time the level rises.
"""

from __future__ import annotations

import contextlib
import os


class _Eventfd:
    """A descriptor the peer gave us, ours to close; never blocks, whatever it really is."""

    def __init__(self) -> None:
        self.fd = -1

    def take(self, fd: int) -> None:
        """Own `fd`, or none (-1), in place of the one before."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = fd
        if fd >= 0:
            os.set_blocking(fd, False)

    def write(self) -> None:
        """Count one event."""
        # A peer that handed over a full pipe, or has closed its end, misses an event: its own loss.
        with contextlib.suppress(OSError):
            os.eventfd_write(self.fd, 1)

    def read(self) -> None:
        """Forget the events counted so far."""
        with contextlib.suppress(OSError):
            os.read(self.fd, 8)


class IntxLine:
    """INTA# as a peer sees it: armed with an eventfd, masked by each firing until unmasked."""

    def __init__(self) -> None:
        self.level = False
        self.resample_changed = False
        """Whoever polls `resample_fd` must look again, and sets this back."""
        self._masked = False
        self._trigger = _Eventfd()
        self._resample = _Eventfd()

    @property
    def resample_fd(self) -> int:
        """What to poll for KVM's end of interrupt, or -1."""
        return self._resample.fd

    def set_level(self, level: bool) -> None:
        """Follow the card's pin."""
        self.level = level
        if level and not self._masked and self._trigger.fd >= 0:
            self._masked = True
            self._trigger.write()

    def arm(self, fd: int) -> None:
        """Fire by `fd` from now on (-1: not at all). Arming starts afresh: a mask left over would silence the guest."""
        self._trigger.take(fd)
        self.unmask()

    def arm_resample(self, fd: int) -> None:
        """Each event on `fd` is an UNMASK (-1: no longer)."""
        self._resample.take(fd)
        self.resample_changed = True

    def resampled(self) -> None:
        """The resample descriptor has become readable."""
        self._resample.read()
        self.unmask()

    def mask(self) -> None:
        """Hold back."""
        self._masked = True

    def unmask(self) -> None:
        """End of interrupt: fire again if the level is still high."""
        self._masked = False
        self.set_level(self.level)

    def close(self) -> None:
        """Disarm and give the descriptors back."""
        self._trigger.take(-1)
        self.arm_resample(-1)
        self._masked = False


class MsiVector:
    """The one MSI vector: each rise of the level is a message."""

    def __init__(self) -> None:
        self.level = False
        self._told = False
        self._trigger = _Eventfd()

    def set_level(self, level: bool) -> None:
        """Follow the card. A rise before the peer armed the vector is told when it does."""
        self.level = level
        if not level:
            self._told = False
        elif not self._told and self._trigger.fd >= 0:
            self._told = True
            self._trigger.write()

    def arm(self, fd: int) -> None:
        """Fire by `fd` from now on (-1: not at all)."""
        self._trigger.take(fd)
        self.set_level(self.level)

    def close(self) -> None:
        """Disarm and give the descriptor back."""
        self._trigger.take(-1)
