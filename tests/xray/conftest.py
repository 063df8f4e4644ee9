"""What do the tests of the x-ray share? The capture that `glassnic demo` makes, with a card for each profile."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from glassnic.cli import run


@pytest.fixture(scope="session")
def demo_capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames 1 to 10 of the manual's card, 11 to 20 of one with a single context; 15 and 20 are spoilt."""
    path = tmp_path_factory.mktemp("demo") / "demo.pcapng"
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setenv("GLASSNIC_JIT", "1")  # how the engine runs is left as it is in this process
        assert run(["demo", "--pcapng", str(path)]) == 0
    return path
