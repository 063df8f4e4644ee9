"""Does a leaf melt into what calls it, and only a leaf?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from glassnic.jit import ENABLED

PROGRAM = """
from glassnic.device.leaf import leaf
from glassnic.jit import kernel

@kernel
def inner(number):
    return number + 1

@leaf
def middle(number):
    return inner(number) * 2

@kernel
def outer(number):
    return middle(number)

print(outer(1))
for function in (inner, middle, outer):
    [text] = function.inspect_llvm().values()
    print(function.__name__, "melts" if "alwaysinline" in text else "is called")
"""


@pytest.mark.skipif(not ENABLED, reason="the JIT is off")
def test_a_leaf_melts_and_a_kernel_that_a_leaf_was_the_first_to_call_does_not(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(PROGRAM)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "main.py")], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["4", "inner is called", "middle melts", "outer is called"]
