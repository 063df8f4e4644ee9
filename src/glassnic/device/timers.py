"""When does a delayed cause fall due? A delay that each event restarts, with an absolute limit that the first one
starts.

RDTR with RADV (§13.4.30, §13.4.31) and TIDV with TADV (§13.4.41, §13.4.44) are this one pair. Times are nanoseconds
of the virtual clock; the registers count units of 1.024 us.
"""

from __future__ import annotations

UNIT_NS = 1024


class DelayTimer:
    """A restarting delay and the absolute limit beside it; whichever expires first stops both."""

    def __init__(self) -> None:
        self.deadline: int | None = None
        """When it expires, or None while it is not running."""
        self._limit_ns: int | None = None

    def start(self, now_ns: int, delay_units: int, limit_units: int) -> None:
        """An event: restart the delay; start the limit if it is not running (0 units: no limit)."""
        self.deadline = now_ns + delay_units * UNIT_NS
        if limit_units and self._limit_ns is None:
            self._limit_ns = now_ns + limit_units * UNIT_NS
        if self._limit_ns is not None:
            self.deadline = min(self.deadline, self._limit_ns)

    def stop(self) -> None:
        self.deadline = self._limit_ns = None

    def expired(self, now_ns: int) -> bool:
        """True once when the time has come; the timer is stopped then."""
        if self.deadline is None or now_ns < self.deadline:
            return False
        self.stop()
        return True
