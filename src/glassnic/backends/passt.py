"""How does the guest reach the host's network without root? Through passt, a program that we start on one end of a
socket pair.

passt gives the guest the host's addresses by DHCP and NDP, and turns its connections into sockets of the host.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile

from glassnic.backends.port import BackendError
from glassnic.backends.stream import Stream
from glassnic.device.ports import Frames

MTU = 1500
"""passt would announce 65520, which no 8254x can do (its longest frame is 16384 bytes)."""

_END_S = 2.0


class Passt(Stream):
    """`passt`: starts it (process `pid`), ends it. Raises BackendError when it is not installed or does not stay."""

    def __init__(self) -> None:
        program = shutil.which("passt")
        if program is None:
            raise BackendError("passt is not installed: run `apt install passt`, or use --net host")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the program
        command = [program, "--foreground", "--quiet", "--mtu", str(MTU), "--fd", str(theirs.fileno())]
        with theirs:
            self._program = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors,
                start_new_session=True,  # a Ctrl-C is for the card, which then ends passt
            )  # fmt: skip
        self.pid = self._program.pid
        super().__init__(ours, "passt")

    def receive(self, limit: int = 64) -> Frames:
        try:
            return super().receive(limit)
        except BackendError as error:
            raise BackendError(f"passt has ended: {self._last_words()}") from error

    def close(self) -> None:
        super().close()
        if self._program.poll() is None:
            self._program.terminate()
        try:
            self._program.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()
        self._errors.close()

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing; run `passt --foreground` to see why"
