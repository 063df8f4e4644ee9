"""Is the card whole? How it is made, its resets, its clock, its master bit; and all with the JIT off (§14.7)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory
from glassnic.driver.descriptors import encode_context
from glassnic.spec import events
from glassnic.spec.fields import CTRL, RCTL, TCTL
from glassnic.spec.models import MODELS
from glassnic.spec.registers import R, Register
from workbench import EN, MAC, PSP, WHOLE, Workbench, fcs, frame

pytestmark = pytest.mark.kernel

ALL = 0xFFFF_FFFF
STATION = (int.from_bytes(MAC[:4], "little"), int.from_bytes(MAC[4:], "little") | 1 << 31)
RESETS = ("memory", "io", "pci")


@pytest.fixture
def bench() -> Workbench:
    return Workbench()


def reset(bench: Workbench, how: str) -> None:
    """CTRL.RST through memory, or as Linux does it through the I/O BAR, or RST#."""
    if how == "memory":
        bench.write(R.CTRL, CTRL.RST.mask)
    elif how == "io":
        bench.nic.write_io(0, R.CTRL.offset)
        bench.nic.write_io(4, bench.read(R.CTRL) | CTRL.RST.mask)
    else:
        bench.nic.reset()


# How it is made


@pytest.mark.parametrize(("options", "words"), [
    ({"model": "82599"}, "no model '82599'; known are 82540em"),
    ({"profile": "novel"}, "no profile 'novel'; known are"),
    ({"mac": "hello"}, "'hello' is not a station's MAC"),
    ({"mac": "01:00:5e:00:00:01"}, "is not a station's MAC"),
    ({"mac": "52:54:00:12:34"}, "six hexadecimal octets"),
])  # fmt: skip
def test_what_is_unknown_is_refused_in_one_sentence(options: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Nic(FlatMemory(0), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("mac", ["52:54:00:12:34:56", "52-54-00-12-34-56", MAC])
@pytest.mark.parametrize("model", MODELS)
def test_the_address_is_in_the_filter_before_any_driver_looks(mac: str | bytes, model: str) -> None:
    """§14.7: loaded from the EEPROM; Mac OS and iPXE read it there."""
    nic = Nic(FlatMemory(0), mac=mac, model=model)
    assert (nic.read(R.RAL.offset), nic.read(R.RAH.offset)) == STATION


# Resets


@pytest.mark.parametrize("how", RESETS)
def test_after_a_reset_the_mac_is_as_drivers_expect_it(bench: Workbench, how: str) -> None:
    bench.write(R.IMS, ALL)
    bench.write(R.ICS, ALL)
    bench.write(R.RCTL, RCTL.EN.mask)
    bench.write(R.ITR, 500)
    reset(bench, how)
    assert not bench.read(R.CTRL) & CTRL.RST.mask
    assert [bench.read(row) for row in (R.IMS, R.ICR, R.RCTL, R.TCTL, R.ITR, R.TDLEN, R.TDH, R.TDT)] == [0] * 8
    assert not bench.nic.interrupt


@pytest.mark.parametrize("how", RESETS)
def test_a_reset_clears_every_receive_address_and_loads_the_first_anew(bench: Workbench, how: str) -> None:
    for index in range(16):
        bench.write(R.RAL, 0x1111_1111, index)
        bench.write(R.RAH, 0x8000_1111, index)
    reset(bench, how)
    assert (bench.read(R.RAL), bench.read(R.RAH)) == STATION
    assert all(not bench.read(R.RAH, index) >> 31 for index in range(1, 16))


@pytest.mark.parametrize("how", RESETS)
def test_a_reset_forgets_both_contexts(bench: Workbench, how: str) -> None:
    bench.load(TUCSS=14, TUCSO=20)
    bench.load(TSE=1, HDRLEN=14, MSS=20, PAYLEN=40)
    reset(bench, how)
    bench.open_transmit()
    assert bench.send(frame(54), TSE=1) == []
    bench.send(frame(54), TXSM=1)
    assert [slot for _, slot, _ in bench.happened(events.TX_UNLOADED)] == [1, 0]


@pytest.mark.parametrize("how", RESETS)
def test_a_reset_forgets_the_open_packet(bench: Workbench, how: str) -> None:
    bench.give(bench.data(frame(60)[:30]))
    reset(bench, how)
    bench.open_transmit()
    assert bench.send(frame(70)) == [frame(70)]


@pytest.mark.parametrize("how", RESETS)
def test_a_reset_forgets_what_the_ring_still_held(bench: Workbench, how: str) -> None:
    bench.lay(*[bench.data(frame(), **WHOLE)] * 5)
    bench.write(R.TDT, 5)
    reset(bench, how)
    assert bench.run() == []
    bench.open_transmit()
    assert bench.run() == []


@pytest.mark.parametrize("how", RESETS)
def test_a_reset_stops_the_delayed_interrupt(bench: Workbench, how: str) -> None:
    bench.write(R.TIDV, 100)
    bench.send(frame(), RS=1, IDE=1)
    reset(bench, how)
    bench.wait(1_000_000)
    assert bench.causes & 1 == 0


@pytest.mark.parametrize("how", RESETS)
def test_frames_that_had_left_before_a_reset_arrive(bench: Workbench, how: str) -> None:
    bench.lay(bench.data(frame(), **WHOLE))
    bench.write(R.TDT, 1)
    bench.nic.advance(0)
    reset(bench, how)
    assert list(map(bytes, bench.nic.sent())) == [frame()]


def test_ctrl_rst_keeps_the_packet_buffers_split_and_rst_does_not(bench: Workbench) -> None:
    """§13.4.16"""
    bench.write(R.PBA, 40)
    bench.reset()
    assert bench.read(R.PBA) == 24 << 16 | 40
    bench.nic.reset()
    assert bench.read(R.PBA) == R.PBA.reset


def test_ctrl_rst_leaves_the_phy_and_its_link_alone_and_rst_does_not(bench: Workbench) -> None:
    """§14.7"""
    advertise = 4 << 16 | 1 << 21
    bench.write(R.MDIC, advertise | 1 << 26 | 0x0061)
    bench.run()
    for how, value in (("memory", 0x0061), ("pci", 0x0DE1)):
        reset(bench, how)
        assert bench.read(R.STATUS) & 2
        bench.write(R.MDIC, advertise | 2 << 26)
        bench.run()
        assert bench.read(R.MDIC) & 0xFFFF == value


def test_ctrl_rst_loses_the_other_bits_of_its_write(bench: Workbench) -> None:
    """Inferred."""
    bench.write(R.CTRL, CTRL.RST.mask | CTRL.VME.mask | CTRL.PHY_RST.mask)
    assert bench.read(R.CTRL) == R.CTRL.reset


KEPT = (R.MTA, R.VFTA, R.WUS, R.LEDCTL)
LOST = (R.VET, R.TIDV, R.RXCSUM, R.RDBAH)


@pytest.mark.parametrize("row", KEPT + LOST)
def test_ctrl_rst_keeps_tables_and_wake_up_status_and_resets_the_rest(bench: Workbench, row: Register) -> None:
    registers = bench.nic.core.registers
    registers[row] = 0x5
    bench.reset()
    assert registers[row] == (0x5 if row in KEPT else row.reset)


def test_a_card_works_again_after_each_of_many_resets(bench: Workbench) -> None:
    for how in RESETS * 5:
        reset(bench, how)
        bench.open_transmit()
        bench.open_receive()
        assert bench.send(frame()) == [frame()]
        before = bench.read(R.GPRC)
        bench.receive([frame(60, MAC)])
        assert bench.read(R.GPRC) == before + 1


@pytest.mark.parametrize(("how", "cause"), [("memory", 1), ("io", 1), ("pci", 0)])
def test_each_reset_is_recorded_with_its_cause(bench: Workbench, how: str, cause: int) -> None:
    reset(bench, how)
    assert [a for a, _, _ in bench.happened(events.RESET)] == [0, cause]


# Bus master, clock, holds


def test_without_bus_mastering_rings_wait_and_it_is_noted_once(bench: Workbench) -> None:
    bench.nic.bus_master = False
    before = bench.memory.data.copy()
    bench.lay(bench.data(frame(), RS=1, **WHOLE))
    before[:] = bench.memory.data
    bench.write(R.TDT, 1)
    for _ in range(5):
        assert bench.run() == []
    assert (bench.memory.data == before).all()
    assert len(bench.happened(events.DMA_REFUSED)) == 1
    assert bench.nic.deadline is None
    bench.nic.bus_master = True
    assert bench.run() == [frame()]


def test_a_doorbell_only_marks_work_and_advance_does_it(bench: Workbench) -> None:
    bench.lay(bench.data(frame(), RS=1, **WHOLE))
    bench.write(R.TDT, 1)
    assert bench.status(0) == 0
    assert bench.nic.deadline == bench.now_ns
    assert len(bench.nic.sent()) == 0
    bench.nic.advance(bench.now_ns)
    assert bench.status(0) == 1
    assert list(map(bytes, bench.nic.sent())) == [frame()]


def test_an_idle_card_asks_for_no_time(bench: Workbench) -> None:
    bench.send(frame(), RS=1)
    assert bench.nic.deadline is None


def test_sent_gives_each_frame_once(bench: Workbench) -> None:
    bench.send(frame())
    assert len(bench.nic.sent()) == 0


@pytest.mark.parametrize(("attribute", "holding"), [("transmit_held", True), ("ready", False)])
def test_a_held_ring_waits_and_loses_nothing(bench: Workbench, attribute: str, holding: bool) -> None:
    """The back end takes no more, or the engine is still being loaded: registers answer all the same."""
    setattr(bench.nic, attribute, holding)
    assert bench.send(frame()) == []
    assert bench.read(R.TDT) == 1
    assert bench.nic.deadline is None
    setattr(bench.nic, attribute, not holding)
    assert bench.run() == [frame()]


def test_a_card_that_sleeps_only_looks_for_what_wakes_it(bench: Workbench) -> None:
    bench.open_receive()
    bench.nic.asleep = True
    bench.receive([frame(60, MAC)])
    assert bench.read(R.GPRC) == 0


def test_in_phy_loopback_frames_come_back_and_none_passes_the_cable(bench: Workbench) -> None:
    """§8.10; Linux sets it for its loopback test."""
    bench.open_receive()
    bench.write(R.MDIC, 0x0420_0000 | 0x4140)
    bench.run()
    assert bench.send(frame(60, MAC)) == []
    assert bench.read(R.GPRC) == 1
    bench.receive([frame(60, MAC)])
    assert bench.read(R.GPRC) == 0


WITHOUT_JIT = """
import sys
from glassnic.spec.registers import R
from programs import Message
from workbench import MAC, Workbench, frame
bench = Workbench()
message = Message(False, True, bytes(2500), 1000)
bench.load(**message.fields)
print([len(sent) for sent in bench.send(message.encode(), TSE=1, TXSM=1, IXSM=1, RS=1)])
bench.open_receive()
bench.receive([frame(100, MAC)])
print(bench.read(R.GPRC), bench.status(1), "numba" in sys.modules)
"""


def test_the_card_works_whole_with_the_jit_off_and_never_loads_numba() -> None:
    tests = os.path.dirname(os.path.dirname(__file__))
    paths = os.pathsep.join([tests, *filter(None, sys.path)])
    environment = os.environ | {"GLASSNIC_JIT": "0", "PYTHONPATH": paths}
    command = [sys.executable, "-c", WITHOUT_JIT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[1054, 1054, 554]", "1 1 False"]


@pytest.mark.parametrize("model", MODELS)
def test_every_model_sends_and_receives(model: str) -> None:
    bench = Workbench(model=model)
    bench.open_receive()
    bench.give(encode_context(TUCSS=14, TUCSO=20))
    assert bench.send(frame()) == [frame()]
    assert bench.send_legacy(frame() + fcs(frame()), IFCS=0) == [frame()]
    bench.receive([frame(60, MAC)])
    assert bench.read(R.GPRC) == 1
    assert bench.read(R.TCTL) == EN | PSP


def test_a_pause_frame_that_software_asks_for_is_due_at_once_though_no_ring_has_work(bench: Workbench) -> None:
    bench.write(R.FCTTV, 0x1234)
    bench.write(R.TCTL, EN | PSP | TCTL.SWXOFF.mask)
    assert bench.nic.deadline == bench.nic.now_ns
    assert [left[12:18].hex() for left in bench.run()] == ["880800011234"]
    assert bench.nic.deadline is None
