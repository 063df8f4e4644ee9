"""Whose are the file descriptors that come with messages? Each goes to one message, and none is left open."""

from __future__ import annotations

import os

from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.session import Session
from vfio_talk import dma_map, is_open, one, ram, read, replies, set_irqs

MIB = 1 << 20


def test_descriptors_belong_to_the_message_that_holds_the_last_byte_of_their_chunk(
    session: Session, memory: SharedMemory
) -> None:
    fd = ram()
    answer = session.receive(read(8) + dma_map(0xC0000, 0x20000, flags=1) + dma_map(1 << 32, MIB), [fd])
    assert [reply.flags for reply in replies(answer)] == [m.REPLY] * 3
    assert memory.ranges.tolist() == [[1 << 32, (1 << 32) + MIB, 1]]


def test_descriptors_of_an_incomplete_message_wait_for_its_rest(session: Session, memory: SharedMemory) -> None:
    message = dma_map(0, MIB)
    assert session.receive(read(8) + message[:20], [ram()]) != b""
    assert session.receive(message[20:30]) == b""
    one(session.receive(message[30:]))
    assert memory.ranges.tolist() == [[0, MIB, 1]]


def test_descriptors_of_two_split_messages_are_not_confused(session: Session, memory: SharedMemory) -> None:
    small, large = ram(4096), ram(MIB)
    first, second = dma_map(0, 4096), dma_map(1 << 32, MIB)
    session.receive(first[:1], [small])
    answer = session.receive(first[1:] + second[:5], [large])
    answer += session.receive(second[5:])
    assert [reply.flags for reply in replies(answer)] == [m.REPLY] * 2
    assert memory.ranges.tolist() == [[0, 4096, 1], [1 << 32, (1 << 32) + MIB, 1]]


def test_descriptors_that_nobody_asked_for_are_closed(session: Session) -> None:
    fds = [ram() for _ in range(3)]
    one(session.receive(read(8), fds))
    assert not any(is_open(fd) for fd in fds)


def test_descriptors_without_end_end_the_conversation(session: Session) -> None:
    fds = [ram(4096) for _ in range(30)]
    for fd in fds:
        session.receive(b"\0", [fd])
        if session.ended:
            break
    assert session.ended
    session.receive(b"", [fd for fd in fds if is_open(fd)])
    assert not any(is_open(fd) for fd in fds)


def test_a_client_that_leaves_takes_its_memory_and_descriptors_along(session: Session, memory: SharedMemory) -> None:
    fds = [os.eventfd(0), ram()]
    session.receive(set_irqs(m.ARM), [fds[0]])
    session.receive(dma_map(1 << 30, MIB), [ram()])
    session.receive(dma_map(0, MIB)[:8], [fds[1]])
    session.close()
    assert not any(is_open(fd) for fd in fds)
    assert memory.ranges.shape == (0, 3)
