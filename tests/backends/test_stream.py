"""Does a byte stream carry frames however it is cut, and what happens when the peer leaves, lies or was never there?"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from backends.far import Pair, collect, connected, numbered, octets, stream_listen_pair, stream_pair
from glassnic.backends import BackendError, open_backend
from glassnic.backends.stream_listen import StreamListen
from glassnic.device.ports import Frames


def test_a_stream_cut_byte_by_byte_gives_the_same_frames(tmp_path: Path) -> None:
    pair = stream_pair(tmp_path)
    frames = numbered(3, 70)
    received: list[bytes] = []
    for octet in b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames):
        pair.far.link.sendall(bytes([octet]))
        received += octets(pair.backend.receive())
    assert received == frames


def test_more_frames_than_the_limit_are_told_as_pending(tmp_path: Path) -> None:
    pair = stream_pair(tmp_path)
    pair.far.give(numbered(3))
    assert octets(pair.backend.receive(2)) == numbered(2)
    assert pair.backend.pending
    assert octets(pair.backend.receive(2)) == numbered(1, start=2)
    assert not pair.backend.pending


def test_frames_sent_before_the_peer_left_still_come(tmp_path: Path) -> None:
    pair = stream_pair(tmp_path)
    pair.far.give(numbered(2))
    pair.far.close()
    pair.backend.send(Frames.of(numbered(4)))
    assert (pair.backend.dropped, pair.backend.blocked) == (4, False)
    assert collect(pair.backend, 2) == numbered(2)
    with pytest.raises(BackendError, match=r"the peer of stream:.* has left"):
        pair.backend.receive()


def test_what_waits_for_a_peer_that_leaves_is_counted(tmp_path: Path) -> None:
    pair = stream_pair(tmp_path)
    sent = 0
    while not pair.backend.blocked:
        pair.backend.send(Frames.of(numbered(64, 1000)))
        sent += 64
    taken = 0
    while sent - taken > 64:
        taken += len(pair.far.take(1))
    pair.far.close()
    pair.backend.flush()
    assert not pair.backend.blocked
    assert 0 < pair.backend.dropped <= 64


def test_a_peer_that_speaks_something_else_is_told_in_a_sentence(tmp_path: Path) -> None:
    pair = stream_pair(tmp_path)
    pair.far.link.sendall(b"GET / HTTP/1.1\r\n")
    with pytest.raises(BackendError, match="does not speak 4-byte lengths"):
        pair.backend.receive()


def test_an_announced_frame_of_no_bytes_is_no_frame(tmp_path: Path) -> None:
    pair = stream_pair(tmp_path)
    pair.far.link.sendall(bytes(4))
    pair.far.give(numbered(1))
    assert collect(pair.backend, 1) == numbered(1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no such socket or folder; start the peer first"),
        (lambda path: path.write_text("a file"), "nobody listens|no socket"),
        (lambda path: socket.socket(socket.AF_UNIX).bind(str(path)), "nobody listens there"),
        (lambda path: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(str(path)), "nobody listens|other kind"),
    ],
)
def test_who_cannot_be_reached_is_one_sentence(make: object, words: str, tmp_path: Path) -> None:
    make(tmp_path / "peer")  # type: ignore[operator]
    with pytest.raises(BackendError, match=f"cannot connect to .*({words})"):
        open_backend(f"stream:{tmp_path}/peer")


def test_a_listener_whose_queue_is_full_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "peer"))
        listener.listen(0)
        first = open_backend(f"stream:{tmp_path}/peer")
        with pytest.raises(BackendError, match="queue is full"):
            open_backend(f"stream:{tmp_path}/peer")
        first.close()


def test_a_path_too_long_for_a_socket_is_one_sentence(tmp_path: Path) -> None:
    for form in ("stream:{}", "stream-listen:{}", "dgram:{},{}", f"dgram:{tmp_path}/near,{{}}"):
        with pytest.raises(BackendError, match="longer than 107 bytes"):
            open_backend(form.replace("{}", "/tmp/" + "x" * 120))


def test_a_listening_backend_takes_the_next_peer_when_one_leaves(tmp_path: Path) -> None:
    pair = stream_listen_pair(tmp_path)
    first_fd = pair.backend.fileno()
    pair.far.give(numbered(1))
    pair.far.close()
    assert collect(pair.backend, 1) == numbered(1)
    assert octets(pair.backend.receive()) == []
    listening_fd = pair.backend.fileno()
    assert listening_fd != first_fd
    far = connected(tmp_path / "listen")
    far.give(numbered(2))
    assert collect(pair.backend, 2) == numbered(2)
    assert pair.backend.fileno() != listening_fd
    pair.backend.send(Frames.of(numbered(3)))
    assert far.take(3) == numbered(3)


def test_a_listening_backend_shows_the_door_to_a_peer_that_lies(tmp_path: Path) -> None:
    pair = stream_listen_pair(tmp_path)
    pair.far.link.sendall(b"\xff" * 8)
    assert octets(pair.backend.receive()) == []
    assert pair.far.link.recv(1) == b""
    far = connected(tmp_path / "listen")
    far.give(numbered(1))
    assert collect(pair.backend, 1) == numbered(1)


def test_without_a_peer_frames_are_dropped_and_counted(tmp_path: Path) -> None:
    backend = StreamListen(str(tmp_path / "listen"))
    backend.send(Frames.of(numbered(3)))
    assert (backend.dropped, backend.blocked) == (3, False)
    far = connected(tmp_path / "listen")
    assert octets(backend.receive()) == []
    backend.send(Frames.of(numbered(1)))
    assert far.take(1) == numbered(1)
    assert backend.dropped == 3
    backend.close()


def lost(pair: Pair) -> int:
    return pair.backend.dropped


def test_a_dismissed_peers_losses_stay_counted(tmp_path: Path) -> None:
    pair = stream_listen_pair(tmp_path)
    pair.far.close()
    pair.backend.send(Frames.of(numbered(2)))
    assert lost(pair) == 2
    assert octets(pair.backend.receive()) == []
    assert lost(pair) == 2


def test_a_stale_socket_is_replaced_and_one_in_use_is_not(tmp_path: Path) -> None:
    path = tmp_path / "listen"
    socket.socket(socket.AF_UNIX).bind(str(path))
    backend = StreamListen(str(path))
    with pytest.raises(BackendError, match="something is there already"):
        StreamListen(str(path))
    backend.close()
    assert not path.exists()


def test_a_file_of_that_name_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "listen"
    path.write_text("precious")
    with pytest.raises(BackendError, match="something else has that name"):
        StreamListen(str(path))
    assert path.read_text() == "precious"


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="make the folder"):
        StreamListen(os.fspath(tmp_path / "nowhere" / "listen"))
