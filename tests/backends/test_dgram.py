"""What happens to datagrams when the peer is late, leaves or comes back?"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from backends.far import FarPackets, collect, numbered
from glassnic.backends import BackendError, open_backend
from glassnic.backends.dgram import Dgram
from glassnic.device.ports import Frames


def far(folder: Path) -> FarPackets:
    (folder / "far").unlink(missing_ok=True)
    link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    link.bind(str(folder / "far"))
    return FarPackets(link)


def test_frames_to_a_peer_that_is_not_there_are_dropped_and_counted(tmp_path: Path) -> None:
    backend = Dgram(str(tmp_path / "near"), str(tmp_path / "far"))
    backend.send(Frames.of(numbered(3)))
    assert (backend.dropped, backend.blocked) == (3, False)
    backend.close()


def test_a_peer_that_starts_late_or_anew_is_found(tmp_path: Path) -> None:
    backend = Dgram(str(tmp_path / "near"), str(tmp_path / "far"))
    for _ in range(2):
        peer = far(tmp_path)
        backend.send(Frames.of(numbered(2)))
        assert peer.take(2) == numbered(2)
        peer.link.connect(str(tmp_path / "near"))
        peer.give(numbered(1))
        assert collect(backend, 1) == numbered(1)
        peer.close()
    assert backend.dropped == 0
    backend.close()


def test_what_waits_for_a_peer_that_leaves_is_dropped_and_counted(tmp_path: Path) -> None:
    peer = far(tmp_path)
    backend = Dgram(str(tmp_path / "near"), str(tmp_path / "far"))
    while not backend.blocked:
        backend.send(Frames.of(numbered(64)))
    peer.close()
    backend.flush()
    assert not backend.blocked
    assert backend.dropped > 0
    backend.close()


def test_the_socket_goes_away_with_the_backend(tmp_path: Path) -> None:
    Dgram(str(tmp_path / "near"), str(tmp_path / "far")).close()
    assert not (tmp_path / "near").exists()


@pytest.mark.parametrize("text", ["dgram:one", "dgram:one,", "dgram:,two"])
def test_one_path_is_not_enough(text: str) -> None:
    with pytest.raises(BackendError, match="write dgram:LOCAL,REMOTE"):
        open_backend(text)


def test_a_stream_socket_at_the_far_path_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "far"))
        listener.listen()
        with pytest.raises(BackendError, match="stream and dgram do not mix"):
            Dgram(str(tmp_path / "near"), str(tmp_path / "far"))
    assert not (tmp_path / "near").exists()
