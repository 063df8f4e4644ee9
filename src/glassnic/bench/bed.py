"""What do the benches stand on? What has to be fetched, made or compiled once, when the first bench asks for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from glassnic.bench.measure import BenchError
from glassnic.lab.card import Engine
from glassnic.lab.errors import LabError
from glassnic.lab.fetch import QEMU_BOOKWORM
from glassnic.lab.kit import Kit, Qemu, find_qemu, gather, qemu_in

T = TypeVar("T")


class Bed:
    """Shared by all benches of a run; a context manager."""

    def __init__(self, console: Console, folder: Path) -> None:
        self.console = console
        self.notes: list[str] = []
        """What whoever reads the results has to know: one sentence each."""
        self._folder = folder
        self._numbers = itertools.count(1)
        self._kept = ExitStack()
        self._made: dict[object, Any] = {}

    def __enter__(self) -> Bed:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def keep(self, make: Callable[[Bed], AbstractContextManager[T]]) -> T:
        """What `make` gives, made once and kept until the run ends."""
        if make not in self._made:
            self._made[make] = self._kept.enter_context(make(self))
        made: T = self._made[make]
        return made

    def place(self) -> Path:
        """A new folder, for sockets and logs."""
        place = self._folder / str(next(self._numbers))
        place.mkdir()
        return place

    @cached_property
    def qemus(self) -> list[Qemu]:
        """The QEMUs to measure against: Debian 12's and a current one, as far as they can be had."""
        found: list[Qemu] = []
        for get in (partial(qemu_in, QEMU_BOOKWORM), find_qemu):
            try:
                found.append(get(self.console))
            except LabError as error:
                self.notes.append(f"A peer is missing: {error}")
        if not found:
            raise BenchError("there is no QEMU to measure against")
        return found

    @cached_property
    def kit(self) -> Kit:
        """A guest to boot. Raises LabError."""
        return gather(self.console)

    def compile_engine(self) -> None:
        """Have the card's engine compiled: that is no part of any bench. Raises LabError."""
        _ = self._engine

    @cached_property
    def _engine(self) -> None:
        with self.console.status("compiling the card's engine, which takes a while the first time"):
            engine = Engine(self.place())
            try:
                engine.wait()
            finally:
                engine.stop()
