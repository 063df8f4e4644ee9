"""Does every interrupt reach the client, and none twice? INTx with its masks, KVM's resample form, and MSI."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

import pytest

from glassnic.pci.function import CONFIG
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.session import Session
from register_ram import ICR, ICS, IMC, IMS, RegisterRam
from vfio_talk import is_open, read, replies, set_irqs, write

ALL = b"\xff\xff\0\0"
CAUSE = b"\x04\0\0\0"


@pytest.fixture
def eventfd() -> Iterator[int]:
    fd = os.eventfd(0, os.EFD_NONBLOCK)
    yield fd
    os.close(fd)


def events(eventfd: int) -> int:
    """How often the descriptor has been written since the last look."""
    try:
        return os.eventfd_read(eventfd)
    except BlockingIOError:
        return 0


def arm(session: Session, eventfd: int, index: int = m.INTX) -> None:
    assert replies(session.receive(set_irqs(m.ARM, index), [os.dup(eventfd)]))[0].flags == m.REPLY


def tell(session: Session, *messages: bytes) -> list[bytes]:
    """What the loop does: take what has arrived, then look at the card's level."""
    answers = session.receive(b"".join(messages))
    session.update_interrupts()
    return [reply.payload for reply in replies(answers)]


@pytest.fixture
def armed(session: Session, eventfd: int) -> Session:
    """INTx armed, all causes enabled."""
    arm(session, eventfd)
    tell(session, write(IMS, ALL))
    return session


def test_a_level_fires_once_and_masks_itself(armed: Session, eventfd: int) -> None:
    tell(armed, write(ICS, CAUSE))
    assert events(eventfd) == 1
    tell(armed, write(ICS, ALL))
    assert events(eventfd) == 0


def test_unmasking_a_level_that_has_dropped_is_silent(armed: Session, eventfd: int) -> None:
    tell(armed, write(ICS, CAUSE), read(ICR))
    tell(armed, set_irqs(m.UNMASK))
    assert events(eventfd) == 0


def test_unmasking_a_level_still_high_fires_again(armed: Session, eventfd: int) -> None:
    """QEMU takes the first access to any BAR as the end of interrupt: the handler may not have run yet."""
    tell(armed, write(ICS, CAUSE))
    tell(armed, read(0), set_irqs(m.UNMASK))
    assert events(eventfd) == 2


def test_after_the_end_of_interrupt_the_next_one_fires(armed: Session, eventfd: int) -> None:
    for _ in range(3):
        tell(armed, write(ICS, CAUSE))
        tell(armed, read(ICR))
        tell(armed, set_irqs(m.UNMASK))
        assert events(eventfd) == 1


def test_a_cause_that_comes_between_the_read_and_the_unmask_is_not_lost(armed: Session, eventfd: int) -> None:
    tell(armed, write(ICS, CAUSE))
    assert events(eventfd) == 1
    tell(armed, read(ICR))
    tell(armed, write(ICS, CAUSE))
    assert events(eventfd) == 0
    tell(armed, set_irqs(m.UNMASK))
    assert events(eventfd) == 1


def test_an_unmask_in_the_same_chunk_as_the_access_before_it_sees_the_new_level(armed: Session, eventfd: int) -> None:
    tell(armed, write(ICS, CAUSE))
    assert events(eventfd) == 1
    tell(armed, read(ICR), set_irqs(m.UNMASK))
    assert events(eventfd) == 0
    tell(armed, write(ICS, CAUSE))
    assert events(eventfd) == 1


def test_a_masked_line_is_held_back_until_unmasked(armed: Session, eventfd: int) -> None:
    tell(armed, set_irqs(m.MASK))
    tell(armed, write(ICS, CAUSE))
    assert events(eventfd) == 0
    tell(armed, set_irqs(m.UNMASK))
    assert events(eventfd) == 1


def test_arming_anew_clears_the_mask_and_fires_a_pending_level(armed: Session, eventfd: int) -> None:
    tell(armed, write(ICS, CAUSE))
    tell(armed, set_irqs(m.DISABLE, count=0))
    assert events(eventfd) == 1
    arm(armed, eventfd)
    assert events(eventfd) == 1


def test_a_level_from_before_arming_fires_when_armed(session: Session, eventfd: int) -> None:
    tell(session, write(IMS, ALL), write(ICS, CAUSE))
    arm(session, eventfd)
    assert events(eventfd) == 1


def test_a_disabled_line_is_silent_and_its_descriptor_closed(armed: Session, eventfd: int) -> None:
    ours = armed.intx._trigger.fd
    tell(armed, set_irqs(m.DISABLE, count=0))
    assert not is_open(ours)
    tell(armed, write(ICS, CAUSE))
    assert events(eventfd) == 0


def test_arming_without_a_descriptor_disarms(armed: Session, eventfd: int) -> None:
    assert replies(armed.receive(set_irqs(m.ARM)))[0].flags == m.REPLY
    tell(armed, write(ICS, CAUSE))
    assert events(eventfd) == 0


