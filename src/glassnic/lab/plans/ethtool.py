"""The driver's own offline self-test passes in every part, and all that ethtool shows and sets is true.

Registers, EEPROM, interrupts, loopback and link are tested by Linux's e1000 driver itself; then counters, register
dump, EEPROM reading and writing, forced speeds, receive checksums and the frame check sequence are looked at one by
one.
"""

from __future__ import annotations

import base64
import re
import struct
import tempfile
import zlib
from pathlib import Path

import dpkt

from glassnic.lab.card import MAC
from glassnic.lab.lab import Lab
from glassnic.lab.reader import frames_in
from glassnic.lab.wire import GUEST4, PEER4, TAP

SELF_TESTS = ("Register test", "Eeprom test", "Interrupt test", "Loopback test", "Link test")
EEPROM_SUM = 0xBABA
OEM_OFFSET = 0x0C  # words 6 and 7 are the system maker's: nothing reads them
FORCED = ((100, "full"), (100, "half"), (10, "full"), (10, "half"))
FRAME_SIZES = (60, 61, 333, 1514)


def run(lab: Lab) -> None:
    """See the head of this file."""
    _self_test(lab)
    _counters(lab)
    _registers(lab)
    _eeprom(lab)
    _forced_speeds(lab)
    _receive_sums(lab)
    _frame_check_sequence(lab)


def _self_test(lab: Lab) -> None:
    said = lab.guest.run("ethtool -t eth0 offline", 120).text
    for name in SELF_TESTS:
        found = re.search(rf"{name}.*?(\d+) *$", said, re.MULTILINE)
        lab.check(
            f"`ethtool -t eth0 offline`: the {name} passes.",
            found is not None and found[1] == "0",
            found[0] if found else said.strip()[-80:],
        )
    lab.check("The self-test as a whole passes.", "result is PASS" in said)
    lab.await_carrier()


def _counters(lab: Lab) -> None:
    before = lab.statistics()
    lab.guest.must(f"ping -c 5 -i 0.2 -s 1000 {PEER4}")
    after = lab.statistics()
    grown = {name: after[name] - before[name] for name in ("tx_packets", "rx_packets", "tx_bytes", "rx_bytes")}
    lab.check(
        "`ethtool -S` counts five pings each way.",
        all(5 <= grown[name] < 15 for name in ("tx_packets", "rx_packets")),
        grown,
    )
    lab.check(
        "`ethtool -S` counts their bytes.", all(5 * 1042 <= grown[name] < 8000 for name in ("tx_bytes", "rx_bytes"))
    )


def _registers(lab: Lab) -> None:
    text = lab.guest.must("ethtool -d eth0")
    value = {name: int(digits, 16) for name, digits in re.findall(r"0x[0-9A-F]{5}: (\w+) .*?0x([0-9A-F]{8})", text)}
    status, tdlen, rdlen = (value.get(name, -1) for name in ("STATUS", "TDLEN", "RDLEN"))
    lab.check("`ethtool -d`: STATUS tells of a link at full duplex.", status & 3 == 3, f"STATUS {status:08X}h")
    lab.check(
        "`ethtool -d`: both rings have the driver's 256 descriptors.",
        tdlen == rdlen == 256 * 16,
        f"TDLEN {tdlen}, RDLEN {rdlen}",
    )
    enabled = value.get("RCTL", 0) & value.get("TCTL", 0) & 2
    lab.check("`ethtool -d`: receiver and transmitter are enabled.", bool(enabled))


def _read_eeprom(lab: Lab) -> bytes:
    return base64.b64decode(lab.guest.must("ethtool -e eth0 raw on | base64"))


def _eeprom(lab: Lab) -> None:
    image = _read_eeprom(lab)
    lab.check(
        "`ethtool -e` reads 64 words whose sum is BABAh.",
        len(image) == 128 and _sum(image) == EEPROM_SUM,
        f"{len(image)} bytes, {_sum(image):04X}h",
    )
    lab.check(
        "The EEPROM begins with the card's address.",
        image[:6] == bytes.fromhex(MAC.replace(":", "")),
        image[:6].hex(":"),
    )
    old, new = image[OEM_OFFSET], image[OEM_OFFSET] ^ 0x5A
    _write_eeprom(lab, new)
    lab.plug()  # the driver is loaded anew, and refuses an EEPROM whose sum is wrong
    again = _read_eeprom(lab)
    lab.check(
        "`ethtool -E` really writes: the byte is there after the driver is loaded anew.",
        again[OEM_OFFSET] == new,
        f"{old:02X}h became {again[OEM_OFFSET]:02X}h",
    )
    lab.check("The driver's new checksum word is there too.", _sum(again) == EEPROM_SUM, f"{_sum(again):04X}h")
    _write_eeprom(lab, old)
    lab.check("Written back, the EEPROM is as it was.", _read_eeprom(lab) == image)


