"""Does a real TAP come, go, fail and lose frames as we say? In a network namespace of its own; skipped where that is
not allowed."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.far import numbered, octets, private_network, tap_pair
from glassnic.backends import BackendError, open_backend
from glassnic.backends.tap import IFF_UP, SIOCGIFFLAGS, SIOCSIFFLAGS, Tap
from glassnic.device.ports import Frames

NAME = "glasstap0"
TUNSETPERSIST = 0x400454CB


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    with private_network():
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            pytest.skip("no /dev/net/tun that we may use")
        yield


def exists() -> bool:
    return NAME in dict(map(reversed, socket.if_nameindex()))  # type: ignore[arg-type]


def flags(change: int = 0) -> int:
    """The interface's flags, after toggling those of `change`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = fcntl.ioctl(control, SIOCGIFFLAGS, NAME.encode().ljust(40, b"\0"))
        found = int.from_bytes(request[16:18], "little") ^ change
        if change:
            fcntl.ioctl(control, SIOCSIFFLAGS, request[:16] + found.to_bytes(2, "little") + request[18:])
        return found


def test_a_new_tap_is_made_up_and_goes_away_with_us() -> None:
    backend = open_backend(f"tap:{NAME},gso=off")
    assert exists()
    assert flags() & IFF_UP
    backend.close()
    assert not exists()


def test_a_tap_that_exists_is_left_as_it_is() -> None:
    first = Tap(NAME)
    fcntl.ioctl(first.fileno(), TUNSETPERSIST, 1)
    first.close()
    flags(change=IFF_UP)
    second = Tap(NAME)
    assert not flags() & IFF_UP
    second.close()
    assert exists()


def test_a_tap_that_another_program_holds_is_one_sentence() -> None:
    first = Tap(NAME)
    with pytest.raises(BackendError, match="another program holds it"):
        Tap(NAME)
    first.close()


def test_an_interface_that_is_no_tap_is_one_sentence() -> None:
    with pytest.raises(BackendError, match="exists and is no simple TAP"):
        Tap("lo")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tap:sixteen-letters!", "longer than 15 bytes"),
        ("tap:a b", "is no name for an interface"),
        ("tap:tap%d", "is no name for an interface"),
        ("tap:,gso=off", "is no name for an interface"),
        ("tap:t0,gso=on", r"does not know the option 'gso=on': write tap:t0 or tap:t0,gso=off"),
        ("tap:t0,mtu=9000", "does not know the option"),
        ("tap", r"write tap:NAME\[,gso=off\]"),
    ],
)
def test_a_text_that_names_no_tap_is_one_sentence(text: str, words: str) -> None:
    with pytest.raises(BackendError, match=words):
        open_backend(text)


def test_frames_into_an_interface_that_is_down_are_counted() -> None:
    backend = Tap(NAME)
    flags(change=IFF_UP)
    backend.send(Frames.of(numbered(3)))
    assert (backend.dropped, backend.blocked) == (3, False)
    backend.close()
    assert backend.dropped == 3


def test_frames_that_die_in_the_queue_because_we_read_too_slowly_are_counted(tmp_path: Path) -> None:
    pair = tap_pair(tmp_path)
    given = 3000
    for frame in numbered(given):
        try:
            pair.far.give([frame])
        except OSError:
            given -= 1  # the packet socket itself had no room
    received = 0
    while frames := octets(pair.backend.receive()):
        received += len(frames)
    assert 0 < received < given
    assert pair.backend.dropped == given - received
    pair.backend.close()
    assert pair.backend.dropped == given - received


def test_losses_from_before_our_time_do_not_count(tmp_path: Path) -> None:
    first = tap_pair(tmp_path)
    fcntl.ioctl(first.backend.fileno(), TUNSETPERSIST, 1)
    first.far.give(numbered(1500))
    first.backend.close()
    assert first.backend.dropped > 0
    second = Tap(NAME)
    assert second.dropped == 0
    second.close()


@pytest.mark.skipif(shutil.which("ip") is None, reason="iproute2 is not installed")
def test_a_tap_that_is_taken_away_is_one_sentence() -> None:
    backend = Tap(NAME)
    subprocess.run(["ip", "link", "del", NAME], check=True)
    with pytest.raises(BackendError, match="is gone"):
        backend.receive()
    with pytest.raises(BackendError, match="is gone"):
        backend.send(Frames.of(numbered(1)))
    backend.close()
