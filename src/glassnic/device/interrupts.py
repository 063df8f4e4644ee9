"""Is the interrupt line asserted? The formula `ICR & IMS`, moderated by ITR (§13.4.17 to §13.4.21).

Reading ICR takes all causes; there is no conditional clearing and no auto-masking on these parts. ITR delays only the
line, never the causes: between two assertions lie at least ITR * 256 ns, counted from the assertion (inferred).

ITR is there to leave software time of its own, and drivers choose it for registers that answer in a microsecond. Where
they answer in fifty, a driver that is handed its next interrupt with each end of the last does nothing else. So whoever
serves registers slowly may set a `longest_respite_ns`, which silicon does not have, and may ask when software is free.
Who only sends waits for nobody, but for its buffers: it hears of them when it has had time, or with whatever comes in.
"""

from __future__ import annotations

from glassnic.spec.fields import CAUSE

SENT = CAUSE.TXDW.mask | CAUSE.TXQE.mask
"""Causes that only tell software that it may have its buffers back."""
ITR_UNIT_NS, ITR_BITS = 256, 0xFFFF
LONG_AGO_NS = -(1 << 62)
"""When the line last rose, before it ever did: the first assertion waits for nothing."""
LONGEST_HANDLING_NS = 10_000_000
"""Who has not unmasked its interrupts by then does not wait for them."""
UNBROKEN = 4
"""So many interrupts in a row may wait for the end of the one before."""
SHARE = 5
"""So many times as long as its interrupt took software has for itself, until it is `free` for more."""


class Interrupts:
    """Causes, mask and line."""

    def __init__(self, causes: int) -> None:
        self.implemented = causes
        self.now_ns = 0
        self.assertions = 0
        """How often the line rose since the card was made."""
        self.longest_respite_ns = 0
        """How long the line may stay low for software's sake, when interrupt follows interrupt without a break."""
        self.reset()

    def reset(self) -> None:
        self.icr = 0
        self.ims = 0
        self.throttle_ns = 0
        self._handling_ns = 0
        """How long software took over its last interrupt, from the line's rise to a write of IMS."""
        self._unbroken = 0
        self._only_sent = False
        """Did the last causes that software took tell of nothing but what was sent?"""
        self._respite_until_ns = LONG_AGO_NS
        self.line = False
        self._rose_ns, self._handled_ns = LONG_AGO_NS, 0

    def raise_(self, causes: int) -> None:
        """A cause happened, or software wrote ICS."""
        self.icr |= causes & self.implemented
        self._settle()

    def take_causes(self) -> int:
        """A read of ICR: all causes, which it clears."""
        causes, self.icr = self.icr, 0
        if causes:
            self._only_sent = not causes & ~SENT
        self.line = False
        return causes

    def causes(self) -> int:
        """A read of ICS: the causes, kept (the manual says write only; VxWorks relies on it)."""
        return self.icr

    def mask(self) -> int:
        return self.ims

    def clear_causes(self, causes: int) -> None:
        self.icr &= ~causes
        self._settle()

    def set_mask(self, causes: int) -> None:
        """A write of IMS. A cause that pends already asserts at once (§13.4.17)."""
        if causes and not self.ims:
            self._handled(bool(self.icr & causes))
        self.ims |= causes & self.implemented
        self._settle()

    def clear_mask(self, causes: int) -> None:
        self.ims &= ~causes
        self._settle()

    def throttle(self, value: int) -> None:
        """A write of ITR, 15:0 in units of 256 ns; 0 is no limit. It holds from the last assertion on."""
        self.throttle_ns = (value & ITR_BITS) * ITR_UNIT_NS
        self._settle()

    @property
    def deadline(self) -> int | None:
        """When a throttled assertion falls due."""
        return self._earliest_ns if self.icr & self.ims and not self.line else None

    def advance(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self._settle()

    @property
    def _earliest_ns(self) -> int:
        """When the line may rise. Who only sends gets its buffers back when it has had time for itself."""
        only_sends = self._only_sent and not self.icr & self.ims & ~SENT
        respite_until_ns = self._rested_ns if only_sends else self._respite_until_ns
        return max(self._rose_ns + self.throttle_ns, respite_until_ns)

    @property
    def free_ns(self) -> int:
        """When software has time for more; while an interrupt is being handled, the latest that this may take."""
        if self.line or not self.ims:
            return self._rose_ns + LONGEST_HANDLING_NS
        return self._rested_ns

    @property
    def _rested_ns(self) -> int:
        """When software has had its share of time since its last interrupt."""
        return self._handled_ns + min(SHARE * self._handling_ns, self.longest_respite_ns)

    def _handled(self, next_waits: bool) -> None:
        """Software is done with an interrupt: after many without a break it gets as much time as this one took."""
        raised = self._rose_ns >= self._handled_ns  # if not, software masked and unmasked of its own accord
        self._handling_ns = min(self.now_ns - self._rose_ns, self.longest_respite_ns) if raised else 0
        self._handled_ns = self.now_ns
        self._unbroken = self._unbroken + 1 if next_waits else 0
        if self._unbroken > UNBROKEN:
            self._respite_until_ns = self.now_ns + self._handling_ns

    def _settle(self) -> None:
        if not self.icr & self.ims:
            self.line = False
        elif not self.line and self.now_ns >= self._earliest_ns:
            self.line = True
            self.assertions += 1
            self._rose_ns = self.now_ns
