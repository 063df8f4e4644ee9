"""Where do implementations differ, and how? A profile is a row of traits: numbers the engine uses as an index, a limit or a mask.

The engine never asks which profile it runs; it says `contexts[traits.plain_slot]`.
"""

from __future__ import annotations

from typing import NamedTuple


class Traits(NamedTuple):
    """What a card takes from a profile. The defaults are the manual's."""

    # Contexts
    plain_slot: int = 0
    """Where a context with TUCMD.TSE=0 is loaded, and where packets with DCMD.TSE=0 look (§3.6)."""
    segmented_slot: int = 1
    """The same for TSE=1 (§3.5.5)."""
    latched: int = 1
    """1: a packet's first descriptor settles its context. 0: a context loaded in its midst reaches it, and a send begins
    to count anew. The manual forbids the driver to do so (§3.3.5)."""

    # Descriptors
    length_mask: int = 0xF_FFFF
    """What counts of DTALEN (§3.3.7)."""
    null_mask: int = 0
    """What counts of the length of a descriptor whose address is 0: nothing, for it holds no data (§3.3.3.1 note 3)."""
    opens_empty: int = 1
    """1: the first descriptor after one with EOP begins a packet, whether it holds bytes or not; 0: the first that holds
    some. Silent in the manual (§3.3.3.1)."""
    late_tag: int = 0
    """1: VLE and the tag may come with any descriptor of a send; 0: the first one's count (§3.3.7.1)."""
    reports_on_wire: int = 0
    """1: RPS asks for a write-back, on parts too where it is reserved (§3.3.3.1)."""

    # Segmentation
    ipv6_header_bytes: int = 40
    """Taken off the IPv6 payload length in segmentation. The 8254x manual prints the formula without it (§3.5.9.1), an
    evident slip that the manuals of later parts correct."""
    block_send: int = 1
    """1: TUCMD.IP=0 with TCP=0 copies the header unchanged (§3.3.6.1 note 2); 0: it is taken for IPv6/UDP."""
    open_end: int = 0
    """0: PAYLEN says where a send ends (§3.3.6). 1: EOP does, with a frame of what is left, be that nothing: so MSS goes
    into a payload once too often where it goes in exactly (§3.5.5)."""

    # Checksums
    legacy_sum: int = 1
    """Mask on CMD.IC: 1 when legacy descriptors insert a checksum (§3.3.3.1)."""
    zero_sum: int = 0xFFFF
    """Stored in place of a checksum that comes out 0. Silent in the manual; 0 would mean "none" to UDP."""
    empty_sum: int = 0
    """1: a range that begins behind the packet has the sum of no bytes; 0: none is stored (§3.6, not predictable)."""
    sum_in_range: int = 0
    """1: a checksum that is to be stored behind its own range is not stored (§3.5.8)."""

    # Frames
    own_fcs: int = 1
    """1: with IFCS=0 the last four bytes are the FCS (§3.3.3.1); 0: one is appended all the same."""
    pads: int = 1
    """Mask on TCTL.PSP (§13.4.33)."""
    shortest_bytes: int = 28
    """The least that is sent without padding, less FCS (§13.4.33); 0: even a packet of no bytes is."""

    swxoff: int = 1
    """Mask on TCTL.SWXOFF: 1 when it sends an XOFF, and clears itself (§13.4.33)."""

    # Reception
    shortest_octets: int = 64
    """The shortest frame that is taken, FCS included (§13.7.34); one that comes shorter by the wire is filled up."""
    oversize: int = 0
    """By how many bytes a frame may be longer than 1522, or with RCTL.LPE than 16384 (§13.7.15)."""
    fcs_stored: int = 1
    """With RCTL.SECRC=0 the FCS counts in the length. 1: it goes to memory (§13.4.22); 0: its place is left as it was."""
    source_entries: int = 1
    """Mask on RAH.AS: 1 when an exact entry can be for sources (§13.5.3)."""
    hash_unicast: int = 0
    """1: the multicast table is asked about frames to one station too (§13.5.1)."""
    mpe_broadcast: int = 1
    """1: RCTL.MPE takes broadcasts too. Silent in the manual (§13.4.22)."""
    compares_cfi: int = 1
    """Mask on RCTL.CFIEN: 1 when the VLAN filter looks at CFI (§9.3)."""
    marks_inexact: int = 1
    """1: what passed by the multicast table alone has PIF (§3.2.3.1)."""
    judges_sums: int = 1
    """1: received checksums are looked at (§3.2.9). 0: IXSM is in each descriptor, and what stood in its errors and its
    packet checksum stays there (§3.2.3)."""

    host_waits: int = 0
    """1: while the receiver is off or has no descriptor, the host keeps what comes for it, but for what it has brought
    already; 0: it is lost, or waits in the packet buffer (§3.2.6, §13.4.22)."""

    # Statistics
    counts_refused: int = 1
    """1: TPR and TOR take in frames that the filters refuse, or whose length is wrong (§13.7.41, §13.7.43)."""
    judges_first: int = 0
    """1: frames of a wrong length are counted whether the filters refuse them or not (§13.7.36)."""
    size_less: int = 0
    """Taken off a frame's length before it is counted with others of its size (§13.7.21 to §13.7.26)."""
    tag_counted: int = 1
    """1: TOT and GOTC take in the inserted tag (§13.7.42)."""
    stripped_counted: int = 1
    """1: TOR and GORC take in the tag that was taken out (§13.7.27)."""
    good_octets: int = 64
    """The shortest packet that GPTC and GOTC count, FCS included (§13.7.30)."""
    sends_by_frame: int = 0
    """0: each send is counted once, in TSCTC or TSCTFC (§13.7.53, §13.7.54). 1: TSCTC counts each frame of TCP, but for
    the first of a send, that takes its payload to PAYLEN; TSCTFC counts nothing."""

    # Causes and resets
    watches_low: int = 1
    """Mask on what watches for few descriptors: 1 when TXD_LOW is ever set (§13.4.43)."""
    delays: int = 1
    """Mask on TIDV and RDTR: 1 when they delay their causes (§13.4.41, §13.4.30)."""
    idle_txqe: int = 0
    """1: a write of TDT that gives no descriptor sets TXQE too. Silent in the manual (§13.4.17)."""
    rxdmt0_once: int = 1
    """1: RXDMT0 is set when the free descriptors come down to the threshold; 0: by each frame below it (§13.4.22)."""
    soft_reset: int = 1
    """Mask on CTRL.RST: 1 when it resets the card (§14.7)."""
    loads_again: int = 1
    """Mask on CTRL_EXT.EE_RST: 1 when it loads the station address from the EEPROM (§13.4.6)."""

    # Link and PHY
    link_by_ctrl: int = 1
    """Mask on CTRL.SLU and ILOS: 1 when the link hangs on them, not on the PHY alone (§13.4.1)."""
    forces: int = 1
    """Mask on CTRL.FRCSPD and FRCDPLX: 1 when CTRL's speed and duplex are told in STATUS then (§8.6.2.3)."""
    loop_shuts: int = 1
    """1: in loopback nothing comes from the wire (§8.10)."""
    phy_reset: int = 1
    """Mask on CTRL.PHY_RST: 1 when it resets the PHY (§13.4.1)."""
    phy_heeds: int = 0xFFFF
    """What counts of the PHY's register 0, but for its reset and restart: power down takes the link (§13.4.8.1)."""
    negotiated: int = 1
    """1: after power-on the PHY says that negotiation is over; 0: not before software has it negotiate (§13.4.8.1)."""

    # Other ways in
    blank_word: int = 0xFFFF
    """What words of a new EEPROM hold for which there is no use (§5.6)."""
    eeprom_writes: int = 1
    """Mask on EWEN: 1 when the EEPROM can be written through EECD's pins (§13.4.3)."""
    io_bar: int = 1
    """1: registers are reached through the I/O BAR; 0: it reads 0 (§13.2.2)."""
    old_places: int = 1
    """1: the 82542's places for some registers reach them too; 0: there is nothing (§13.3)."""

    # Rows of the register table
    absent: frozenset[str] = frozenset()
    """Registers, of the PHY too, that read 0 and ignore writes."""
    writable: tuple[tuple[str, int], ...] = ()
    """Registers with other writable bits than their row says (§13.4)."""


