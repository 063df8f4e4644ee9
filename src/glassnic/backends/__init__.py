"""Where frames go: each file one kind of backend, all behind the port of `port.py`; `open_backend` picks one by its
name."""

from glassnic.backends.open import FORMS, open_backend
from glassnic.backends.port import Backend, BackendError

__all__ = ["FORMS", "Backend", "BackendError", "open_backend"]
