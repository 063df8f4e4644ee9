"""Does the right frame wake the system, and only the first? WUFC, magic packets, PME_Status, the kept frame."""

from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.device.core import Core
from glassnic.device.ports import FlatMemory
from glassnic.device.recorder import Recorder
from glassnic.device.wakeup import Wakeup
from glassnic.spec.fields import CTRL, RCTL
from glassnic.spec.models import M82540EM
from glassnic.spec.profiles import PROFILES
from glassnic.spec.registers import R, Register
from glassnic.wire.arp import REPLY, REQUEST, Arp
from glassnic.wire.ethernet import ARP, BROADCAST, IPV4, IPV6

STATION = bytes.fromhex("525400123456")
PEER = bytes.fromhex("525400abcdef")
GROUP = bytes.fromhex("01005e0090bc")
"""With MO=00 its place in the hash is BC9h: word 94, bit 9 (§13.5.1)."""
OUR_IP, OTHER_IP = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 16])
OUR_IP6 = bytes(range(0x20, 0x30))

APME, PME_EN, PME_STATUS = 1, 2, 4
LNKC, MAG, EX, MC, BC, ARP_, IP4, IP6 = (1 << bit for bit in range(8))
FLX0 = 1 << 16


class Sleeper:
    """A card with its station address, some tables set, and the wake-up part."""

    def __init__(self) -> None:
        self.core = Core(FlatMemory(0), M82540EM, PROFILES["manual"], Recorder(16))
        self.wakeup = Wakeup(self.core)
        self.set(R.RAL, int.from_bytes(STATION[:4], "little"))
        self.set(R.RAH, int.from_bytes(STATION[4:], "little") | 1 << 31)
        self.set(R.RCTL, RCTL.BAM.mask)
        self.set(R.MTA, 1 << 9, 94)
        self.set(R.IP4AT, int.from_bytes(OUR_IP, "little"), 1)
        for index in range(4):
            self.set(R.IP6AT, int.from_bytes(OUR_IP6[4 * index :][:4], "little"), index)
        self.set(R.IPAV, 1 << 1 | 1 << 16)

    def set(self, row: Register, value: int, index: int = 0) -> None:
        self.core.registers.store(row.offset + index * row.stride, value)

    def wakes(self, frame: bytes, filters: int, asleep: bool = True) -> bool:
        self.set(R.WUFC, filters)
        return self.wakeup.examine(frame, asleep)

    @property
    def status(self) -> int:
        return self.core.registers[R.WUS]

    def write_control(self, value: int) -> int:
        """A write of WUC, as the card does it: store, then act; what it reads afterwards."""
        self.set(R.WUC, value)
        self.wakeup.write_control(value)
        return self.core.registers[R.WUC]


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


def frame(destination: bytes, ethertype: int = 0x88B5, payload: bytes = b"") -> bytes:
    return (destination + PEER + ethertype.to_bytes(2, "big") + payload).ljust(60, b"\0")


def arp(target: bytes, operation: int = REQUEST) -> bytes:
    return Arp(operation, PEER, OTHER_IP, bytes(6), target).encode()


def ipv4(destination: bytes) -> bytes:
    return pack(">BBHHHBBH4s4s", 0x45, 0, 20, 0, 0, 64, 17, 0, OTHER_IP, destination)


def ipv6(destination: bytes) -> bytes:
    return pack(">IHBB16s16s", 6 << 28, 0, 59, 64, bytes(16), destination)


MAGIC = b"\xff" * 6 + STATION * 16
WAKING = [
    (MAG, frame(STATION, payload=MAGIC)),
    (EX, frame(STATION)),
    (MC, frame(GROUP)),
    (BC, frame(BROADCAST)),
    (ARP_, frame(BROADCAST, ARP, arp(OUR_IP))),
    (IP4, frame(STATION, IPV4, ipv4(OUR_IP))),
    (IP6, frame(STATION, IPV6, ipv6(OUR_IP6))),
]
OTHERS = [
    (MAG, frame(STATION, payload=b"\xff" * 6 + STATION * 15)),
    (EX, frame(BROADCAST)),
    (MC, frame(BROADCAST)),
    (BC, frame(GROUP)),
    (ARP_, frame(BROADCAST, ARP, arp(OTHER_IP))),
    (ARP_, frame(BROADCAST, ARP, arp(OUR_IP, REPLY))),
    (ARP_, frame(BROADCAST, IPV4, arp(OUR_IP))),
    (IP4, frame(STATION, IPV4, ipv4(OTHER_IP))),
    (IP4, frame(STATION, IPV6, ipv4(OUR_IP))),
    (IP6, frame(STATION, IPV6, ipv6(bytes(16)))),
]