def test_arming_again_closes_the_descriptor_before(armed: Session, eventfd: int) -> None:
    first = armed.intx._trigger.fd
    second = os.dup(eventfd)
    armed.receive(set_irqs(m.ARM), [second])
    assert not is_open(first)
    assert is_open(second)


def test_under_kvm_the_end_of_interrupt_comes_by_the_resample_descriptor(armed: Session, eventfd: int) -> None:
    resample = os.eventfd(0)
    tell(armed, set_irqs(m.MASK))
    armed.receive(set_irqs(m.RESAMPLE), [os.dup(resample)])
    tell(armed, set_irqs(m.UNMASK))
    assert armed.intx.resample_fd >= 0
    tell(armed, write(ICS, CAUSE))
    assert events(eventfd) == 1
    os.eventfd_write(resample, 1)
    armed.intx.resampled()
    assert events(eventfd) == 1, "the level is still high"
    tell(armed, read(ICR))
    os.eventfd_write(resample, 1)
    armed.intx.resampled()
    assert events(eventfd) == 0
    os.close(resample)


def test_a_resample_descriptor_is_taken_away_by_none(armed: Session) -> None:
    ours = os.eventfd(0)
    armed.receive(set_irqs(m.RESAMPLE), [ours])
    assert armed.intx.resample_fd == ours
    armed.receive(set_irqs(m.RESAMPLE))
    assert armed.intx.resample_fd == -1
    assert not is_open(ours)


@pytest.mark.parametrize(
    "request_",
    [
        set_irqs(m.ARM, m.ERR),
        set_irqs(m.ARM, m.MSIX),
        set_irqs(m.ARM, 99),
        set_irqs(m.ARM, count=2),
        set_irqs(m.ARM, start=1),
        set_irqs(m.MASK, m.MSI),
        set_irqs(m.DATA_NONE | m.ACTION_TRIGGER),
        set_irqs(0),
        set_irqs(0xFFFF_FFFF),
    ],
)
def test_what_no_interrupt_understands_is_refused_and_its_descriptor_closed(session: Session, request_: bytes) -> None:
    fd = os.eventfd(0)
    assert replies(session.receive(request_, [fd]))[0].errno == errno.EINVAL
    assert not is_open(fd)


def test_a_descriptor_that_takes_no_events_blocks_nobody(session: Session) -> None:
    """A peer may hand over a full pipe."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(65536))
    os.set_blocking(writer, True)
    session.receive(set_irqs(m.ARM), [writer])
    tell(session, write(IMS, ALL), write(ICS, CAUSE))
    assert replies(session.receive(read(0)))[0].flags == m.REPLY
    os.close(reader)


# MSI


@pytest.fixture
def msi(session: Session, eventfd: int) -> Session:
    """As QEMU enables it: the control word, INTx disabled, the vector armed."""
    arm(session, os.eventfd(0))
    tell(session, write(0xF2, b"\x01\0", CONFIG, posted=False))
    tell(session, set_irqs(m.DISABLE, count=0))
    arm(session, eventfd, m.MSI)
    tell(session, write(IMS, ALL))
    return session


def test_each_rise_is_one_message_and_needs_no_unmask(msi: Session, eventfd: int) -> None:
    """§4.1.3: no further message until ICR is read and another cause comes."""
    for _ in range(3):
        tell(msi, write(ICS, CAUSE))
        assert events(eventfd) == 1
        tell(msi, write(ICS, ALL))
        assert events(eventfd) == 0
        tell(msi, read(ICR))


@pytest.mark.parametrize("fall", [read(ICR), write(IMC, ALL) + write(IMS, ALL)])
def test_a_rise_within_one_chunk_is_not_lost(msi: Session, eventfd: int, fall: bytes) -> None:
    tell(msi, write(ICS, CAUSE))
    tell(msi, fall, write(ICS, CAUSE))
    assert events(eventfd) == 2


def test_a_rise_before_the_vector_is_armed_is_told_when_it_is(session: Session, eventfd: int) -> None:
    tell(session, write(IMS, ALL), write(0xF2, b"\x01\0", CONFIG, posted=False), write(ICS, CAUSE))
    arm(session, eventfd, m.MSI)
    assert events(eventfd) == 1


def test_with_messages_the_pin_is_silent_and_without_them_the_vector(msi: Session, eventfd: int) -> None:
    pin = os.eventfd(0, os.EFD_NONBLOCK)
    arm(msi, pin)
    tell(msi, write(ICS, CAUSE))
    assert (events(pin), events(eventfd)) == (0, 1)
    tell(msi, write(0xF2, b"\0\0", CONFIG, posted=False))
    assert (events(pin), events(eventfd)) == (1, 0)
    os.close(pin)


def test_a_reset_lowers_the_line(armed: Session, nic: RegisterRam, eventfd: int) -> None:
    tell(armed, write(ICS, CAUSE))
    events(eventfd)
    tell(armed, m.pack(1, m.Command.RESET, b""))
    tell(armed, set_irqs(m.UNMASK))
    assert events(eventfd) == 0
