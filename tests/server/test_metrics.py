"""Does Prometheus get what it asks for, in its own language, and the guest keep its counts?"""

from __future__ import annotations

import argparse
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from glassnic import __version__
from glassnic.server.command import add_arguments, run
from glassnic.server.config import ConfigError
from glassnic.server.metrics import COUNTED, NAMED, TcpListener, open_metrics
from glassnic.spec.registers import REGISTERS, Access, R
from live.driven import Guest, Watched

pytestmark = pytest.mark.kernel

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Metered(Watched):
    """A watched machine that serves metrics."""

    def start(self) -> None:
        self.door, self.url = open_metrics("127.0.0.1:0", [(self.card, self.config)], self.loop)
        super().start()

    def close_doors(self) -> None:
        super().close_doors()
        self.door.close()


@pytest.fixture
def metered(tmp_path: Path) -> Iterator[Metered]:
    metered = Metered(tmp_path)
    yield metered
    metered.stop()


def samples(url: str) -> Samples:
    """Name and labels -> value, as Prometheus's own parser reads the answer."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = answer.read().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of_card(found: Samples, name: str, **labels: str) -> float:
    return found[f"glassnic_{name}", tuple(sorted({"card": "e1000", **labels}.items()))]


def raw(url: str, request: bytes) -> bytes:
    """All that comes back for these bytes, until the other side closes, be it before it has read them all."""
    host, _, port = url.removeprefix("http://").partition("/")[0].rpartition(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=60) as sock:
        with suppress(OSError):
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while chunk := sock.recv(1 << 16):
                answer += chunk
    return answer


def test_the_counts_are_the_cards_and_reading_them_clears_nothing(metered: Metered) -> None:
    guest = Guest(metered.path)
    guest.send_mixed()
    found = samples(metered.url)
    assert of_card(found, "transmit_packets_total") == 4
    assert of_card(found, "transmit_bytes_total") == of_card(found, "statistic_total", register="GOTC") > 4 * 64
    assert of_card(found, "contexts_loaded_total") == 2
    assert of_card(found, "doorbells_total", ring="transmit") >= 2
    assert (of_card(found, "link_up"), of_card(found, "guest_connected")) == (1, 1)
    assert of_card(found, "ring_descriptors", ring="transmit") == 64
    assert found["glassnic_build_info", (("version", __version__),)] == 1
    assert guest.driver.card.read(R.GPTC.offset) == 4
    again = samples(metered.url)
    assert of_card(again, "transmit_packets_total") == 4, "what the guest has cleared still counts"
    guest.leave()


def test_a_finding_is_counted_by_its_code(metered: Metered) -> None:
    guest = Guest(metered.path)
    guest.driver.card.write(0x4200, 0)
    guest.driver.card.read(R.STATUS.offset)
    found = samples(metered.url)
    assert of_card(found, "findings_total", code="REGISTER_UNKNOWN", severity="warning") == 1
    guest.leave()


def test_every_statistics_register_has_its_sample(metered: Metered) -> None:
    found = samples(metered.url)
    registers = {dict(labels)["register"] for name, labels in found if name == "glassnic_statistic_total"}
    rows = {name for name, row in REGISTERS.items() if row.access is Access.RC}
    pairs = {name[:-1] for name, row in REGISTERS.items() if row.access is Access.LOW}
    assert registers == rows | pairs
    names = {name for name, _ in found}
    assert {f"glassnic_{name}_total" for name in (*NAMED, *COUNTED)} <= names
    assert "process_cpu_seconds_total" in names


def test_other_paths_and_methods_are_told_where_to_go(metered: Metered) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(metered.url.removesuffix("metrics"), timeout=60)
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(metered.url, b"body", timeout=60)


def test_several_requests_on_one_connection_are_answered_in_order(metered: Metered) -> None:
    get = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    post = b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    last = b"HEAD /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = raw(metered.url, get + post + get + last)
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"405", b"200", b"404"]


@pytest.mark.parametrize("request_", [b"\0\1\2\3\r\n\r\n", b"GET " + b"x" * 100_000, b"GET / HTTP/9.9\r\n\r\n", b""])
def test_what_is_no_http_ends_the_conversation_and_harms_nobody(metered: Metered, request_: bytes) -> None:
    answer = raw(metered.url, request_)
    assert not answer or answer.startswith(b"HTTP/1.1 4")
    assert samples(metered.url)


@pytest.mark.parametrize("text", ["9400", "127.0.0.1", "127.0.0.1:", ":9400", "127.0.0.1:http", "127.0.0.1:65536"])
def test_what_is_no_host_and_port_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1:9400"):
        TcpListener(text)


def test_a_port_in_use_is_one_sentence(metered: Metered, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    port = metered.url.removeprefix("http://").removesuffix("/metrics")
    assert run(parser.parse_args(["--socket", str(tmp_path / "other"), "--net", "null", "--metrics", port])) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        f"glassnic: metrics cannot be served at {port}: address already in use; choose another HOST:PORT\n",
    )


def test_ipv6_is_written_in_brackets() -> None:
    try:
        listener = TcpListener("[::1]:0")
    except ConfigError:
        pytest.skip("this host has no IPv6")
    assert listener.url.startswith("http://[::1]:")
    listener.close()
