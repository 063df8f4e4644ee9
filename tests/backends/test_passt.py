"""Does passt start, talk and end with us? With the real program where it is installed."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from backends.far import octets
from glassnic.backends import BackendError, open_backend
from glassnic.backends.passt import Passt

passt_is_here = pytest.mark.skipif(shutil.which("passt") is None, reason="passt is not installed")


def test_a_machine_without_passt_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendError, match="apt install passt"):
        open_backend("passt")


def test_a_passt_that_does_not_stay_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "passt"
    program.write_text("#!/bin/sh\necho starting\necho 'no route to anywhere' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    backend = Passt()
    os.waitid(os.P_PID, backend.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(BackendError, match="passt has ended: no route to anywhere"):
        backend.receive()
    backend.close()


@passt_is_here
def test_passt_ends_with_the_backend() -> None:
    backend = Passt()
    assert octets(backend.receive()) == []
    backend.close()
    with pytest.raises(ProcessLookupError):
        os.kill(backend.pid, signal.SIG_DFL)
    backend.close()
