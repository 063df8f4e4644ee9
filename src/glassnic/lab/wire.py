"""What is at the other end of the cable? A network namespace of our own, with a TAP that the card opens: no address,
route or rule of the machine is touched, and no root is needed where the kernel lets users have namespaces. Programs
of the lab that stand in for the neighbour run inside it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from glassnic.lab import traffic
from glassnic.lab.errors import LabError
from glassnic.lab.kit import Kit
from glassnic.lab.process import Process, tail

TAP = "lab0"
# The same addresses as the embedded backend `host`, so that a plan need not ask which of the two it talks to.
PEER4, GUEST4, PREFIX4 = "10.0.2.2", "10.0.2.15", 24
PEER6, GUEST6, PREFIX6 = "fd00::2", "fd00::15", 64
OTHERWISE = "run as root, or where users may make namespaces and open /dev/net/tun."
HOLDER = "mount -t sysfs sysfs /sys 2>/dev/null; echo held; exec cat"
"""The holder sees the namespace's own /sys where it may mount it, and ends when our end of its input closes."""


class Wire:
    """The namespace, with its TAP up and addressed."""

    def __init__(self, kit: Kit, folder: Path) -> None:
        self.kit = kit
        self.folder = folder
        self.processes: list[Process] = []
        user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
        words = ["unshare", *user, "--net", "--mount", "sh", "-c", HOLDER]
        self.holder = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
        )
        assert self.holder.stdout and self.holder.stderr
        if "held" not in self.holder.stdout.readline():
            raise LabError(f"No network namespace can be had here ({self.holder.stderr.read().strip()}): {OTHERWISE}")
        enter = ("--user", "--preserve-credentials") if user else ()
        self.inside = ("nsenter", "--target", str(self.holder.pid), *enter, "--net", "--mount")
        try:
            self._lay_cable()
        except LabError:
            self.close()
            raise

    def _lay_cable(self) -> None:
        made = self.traffic_run("tap", TAP)
        if made.returncode != 0:
            raise LabError(f"No TAP can be made here ({tail(made.stderr, 1)}): {OTHERWISE}")
        settings = f"/proc/sys/net/ipv6/conf/{TAP}"
        self.run("sh", "-c", f"echo 0 >{settings}/accept_dad; echo 0 >{settings}/router_solicitations")
        self.ip("link", "set", "lo", "up")
        self.ip("addr", "add", f"{PEER4}/{PREFIX4}", "dev", TAP)
        self.ip("link", "set", TAP, "up")
        self.ip("-6", "addr", "add", f"{PEER6}/{PREFIX6}", "dev", TAP)

    def ip(self, *words: str) -> None:
        """busybox's `ip` inside the namespace; the machine need not have one."""
        done = self.run(str(self.kit.tools.root / "usr/bin/busybox"), "ip", *words)
        if done.returncode != 0:
            raise LabError(f"`ip {' '.join(words)}` failed on the wire: {done.stderr.strip()}")

    def run(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a program inside the namespace, to its end."""
        try:
            return self._run(words, timeout)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"`{words[0]}` took longer than {timeout:.0f} s on the wire.") from error

    def _run(self, words: tuple[str, ...], timeout: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.inside, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )

    def start(self, name: str, *words: str) -> Process:
        """Start a program inside the namespace; it ends with the wire at the latest."""
        log = self.folder / f"{name}-{len(self.processes)}.txt"
        process = Process(name, words, log, inside=self.inside)
        self.processes.append(process)
        return process

    def traffic(self, verb: str, *words: object, timeout: float = 60) -> dict[str, int]:
        """A verb of traffic.py on this side of the wire, to its end; gives its answer."""
        done = self.traffic_run(verb, *words, timeout=timeout)
        if done.returncode != 0:
            raise LabError(f"`{verb}` failed on the wire: {done.stderr.strip()[-300:]}")
        return last_json(done.stdout)

    def traffic_run(self, verb: str, *words: object, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """As `traffic`, for callers who judge the outcome themselves."""
        return self.run(*_script(verb, *words), timeout=timeout)

    def start_traffic(self, verb: str, *words: object) -> Process:
        """Start a verb that listens or records, and wait until it does."""
        process = self.start(verb, *_script(verb, *words))
        process.wait_for(lambda: "ready" in process.said, 20, "its first word")
        return process

    def finish(self, process: Process, *, stop: bool, timeout: float = 60) -> dict[str, int]:
        """The answer of a verb that `start_traffic` started: asked to end now, or waited for."""
        if stop:
            process.child.send_signal(signal.SIGTERM)
        process.wait_for_end(timeout)
        return last_json(process.said)

    def serve_iperf(self, *ports: int) -> None:
        """An iperf3 server on each port."""
        for port in ports:
            server = self.start(
                f"iperf3-{port}", *self.kit.tool("usr/bin/iperf3"), "-s", "-p", str(port), "--forceflush"
            )
            server.wait_for(lambda server=server: "listening" in server.said, 20, "its first word")  # type: ignore[misc]

    def counters(self, interface: str = TAP) -> dict[str, int]:
        """The interface's counters as the namespace's kernel sees them: to the guest is tx, from the guest rx."""
        for line in self.run("cat", "/proc/net/dev").stdout.splitlines():
            name, _, numbers = line.partition(":")
            if name.strip() == interface:
                n = [int(word) for word in numbers.split()]
                return {
                    "rx_bytes": n[0],
                    "rx_packets": n[1],
                    "rx_dropped": n[3],
                    "tx_bytes": n[8],
                    "tx_packets": n[9],
                    "tx_dropped": n[11],
                }
        raise LabError(f"The wire has lost its interface {interface}.")

    def close(self) -> None:
        """End what runs inside; the namespace goes with its holder."""
        for process in reversed(self.processes):
            process.stop(3)
        self.holder.terminate()
        self.holder.communicate()


def last_json(text: str) -> dict[str, int]:
    """The answer of a verb: its last line."""
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if not lines:
        raise LabError(f"The wire's side gave no answer: {text.strip()[-200:]}")
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


def _script(verb: str, *words: object) -> list[str]:
    return [sys.executable, traffic.__file__, verb, *map(str, words)]
