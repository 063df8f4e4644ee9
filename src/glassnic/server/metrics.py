"""What does Prometheus read? The counts of every card in this process, under the field's usual names, at /metrics.

The names are node_exporter's for a network device with `glassnic_` before them, mapped from the statistics as Linux's
driver maps them (§13.7); each statistics register is there besides, by its own name. No guest's register is cleared.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus

import h11
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from glassnic import __version__
from glassnic.server.card import Card
from glassnic.server.config import CardConfig, ConfigError
from glassnic.server.door import Door
from glassnic.server.loop import Loop
from glassnic.server.status import counts, findings, identity, rings
from glassnic.transports.fdsocket import FdSocket
from glassnic.xray.watch import Watch

NAMED: dict[str, tuple[tuple[str, ...], str]] = {
    "receive_packets": (("GPRC",), "Good packets received"),
    "receive_bytes": (("GORC",), "Octets of them, destination address to FCS"),
    "receive_errors": (
        ("RXERRC", "CRCERRS", "ALGNERRC", "RUC", "ROC", "CEXTERR"),
        "Packets received that were damaged, too short or too long",
    ),
    "receive_drop": (("MPC",), "Packets lost for want of room in the receive FIFO"),
    "receive_nobuffer": (("RNBC",), "Packets that found no receive descriptor and had to wait in the FIFO"),
    "receive_multicast": (("MPRC",), "Multicasts received"),
    "receive_broadcast": (("BPRC",), "Broadcasts received"),
    "transmit_packets": (("GPTC",), "Good packets sent"),
    "transmit_bytes": (("GOTC",), "Octets of them, destination address to FCS"),
    "transmit_errors": (("ECOL", "LATECOL"), "Packets that could not be sent"),
    "transmit_multicast": (("MPTC",), "Multicasts sent"),
    "transmit_broadcast": (("BPTC",), "Broadcasts sent"),
}
"""Counter -> the statistics that make it, and what it is."""
COUNTED = {
    "interrupts": "How often the interrupt line was asserted",
    "turns": "Turns of the transmit engine",
    "resets": "Resets of the card, by software or by a guest that came or went",
    "contexts_loaded": "Transmit contexts loaded",
    "checksums_inserted": "Checksums inserted into frames that left",
    "dropped_outside": "Frames that died on the host's side, outside the card",
}
PATH = "/metrics"
TEXT = "text/plain; charset=utf-8"

Served = Sequence[tuple[Card, CardConfig]]


class Cards(Collector):
    """The metrics of all cards."""

    def __init__(self, cards: Served, watch: Watch | None) -> None:
        self._cards = cards
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        """Prometheus's own port."""
        build = InfoMetricFamily("glassnic_build", "This program", labels=[])
        build.add_metric([], {"version": __version__})
        yield build
        about = InfoMetricFamily("glassnic_card", "A card, and where its frames go", labels=[])
        for _, config in self._cards:
            about.add_metric([], identity(config))
        yield about
        yield from self._gauges()
        yield from self._statistics()
        yield from self._counts()
        yield self._findings()

    def _gauges(self) -> Iterator[Metric]:
        def family(name: str, words: str, values: Iterable[float]) -> Metric:
            gauge = GaugeMetricFamily(f"glassnic_{name}", words, labels=["card"])
            for (_, config), value in zip(self._cards, values, strict=True):
                gauge.add_metric([config.name], value)
            return gauge

        nics = [card.nic for card, _ in self._cards]
        yield family("link_up", "1 while the link is up", [nic.link.up for nic in nics])
        yield family("speed_bytes", "The link's speed, bytes a second", [nic.link.speed_mbps * 125_000 for nic in nics])
        yield family("guest_connected", "1 while a guest has the card", [card.connected for card, _ in self._cards])
        sizes = GaugeMetricFamily("glassnic_ring_descriptors", "Size of a descriptor ring", labels=["card", "ring"])
        given = GaugeMetricFamily(
            "glassnic_ring_given_descriptors", "Descriptors that the card has of software", labels=["card", "ring"]
        )
        for nic, (_, config) in zip(nics, self._cards, strict=True):
            for ring, state in rings(nic).items():
                sizes.add_metric([config.name, ring], state["entries"])
                given.add_metric([config.name, ring], state["given"])
        yield from (sizes, given)

    def _statistics(self) -> Iterator[Metric]:
        totals = [(config.name, card.nic.core.statistics.totals()) for card, config in self._cards]
        for name, (registers, words) in NAMED.items():
            counter = CounterMetricFamily(f"glassnic_{name}", f"{words} ({', '.join(registers)})", labels=["card"])
            for card, values in totals:
                counter.add_metric([card], sum(values[register] for register in registers))
            yield counter
        each = CounterMetricFamily(
            "glassnic_statistic", "Each statistics register of the manual's §13.7", labels=["card", "register"]
        )
        for card, values in totals:
            for register, value in values.items():
                each.add_metric([card, register], value)
        yield each

    def _counts(self) -> Iterator[Metric]:
        counted = [(config.name, counts(card)) for card, config in self._cards]
        for name, words in COUNTED.items():
            counter = CounterMetricFamily(f"glassnic_{name}", words, labels=["card"])
            for card, values in counted:
                counter.add_metric([card], values[name])
            yield counter
        doorbells = CounterMetricFamily("glassnic_doorbells", "Writes of TDT and RDT", labels=["card", "ring"])
        for card, values in counted:
            for ring in ("transmit", "receive"):
                doorbells.add_metric([card, ring], values[f"{ring}_doorbells"])
        yield doorbells

    def _findings(self) -> Metric:
        counter = CounterMetricFamily(
            "glassnic_findings", "Requests of a driver that were out of order", labels=["card", "code", "severity"]
        )
        for card, config in self._cards:
            for found in findings(card.nic, config, self._watch):
                counter.add_metric([config.name, found["code"], found["severity"]], found["count"])
        return counter


