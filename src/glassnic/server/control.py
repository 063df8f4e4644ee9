"""What can be asked of a card while it runs? One JSON request a line over a socket of the user's, one answer a line.

The verbs are in `live/protocol.py`. A request that makes no sense is answered with a sentence, and so is one that the
card cannot do; nothing said here reaches the guest but through the wire. (Not of the manual: ours.)
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from glassnic.live.protocol import VERBS, encode
from glassnic.server.card import Card
from glassnic.server.config import CardConfig
from glassnic.server.door import Door, Listening
from glassnic.server.faults import FLAP_MS, MS_NS, FaultError, Faults, milliseconds
from glassnic.server.loop import Loop
from glassnic.server.status import identity, status
from glassnic.server.tape import Tape
from glassnic.xray.watch import Watch

MOST_REQUEST_BYTES = 4096


class RequestError(Exception):
    """What was asked cannot be; the message is one sentence for whoever asked."""


class Control:
    """One card's control socket, and what was set over it: faults, and a cable that is pulled for a while."""

    def __init__(
        self, card: Card, config: CardConfig, listener: Listening, loop: Loop, watch: Watch | None = None
    ) -> None:
        self._card = card
        self._config = config
        self._watch = watch
        self._epoch_ns = time.time_ns() - time.monotonic_ns()
        """Taken once, so that a frame has the same time in every dump."""
        self._faults: Faults | None = None
        self._flap_until_ns: int | None = None
        self._verbs: dict[str, Callable[[list[str]], dict[str, Any]]] = {
            "help": self._help,
            "status": self._status,
            "dump": self._dump,
            "link": self._link,
            "fault": self._fault,
        }
        card.tape = Tape(card.nic.core.recorder)
        self._door = Door(loop.watches, listener, lambda: Lines(self.answer))
        loop.workers.insert(0, self)  # before the card: what falls due here is the card's to do in the same round

    def close(self) -> None:
        self._door.close()

    def turn(self, now_ns: int) -> int | None:
        """Plug the cable again when a flap is over, and stir the card when a late frame is due."""
        if self._flap_until_ns is not None and now_ns >= self._flap_until_ns:
            self._flap_until_ns = None
            self._card.plug(True)
        late = self._faults.deadline if self._faults else None
        if late is not None and late <= now_ns:
            self._card.stir()
            late = None  # the card takes it, and whatever is next moves up: the round after this one looks again
        return min((due for due in (self._flap_until_ns, late) if due is not None), default=None)

    def answer(self, line: bytes) -> Iterator[bytes]:
        """The answer to one request, in pieces: the guest waits for one of them, never for a whole dump."""
        try:
            verb, words = _read(line)
            told = {"ok": True, **self._verbs[verb](words)}
        except (RequestError, FaultError) as error:
            told = {"ok": False, "error": str(error)}
        content: Iterator[bytes] | None = told.pop("content", None)
        if content is None:
            return iter((encode(told),))
        return chain((encode(told).removesuffix(b"}\n") + b",",), content, (b"}\n",))

    # The verbs

    def _help(self, words: list[str]) -> dict[str, Any]:
        return {"verbs": {name: verb._asdict() for name, verb in VERBS.items()}}

    def _status(self, words: list[str]) -> dict[str, Any]:
        return {**status(self._card, self._config, self._watch), "faults": self._state()}

    def _dump(self, words: list[str]) -> dict[str, Any]:
        """All of the tape, or with a number about as many of its last frames."""
        if words and not (words[0].isdecimal() and len(words[0]) < 9):
            raise RequestError(f"{words[0]!r} is no number of frames")
        tape = self._card.tape
        assert tape is not None
        content = tape.content(int(words[0]) if words else None)
        return {**identity(self._config), "epoch_ns": self._epoch_ns, "content": content}

    def _link(self, words: list[str]) -> dict[str, Any]:
        if words not in (["up"], ["down"]):
            raise RequestError("link wants one word: up or down")
        if words == ["up"] and self._card.backend_failed:
            raise RequestError(f"there is nothing to plug the cable into: {self._config.net} has failed; serve anew")
        self._flap_until_ns = None
        self._card.plug(words == ["up"])
        return {"cable": self._card.cable}

    def _fault(self, words: list[str]) -> dict[str, Any]:
        match words:
            case ["off"]:
                self._flap_until_ns = None
                if self._faults:
                    self._faults.off()
                self._card.plug(True)
            case ["link-flap", *rest] if len(rest) < 2:
                self._flap_until_ns = time.monotonic_ns() + milliseconds(rest[0] if rest else str(FLAP_MS)) * MS_NS
                self._card.plug(False)
            case [("drop" | "corrupt" | "delay") as kind, amount]:
                self._faults = self._faults or self._card.put_around(Faults)
                self._faults.set(kind, amount)
            case _:
                raise RequestError(f"a fault is one of: {VERBS['fault'].form}")
        if self._faults:
            self._card.nic.transmit.all_cut_here = self._faults.hits_frames
        return {"faults": self._state()}

    def _state(self) -> dict[str, str]:
        state = self._faults.state() if self._faults else {}
        return {**state, "link-flap": "now"} if self._flap_until_ns is not None else state


class Lines:
    """A visitor that speaks in lines."""

    def __init__(self, answer: Callable[[bytes], Iterator[bytes]]) -> None:
        self.ended = False
        self._answer = answer
        self._pieces: Iterator[bytes] = iter(())
        """What has still to be said of an answer."""
        self._heard = bytearray()

    def receive(self, data: bytes) -> None:
        self._heard += data

    def answer(self) -> bytes:
        piece = next(self._pieces, b"")
        if piece:
            return piece
        line, newline, _ = self._heard.partition(b"\n")
        if len(line) > MOST_REQUEST_BYTES:
            self.ended = True
            self._heard.clear()
            return encode({"ok": False, "error": f"a request is a line of {MOST_REQUEST_BYTES} bytes at most"})
        if not newline:
            return b""
        del self._heard[: len(line) + 1]
        self._pieces = self._answer(bytes(line))
        return next(self._pieces)


def _read(line: bytes) -> tuple[str, list[str]]:
    """Verb and words of a request."""
    try:
        request = json.loads(line)
        verb, words = request["verb"], request.get("words", [])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RequestError('a request is a line like {"verb": "link", "words": ["down"]}') from None
    if not isinstance(verb, str) or verb not in VERBS:
        raise RequestError(f"there is no verb {verb!r}: ask one of {', '.join(VERBS)}")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise RequestError("words is a list of texts")
    return verb, words
