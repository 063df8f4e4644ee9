"""Does a compiled kernel follow its switches and its sources? Each program here runs in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = {
    "sample/leaf.py": """
from glassnic.jit import kernel
STEP = 1

@kernel
def leaf(row, index):
    return row[index] + STEP
""",
    "sample/top.py": """
from glassnic.jit import kernel
from sample.leaf import leaf

@kernel
def top(row, index):
    return leaf(row, index) * 10
""",
    "main.py": """
import sys
import numpy as np
from sample.top import top

try:
    print(top(np.arange(4), int(sys.argv[1])))
except IndexError:
    print("IndexError")
print("plain" if "numba" not in sys.modules else "cached" if top.stats.cache_hits else "compiled")
""",
}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    for name, text in PROGRAM.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(program: Path, index: int = 2, **environment: str) -> list[str]:
    """What `program` prints: `top` of a row 0, 1, 2, 3 at `index`, and how it came by the kernel."""
    settings = {"NUMBA_CACHE_DIR": str(program / "cache"), "NUMBA_BOUNDSCHECK": "0", "GLASSNIC_JIT": "1"}
    command = [sys.executable, str(program / "main.py"), str(index)]
    done = subprocess.run(command, env=os.environ | settings | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_kernel_is_compiled_once_and_then_read_from_disk(program: Path) -> None:
    assert run(program) == ["30", "compiled"]
    assert run(program) == ["30", "cached"]


def test_an_edit_in_a_module_the_kernel_imports_makes_it_compile_anew(program: Path) -> None:
    run(program)
    leaf = program / "sample" / "leaf.py"
    leaf.write_text(leaf.read_text().replace("STEP = 1", "STEP = 5"))
    assert run(program) == ["70", "compiled"]


@pytest.mark.kernel
def test_bounds_checks_hold_though_an_unchecked_kernel_lies_in_the_cache(program: Path) -> None:
    run(program)
    assert run(program, 9, NUMBA_BOUNDSCHECK="1") == ["IndexError", "compiled"]


def test_with_the_jit_off_a_kernel_is_the_function_itself_and_numba_stays_out(program: Path) -> None:
    assert run(program, GLASSNIC_JIT="0") == ["30", "plain"]
    assert not (program / "cache").exists()


def test_without_a_folder_to_write_to_a_kernel_still_runs(program: Path) -> None:
    (program / "cache").write_text("a file where the folder would be")
    assert run(program) == ["30", "compiled"]
