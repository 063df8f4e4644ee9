"""What would the plainest receiver do? A slow twin of the receive engine: bytes, lists and integers, clarity over all.

Written from the manual's §3.2 (descriptors, filters, checksums), §8.7 (flow control), §9 (VLAN) and §13.7 (counts), not
from the engine: it shares the bit tables of `spec` with it and nothing else. One object is one card's receive unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from glassnic.device.ports import GuestMemory
from glassnic.spec.bits import Bits, put, take
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, RX
from glassnic.spec.fields import CAUSE, CTRL, PBA, RAH, RCTL, RXCSUM
from glassnic.spec.models import M82540EM, Model
from glassnic.spec.profiles import MANUAL, Traits
from glassnic.spec.registers import REGISTERS
from naive_sums import NaiveSums, ones_sum

RECEIVE_REGISTERS = (
    "CTRL", "VET", "FCAL", "FCAH", "FCT", "PBA", "RCTL", "RDBAL", "RDBAH", "RDLEN", "RDH", "RDT", "RDTR", "RSRPD",
    "RXCSUM", "MTA", "RAL", "RAH", "VFTA",
)  # fmt: skip
FCS_BYTES = 4
BUFFER_SIZES = {0: 2048, 1: 1024, 2: 512, 3: 256, 5: 16384, 6: 8192, 7: 4096, 4: 2048}
"""By BSEX and BSIZE as one number (§3.2.2); the reserved 4 is taken for 0."""
SIZES = {64: "PRC64", 127: "PRC127", 255: "PRC255", 511: "PRC511", 1023: "PRC1023", 1 << 30: "PRC1522"}
EVERYBODY = b"\xff" * 6
ERRORS = Bits(40, 8)


@dataclass(frozen=True)
class Frame:
    """A frame as the wire brought it, with its FCS, and what the MAC found out about it."""

    octets: bytes
    bad: bool
    odd_size: bool = False
    control: bool = False
    inexact: bool = False

    @property
    def kind(self) -> int:
        return int.from_bytes(self.octets[12:14], "big")


class Row(NamedTuple):
    """A descriptor in guest memory: where, and whether it may be written."""

    place: int
    address: int
    mine: bool


class NaiveReceive:
    """`registers` as a driver left them; what happened is in memory, `stats`, `causes`, `events` and `fifo`."""

    def __init__(self, memory: GuestMemory, model: Model = M82540EM, traits: Traits = MANUAL) -> None:
        self.memory = memory
        self.model = model
        self.traits = traits
        rows = {name: REGISTERS[name] for name in RECEIVE_REGISTERS}
        self.registers = {name: [row.reset * (name not in traits.absent)] * row.number for name, row in rows.items()}
        self.fifo: list[Frame] = []
        self.stats: Counter[str] = Counter()
        self.causes = 0
        self.delaying = False
        """A delayed RXT0 waits for RDTR or RADV."""
        self.events: Counter[str] = Counter()
        self.quanta: int | None = None
        self.bus_master = True

    def __getitem__(self, name: str) -> int:
        return self.registers[name][0]

    def bit(self, name: str, bits: Bits) -> int:
        return take(self[name], bits)

    # A frame arrives

    def arrive(self, frames: Sequence[bytes], bad: bool = False) -> None:
        """Frames without FCS and of 60 bytes at least; `bad` ones have a wrong FCS of their own."""
        if not self.bit("RCTL", RCTL.EN) or not frames:
            return
        self._settle_head()
        self.deliver()
        for data in frames:
            octets = data if bad else data + crc32(data).to_bytes(FCS_BYTES, "little")
            frame = self._judge(Frame(octets, bad))
            if frame:
                self._admit(frame)

    def _judge(self, frame: Frame) -> Frame | None:
        """Count and filter; None when the frame is not for the host."""
        length = len(frame.octets)
        any_frame = {"TPR": 1, "TOR": self._counted(frame)}
        if self.traits.counts_refused:
            self.stats.update(any_frame)
        longest = (16384 if self.bit("RCTL", RCTL.LPE) else 1522) + self.traits.oversize
        odd = not self.traits.shortest_octets <= length <= longest
        control = not odd and length >= 64 and not frame.bad and self._is_control(frame)
        pause = control and frame.octets[14:16] == b"\0\1"
        if pause:
            self.quanta = int.from_bytes(frame.octets[16:18], "big")
            self.stats["XOFFRXC" if self.quanta else "XONRXC"] += 1
            self.events["RX_PAUSE"] += 1
        elif control:
            self.stats["FCRUC"] += 1
        if control and self.bit("CTRL", CTRL.RFCE):
            inexact = self._filter_control(frame, pause)
        else:
            inexact = self._filter(frame)
        if inexact is None:
            self.events["RX_FILTERED"] += 1
            if self.traits.judges_first:
                self._count_bad(frame, odd)
            return None
        self._count_bad(frame, odd)
        if (odd or frame.bad) and (not self.bit("RCTL", RCTL.SBP) or length > 16384 + self.traits.oversize):
            self.events["RX_BAD"] += 1
            return None
        if not self.traits.counts_refused:
            self.stats.update(any_frame)
        return Frame(frame.octets, frame.bad, odd, control, inexact)

    def _count_bad(self, frame: Frame, odd: bool) -> None:
        length = len(frame.octets)
        if frame.bad and length >= 64:
            self.stats["CRCERRS"] += 1
        if odd:
            self.stats["RLEC"] += 1
            self.stats[{(True, False): "RUC", (True, True): "RFC", (False, False): "ROC", (False, True): "RJC"}[
                length < 64, frame.bad
            ]] += 1  # fmt: skip

    def _counted(self, frame: Frame) -> int:
        """The octets that TOR and GORC take of a frame."""
        stripped = self._tagged(frame) and self.bit("CTRL", CTRL.VME)
        return len(frame.octets) - (4 if stripped and not self.traits.stripped_counted else 0)

    # Filters, §3.2.1, §8.7, §9.3

    @property
    def station(self) -> bytes | None:
        """Entry 0, where it is a valid destination."""
        high = self.registers["RAH"][0]
        valid = take(high, RAH.AV) and take(high, RAH.AS) * self.traits.source_entries == 0
        return self._entry(0) if valid else None

    def _entry(self, index: int) -> bytes:
        low, high = self.registers["RAL"][index], self.registers["RAH"][index]
        return low.to_bytes(4, "little") + (high & 0xFFFF).to_bytes(2, "little")

    def _is_control(self, frame: Frame) -> bool:
        group = self["FCAL"].to_bytes(4, "little") + self["FCAH"].to_bytes(2, "little")
        return frame.kind == self["FCT"] and frame.octets[:6] in (group, self.station)

    def _filter_control(self, frame: Frame, pause: bool) -> bool | None:
        """What the MAC does with control frames that it acts on itself (§8.7.4)."""
        if not pause:
            return False if self.bit("RCTL", RCTL.PMCF) else None
        if frame.octets[:6] != self.station or self.bit("RCTL", RCTL.DPF):
            return None
        return self._filter(frame)

    def _filter(self, frame: Frame) -> bool | None:
        """False: passes exactly; True: passes by the hash alone; None: does not pass."""
        if len(frame.octets) < 14 + FCS_BYTES:
            return None
        inexact = self._filter_address(frame.octets[:6], frame.octets[6:12])
        if inexact is not None and self.bit("RCTL", RCTL.VFE) and self._tagged(frame) and not self._filter_vlan(frame):
            return None
        return inexact

    def _filter_address(self, destination: bytes, source: bytes) -> bool | None:
        for index, high in enumerate(self.registers["RAH"]):
            compared = {0: destination, 1: source}.get(take(high, RAH.AS) * self.traits.source_entries)
            if take(high, RAH.AV) and compared == self._entry(index):
                return False
        if not destination[0] & 1 and (self.bit("RCTL", RCTL.UPE) or not self.traits.hash_unicast):
            return False if self.bit("RCTL", RCTL.UPE) else None
        promiscuous = destination[0] & 1 and self.bit("RCTL", RCTL.MPE)
        if destination == EVERYBODY:
            promiscuous = (promiscuous and self.traits.mpe_broadcast) or self.bit("RCTL", RCTL.BAM)
        if promiscuous:
            return False
        last = destination[5] << 8 | destination[4]
        index = last >> {0: 4, 1: 3, 2: 2, 3: 0}[self.bit("RCTL", RCTL.MO)] & 0xFFF
        return bool(self.traits.marks_inexact) if self.registers["MTA"][index // 32] >> index % 32 & 1 else None

    def _tagged(self, frame: Frame) -> bool:
        return frame.kind == self["VET"] & 0xFFFF and len(frame.octets) >= 14 + 4 + FCS_BYTES

    def _filter_vlan(self, frame: Frame) -> bool:
        tag = int.from_bytes(frame.octets[14:16], "big")
        if self.bit("RCTL", RCTL.CFIEN) & self.traits.compares_cfi and tag >> 12 & 1 != self.bit("RCTL", RCTL.CFI):
            return False
        return bool(self.registers["VFTA"][(tag & 0xFFF) // 32] >> tag % 32 & 1)

    # FIFO and ring, §3.2.6, §13.7.5, §13.7.33

    @property
    def ring(self) -> tuple[int, int, int]:
        """Head, descriptors that hardware owns, entries."""
        head, tail, entries = self["RDH"], self["RDT"], self["RDLEN"] // DESCRIPTOR_BYTES
        if head == tail:
            return head, 0, entries
        return head, min(tail - head if head <= tail else entries - head + tail, entries), entries

    def _settle_head(self) -> None:
        """A head beyond the ring counts as 0, unless it says with the tail that there is nothing to use."""
        if self["RDH"] != self["RDT"] and self["RDH"] >= self["RDLEN"] // DESCRIPTOR_BYTES:
            self.registers["RDH"][0] = 0

    @property
    def buffer_size(self) -> int:
        return BUFFER_SIZES[self.bit("RCTL", RCTL.BSEX) << 2 | self.bit("RCTL", RCTL.BSIZE)]

    def _admit(self, frame: Frame) -> None:
        length, held = len(frame.octets), sum(len(waiting.octets) for waiting in self.fifo)
        short_of = self.ring[1] * self.buffer_size < len(self._stored(frame)[0])
        if short_of and not frame.control:
            self.stats["RNBC"] += 1
        if held + length > min(self.bit("PBA", PBA.RXA), 64) * 1024:
            self.stats["MPC"] += 1
            self.causes |= CAUSE.RXO.mask
            self.events["RX_MISSED"] += 1
            return
        if not (frame.bad or frame.odd_size or frame.control):
            self._count_good(frame)
        self.fifo.append(frame)
        if len(self.fifo) == 1:
            self.deliver()
        if self.fifo and self.fifo[-1] is frame:
            self.events.update(RX_WAITS=1, RX_NO_BUFFER=int(short_of))

    def _count_good(self, frame: Frame) -> None:
        length, destination = len(frame.octets), frame.octets[:6]
        self.stats.update(GPRC=1, GORC=self._counted(frame))
        length -= self.traits.size_less
        if length >= 64:
            self.stats[next(name for upto, name in SIZES.items() if length <= upto)] += 1
        if destination == EVERYBODY:
            self.stats["BPRC"] += self.bit("RCTL", RCTL.BAM)
        elif destination[0] & 1:
            self.stats["MPRC"] += 1

    def deliver(self) -> None:
        """Move what waits into descriptors, oldest first, while a whole frame finds room."""
        while self.fifo and self.bus_master and self.bit("RCTL", RCTL.EN) and self._place(self.fifo[0]):
            self.fifo.pop(0)

    def _fetch(self, index: int) -> Row:
        place = (self["RDBAH"] << 32 | self["RDBAL"] & ~0xF) + DESCRIPTOR_BYTES * index
        mine = self._writable(place, DESCRIPTOR_BYTES)
        raw = self.memory.read(place, 8) if mine else b"\xff" * 8
        return Row(place, int.from_bytes(raw, "little"), mine)

    def _writable(self, address: int, length: int) -> bool:
        return any(
            writable and start <= address and address + length <= end
            for start, end, writable in self.memory.ranges.tolist()
        )

    def _place(self, frame: Frame) -> bool:
        """Write the frame into descriptors (§3.2.3); False, and nothing is touched, if there are too few."""
        self._settle_head()
        head, free, entries = self.ring
        data, tag = self._stored(frame)
        rows = [self._fetch((head + step) % entries) for step in range(free)]
        if len([row for row in rows if row.address]) * self.buffer_size < len(data):
            return False
        status = self._verdict(frame)
        covered = data[self.bit("RXCSUM", RXCSUM.PCSS) :]
        checksum = ~ones_sum(covered) & 0xFFFF
        left, step = data, 0
        while left and step < free:
            row = self._fetch((head + step) % entries)
            step += 1
            self.registers["RDH"][0] = (head + step) % entries
            threshold = entries >> self.bit("RCTL", RCTL.RDMTS) + 1
            if free - step == threshold or (free - step < threshold and not self.traits.rxdmt0_once):
                self.causes |= CAUSE.RXDMT0.mask
            if not row.address:
                self.events["RX_DESCRIPTOR"] += 1
                was = self.memory.read(row.place + 12, 1)[0]
                self.memory.write(row.place + 12, bytes([was | 1]))
                continue
            piece, left = left[: self.buffer_size], left[self.buffer_size :]
            self._fill(row, piece, len(left))
            first, last = len(piece) + len(left) == len(data), not left
            self._write_back(row, len(piece), checksum if first else 0, status if last else 0, tag if last else None)
        self._announce(len(data))
        return True

    def _fill(self, row: Row, piece: bytes, behind: int) -> None:
        """`behind`: bytes that are still to come. Of the whole the last ones are the FCS, if that is stored."""
        unwritten = 0 if self.traits.fcs_stored or self.bit("RCTL", RCTL.SECRC) else FCS_BYTES
        if not row.mine:
            self.events["RX_RING_OUTSIDE"] += 1
        elif self._writable(row.address, len(piece)):
            self.memory.write(row.address, piece[: max(len(piece) + behind - unwritten, 0)])
        else:
            self.events["RX_BUFFER_OUTSIDE"] += 1

    def _write_back(self, row: Row, length: int, checksum: int, status: int, tag: int | None) -> None:
        if not row.mine:
            return
        word = put(put(put(status, RX.DD, 1), RX.LENGTH, length), RX.CHECKSUM, checksum)
        if tag is not None:
            word = put(put(word, RX.VP, 1), RX.SPECIAL, tag)
        if not self.traits.judges_sums:
            was = int.from_bytes(self.memory.read(row.place + 8, 8), "little")
            word = put(put(word, RX.CHECKSUM, take(was, RX.CHECKSUM)), ERRORS, take(was, ERRORS))
        self.memory.write(row.place + 8, word.to_bytes(8, "little"))
        self.events["RX_DESCRIPTOR"] += 1

    def _announce(self, stored: int) -> None:
        """A frame is in memory: RXT0 now or by the timers; SRPD for a small one (§3.2.7)."""
        self.events["RX_FRAME"] += 1
        small = self["RSRPD"] if self.model.small_packets else 0
        if small and stored <= small:
            self.causes |= CAUSE.SRPD.mask | CAUSE.RXT0.mask
            self.delaying = False
        elif self["RDTR"] * self.traits.delays:
            self.delaying = True
        else:
            self.causes |= CAUSE.RXT0.mask

    def _stored(self, frame: Frame) -> tuple[bytes, int | None]:
        """What goes to memory of a frame, and the tag that was stripped from it (§9.2, §13.4.22)."""
        octets = frame.octets[:-FCS_BYTES] if self.bit("RCTL", RCTL.SECRC) else frame.octets
        if self._tagged(frame) and self.bit("CTRL", CTRL.VME):
            return octets[:12] + octets[16:], int.from_bytes(frame.octets[14:16], "big")
        return octets, None

    @property
    def _sums(self) -> NaiveSums:
        """What is looked at of checksums (§3.2.9, §13.4.47)."""
        ipv6 = bool(self.bit("RXCSUM", RXCSUM.IPV6OFL)) and self.model.ipv6
        ipv4, layer4 = (bool(self.bit("RXCSUM", bits)) for bits in (RXCSUM.IPOFL, RXCSUM.TUOFL))
        return NaiveSums(self["VET"] & 0xFFFF, ipv4, bool(ipv6), layer4)

    def _verdict(self, frame: Frame) -> int:
        """The second quadword with EOP, PIF, CE and the checksum bits."""
        word = put(put(0, RX.EOP, 1), RX.PIF, frame.inexact)
        if frame.bad:
            return put(put(word, RX.CE, 1), RX.IXSM, 1)
        ip, layer4 = self._sums.judge(frame.octets[12:-FCS_BYTES]) if self.traits.judges_sums else (None, None)
        if ip is None and layer4 is None:
            return put(word, RX.IXSM, 1)
        if ip is not None:
            word = put(put(word, RX.IPCS, 1), RX.IPE, not ip)
        if layer4 is not None:
            word = put(put(word, RX.TCPCS, 1), RX.TCPE, not layer4)
        return word