def _write_eeprom(lab: Lab, value: int) -> None:
    vendor, device = (
        int(word, 16) for word in lab.guest.must("cd /sys/class/net/eth0/device; cat vendor device").split()
    )
    magic = device << 16 | vendor  # the driver's guard against writing to the wrong card
    lab.guest.must(f"ethtool -E eth0 magic {magic:#x} offset {OEM_OFFSET:#x} value {value:#x}")


def _sum(image: bytes) -> int:
    return sum(int.from_bytes(image[place : place + 2], "little") for place in range(0, len(image), 2)) & 0xFFFF


def _forced_speeds(lab: Lab) -> None:
    for speed, duplex in FORCED:
        lab.guest.must(f"ethtool -s eth0 autoneg off speed {speed} duplex {duplex}")
        lab.await_carrier()
        said = lab.guest.must("ethtool eth0")
        told = f"Speed: {speed}Mb/s" in said and f"Duplex: {duplex.capitalize()}" in said
        ping = lab.guest.run(f"ping -c 2 -i 0.2 {PEER4}")
        lab.check(
            f"Forced to {speed} Mb/s {duplex} duplex, the card says so and works.",
            told and ping.ok,
            " ".join(re.findall(r"(?:Speed|Duplex): \S+", said)),
        )
    lab.guest.must("ethtool -s eth0 autoneg on")
    lab.await_carrier()
    lab.check("Auto-negotiation brings back 1000 Mb/s.", "Speed: 1000Mb/s" in lab.guest.must("ethtool eth0"))


def _receive_sums(lab: Lab) -> None:
    lab.guest.must("ethtool -K eth0 rx on")
    lab.await_carrier()
    before = lab.statistics()
    good = _datagram(b"a sum that holds")
    bad = good[:40] + bytes([good[40] ^ 0x55]) + good[41:]
    lab.wire.traffic("emit", TAP, 20, good.hex())
    lab.wire.traffic("emit", TAP, 7, bad.hex())
    lab.guest.must(f"ping -c 1 {PEER4}; sleep 0.3")
    after = lab.statistics()
    right, wrong = (after[name] - before[name] for name in ("rx_csum_offload_good", "rx_csum_offload_errors"))
    lab.check("Receive checksums: the card vouches for good sums.", 20 <= right < 40, f"{right} good for 20 sent")
    lab.check("Receive checksums: the card reports bad sums, and only those.", wrong == 7, f"{wrong} bad for 7 sent")
    lab.guest.must("ethtool -K eth0 rx off")
    lab.await_carrier()


def _datagram(payload: bytes) -> bytes:
    """A datagram to the guest, as a frame with right sums (dpkt fills them in)."""
    address = bytes(map(int, PEER4.split("."))), bytes(map(int, GUEST4.split(".")))
    udp = dpkt.udp.UDP(sport=9, dport=9, data=payload, ulen=8 + len(payload))
    ip = dpkt.ip.IP(src=address[0], dst=address[1], p=17, ttl=64, data=udp, len=20 + len(udp))
    frame = dpkt.ethernet.Ethernet(dst=bytes.fromhex(MAC.replace(":", "")), src=b"\x02glas0", data=ip)
    return bytes(frame).ljust(60, b"\0")


def _frame_check_sequence(lab: Lab) -> None:
    lab.guest.must("ethtool -K eth0 rx-fcs on")
    lab.await_carrier()
    sent = [_experiment(size) for size in FRAME_SIZES]
    answer = lab.guest.start_python("record", "eth0", "/tmp/fcs.pcap", "in", 0, 2)
    lab.wire.traffic("emit", TAP, 1, *(frame.hex() for frame in sent))
    lab.guest.must(f"until grep -q frames {answer}; do sleep 0.2; done", 30)
    with tempfile.NamedTemporaryFile() as file:
        file.write(base64.b64decode(lab.guest.must("base64 /tmp/fcs.pcap")))
        file.flush()
        came = [frame for frame in frames_in(Path(file.name)) if frame[12:14] == b"\x88\xb5"]
    true = [frame + struct.pack("<I", zlib.crc32(frame)) for frame in sent]
    lab.check(
        "With `rx-fcs on` every frame comes with its true CRC.",
        came == true,
        f"{sum(frame in true for frame in came)} of {len(true)}",
    )
    lab.guest.must("ethtool -K eth0 rx-fcs off")
    lab.await_carrier()


def _experiment(size: int) -> bytes:
    """A frame to the guest of the ethertype that is free for experiments."""
    head = bytes.fromhex(MAC.replace(":", "")) + b"\x02glas0" + b"\x88\xb5"
    return head + bytes(place % 251 for place in range(size - len(head)))
