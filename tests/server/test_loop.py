"""Does the loop wait exactly as long as it should, and serve everybody meanwhile?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from glassnic.server.loop import IN, OUT, Loop, Watches
from glassnic.syscalls import has_come

HOUR_NS = 3_600_000_000_000


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def watches() -> Iterator[Watches]:
    watches = Watches()
    yield watches
    watches.close()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


class Worker:
    """Keeps the times of its turns; `answers` says of each when to come again, and the last one stops the loop."""

    def __init__(self, loop: Loop, answers: Callable[[int], list[int | None]]) -> None:
        self.turns: list[int] = []
        self._loop = loop
        self._answers = answers
        loop.workers.append(self)

    def turn(self, now_ns: int) -> int | None:
        self.turns.append(now_ns)
        answers = self._answers(self.turns[0])
        if len(self.turns) == len(answers):
            self._loop.stop()
        return answers[len(self.turns) - 1]


def test_a_moment_to_come_is_waited_for_and_not_missed(loop: Loop) -> None:
    worker = Worker(loop, lambda start: [start + 20_000_000, None])
    loop.run()
    assert worker.turns[1] - worker.turns[0] >= 20_000_000


def test_work_that_is_left_is_taken_up_without_waiting(loop: Loop) -> None:
    worker = Worker(loop, lambda start: [start] * 50)
    loop.run()
    assert len(worker.turns) == 50


def test_the_earliest_of_all_moments_counts(loop: Loop) -> None:
    Worker(loop, lambda start: [start + HOUR_NS] * 1000)
    early = Worker(loop, lambda start: [start + 1_000_000, None])
    loop.run()
    assert len(early.turns) == 2


@pytest.mark.parametrize("times", [1, 100_000])
def test_a_wake_up_ends_the_wait_and_any_number_of_them_blocks_nobody(loop: Loop, times: int) -> None:
    def answers(_: int) -> list[int | None]:
        for _ in range(times):
            loop.wake()
        return [None, None]

    worker = Worker(loop, answers)
    loop.run()
    assert len(worker.turns) == 2


def test_a_signal_that_comes_the_moment_before_the_wait_still_ends_it() -> None:
    program = (
        "import os, signal\n"
        "from glassnic.server.loop import Loop\n"
        "loop = Loop()\n"
        "class Worker:\n"
        "    def turn(self, now_ns):\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        return None\n"
        "loop.workers.append(Worker())\n"
        "signal.signal(signal.SIGTERM, lambda *_: loop.stop())\n"
        "signal.set_wakeup_fd(loop.wake_fd)\n"
        "loop.run()\n"
        "print('ended')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "ended\n", done.stderr


def test_a_ready_descriptor_calls_its_action_with_its_events(watches: Watches, pipe: tuple[int, int]) -> None:
    seen: list[tuple[str, int]] = []
    watches.watch(pipe[0], IN, lambda events: seen.append(("read", events)))
    watches.watch(pipe[1], OUT, lambda events: seen.append(("write", events)))
    watches.wait(0)
    assert seen == [("write", OUT)]
    os.write(pipe[1], b"x")
    watches.wait(0)
    assert ("read", IN) in seen


def test_a_forgotten_descriptor_is_silent_and_forgetting_twice_harmless(
    watches: Watches, pipe: tuple[int, int]
) -> None:
    watches.watch(pipe[1], OUT, lambda _: pytest.fail("forgotten"))
    watches.forget(pipe[1])
    watches.forget(pipe[1])
    watches.forget(-1)
    watches.wait(0)


def test_who_is_at_the_door_is_seen_there_until_forgotten(watches: Watches, pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    watches.watch(writer, OUT, lambda _: None)
    watches.watch(reader, IN, lambda _: None, at_door=True)
    assert not has_come(watches.door_fd), "a writer that is ready is not at the door"
    os.write(writer, b"x")
    assert has_come(watches.door_fd)
    watches.watch(reader, OUT, lambda _: None, at_door=True)
    assert not has_come(watches.door_fd), "it waits for something else now"
    watches.watch(reader, IN, lambda _: None, at_door=True)
    assert has_come(watches.door_fd)
    watches.forget(reader)
    assert not has_come(watches.door_fd)


def test_a_number_that_has_become_another_file_is_watched_anew(watches: Watches) -> None:
    seen: list[str] = []
    reader, writer = os.pipe()
    watches.watch(reader, IN, lambda _: seen.append("old"))
    os.close(reader)
    os.close(writer)
    reader, writer = os.pipe()
    watches.watch(reader, IN, lambda _: seen.append("new"))
    os.write(writer, b"x")
    watches.wait(0)
    assert seen == ["new"]
    os.close(reader)
    os.close(writer)


def test_one_action_may_take_another_descriptor_away(watches: Watches, pipe: tuple[int, int]) -> None:
    second = os.dup(pipe[1])
    called: list[int] = []

    def only_one(fd: int, other: int) -> Callable[[int], None]:
        def act(_: int) -> None:
            called.append(fd)
            watches.forget(other)

        return act

    watches.watch(pipe[1], OUT, only_one(pipe[1], second))
    watches.watch(second, OUT, only_one(second, pipe[1]))
    watches.wait(0)
    assert len(called) == 1
    os.close(second)


def test_an_idle_loop_uses_no_processor_time(loop: Loop) -> None:
    Worker(loop, lambda start: [start + 300_000_000, None])
    before = time.process_time_ns()
    loop.run()
    assert time.process_time_ns() - before < 100_000_000, "300 ms were waited for, not counted down"