@pytest.mark.parametrize(("filters", "waking"), WAKING)
def test_a_frame_that_an_enabled_filter_wants_wakes_and_says_why(sleeper: Sleeper, filters: int, waking: bytes) -> None:
    assert sleeper.wakes(waking, filters)
    assert sleeper.status == filters
    assert sleeper.wakeup.pme
    assert sleeper.core.registers[R.WUC] & PME_STATUS


@pytest.mark.parametrize(("filters", "waking"), WAKING)
def test_a_filter_that_is_off_wakes_nobody(sleeper: Sleeper, filters: int, waking: bytes) -> None:
    assert not sleeper.wakes(waking, 0)
    assert not sleeper.wakes(waking, filters, asleep=False)
    assert (sleeper.status, sleeper.wakeup.pme) == (0, False)


@pytest.mark.parametrize(("filters", "other"), OTHERS)
def test_a_frame_that_the_filter_does_not_want_wakes_nobody(sleeper: Sleeper, filters: int, other: bytes) -> None:
    assert not sleeper.wakes(other, filters)


def test_a_frame_that_no_address_filter_takes_wakes_nobody(sleeper: Sleeper) -> None:
    sleeper.set(R.RCTL, 0)
    sleeper.set(R.MTA, 0, 94)
    for destination in (PEER, GROUP, BROADCAST):
        assert not sleeper.wakes(frame(destination, IPV4, ipv4(OUR_IP)), IP4 | EX | MC | BC)


@pytest.mark.parametrize(
    ("control", "destination"), [(RCTL.UPE.mask, PEER), (RCTL.MPE.mask, GROUP), (RCTL.BAM.mask, BROADCAST)]
)
def test_the_promiscuous_bits_let_a_frame_through_to_the_wake_filters(
    sleeper: Sleeper, control: int, destination: bytes
) -> None:
    sleeper.set(R.MTA, 0, 94)
    sleeper.set(R.RCTL, control)
    assert sleeper.wakes(frame(destination, IPV4, ipv4(OUR_IP)), IP4)


def test_a_promiscuous_station_is_not_woken_by_what_is_directed_to_others(sleeper: Sleeper) -> None:
    sleeper.set(R.RCTL, RCTL.UPE.mask)
    assert not sleeper.wakes(frame(PEER), EX)


def test_several_filters_may_match_and_all_are_told(sleeper: Sleeper) -> None:
    assert sleeper.wakes(frame(STATION, IPV4, ipv4(OUR_IP)), EX | IP4 | MC)
    assert sleeper.status == EX | IP4


def test_a_magic_packet_to_everybody_wakes_though_broadcasts_are_refused(sleeper: Sleeper) -> None:
    sleeper.set(R.RCTL, 0)
    assert sleeper.wakes(frame(BROADCAST, payload=b"any" + MAGIC), MAG)


def test_apm_wakes_by_a_magic_packet_in_every_power_state(sleeper: Sleeper) -> None:
    sleeper.write_control(APME)
    assert not sleeper.wakes(frame(STATION), EX, asleep=False)
    assert sleeper.wakes(frame(STATION, payload=MAGIC), 0, asleep=False)
    assert sleeper.status == MAG


def test_after_one_wake_up_later_ones_are_ignored_until_the_status_is_cleared(sleeper: Sleeper) -> None:
    first, second = frame(STATION, payload=b"first"), frame(BROADCAST, payload=b"second")
    assert sleeper.wakes(first, EX | BC)
    assert not sleeper.wakes(second, EX | BC)
    assert sleeper.status == EX
    sleeper.wakeup.write_status(EX)
    assert sleeper.wakes(second, EX | BC)
    assert sleeper.status == BC


def test_the_waking_frame_is_kept_with_its_length(sleeper: Sleeper) -> None:
    waking = frame(STATION, payload=bytes(range(200)))
    assert sleeper.wakes(waking, EX)
    assert sleeper.core.registers[R.WUPL] == len(waking)
    kept = b"".join(word.to_bytes(4, "little") for word in sleeper.core.registers.many(R.WUPM))
    assert kept == waking[:128]


def test_the_kept_length_ends_at_2047(sleeper: Sleeper) -> None:
    assert sleeper.wakes(frame(STATION, payload=bytes(9000)), EX)
    assert sleeper.core.registers[R.WUPL] == 2047


def test_pme_status_is_cleared_by_a_one_and_left_by_a_zero(sleeper: Sleeper) -> None:
    sleeper.wakes(frame(STATION), EX)
    assert sleeper.write_control(APME | PME_EN) == APME | PME_EN | PME_STATUS
    assert sleeper.write_control(PME_EN | PME_STATUS) == PME_EN
    assert not sleeper.wakeup.pme


