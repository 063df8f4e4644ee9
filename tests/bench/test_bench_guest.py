"""Are the threads of a guest and its card where a bench wants them?"""

from __future__ import annotations

import os
import subprocess
import sys

from glassnic.bench.guest import place

TWO_THREADS = "import threading; threading.Thread(target=input).start(); print('ready', flush=True)"


def test_all_threads_are_put_on_one_processor_and_set_free_again() -> None:
    ours = os.sched_getaffinity(0)
    with subprocess.Popen(
        [sys.executable, "-c", TWO_THREADS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        threads = [int(thread) for thread in os.listdir(f"/proc/{process.pid}/task")]
        assert len(threads) == 2
        for together, count in ((True, 1), (False, len(ours))):
            place([process.pid], together)
            assert [len(os.sched_getaffinity(thread)) for thread in threads] == [count, count]
        process.communicate("\n")
    assert os.sched_getaffinity(0) == ours
