"""How is a register read soonest? At a counter, by compiled code, which sees what is stored (`device/lookups.py`).

A special path of `Session.receive` with the same outcome. It looks at what waits in the socket, and takes the messages
at its front that it can serve: it answers reads, and notes what may wait for that, which is done right after, before
anything else happens: so nobody can tell. All other messages stay where they are, and what follows them; so does what
comes with descriptors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.lookups import LOOKED_UP, STEADY, TAKEN, WAITS, Lookups
from glassnic.device.span import LOW32, load64, store64
from glassnic.jit import kernel
from glassnic.syscalls import HEADER_WORDS, Octets, discard, peek, send
from glassnic.transports.fdsocket import FdSocket
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.session import (
    HEADER_BYTES,
    READ,
    READ_BYTES,
    REGISTER_BYTES,
    WRITE,
    WRITE_BYTES,
    Session,
)

MOST_MESSAGES = 64
REPLY_BYTES = m.DWORD_REPLY.size
READ_HEAD = READ | READ_BYTES << 16
"""Command and size of a header, behind its message id; likewise:"""
WRITE_HEAD = WRITE | WRITE_BYTES << 16
A_DWORD = 4 << 32
"""Region 0, count 4: the second half of an access."""
NO_REPLY, REPLY, REPLY_SIZE = m.NO_REPLY, m.REPLY, m.DWORD_REPLY.size << 32
READ_ONLY = -1


@kernel
def answer(
    fd: int,
    words: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    inbox: Octets,
    outbox: Octets,
    posted: NDArray[np.int64],
    header: NDArray[np.int64],
) -> bool:
    """Answer what can be answered of the messages that wait at `fd`; what is still to be done comes into `posted`: how
    much in row 0, with how many bytes of `outbox` the host took, and in the rows behind offset and value, or READ_ONLY;
    how many bytes there are, into the first word of `header`. Was something there, and nothing is left?"""
    came, at, out, number = peek(fd, inbox, header), 0, 0, 0
    while came - at >= READ_BYTES and number < MOST_MESSAGES and out < MOST_MESSAGES * REPLY_BYTES:
        first, second = load64(inbox, at), load64(inbox, at + 8)
        offset, access = load64(inbox, at + HEADER_BYTES), load64(inbox, at + HEADER_BYTES + 8)
        if access != A_DWORD or offset & 3 or offset < 0 or offset >= REGISTER_BYTES:
            break
        kind, head, flags = int(kinds[offset >> 2]), (first >> 16) & 0xFFFF_FFFF_FFFF, second & LOW32
        if head == READ_HEAD and flags == 0 and kind & (STEADY if number else LOOKED_UP | TAKEN):
            if kind & TAKEN:
                number += 1
                posted[number, 0], posted[number, 1] = offset, READ_ONLY
            store64(outbox, out, first & LOW32 | REPLY_SIZE)
            store64(outbox, out + 8, REPLY)
            store64(outbox, out + HEADER_BYTES, offset)
            store64(outbox, out + HEADER_BYTES + 8, access)
            for octet in range(4):
                outbox[out + READ_BYTES + octet] = (words[offset >> 2] >> 8 * octet) & 0xFF
            out += REPLY_BYTES
            at += READ_BYTES
        elif head == WRITE_HEAD and flags == NO_REPLY and kind & WAITS and came - at >= WRITE_BYTES:
            number += 1
            posted[number, 0], posted[number, 1] = offset, load64(inbox, at + READ_BYTES - 4) >> 32 & LOW32
            at += WRITE_BYTES
        else:
            break
    if at:
        discard(fd, inbox, at)
    header[0] = out
    posted[0, 0], posted[0, 1] = number, max(send(fd, outbox, 0, out), 0) if out else 0
    return bool(0 < at == came < len(inbox))


class Counter:
    """One client's, with the arrays that it needs."""

    def __init__(self) -> None:
        self._inbox = np.zeros(MOST_MESSAGES * WRITE_BYTES, np.uint8)
        self._outbox = np.zeros(MOST_MESSAGES * REPLY_BYTES, np.uint8)
        self._posted = np.zeros((MOST_MESSAGES + 1, 2), np.int64)
        self._header = np.zeros(HEADER_WORDS, np.int64)

    def serve(self, sock: FdSocket, session: Session) -> bool:
        """Serve those at the front. False: somebody is left who has another wish, or may be."""
        lookups = session.lookups
        if lookups is None or sock.blocked:
            return False
        all_served = self.answer(sock.fileno(), lookups)
        (number, taken), out = self._posted[0].tolist(), self._header[0]
        if taken < out:
            sock.send(self._outbox[taken:out].tobytes())
        if number:
            for offset, value in self._posted[1 : number + 1].tolist():
                if value == READ_ONLY:
                    session.take(offset)
                else:
                    session.post(offset, value)
        return all_served

    def answer(self, fd: int, lookups: Lookups) -> bool:
        """See the kernel. A first call, with no descriptor (-1), loads it."""
        return answer(fd, *lookups, self._inbox, self._outbox, self._posted, self._header)