def test_pme_status_cannot_be_set_by_software(sleeper: Sleeper) -> None:
    assert sleeper.write_control(PME_EN | PME_STATUS) == PME_EN


def test_the_pci_layer_clears_pme_status_and_keeps_the_rest(sleeper: Sleeper) -> None:
    sleeper.write_control(APME | PME_EN)
    sleeper.wakes(frame(STATION), EX)
    sleeper.wakeup.clear_pme()
    assert sleeper.core.registers[R.WUC] == APME | PME_EN


def test_a_link_change_wakes_a_sleeper_that_asked_for_it(sleeper: Sleeper) -> None:
    sleeper.set(R.WUFC, LNKC)
    assert not sleeper.wakeup.link_changed(False)
    assert sleeper.wakeup.link_changed(True)
    assert sleeper.status == LNKC
    sleeper.wakeup.write_status(LNKC)
    sleeper.set(R.WUFC, EX)
    assert not sleeper.wakeup.link_changed(True)


def test_an_address_that_is_not_valid_is_nobodys(sleeper: Sleeper) -> None:
    sleeper.set(R.IPAV, 1)
    assert not sleeper.wakes(frame(STATION, IPV4, ipv4(OUR_IP)), IP4)
    assert not sleeper.wakes(frame(STATION, IPV6, ipv6(OUR_IP6)), IP6)


def test_a_vlan_tag_is_skipped_in_vlan_mode_alone(sleeper: Sleeper) -> None:
    tagged = frame(STATION, 0x8100, b"\x00\x05\x08\x00" + ipv4(OUR_IP))
    assert not sleeper.wakes(tagged, IP4)
    sleeper.set(R.CTRL, CTRL.VME.mask)
    assert sleeper.wakes(tagged, IP4)


def flexible(sleeper: Sleeper, lane: int, length: int, wanted: dict[int, int]) -> None:
    """Set one flexible filter: a length, and the bytes that count."""
    sleeper.set(R.FFLT, length, lane)
    registers = sleeper.core.registers
    for at, value in wanted.items():
        offset = at * 8
        sleeper.set(R.FFMT, registers.words[R.FFMT.offset + offset >> 2] | 1 << lane, at)
        sleeper.set(R.FFVT, registers.words[R.FFVT.offset + offset >> 2] | value << 8 * lane, at)


@pytest.mark.parametrize("lane", range(4))
def test_a_flexible_filter_passes_when_its_bytes_match_up_to_its_length(sleeper: Sleeper, lane: int) -> None:
    flexible(sleeper, lane, 64, {12: 0x88, 13: 0xB5, 20: lane + 1})
    other = frame(STATION, payload=bytes(100))
    assert not sleeper.wakes(other, 0xF << 16)
    matching = other[:20] + bytes([lane + 1]) + other[21:]
    assert not sleeper.wakes(matching[:63], 0xF << 16)
    assert sleeper.wakes(matching, 0xF << 16)
    assert sleeper.status == FLX0 << lane


def test_two_flexible_filters_do_not_mix_their_bytes(sleeper: Sleeper) -> None:
    flexible(sleeper, 0, 16, {14: 1})
    flexible(sleeper, 3, 16, {14: 2})
    assert sleeper.wakes(frame(STATION, payload=b"\2"), 0xF << 16)
    assert sleeper.status == FLX0 << 3


def test_a_flexible_filter_longer_than_its_tables_needs_only_the_length_of_the_rest(sleeper: Sleeper) -> None:
    flexible(sleeper, 0, 0x7FF, {0: STATION[0]})
    assert not sleeper.wakes(frame(STATION, payload=bytes(1000)), FLX0)
    assert sleeper.wakes(frame(STATION, payload=bytes(2047)), FLX0)


STORMED = Sleeper()


@given(st.binary(max_size=300), st.lists(st.tuples(st.sampled_from(
    [R.WUC, R.WUFC, R.IPAV, R.RCTL, R.CTRL, R.VET, R.RAL, R.RAH, R.FFLT, R.FFMT, R.FFVT]
), st.integers(0, 0xFFFF_FFFF)), max_size=8))  # fmt: skip
def test_no_frame_and_no_setting_hurts_the_sleeper(data: bytes, settings: list[tuple[Register, int]]) -> None:
    for row, value in settings:
        STORMED.set(row, value)
    for start in (b"", STATION + PEER, STATION + PEER + b"\x08\x00", BROADCAST + PEER + b"\x08\x06"):
        STORMED.wakeup.write_status(0xFFFF_FFFF)
        STORMED.wakeup.write_control(4)
        woken = STORMED.wakeup.examine(start + data, True)
        assert woken is STORMED.wakeup.pme
        assert woken is bool(STORMED.status)
