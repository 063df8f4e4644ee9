"""How does a hot loop become machine code? By `kernel`: numba's `njit`, cached on disk; plain with `GLASSNIC_JIT=0`.

No chapter of the manual: this is ours. Two rules: with the JIT off numba is never imported, and a cached kernel is
never stale. numba's own cache looks at one file only; a kernel freezes constants and leaves of other files too. So each
cache folder carries a digest of the kernel's module, of all modules of ours it imports, and of the bounds checking.
"""

from __future__ import annotations

import ast
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, cast

ENABLED = os.environ.get("GLASSNIC_JIT", "1") != "0"
"""False with `GLASSNIC_JIT=0`: kernels run as the plain Python they are written in."""

BOUNDS_CHECKED = os.environ.get("NUMBA_BOUNDSCHECK", "0") not in ("", "0")
"""True with `NUMBA_BOUNDSCHECK=1`: an index outside its array raises IndexError instead of reaching beside it."""

KEPT_VERSIONS = 8
"""Compiled versions of one module that stay on disk; the oldest go when a new one comes."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def kernel(function: _Function) -> _Function:
    """Compile `function` at its first call, without the GIL, cached on disk; as it is with the JIT off.

    A kernel takes arrays, integers and NamedTuples, and calls only kernels and leaves. Where no folder takes the cache,
    each process compiles anew.
    """
    if not ENABLED:
        return function
    import numba

    folder = _cache_folder(function.__module__)
    settings: Any = numba.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(folder or "")  # read while the decorator runs; other users of numba keep theirs
    try:
        compiled: Any = numba.njit(
            cache=folder is not None,
            nogil=True,
            boundscheck=BOUNDS_CHECKED,
            forceinline=False,  # or it would be what the first caller is: a leaf hands its own on
        )(function)
    finally:
        settings.CACHE_DIR = before
    return cast(_Function, compiled)


@cache
def _cache_folder(module: str) -> Path | None:
    """The folder for the compiled kernels of `module` as its sources are now; None where nothing can be written."""
    digest = blake2b(repr(BOUNDS_CHECKED).encode(), digest_size=8)
    for source in _sources(module):
        digest.update(source)
    base = _first_writable(_cache_bases())
    if base is None:
        return None
    folder = base / f"{module}-{digest.hexdigest()}"
    if not folder.exists():
        _forget_oldest(base, module)
    return _first_writable([folder])


def _forget_oldest(base: Path, module: str) -> None:
    """Make room for one more compiled version of `module`. Another process may be at it too: what is gone is gone."""
    with suppress(OSError):
        versions = sorted(base.glob(f"{module}-*"), key=lambda path: path.stat().st_mtime)
        for old in versions[: -KEPT_VERSIONS + 1]:
            shutil.rmtree(old, ignore_errors=True)


def _sources(module: str) -> list[bytes]:
    """The text of `module` and of all it imports of its own package and this one, directly or not, in order of name."""
    packages = {module.split(".")[0], __package__}
    found: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name not in sys.modules:
            continue
        found[name], imports = _read(name)
        waiting += [imported for imported in imports if imported.split(".")[0] in packages]
    return [found[name] for name in sorted(found)]


@cache
def _read(name: str) -> tuple[bytes, list[str]]:
    """The text of a loaded module and the dotted names it imports; of `from a import b` also `a.b`: it may be one."""
    path = getattr(sys.modules[name], "__file__", None)
    source = Path(path).read_bytes() if path else b""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return source, names


def _cache_bases() -> list[Path]:
    """Where compiled kernels may lie, best first: where the user says, beside the source, in the user's cache."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return [Path(chosen)]
    user_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return [Path(__file__).parent / "__pycache__" / "kernels", Path(user_cache).expanduser() / "glassnic" / "kernels"]


def _first_writable(folders: list[Path]) -> Path | None:
    """The first of `folders` that exists or can be made, and takes files."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None
