"""Does the screen show what the card does, obey its keys, and outlive the card? All real but the terminal."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from glassnic.live.screen import Sheet, Top
from glassnic.live.top import add_arguments, run
from live.driven import Guest, Watched

pytestmark = pytest.mark.kernel

SIZE = (80, 24)
OFTEN_S = 0.05


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.stop()


@pytest.fixture
def guest(watched: Watched) -> Iterator[Guest]:
    guest = Guest(watched.path)
    guest.send_mixed()
    yield guest
    guest.leave()


@asynccontextmanager
async def screen(path: Path, every_s: float = OFTEN_S) -> AsyncIterator[tuple[Top, Pilot[None]]]:
    """The screen of a terminal with 80 columns and 24 lines, once it has looked for the first time."""
    top = Top(path, every_s)
    async with top.run_test(size=SIZE) as pilot:
        await pilot.pause()
        yield top, pilot


def text_of(content: RenderableType, width: int = SIZE[0]) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(content)
    return capture.get()


def panel(top: Top, name: str) -> str:
    """What a panel says."""
    return str(top.screen_stack[0].query_one(f"#{name}", Static).render())


def frames(top: Top) -> list[str]:
    options = top.query_one(OptionList)
    return [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]


async def until(pilot: Pilot[None], top: Top, name: str, words: str) -> None:
    """Wait till a panel says so."""
    for _ in range(600):
        if words in panel(top, name):
            return
        await pilot.pause(0.1)
    pytest.fail(f"{name} never says {words!r}: {panel(top, name)!r}")


def test_the_screen_shows_the_card_its_contexts_and_its_frames(watched: Watched, guest: Guest) -> None:
    async def look() -> None:
        async with screen(watched.control_path) as (top, _):
            assert "Intel 82540EM" in panel(top, "title")
            assert "link up, 1000 Mbit/s  guest connected" in panel(top, "title")
            assert f"TDH {guest.driver.tail} TDT {guest.driver.tail}" in panel(top, "traffic")
            plain, _, segmentation, loaded = panel(top, "contexts").splitlines()[1:]
            assert plain.split() == ["plain", "14", "24", "33", "34", "40", "0", "0", "0", "0"]
            assert segmentation.split() == ["segmentation", "14", "24", "33", "34", "50", "0", "54", "100", "250"]
            assert "by descriptor 2, with TSE=1 IP=1 TCP=1" in loaded
            assert "TXDW" in panel(top, "causes")
            assert panel(top, "found").split() == ["findings", "none"]
            assert [line.split("s  ", 1)[1].partition(",")[0] for line in frames(top)] == ["TCP", "TCP", "TCP", "UDP"]

    asyncio.run(look())


def test_nothing_is_cut_off_at_80_columns_and_the_last_lines_are_frames(watched: Watched, guest: Guest) -> None:
    async def look() -> None:
        async with screen(watched.control_path) as (top, _):
            for name, lines in (("title", 2), ("traffic", 2), ("contexts", 5), ("causes", 3), ("found", 1)):
                widget = top.query_one(f"#{name}", Static)
                assert widget.size.height == lines, name
                assert max(map(len, panel(top, name).splitlines())) <= widget.size.width
            assert top.query_one(OptionList).size.height >= 8

    asyncio.run(look())


def test_enter_tells_all_of_the_chosen_frame_and_escape_comes_back(watched: Watched, guest: Guest) -> None:
    async def look() -> None:
        async with screen(watched.control_path) as (top, pilot):
            await pilot.press("p", "down", "down", "down", "enter")
            await pilot.pause()
            assert isinstance(top.screen, Sheet)
            said = text_of(top.screen.content)
            assert "UDP, sent as gathered" in said
            assert "context 0: the plain context, loaded by descriptor 0" in said
            assert "summed for the TU checksum, stored at 40" in said
            await pilot.press("escape", "p", "enter")
            await pilot.pause(4 * OFTEN_S)
            assert isinstance(top.screen, Sheet), "what goes on below does not disturb the reader"
            await pilot.press("escape")
            assert not isinstance(top.screen, Sheet)

    asyncio.run(look())


def test_the_chosen_frame_stays_chosen_while_others_come(watched: Watched, guest: Guest) -> None:
    async def look() -> None:
        async with screen(watched.control_path, 3600) as (top, pilot):
            await pilot.press("down", "down", "down")
            await asyncio.to_thread(guest.send_mixed)
            await top.look()
            assert top.query_one(OptionList).highlighted == 7
            assert len(frames(top)) == 8

    asyncio.run(look())


def test_a_paused_screen_holds_still_and_goes_on(watched: Watched, guest: Guest) -> None:
    async def look() -> None:
        async with screen(watched.control_path) as (top, pilot):
            await pilot.press("p")
            await until(pilot, top, "title", "paused")
            await asyncio.to_thread(guest.send_mixed)
            await pilot.pause(4 * OFTEN_S)
            assert len(frames(top)) == 4
            await pilot.press("p")
            await until(pilot, top, "traffic", f"TDT {guest.driver.tail}")
            assert len(frames(top)) == 8

    asyncio.run(look())


def test_l_pulls_the_cable_and_plugs_it_again(watched: Watched, guest: Guest) -> None:
    async def look() -> None:
        async with screen(watched.control_path) as (top, pilot):
            await pilot.press("l")
            await until(pilot, top, "title", "the cable is pulled")
            assert not watched.card.nic.link.up
            await pilot.press("l")
            await until(pilot, top, "title", "link up")

    asyncio.run(look())


def test_f_lists_findings_with_their_sentences(watched: Watched, guest: Guest) -> None:
    guest.driver.card.write(0x4200, 0)
    guest.driver.card.read(8)

    async def look() -> None:
        async with screen(watched.control_path) as (top, pilot):
            assert "REGISTER_UNKNOWN × 1" in panel(top, "found")
            await pilot.press("f")
            assert isinstance(top.screen, Sheet)
            assert "where there is no register" in " ".join(text_of(top.screen.content, 200).split())
            await pilot.press("q")
            assert not isinstance(top.screen, Sheet)

    asyncio.run(look())


def test_when_the_card_goes_the_screen_says_so_and_comes_back_with_it(tmp_path: Path) -> None:
    async def look() -> None:
        first = Watched(tmp_path)
        async with screen(first.control_path) as (top, pilot):
            assert not top.query_one("#gone").display
            await asyncio.to_thread(first.stop)
            await until(pilot, top, "gone", "This screen goes on when the card is back")
            assert top.query_one("#gone").display
            second = Watched(tmp_path)
            try:
                while top.query_one("#gone").display:
                    await pilot.pause(OFTEN_S)
                assert "no guest" in panel(top, "title")
            finally:
                await asyncio.to_thread(second.stop)

    asyncio.run(look())


@pytest.mark.parametrize("options", [["--every", "0"], ["--every", "nan"], []])
def test_what_cannot_be_drawn_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert run(parser.parse_args(["--socket", str(tmp_path / "nobody"), *options])) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
