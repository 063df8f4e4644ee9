"""Does a real guest work on our card? One boot for the plans smoke and mixed, as `glassnic vm` runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from glassnic.lab.errors import LabError
from glassnic.lab.kit import gather
from glassnic.lab.wire import Wire

PLANS = ("smoke", "mixed")


@pytest.fixture(scope="module", autouse=True)
def lab_can_be_had(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip, with the reason, where QEMU cannot be had or no namespace and TAP may be made."""
    try:
        Wire(gather(Console(stderr=True)), tmp_path_factory.mktemp("wire")).close()
    except LabError as error:
        pytest.skip(f"no guest here: {error}")


def test_an_unmodified_linux_guest_runs_mixed_traffic_and_every_frame_is_right(tmp_path: Path) -> None:
    told = tmp_path / "results.json"
    command = [sys.executable, "-m", "glassnic", "vm", "--test", ",".join(PLANS), "--json", str(told)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=800)
    print(done.stdout, done.stderr, sep="\n")
    assert told.exists(), done.stderr
    results = json.loads(told.read_text())
    assert [plan["plan"] for plan in results["plans"]] == list(PLANS)
    failed = [
        (check["sentence"], check["detail"])
        for plan in results["plans"]
        for check in plan["checks"]
        if not check["holds"]
    ]
    assert failed == []
    assert done.returncode == 0


def test_a_recorded_session_of_its_driver_is_had_again_exactly(tmp_path: Path) -> None:
    session = tmp_path / "session"
    command = [sys.executable, "-m", "glassnic", "vm", "--test", "smoke", "--record", str(session)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    again = subprocess.run(
        [sys.executable, "-m", "glassnic", "replay", str(session)], capture_output=True, text=True, check=False
    )
    print(again.stdout, again.stderr, sep="\n")
    assert again.returncode == 0
    assert ": the same\n" in again.stdout
