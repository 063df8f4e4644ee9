"""How long does a guest's program wait for a register of its card? A program in C reads STATUS through the card's
resource file again and again, with no driver between.
"""

from __future__ import annotations

import base64
import json

from glassnic.bench.bed import Bed
from glassnic.bench.floor import compile_c
from glassnic.bench.measure import BenchError
from glassnic.lab.guest import Guest

MMIO_C = r"""
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

int main(int argc, char **argv)
{
    struct timespec begin, end;
    volatile uint32_t *registers = mmap(0, 0x20000, PROT_READ, MAP_SHARED, open(argv[1], O_RDWR), 0);
    if (registers == MAP_FAILED)
        return 1;
    uint32_t status = 0;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (long left = atol(argv[2]); left; left--)
        status = registers[8 / 4];
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("{\"ns\": %lld, \"status\": %u}\n",
           (end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec, status);
    return 0;
}
"""
READER, PATIENCE_S = "/tmp/mmio", 60
FIND = "for card in /sys/bus/pci/devices/*; do grep -q ^0x0200 $card/class && break; done"
"""Leaves the network card's folder in `card`."""


def bring(bed: Bed, guest: Guest) -> None:
    """Have the program in the guest, and its card answer to memory accesses. BenchError without a compiler."""
    program = bed.place() / "mmio"
    if not compile_c(MMIO_C, program):
        raise BenchError("there is no C compiler for the program that reads: install gcc")
    text = base64.encodebytes(program.read_bytes()).decode()
    guest.must(f"base64 -d >{READER} <<'END'\n{text}END\nchmod +x {READER}")
    guest.must(f"{FIND}; echo 1 >$card/enable")


def reads(guest: Guest, count: int) -> tuple[int, int]:
    """So many reads, one after the other: what they took in ns, and what the last one gave."""
    told: dict[str, int] = json.loads(guest.must(f"{FIND}; {READER} $card/resource0 {count}", PATIENCE_S))
    return told["ns"], told["status"]
