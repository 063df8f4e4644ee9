"""Do the backends inside this process keep a fast guest from filling the memory, and lose nothing by it?"""

from __future__ import annotations

from backends.far import numbered, octets
from glassnic.backends.inside import ENOUGH_FRAMES
from glassnic.backends.loopback import Loopback
from glassnic.backends.null import Null
from glassnic.device.ports import Frames


def test_enough_waiting_frames_block_until_some_are_taken() -> None:
    backend = Loopback()
    backend.send(Frames.of(numbered(ENOUGH_FRAMES + 10)))
    assert backend.blocked
    assert backend.pending
    assert octets(backend.receive(11)) == numbered(11)
    assert not backend.blocked


def test_a_short_frame_comes_back_as_short_as_it_was() -> None:
    backend = Loopback()
    backend.send(Frames.of(numbered(1, 42)))
    assert octets(backend.receive()) == numbered(1, 42)


def test_what_goes_nowhere_is_not_called_lost() -> None:
    backend = Null()
    backend.send(Frames.of(numbered(1000)))
    assert (backend.blocked, backend.pending, backend.dropped, octets(backend.receive())) == (False, False, 0, [])
