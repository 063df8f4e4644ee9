"""What do the vfio-user tests share? A card on a bus, its memory, and a conversation about it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from glassnic.pci.function import PciFunction
from glassnic.spec.models import M82540EM
from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user.session import Session
from register_ram import RegisterRam
from vfio_talk import VERSION_REQUEST


@pytest.fixture
def nic() -> RegisterRam:
    return RegisterRam()


@pytest.fixture
def memory() -> SharedMemory:
    return SharedMemory()


@pytest.fixture
def fresh(nic: RegisterRam, memory: SharedMemory) -> Iterator[Session]:
    """A conversation that has not begun."""
    session = Session(PciFunction(nic, M82540EM), memory)
    yield session
    session.close()


@pytest.fixture
def session(fresh: Session) -> Session:
    """A conversation past VERSION, with the card decoding and mastering."""
    fresh.receive(VERSION_REQUEST)
    fresh.function.write(7, 4, b"\x07\0")
    return fresh
