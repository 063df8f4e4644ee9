"""What is said over a control socket? One request a line, one answer a line, both JSON; the verbs; who asks.

A request is `{"verb": "link", "words": ["down"]}`; an answer `{"ok": true, ...}`, or `{"ok": false, "error": "..."}`
with one sentence that says what to do.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

TIMEOUT_S = 10.0


class Verb(NamedTuple):
    """What one verb takes, and what it does in a few words."""

    form: str
    words: str


VERBS: dict[str, Verb] = {
    "help": Verb("", "what can be asked"),
    "status": Verb("", "registers, rings, contexts and counts as they are now"),
    "dump": Verb("FILE|-", "the last frames and all the card noted of them, as a capture for Wireshark and explain"),
    "link": Verb("up|down", "plug or pull the cable"),
    "fault": Verb(
        "drop N|P%, corrupt N|P%, delay MS, link-flap [MS], off",
        "spoil the wire: the next N frames or P percent of all, in both directions; delay what comes; "
        "pull the cable for a moment (1000 ms)",
    ),
}


class ControlError(Exception):
    """The card cannot be asked, or does not do it; the message is one sentence for the user."""


def encode(content: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


class Control:
    """A connection to a card's control socket. Every method raises ControlError."""

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.settimeout(timeout_s)
        try:
            self._sock.connect(str(path))
        except OSError as error:
            self._sock.close()
            why = error.strerror or str(error)
            raise ControlError(
                f"there is no card's control socket at {path} ({why}): start one with `glassnic serve --control {path}`"
            ) from error
        self._lines = self._sock.makefile("rb")

    def ask(self, verb: str, *words: str) -> dict[str, Any]:
        """The answer, which is a good one."""
        try:
            self._sock.sendall(encode({"verb": verb, "words": words}))
            line = self._lines.readline()
        except OSError as error:
            raise ControlError(f"the card at {self._path} does not answer: {error.strerror or error}") from error
        if not line.endswith(b"\n"):
            raise ControlError(f"the card at {self._path} has ended the conversation")
        try:
            answer = json.loads(line)
            good = answer.pop("ok")
        except (ValueError, AttributeError, KeyError) as error:
            raise ControlError(f"what listens at {self._path} is no card: give the path of its --control") from error
        if not good:
            raise ControlError(str(answer.get("error")))
        return dict(answer)

    def close(self) -> None:
        self._lines.close()
        self._sock.close()

    def __enter__(self) -> Control:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
