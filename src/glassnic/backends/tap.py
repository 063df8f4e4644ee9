"""How do frames reach a TAP interface of the host? By `/dev/net/tun`: one read or write a frame.

A TAP that exists is used as it stands; one that does not is made, brought up, and goes away with us. A virtio-net
header goes before each frame, so that the card may hand over a whole TCP send where the host cuts it exactly alike;
with `gso=off` there is none, and every frame is the card's own. Frames that die in the interface's queue because we
read too slowly count as dropped: the kernel counts them in `/proc/net/dev`, which, unlike `/sys`, always shows the
network namespace that we are in.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from pathlib import Path
from struct import Struct

from glassnic.backends.inbox import Inbox
from glassnic.backends.outbox import Outbox
from glassnic.backends.port import BackendError
from glassnic.backends.writes import write_each
from glassnic.device.ports import LENGTH_LEAD, VNET_LEAD, Frames, Outlet

# <linux/if_tun.h>, <linux/if.h>, <linux/sockios.h>
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
IFF_UP = 1
MAX_NAME_BYTES = 15
TUNSETOFFLOAD = 0x400454D0
TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6, TUN_F_TSO_ECN = 1, 2, 4, 8

_REQUEST = Struct("16sH22x")  # struct ifreq
_TX_DROP_COLUMN = 11
_OPTIONS = {"gso=off": LENGTH_LEAD}


class Tap:
    """`tap:NAME[,gso=off]`. Raises BackendError."""

    pending = False

    def __init__(self, name: str, lead: int = VNET_LEAD) -> None:
        _check_name(name)
        self._name = name
        self.lead = lead
        self._header_bytes = VNET_LEAD if lead == VNET_LEAD else 0
        is_ours = not _exists(name)
        self._fd = _open_tap(name, IFF_VNET_HDR if self._header_bytes else 0)
        offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN
        fcntl.ioctl(self._fd, TUNSETOFFLOAD, offload if self._header_bytes else 0)  # it remembers its last owner's
        if is_ours:
            _bring_up(name)
        self.outlet = Outlet(self._fd, self._header_bytes)
        self._refused = 0
        self._dropped_before = _tx_dropped(name) or 0
        self._dropped_in_queue = 0
        self._outbox = Outbox(self._put)
        self._inbox = Inbox(self._fd, lead)
        self.inlet = self._inbox.inlet

    @classmethod
    def of_text(cls, text: str) -> Tap:
        """From `NAME[,gso=off]`."""
        name, *options = text.split(",")
        lead = VNET_LEAD
        for option in options:
            if option not in _OPTIONS:
                raise BackendError(f"tap does not know the option {option!r}: write tap:{name} or tap:{name},gso=off")
            lead = _OPTIONS[option]
        return cls(name, lead)

    @property
    def blocked(self) -> bool:
        return len(self._outbox) > 0

    @property
    def dropped(self) -> int:
        """Frames refused by the interface (it is down), and those that died in its queue on their way to us."""
        if self._fd >= 0:
            self._dropped_in_queue = (_tx_dropped(self._name) or self._dropped_before) - self._dropped_before
        return self._refused + self._dropped_in_queue

    def fileno(self) -> int:
        return self._fd

    def send(self, frames: Frames) -> None:
        if frames.lead != self.lead and self._header_bytes:
            frames = Frames.of(map(bytes, frames), self.lead)
        taken = 0 if self._outbox else write_each(self._fd, frames, self._header_bytes)
        if taken < len(frames):
            rest = Frames(frames.arena, frames.bounds[taken:], frames.lead)
            self._outbox.send(rest.with_lead() if self._header_bytes else rest)

    def flush(self) -> None:
        self._outbox.flush()

    def receive(self, limit: int = 64) -> Frames:
        try:
            return self._inbox.fetch_or_ask(limit)
        except OSError as error:
            raise self._gone(error) from error

    def close(self) -> None:
        if self._fd < 0:
            return
        self._dropped_in_queue = self.dropped - self._refused
        self._refused += self._outbox.forget()
        os.close(self._fd)
        self._fd = -1

    def _put(self, frame: bytes | memoryview) -> None:
        try:
            os.write(self._fd, frame)
        except BlockingIOError:
            raise
        except OSError as error:
            if error.errno == errno.EBADFD:
                raise self._gone(error) from error
            self._refused += 1  # EIO: the interface is down; EINVAL: too short to be a frame

    def _gone(self, error: OSError) -> BackendError:
        return BackendError(
            f"the TAP interface {self._name} is gone ({error.strerror}): make it again and start the card anew"
        )


def _check_name(name: str) -> None:
    if len(os.fsencode(name)) > MAX_NAME_BYTES:
        raise BackendError(f"the interface name {name} is longer than {MAX_NAME_BYTES} bytes; choose a shorter one")
    if not name or name in (".", "..") or any(letter in "/:%" or letter.isspace() for letter in name):
        raise BackendError(f"{name!r} is no name for an interface: write tap:NAME with letters and digits, as tap:tap0")


def _exists(name: str) -> bool:
    try:
        socket.if_nametoindex(name)
    except OSError:
        return False
    return True


def _open_tap(name: str, flags: int) -> int:
    try:
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError as error:
        raise BackendError("you may not open /dev/net/tun: run as root, or use --net passt or host") from error
    except OSError as error:
        raise BackendError(
            "there is no /dev/net/tun here: run `modprobe tun` as root, or use --net passt or host"
        ) from error
    try:
        fcntl.ioctl(fd, TUNSETIFF, _REQUEST.pack(name.encode(), IFF_TAP | IFF_NO_PI | flags))
    except OSError as error:
        os.close(fd)
        why = _WHY_NOT.get(error.errno or 0, error.strerror or "failed")
        raise BackendError(f"cannot use the TAP interface {name}: {why.format(name=name)}") from error
    return fd


_WHY_NOT = {
    errno.EPERM: "not permitted; run as root, or let root make it with `ip tuntap add {name} mode tap user $USER`",
    errno.EBUSY: "another program holds it; end that one or choose another name",
    errno.EINVAL: "an interface of that name exists and is no simple TAP; choose another name",
}


def _bring_up(name: str) -> None:
    """Raise the interface's UP flag. Who may make an interface may do this as well."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        found = fcntl.ioctl(control, SIOCGIFFLAGS, _REQUEST.pack(name.encode(), 0))
        flags = _REQUEST.unpack(found)[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, _REQUEST.pack(name.encode(), flags | IFF_UP))


def _tx_dropped(name: str) -> int | None:
    """Frames that the host sent into the interface and nobody fetched in time; None if the interface is not here."""
    for line in Path("/proc/net/dev").read_text().splitlines():
        found, colon, columns = line.rpartition(":")
        if colon and found.strip() == name:
            return int(columns.split()[_TX_DROP_COLUMN])
    return None
