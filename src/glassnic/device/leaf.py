"""How does a part of a kernel melt into it? By `leaf`, for functions that only kernels call; no chapter of the
manual.

Each takes the engine's arrays and numbers as they are, a hundred words in all: to call one costs more than most of
them do, and so does counting references to arrays that nobody can free meanwhile. So a leaf is inlined without fail,
counts no references (it allocates nothing, by the kernel rules), and has no way in from Python, which also halves the
time to compile. It needs no cache of its own: what is stored is the kernel. With the JIT off it is the function
itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from glassnic.jit import BOUNDS_CHECKED, ENABLED

_Function = TypeVar("_Function", bound=Callable[..., Any])


def leaf(function: _Function) -> _Function:
    """Compile `function` into each kernel that calls it."""
    if not ENABLED:
        return function
    import numba

    compile_into: Any = numba.njit

    compiled: Any = compile_into(
        nogil=True,
        boundscheck=BOUNDS_CHECKED,
        forceinline=True,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        _nrt=False,
    )(function)
    return cast(_Function, compiled)
