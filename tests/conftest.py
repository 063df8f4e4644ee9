"""What do all tests share? The mark of those that boot a guest, and the hypothesis profiles."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

GUEST_TESTS = Path(__file__).parent / "vm"
GUEST_SECONDS = 900

# Shared machines stall: a deadline would test the machine. The same examples each run: a red run can be repeated.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("long", deadline=None, max_examples=5000)  # pytest --hypothesis-profile=long
settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests under `tests/vm`, which take minutes under software emulation: first, and one guest at a time."""
    for item in items:
        if GUEST_TESTS in item.path.parents:
            item.add_marker(pytest.mark.vm)
            item.add_marker(pytest.mark.xdist_group("guest"))
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(GUEST_SECONDS))
    items.sort(key=lambda item: item.get_closest_marker("vm") is None)
