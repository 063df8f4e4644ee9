"""How are searches spread over processes and machines? A Dask cluster takes them one by one.

What one search finds is known to those that start later. A search depends on nothing but its seed and what is known, so
one whose worker died is done again elsewhere. Each worker process starts a target of its own and keeps it.
"""

from __future__ import annotations

import atexit
import itertools
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from functools import cache
from logging import ERROR
from typing import NamedTuple

from distributed import Client, LocalCluster
from hypothesis.errors import HypothesisDeprecationWarning

from glassnic.conformance.explore import EXAMPLES, Finding, Known, Searched, news, search
from glassnic.conformance.targets.open import open_target
from glassnic.conformance.targets.port import Target

TRIES = 10
"""How often a search whose worker died is begun anew."""


class Progress(NamedTuple):
    """How far an exploration has come."""

    seconds: float
    searches: int
    programs: int
    findings: int


@contextmanager
def cluster(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A Dask cluster: the one at an address, or one of `workers` processes here. OSError if nobody answers there."""
    if scheduler:
        with Client(scheduler, timeout=10) as client:
            yield client
        return
    # No dashboard, and no thread beside the one that plays: a QEMU talks to one at a time.
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, processes=True, silence_logs=ERROR
        ) as here,
        Client(here) as client,
    ):
        yield client


def explore(
    client: Client,
    target: str,
    seed: int,
    budget_s: float,
    known: Sequence[Known] = (),
    tell: Callable[[Progress], None] = lambda progress: None,
    examples: int = EXAMPLES,
) -> Iterator[Finding]:
    """Findings as they come, until the budget is spent; searches that have begun by then are waited for."""
    begin_s = time.monotonic()
    kept = list(known)
    searches = programs = findings = 0

    executor: Executor = client.get_executor(pure=False, retries=TRIES)
    seeds = itertools.count(seed)

    def begin() -> Future[Searched]:
        return executor.submit(_search, target, next(seeds), tuple(kept), examples)

    running = {begin() for _ in range(max(sum(client.ncores().values()), 1))}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            searched = future.result()
            searches, programs = searches + 1, programs + searched.programs
            finding = searched.finding if searched.finding and news(searched.finding, kept) else None
            if finding:
                kept.append(finding.known)
                findings += 1
            if time.monotonic() - begin_s < budget_s:
                running.add(begin())
            tell(Progress(time.monotonic() - begin_s, searches, programs, findings))
            if finding:
                yield finding


def _search(target: str, seed: int, known: tuple[Known, ...], examples: int) -> Searched:
    """In a worker, whose other threads may use chance too: that is no matter of ours, and no word for the terminal."""
    warnings.simplefilter("ignore", HypothesisDeprecationWarning)
    return search(_target(target, os.getpid()), seed, known, examples)


@cache
def _target(words: str, pid: int) -> Target:
    """This process's own. `pid`: a process that was forked does not inherit it."""
    target = open_target(words)
    atexit.register(target.close)
    return target