class Exposition:
    """The text that is served."""

    def __init__(self, cards: Served, watch: Watch | None) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Cards(cards, watch))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        return generate_latest(self._registry)


def open_metrics(text: str, cards: Served, loop: Loop, watch: Watch | None = None) -> tuple[Door, str]:
    """Serve the metrics of `cards` at HOST:PORT: the door, and the URL. Raises ConfigError."""
    exposition, listener = Exposition(cards, watch), TcpListener(text)
    return Door(loop.watches, listener, lambda: Http(exposition)), listener.url


class Http:
    """One visitor's conversation over HTTP/1.1: a session of `door.py`."""

    def __init__(self, exposition: Exposition) -> None:
        self.ended = False
        self._exposition = exposition
        self._connection = h11.Connection(h11.SERVER)

    def receive(self, data: bytes) -> None:
        self._connection.receive_data(data)

    def answer(self) -> bytes:
        connection = self._connection
        try:
            while True:
                if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
                    connection.start_next_cycle()
                event = connection.next_event()
                if isinstance(event, h11.Request):
                    return self._answer(event)
                if isinstance(event, h11.ConnectionClosed):
                    self.ended = True
                if event in (h11.NEED_DATA, h11.PAUSED) or self.ended:
                    return b""
        except h11.RemoteProtocolError as error:
            self.ended = True
            if connection.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                return b""
            return self._say(error.error_status_hint, b"this is no HTTP request\n", TEXT)

    def _answer(self, request: h11.Request) -> bytes:
        path = request.target.partition(b"?")[0].decode("ascii", "replace")
        head_only = request.method == b"HEAD"
        if request.method != b"GET" and not head_only:
            return self._say(405, b"only GET is answered here\n", TEXT)
        if path != PATH:
            return self._say(404, f"the metrics are at {PATH}\n".encode(), TEXT, head_only)
        return self._say(200, self._exposition.text(), CONTENT_TYPE_LATEST, head_only)

    def _say(self, status: int, body: bytes, kind: str, head_only: bool = False) -> bytes:
        """A whole answer, or what HEAD wants of it; what follows is not waited for where the conversation ends."""
        connection = self._connection
        headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        reason = HTTPStatus(status).phrase.encode()
        out = connection.send(h11.Response(status_code=status, reason=reason, headers=headers)) or b""
        if not head_only:
            out += connection.send(h11.Data(data=body)) or b""
        out += connection.send(h11.EndOfMessage()) or b""
        if connection.our_state is h11.MUST_CLOSE:
            self.ended = True
        return out


class TcpListener:
    """Listens at HOST:PORT. Raises ConfigError."""

    def __init__(self, text: str) -> None:
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not (colon and host and port.isdecimal() and int(port) < 65536):
            raise ConfigError(f"--metrics wants HOST:PORT, as in 127.0.0.1:9400, and not {text!r}")
        try:
            family, *_, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
            self._sock = socket.create_server(address[:2], family=family)
        except OSError as error:
            why = (error.strerror or str(error)).partition(" (while")[0].lower()
            raise ConfigError(f"metrics cannot be served at {text}: {why}; choose another HOST:PORT") from error
        self._sock.setblocking(False)

    @property
    def url(self) -> str:
        host, port = self._sock.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"

    def fileno(self) -> int:
        return self._sock.fileno()

    def accept(self) -> FdSocket | None:
        try:
            sock, _ = self._sock.accept()
        except OSError:
            return None
        return FdSocket(sock)

    def close(self) -> None:
        self._sock.close()
