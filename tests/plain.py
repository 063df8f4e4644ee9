"""How is a kernel run plain beside its jitted self, in one process? By importing the device anew with the JIT off."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from glassnic import jit


def plain(module: str) -> ModuleType:
    """A second import of a `glassnic.device` module in which every kernel is the Python it is written in."""
    jitted = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("glassnic.device")}
    enabled, jit.ENABLED = jit.ENABLED, False
    try:
        return importlib.import_module(module)
    finally:
        jit.ENABLED = enabled
        for name in [name for name in sys.modules if name.startswith("glassnic.device")]:
            del sys.modules[name]
        sys.modules.update(jitted)
