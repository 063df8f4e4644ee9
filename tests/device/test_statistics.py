"""Do the statistics count, clear, stick and pair as §13.7 has it?"""

from __future__ import annotations

import pytest

from glassnic.device.statistics import INDEX, Statistics
from glassnic.spec.fields import CAUSE
from glassnic.spec.registers import REGISTERS, Access, R, Register
from workbench import Workbench, frame

ALL = 0xFFFF_FFFF
SINGLE = [name for name, row in REGISTERS.items() if row.access is Access.RC]
PAIRS = [("GORC", R.GORCL, R.GORCH), ("GOTC", R.GOTCL, R.GOTCH), ("TOR", R.TORL, R.TORH), ("TOT", R.TOTL, R.TOTH)]


@pytest.fixture(scope="module")
def bench() -> Workbench:
    return Workbench()


@pytest.mark.parametrize("name", SINGLE)
def test_reading_a_statistic_clears_it(bench: Workbench, name: str) -> None:
    bench.nic.core.statistics.add(name, 7)
    assert [bench.read(REGISTERS[name]), bench.read(REGISTERS[name])] == [7, 0]


@pytest.mark.parametrize("name", SINGLE)
def test_a_statistic_sticks_at_all_ones(bench: Workbench, name: str) -> None:
    bench.nic.core.statistics.add(name, ALL)
    bench.nic.core.statistics.add(name, 5)
    assert bench.read(REGISTERS[name]) == ALL
    assert bench.read(REGISTERS[name]) == 0


@pytest.mark.parametrize("name", SINGLE + [row for pair in PAIRS for row in (pair[0] + "L", pair[0] + "H")])
def test_writing_a_statistic_does_nothing(bench: Workbench, name: str) -> None:
    bench.write(REGISTERS[name], ALL)
    assert bench.read(REGISTERS[name]) == 0


@pytest.mark.parametrize(("name", "low", "high"), PAIRS)
def test_reading_the_low_half_of_a_pair_clears_nothing_and_the_high_half_clears_both(
    bench: Workbench, name: str, low: Register, high: Register
) -> None:
    """§13.7.31: read low, then high."""
    bench.nic.core.statistics.add(name, 0x0000_0005_8000_0003)
    assert [bench.read(low), bench.read(low), bench.read(high)] == [0x8000_0003, 0x8000_0003, 5]
    assert [bench.read(low), bench.read(high)] == [0, 0]


@pytest.mark.parametrize(("name", "low", "high"), PAIRS)
def test_a_pair_carries_from_the_low_half_to_the_high_one(
    bench: Workbench, name: str, low: Register, high: Register
) -> None:
    bench.nic.core.statistics.add(name, ALL)
    bench.nic.core.statistics.add(name, 3)
    assert [bench.read(low), bench.read(high)] == [2, 1]


def test_the_four_pairs_are_one_count_each_and_every_other_has_its_own() -> None:
    assert len(set(INDEX.values())) == len(INDEX) == len(SINGLE) + 4


def test_reading_one_statistic_leaves_all_others() -> None:
    statistics = Statistics()
    for name in INDEX:
        statistics.add(name, 9)
    statistics.read("MPC")
    assert {name for name in INDEX if statistics[name] == 9} == set(INDEX) - {"MPC"}


@pytest.mark.kernel
def test_a_reset_clears_all_statistics() -> None:
    """Drivers read each once after a reset all the same; inferred."""
    bench = Workbench()
    bench.send(frame())
    bench.reset()
    assert all(bench.nic.core.statistics[name] == 0 for name in INDEX)


def test_the_totals_outlive_what_software_reads_clears_and_resets() -> None:
    bench = Workbench()
    statistics = bench.nic.core.statistics
    for _ in range(2):
        bench.send(frame(100))
        bench.read(R.GPTC)
        bench.read(R.GOTCL)
        bench.read(R.GOTCH)
    assert (statistics["GPTC"], statistics["GOTC"], statistics["TPT"]) == (0, 0, 2)
    bench.reset()
    bench.open_transmit()
    bench.send(frame(100))
    totals = statistics.totals()
    assert (totals["GPTC"], totals["GOTC"], totals["TPT"], statistics["TPT"]) == (3, 312, 3, 1)


def test_interrupts_and_doorbells_are_counted_since_the_card_was_made() -> None:
    bench = Workbench()
    bench.write(R.IMS, CAUSE.TXDW.mask)
    before = bench.nic.transmit.doorbells
    for _ in range(3):
        bench.send(frame(100), RS=1)
        assert bench.read(R.ICR) & CAUSE.TXDW.mask
    assert (bench.nic.transmit.doorbells - before, bench.nic.core.interrupts.assertions) == (3, 3)
    bench.open_receive()
    assert bench.nic.receiver.doorbells == 1
