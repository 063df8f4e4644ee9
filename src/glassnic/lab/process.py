"""How does the lab start a program, watch it and end it? All it says goes to a log file; it dies with the lab,
whatever happens to the lab; and when it dies first, the end of its log becomes part of one sentence.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from glassnic.lab.errors import LabError

# The kernel ends the program when the lab is gone. Last of the wrappers, as entering a user namespace forgets the wish.
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")


class Process:
    """A program that runs beside us."""

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        log: Path,
        *,
        inside: Sequence[str] = (),
        environment: dict[str, str] | None = None,
        terminal: bool = False,
    ) -> None:
        """`inside`: words in front, such as those that enter a namespace; `terminal`: it gets ours and its keys."""
        self.name = name
        self.log = log
        command = [*inside, *DIES_WITH_US, *words]
        with log.open("ab") as file:
            file.write(f"$ {' '.join(words)}\n".encode())
            file.flush()
            # A group of its own: Ctrl-C is for us, and we end it in order.
            self.child = subprocess.Popen(
                command,
                stdin=None if terminal else subprocess.DEVNULL,
                stdout=None if terminal else file,
                stderr=None if terminal else file,
                env={**os.environ, **(environment or {})},
                process_group=None if terminal else 0,
            )

    @property
    def said(self) -> str:
        """Everything it has said, the command line left out."""
        return "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[1:])

    def check(self) -> None:
        """Raise LabError when it has ended."""
        if (code := self.child.poll()) is not None:
            raise LabError(f"{self.name} ended too early ({ending(code)}): {tail(self.said)}")

    def wait_for(self, holds: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until `holds()`; LabError when it ends before, or the time is up."""
        deadline = time.monotonic() + seconds
        while not holds():
            self.check()
            if time.monotonic() > deadline:
                raise LabError(f"{self.name}: {what} did not come in {seconds:.0f} s: {tail(self.said)}")
            time.sleep(0.02)

    def wait_for_end(self, seconds: float) -> int:
        """Wait until it ends by itself; gives the exit status, LabError when the time is up."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{self.name} did not end in {seconds:.0f} s: {tail(self.said)}") from error

    def stop(self, seconds: float = 10) -> int:
        """Ask it to end, insist after `seconds`; gives the exit status."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.child.kill()
        return self.child.wait()


def ending(code: int) -> str:
    """An exit status in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


def tail(text: str, lines: int = 4) -> str:
    """The last lines of a log, on one line."""
    last = [line.strip() for line in text.splitlines() if line.strip()][-lines:]
    return " / ".join(last) or "it said nothing"
