"""What does the process do all day? One loop: wait, serve what has arrived, let the cards work, carry the results away.

One thread, one wait, level-triggered; no other call in it blocks. Whatever a socket holds is taken in
before any card acts on it, so of several doorbells the last one counts; a card then works for one bounded turn, which
ends soon when a client waits at the door, so that a register read never waits long. A card with work left makes the
next wait none at all; one that waits for a moment (a timer of its own) has the loop woken by a timerfd, because epoll
itself counts in milliseconds.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from glassnic.transports.linux import Timer

IN, OUT = select.EPOLLIN, select.EPOLLOUT

Action = Callable[[int], None]
"""Called with the epoll events of its descriptor."""


class Watches:
    """Which descriptors the loop waits for, and who acts on each; and which of them are at the door, so that a card in
    the midst of a turn sees with one look whether one is ready."""

    def __init__(self) -> None:
        self._epoll, self._door = select.epoll(), select.epoll()
        self._actions: dict[int, Action] = {}
        self._at_door: set[int] = set()

    @property
    def door_fd(self) -> int:
        """A descriptor that can be read while anybody at the door waits."""
        return self._door.fileno()

    def watch(self, fd: int, events: int, action: Action, at_door: bool = False) -> None:
        """Wait for `events` on `fd`, in place of what was waited for there."""
        _put(self._epoll, fd, events, fd in self._actions)
        if at_door:
            _put(self._door, fd, events, fd in self._at_door)
            self._at_door.add(fd)
        self._actions[fd] = action

    def forget(self, fd: int) -> None:
        """Wait for `fd` no more. To be called before it is closed."""
        if self._actions.pop(fd, None) is None:
            return
        with suppress(OSError):  # it is closed already and thereby forgotten
            self._epoll.unregister(fd)
            if fd in self._at_door:
                self._door.unregister(fd)
        self._at_door.discard(fd)

    def wait(self, timeout_s: float) -> None:
        """Wait at most so long (-1: for ever), then let those act whose descriptors are ready."""
        for fd, events in self._epoll.poll(timeout_s):
            action = self._actions.get(fd)
            if action is not None:  # one acted upon before may have closed this one
                action(events)

    def close(self) -> None:
        """Give the descriptors back."""
        self._epoll.close()
        self._door.close()


def _put(epoll: select.epoll, fd: int, events: int, known: bool) -> None:
    # A number may have been closed and be another file by now: the kernel has forgotten it, we need not know.
    if known:
        with suppress(FileNotFoundError):
            epoll.modify(fd, events)
            return
    epoll.register(fd, events)


class Worker(Protocol):
    """What the loop drives: a card with everything around it."""

    def turn(self, now_ns: int) -> int | None:
        """Do what is due, in bounded time; when to be called again (None: when something happens)."""


class Loop:
    """The loop. `watches` is for workers to say what they wait for; `wake` and `stop` may be called from anywhere."""

    def __init__(self) -> None:
        self.watches = Watches()
        self.workers: list[Worker] = []
        self._timer = Timer()
        self._stopped = False
        self._wake_read, self._wake_write = socket.socketpair()
        for end in (self._wake_read, self._wake_write):
            end.setblocking(False)
        self.watches.watch(self._timer.fileno(), IN, lambda _: None)
        self.watches.watch(self._wake_read.fileno(), IN, lambda _: self._woken())

    @property
    def wake_fd(self) -> int:
        """A byte written here ends the wait: for `signal.set_wakeup_fd`."""
        return self._wake_write.fileno()

    def wake(self) -> None:
        """End the present wait."""
        try:
            self._wake_write.send(b"\0")
        except BlockingIOError:  # full of wake-ups already
            return

    def stop(self) -> None:
        """Let `run` return."""
        self._stopped = True
        self.wake()

    def run(self) -> None:
        """Until stopped."""
        timeout_s = 0.0
        while not self._stopped:
            self.watches.wait(timeout_s)
            now_ns = time.monotonic_ns()
            due: int | None = None
            for worker in self.workers:
                at = worker.turn(now_ns)
                if at is not None and (due is None or at < due):
                    due = at
            if due is not None and due <= now_ns:
                timeout_s = 0
            else:
                timeout_s = -1
                self._timer.set(due)

    def close(self) -> None:
        """Give the descriptors back."""
        self._timer.close()
        self._wake_read.close()
        self._wake_write.close()
        self.watches.close()

    def _woken(self) -> None:
        try:
            while self._wake_read.recv(4096):
                pass
        except BlockingIOError:
            return
