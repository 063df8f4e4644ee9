"""How does one talk to the guest? Its second serial port is a command channel: the host sends a shell command, the
agent in the initramfs answers with what it printed and its exit status. Its first serial port is the console, kept in
a file and read for what the kernel complains about.
"""

from __future__ import annotations

import base64
import itertools
import re
import shlex
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from glassnic.lab.errors import LabError

COMPLAINTS = re.compile(
    r"WARNING: |BUG: |Oops|Kernel panic|Call Trace|NETDEV WATCHDOG|Tx Unit Hang|rcu_.*stall|blocked for more"
)
BOOT_SECONDS = 180
SLACK_SECONDS = 30
DYING_SECONDS = 3


class Result(NamedTuple):
    """What a command in the guest gave."""

    status: int
    text: str

    @property
    def ok(self) -> bool:
        """Whether it ended with status 0."""
        return self.status == 0


class GuestError(LabError):
    """The guest does not answer, or a command that a plan takes for granted failed."""


class Guest:
    """The running guest, over its connected channel. `alive` raises LabError when the machine around it has died."""

    def __init__(self, channel: socket.socket, console: Path, alive: Callable[[], None]) -> None:
        self.console = console
        self.alive = alive
        self.socket = channel
        self.received = b""
        self.tokens = itertools.count(1)
        self.read_to = 0

    def wait_until_up(self, seconds: float = BOOT_SECONDS) -> None:
        """Wait until the agent of this boot says READY."""
        self._until(lambda line: line == b"READY", seconds, "the guest's boot")

    def run(self, command: str, timeout: float = 60) -> Result:
        """Run a shell command; both outputs in one text. One that takes longer than `timeout` s gives status 124."""
        token = str(next(self.tokens)).encode()
        encoded = base64.b64encode(command.encode())
        self._send(b"%s %d %s\n" % (token, max(1, round(timeout)), encoded))
        what = f"an answer to `{command[:60]}`"
        self._until(lambda line: line == b"BEGIN " + token, timeout + SLACK_SECONDS, what)
        body: list[bytes] = []
        while not (line := self._line(time.monotonic() + SLACK_SECONDS, what)).startswith(b"END " + token):
            body.append(line)
        status = int(line.split()[2])
        return Result(124 if status == 143 else status, base64.b64decode(b"".join(body)).decode(errors="replace"))

    def must(self, command: str, timeout: float = 60) -> str:
        """`run` for what has to work; GuestError when it doesn't."""
        result = self.run(command, timeout)
        if not result.ok:
            raise GuestError(
                f"`{command[:120]}` failed in the guest (status {result.status}): {result.text.strip()[-400:]}"
            )
        return result.text

    def python(self, verb: str, *words: object, timeout: float = 60) -> Result:
        """Run a verb of traffic.py in the guest."""
        return self.run(traffic_command(verb, *words), timeout)

    def start_python(self, verb: str, *words: object) -> str:
        """Start a verb of traffic.py in the background, wait until it is ready; gives the file for its answer."""
        answer = f"/tmp/{verb}.{next(self.tokens)}"
        start = f"{traffic_command(verb, *words)} >{answer} 2>&1 & echo $! >{answer}.pid"
        self.must(f"{start}; until grep -q . {answer}; do sleep 0.1; done")
        return answer

    def stop_python(self, answer: str) -> None:
        """Ask a verb that `start_python` started to end, and wait until it has."""
        self.must(f"read pid <{answer}.pid; kill $pid 2>/dev/null; while [ -d /proc/$pid ]; do sleep 0.1; done")

    def answer(self, path: str, timeout: float = 60) -> str:
        """The JSON line of a verb that `start_python` started, once it is there."""
        return self.must(f"until grep '^{{' {path}; do sleep 0.1; done", timeout).strip()

    def complaints(self) -> list[str]:
        """The lines since the last call in which the kernel complains."""
        text = self.console.read_bytes()[self.read_to :]
        self.read_to += len(text)
        return [line.strip() for line in text.decode(errors="replace").splitlines() if COMPLAINTS.search(line)]

    def close(self) -> None:
        """Let go of the channel."""
        self.socket.close()

    def _send(self, line: bytes) -> None:
        try:
            self.socket.sendall(line)
        except OSError:
            self._find_out_who_died()

    def _until(self, wanted: Callable[[bytes], bool], seconds: float, what: str) -> bytes:
        deadline = time.monotonic() + seconds
        while True:
            line = self._line(deadline, what)
            if wanted(line):
                return line

    def _line(self, deadline: float, what: str) -> bytes:
        self.socket.settimeout(0.5)
        while b"\n" not in self.received:
            self.alive()
            if time.monotonic() > deadline:
                raise GuestError(f"The guest is silent: {what} did not come in time.")
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                continue
            if not more:
                self._find_out_who_died()
            self.received += more
        line, self.received = self.received.split(b"\n", 1)
        return line.strip(b"\r")

    def _find_out_who_died(self) -> None:
        """The channel is closed: the card's or QEMU's end is at hand, and is what to tell."""
        deadline = time.monotonic() + DYING_SECONDS
        while time.monotonic() < deadline:
            self.alive()
            time.sleep(0.1)
        raise GuestError("QEMU closed the guest's command channel.")


def traffic_command(verb: str, *words: object) -> str:
    """The guest's shell words for a verb of traffic.py."""
    return shlex.join(["python3", "-S", "-E", "/lib/traffic.py", verb, *map(str, words)])
