"""What can a peer do wrong, and what becomes of it? Two errors, raised in a session and answered in one place of it."""

from __future__ import annotations


class ProtocolError(Exception):
    """The peer asked for what cannot be: its message is answered with `errno`, the connection lives on.

    The sentence is for whoever runs the card; an empty one says that peers ask this as a matter of course.
    """

    def __init__(self, errno: int, sentence: str = "") -> None:
        super().__init__(sentence)
        self.errno = errno


class HangupError(ProtocolError):
    """The peer broke the protocol, or cannot be served at all: answered with `errno`, then the connection is closed."""
