"""What does `glassnic serve` do? Makes the cards that were asked for, tells how to plug them in, and runs the loop.

A mistake of the user or of the host is one sentence on stderr and exit status 1.
"""

from __future__ import annotations

import argparse
import gc
import json
import shlex
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from glassnic.backends import FORMS, BackendError, open_backend
from glassnic.backends.middleware import Whole
from glassnic.device.nic import Nic
from glassnic.server.card import Card
from glassnic.server.config import OPTIONS, CardConfig, ConfigError, card_of, places, read_file
from glassnic.server.control import Control
from glassnic.server.engine import load, load_beside
from glassnic.server.loop import Loop
from glassnic.spec.models import MODELS
from glassnic.spec.profiles import PROFILES
from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user.server import Listener, ListenError
from glassnic.xray.capture import Capture
from glassnic.xray.pcapng import CaptureError
from glassnic.xray.probe import Listener as FrameListener
from glassnic.xray.probe import Probe
from glassnic.xray.sink import refuse_shared, target
from glassnic.xray.story import Origin
from glassnic.xray.watch import Watch, add_watch_arguments, open_watch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic serve`."""
    backends = "; ".join(f"{form}: {words}" for form, words in FORMS.items())
    parser.add_argument("--socket", metavar="PATH", help="where to listen (default: in the user's runtime folder)")
    parser.add_argument("--net", metavar="BACKEND", help=f"where frames go (default: host). {backends}")
    parser.add_argument("--model", metavar="MODEL", help=f"{', '.join(MODELS)} (default: 82540em)")
    parser.add_argument("--profile", metavar="PROFILE", help=f"{', '.join(PROFILES)} (default: manual)")
    parser.add_argument("--mac", metavar="MAC", help="the MAC address in the EEPROM")
    parser.add_argument("--eeprom", metavar="FILE", help="keep the EEPROM in this file")
    parser.add_argument(
        "--pcapng",
        metavar="FILE",
        help="record frames and what the card did to them, for Wireshark and `glassnic explain`; FILE may be a named "
        "pipe that is read, and FILE,size=64M,files=10 begins a new file at each 64 MB and keeps ten",
    )
    parser.add_argument(
        "--record",
        metavar="FILE",
        help="record the guest's session at the card's registers and memory, to have it again with `glassnic replay`: "
        "of 256 MB at most, or of FILE,size=1G. Costs time; the card listens once its engine is loaded",
    )
    add_watch_arguments(parser)
    parser.add_argument(
        "--control",
        metavar="PATH",
        help="answer `glassnic top` and `glassnic ctl` on a socket here, which only you may use; keeps the last frames",
    )
    parser.add_argument(
        "--metrics", metavar="HOST:PORT", help="tell Prometheus about all cards, at http://HOST:PORT/metrics"
    )
    parser.add_argument(
        "--config", metavar="FILE", help="several cards: a TOML file with one table each, keys as above"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; the exit status."""
    try:
        configs = _configs(args)
        refuse_shared([("--findings", args.findings), *places(configs)])
        with ExitStack() as stack:
            loop = Loop()
            stack.callback(loop.close)
            _obey_signals(loop, stack)
            watch = open_watch(args, stack, _say)
            cards = [_make(config, watch, loop, stack) for config in configs]
            metrics = _serve_metrics(args.metrics, list(zip(cards, configs, strict=True)), watch, loop, stack)
            _load_engine(loop, cards, at_once=any(config.record for config in configs))
            _tell(configs, metrics)
            gc.freeze()  # what is alive now lives on: no collection need look at it again
            loop.run()
            for config, card in zip(configs, cards, strict=True):
                print(*(f"{config.name}: {line}" for line in card.summary(findings=watch is None)), sep="\n")
            if watch is not None:
                watch.show()
    except (ConfigError, ListenError, BackendError, CaptureError, MemoryError, ValueError) as error:
        print(f"glassnic: {error}", file=sys.stderr)
        return 1
    return 0


def _configs(args: argparse.Namespace) -> list[CardConfig]:
    given = {name: value for name in OPTIONS if (value := getattr(args, name)) is not None}
    if args.config is None:
        return [card_of(CardConfig.name, given)]
    if given:
        raise ConfigError(f"--{next(iter(given))} cannot stand beside --config: write it into the file")
    return read_file(Path(args.config))


def _make(config: CardConfig, watch: Watch | None, loop: Loop, stack: ExitStack) -> Card:
    """One card, listening. Its errors are sentences, all of them."""
    memory = SharedMemory()
    nic = _make_nic(config, memory, stack)
    nic.eeprom.changed = config.eeprom is not None and not config.eeprom.exists()  # so that there is a file to keep
    backend = open_backend(config.net)
    stack.callback(backend.close)
    if config.record is not None:
        backend = Whole(backend)  # what comes is recorded as the frames that it is
    probe = _open_probe(config, watch, stack)
    listener = Listener(config.path)
    stack.callback(listener.close)
    card = Card(nic, memory, listener, backend, loop, lambda text: _say(config.name, text), config.eeprom, probe)
    stack.callback(card.close)
    if config.control is not None:
        control = Control(card, config, Listener(config.control, "--control"), loop, watch)
        stack.callback(control.close)
    return card


def _make_nic(config: CardConfig, memory: SharedMemory, stack: ExitStack) -> Nic:
    """The card itself; one that writes down what happens at its ports, if that is asked for."""
    how: Any = {"model": config.model, "profile": config.profile, "mac": config.mac}
    how["eeprom"] = _read_eeprom(config.eeprom)
    if config.record is None:
        return Nic(memory, **how)
    from glassnic.conformance.recording import Pen  # with what conformance needs, only where it is wanted
    from glassnic.server.record import Recorded

    pen = Pen(config.record, lambda text: _say(config.name, text))
    stack.callback(pen.close)
    return Recorded(pen, memory, **how)


def _serve_metrics(
    text: str | None, cards: list[tuple[Card, CardConfig]], watch: Watch | None, loop: Loop, stack: ExitStack
) -> str | None:
    """Let Prometheus ask for all cards at HOST:PORT, if that is wanted; the URL."""
    if text is None:
        return None
    from glassnic.server.metrics import open_metrics  # with its libraries, only where it is wanted

    door, url = open_metrics(text, cards, loop, watch)
    stack.callback(door.close)
    return url


def _open_probe(config: CardConfig, watch: Watch | None, stack: ExitStack) -> Probe | None:
    """What tells of the card's frames to a capture and to the watch, if either is asked for."""
    origin = Origin(config.model, config.profile)
    listeners: list[FrameListener] = []
    place_of = None
    if config.pcapng is not None:
        capture = Capture(target(config.pcapng), [(config.name, origin)])
        stack.callback(capture.close)
        channel = capture.channel()
        listeners, place_of = [channel], channel.place
    if watch is not None:
        listeners.append(watch.eye(config.name, origin, place_of))
    return Probe(listeners, time.time_ns() - time.monotonic_ns()) if listeners else None


def _read_eeprom(path: Path | None) -> bytes | None:
    """The image in the file; None where there is no file yet."""
    if path is None:
        return None
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"the EEPROM file {path} cannot be read: {error.strerror}") from error


def _tell(configs: list[CardConfig], metrics: str | None) -> None:
    """Say where each card listens, then how a guest gets one."""
    for config in configs:
        print(f"glassnic listens on {config.path}", flush=True)
    if metrics is not None:
        print(f"Metrics are at {metrics}", flush=True)
    print("Plug it into a guest of QEMU 10.1 or later:", flush=True)
    print(qemu_command([config.path for config in configs]), flush=True)


def qemu_command(paths: list[Path]) -> str:
    """The QEMU command line for a guest with a card at each of these sockets, in lines to paste."""
    lines = [
        "qemu-system-x86_64 -m 1G -machine q35,memory-backend=mem",
        "-object memory-backend-memfd,id=mem,size=1G,share=on",
    ]
    for path in paths:
        socket = {"type": "unix", "path": str(path.absolute())}
        lines.append("-device " + shlex.quote(json.dumps({"driver": "vfio-user-pci", "socket": socket})))
    return " \\\n  ".join(lines)


def _load_engine(loop: Loop, cards: list[Card], at_once: bool) -> None:
    """Let registers answer at once, and rings wait until the engine is there.

    `at_once`: nothing begins before it is there, so that a recording need not tell when it came.
    """
    if at_once:
        load(with_cutter=True)
        return
    for card in cards:
        card.await_engine()

    def start() -> None:
        for card in cards:
            card.engine_ready()
        loop.wake()

    load_beside(start, with_cutter=any(card.tape is not None for card in cards))  # faults need it


def _obey_signals(loop: Loop, stack: ExitStack) -> None:
    """SIGINT and SIGTERM stop the loop, even if they come the moment before it waits."""
    for number in (signal.SIGINT, signal.SIGTERM):
        stack.callback(signal.signal, number, signal.signal(number, lambda *_: loop.stop()))
    signal.set_wakeup_fd(loop.wake_fd, warn_on_full_buffer=False)
    stack.callback(signal.set_wakeup_fd, -1)


def _say(name: str, sentence: str) -> None:
    print(f"glassnic: {name}: {sentence}", file=sys.stderr, flush=True)
