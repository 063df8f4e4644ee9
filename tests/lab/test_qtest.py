"""Does the lab meet what it starts, and does it speak qtest? Answers in order and in pieces; silence is a sentence."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from glassnic.lab.errors import LabError
from glassnic.lab.qtest import Qtest
from glassnic.lab.sockets import accept, listen


@pytest.fixture
def ends() -> Iterator[tuple[Qtest, socket.socket]]:
    near, far = socket.socketpair()
    near.settimeout(0.1)
    with near, far:
        yield Qtest(near), far


def test_the_last_of_many_answers_counts_however_they_come(ends: tuple[Qtest, socket.socket]) -> None:
    qtest, far = ends
    qtest.send("writel 0x0 0x1", "writel 0x4 0x2")
    far.sendall(b"OK\nO")
    qtest.collect(1)
    far.sendall(b"K\nOK 0x00000000000000fe\n")
    assert qtest.ask("readl 0x8") == 0xFE
    assert far.recv(4096) == b"writel 0x0 0x1\nwritel 0x4 0x2\nreadl 0x8\n"


def test_configuration_space_is_reached_through_its_two_ports(ends: tuple[Qtest, socket.socket]) -> None:
    qtest, far = ends
    far.sendall(b"OK\nOK 0x100e8086\n")
    assert qtest.read_config(4, 0) == 0x100E8086
    far.sendall(b"OK\nOK\n")
    qtest.write_config(4, 4, 7)
    said = far.recv(4096).decode().splitlines()
    assert said == ["outl 0xcf8 0x80002000", "inl 0xcfc", "outl 0xcf8 0x80002004", "outl 0xcfc 0x7"]


@pytest.mark.parametrize(("answer", "sentence"), [(b"FAIL what\n", "refused"), (b"", "has not answered")])
def test_a_qemu_that_refuses_or_is_silent_is_one_sentence(
    ends: tuple[Qtest, socket.socket], answer: bytes, sentence: str
) -> None:
    qtest, far = ends
    far.sendall(answer)
    with pytest.raises(LabError, match=sentence):
        qtest.ask("nonsense")


def test_a_qemu_that_has_left_is_one_sentence(ends: tuple[Qtest, socket.socket]) -> None:
    qtest, far = ends
    far.close()
    with pytest.raises(LabError, match="closed its test socket"):
        qtest.ask("readl 0x0")


def test_a_peer_that_does_not_connect_is_one_sentence(tmp_path: Path) -> None:
    with listen(tmp_path / "s", 0.01) as listener, pytest.raises(LabError, match="nobody did not connect"):
        accept(listener, "nobody")