MANUAL = Traits()
_SILENT = frozenset({
    "FCAL", "FCAH", "FCT", "FCTTV", "FCRTH", "TXCW", "TIPG", "TIDV", "RSRPD", "RXCSUM", "RLEC",
    "EPSTATUS", "R30PS", "R30AW",
})  # fmt: skip
_UNCOUNTED = frozenset({
    "PRC64", "PRC127", "PRC255", "PRC511", "PRC1023", "PRC1522", "BPRC", "MPRC", "ROC", "GORCL", "GORCH",
    "PTC64", "PTC127", "PTC255", "PTC511", "PTC1023", "PTC1522", "BPTC", "MPTC", "GOTCL", "GOTCH", "TSCTC",
})  # fmt: skip
QEMU_7_2 = Traits(
    latched=0,
    length_mask=0xFFFF,
    null_mask=0xF_FFFF,
    opens_empty=0,
    late_tag=1,
    reports_on_wire=1,
    ipv6_header_bytes=0,
    block_send=0,
    open_end=1,
    legacy_sum=0,
    empty_sum=1,
    sum_in_range=1,
    own_fcs=0,
    pads=0,
    shortest_bytes=0,
    swxoff=0,
    tag_counted=0,
    stripped_counted=0,
    oversize=4,
    fcs_stored=0,
    source_entries=0,
    hash_unicast=1,
    compares_cfi=0,
    marks_inexact=0,
    judges_sums=0,
    host_waits=1,
    good_octets=0,
    sends_by_frame=1,
    watches_low=0,
    delays=0,
    idle_txqe=1,
    rxdmt0_once=0,
    soft_reset=0,
    loads_again=0,
    link_by_ctrl=0,
    forces=0,
    loop_shuts=0,
    phy_reset=0,
    phy_heeds=0,
    negotiated=0,
    blank_word=0,
    eeprom_writes=0,
    io_bar=0,
    old_places=0,
    counts_refused=0,
    judges_first=1,
    size_less=4,
    absent=_SILENT,
    writable=(*((name, 0xFFFF_FFFF) for name in ("TDBAL", "RDBAL", "VET", "RCTL", "PBA")), ("ICS", 0x7FFF_FFFF)),
)

PROFILES: dict[str, Traits] = {
    "manual": MANUAL,
    # QEMU's e1000 before 2.12: one context for everything, so whichever was loaded last is used by all.
    "one-context": Traits(segmented_slot=0),
    "qemu-7.2": QEMU_7_2,
    "qemu-11.1": QEMU_7_2._replace(
        shortest_octets=0,
        oversize=0,
        mpe_broadcast=0,
        absent=_SILENT | _UNCOUNTED,
    ),
}
