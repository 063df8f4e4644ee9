"""Which cards are there on this machine? One that cannot be had skips its test, and says why."""

from __future__ import annotations

import pytest

from glassnic.conformance.targets.open import open_target
from glassnic.conformance.targets.port import Target
from glassnic.lab.errors import LabError


def had(word: str) -> Target:
    """The card that a word of `--target` means."""
    try:
        return open_target(word)
    except LabError as error:
        pytest.skip(f"no such card here: {error}")
