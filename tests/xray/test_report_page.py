"""Does the page of a report work? In a headless Chromium: by mouse, by keys, on a phone, in the dark, and hostile."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from itertools import count, cycle, islice
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from glassnic.xray.command import Entry, entries
from glassnic.xray.hexview import LEGEND, marks_of
from glassnic.xray.pcapng import OUTBOUND, Packet
from glassnic.xray.report import page
from glassnic.xray.report_data import Content, collect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
MANY = 20_000
DESKTOP, PHONE = ViewportSize(width=1400, height=900), ViewportSize(width=360, height=740)
THEMES = ("light", "dark")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: Debian's package is `chromium`"),
    pytest.mark.xdist_group("chromium"),
]

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as started:
        yield started


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page of a content; afterwards nothing may have failed in it, and nothing have been asked for."""
    troubles: list[str] = []
    contexts = []

    def open_it(content: Content, size: ViewportSize = DESKTOP, theme: str = "light", name: str = "page.html") -> Page:
        path = tmp_path / name
        path.write_text(page(content), encoding="utf-8")
        context = browser.new_context(viewport=size, color_scheme=theme)  # type: ignore[arg-type]
        contexts.append(context)
        shown = context.new_page()
        shown.on("console", lambda message: troubles.append(message.text))
        shown.on("pageerror", lambda error: troubles.append(str(error)))
        shown.on("request", lambda one: one.url.startswith(("file:", "data:")) or troubles.append(one.url))
        shown.goto(path.as_uri())
        shown.wait_for_selector("html[data-ready]")
        return shown

    yield open_it
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture(scope="module")
def demo(demo_capture: Path) -> Content:
    return collect(entries(str(demo_capture)), "demo.pcapng")


@pytest.fixture(scope="module")
def many(demo_capture: Path) -> Content:
    """The demo's frames, again and again."""
    repeated = islice(zip(count(1), cycle(list(entries(str(demo_capture))))), MANY)
    return collect((one._replace(number=number) for number, one in repeated), "many.pcapng")


def chosen(shown: Page) -> int:
    """The number of the selected frame, as the story's title says."""
    words = shown.locator("#story h2").inner_text()
    return int(words.removeprefix("Frame ").replace(",", ""))


def numbers(shown: Page) -> list[int]:
    """The frames whose rows are in the document."""
    return [int(text.replace(",", "")) for text in shown.locator(".rows .number").all_inner_texts()]


def colour(shown: Page, selector: str, name: str = "color") -> tuple[int, ...]:
    value = shown.locator(selector).first.evaluate(f"(one) => getComputedStyle(one)['{name}']")
    return tuple(map(int, re.findall(r"\d+", value)[:3]))


def wide(shown: Page) -> int:
    return int(shown.evaluate("document.documentElement.scrollWidth"))


@pytest.mark.parametrize("theme", THEMES)
def test_the_corruption_of_2017_stands_there_in_red_after_one_click(opened: Open, demo: Content, theme: str) -> None:
    shown = opened(demo, theme=theme)
    expect(shown.locator("#jump")).to_have_text("✗ 2 frames with findings")
    shown.click("#jump")
    assert chosen(shown) == 15
    findings = shown.locator("#story .findings")
    expect(findings).to_contain_text("the UDP checksum is stored at offset 50")
    expect(findings).to_contain_text("overwrote bytes 8 and 9 of the UDP payload §3.3.6")
    for selector in (".findings b", ".row.failed b"):
        red, green, blue = colour(shown, selector)
        assert red > 1.4 * max(green, blue)
    assert shown.locator(".line .octet.m-X").all_inner_texts() == [
        f"{octet:02x}\nX" for place in (40, 41, 50, 51) for octet in shown_octets(demo, 14)[place : place + 1]
    ]
    red_pixels = shown.evaluate(
        """() => { const { data } = pen.getImageData(0, 0, canvas.width, canvas.height); let n = 0;
        for (let i = 0; i < data.length; i += 4) n += data[i] > 1.4 * Math.max(data[i + 1], data[i + 2], 80);
        return n; }"""
    )
    assert red_pixels > 50


def shown_octets(content: Content, index: int) -> bytes:
    ends = [0, *content.table["octets_end"]]
    return content.octets[ends[index] : ends[index + 1]]


def test_the_context_used_stands_beside_the_one_it_had_replaced(opened: Open, demo: Content) -> None:
    shown = opened(demo)
    shown.click("#jump")
    story = shown.locator("#story")
    expect(story.locator("tr", has_text="TUCSO")).to_have_text("TUCSO5040 ≠")
    expect(story).to_contain_text("data descriptor 4: 66 bytes at 0x12800, EOP IFCS RS IXSM TXSM §3.3.7")
    expect(story.locator("table", has_text="Address")).to_contain_text("0x12800")
    assert shown.evaluate("lanes.rows.map((row) => row.title)")[:2] == [
        "Context 0: both kinds share it",
        "Context 1: nothing is ever loaded here",
    ]
    shown.locator(".findings button").first.click()
    assert shown.locator(".octet.shown").count() == 2


def test_everything_is_reached_without_a_mouse(opened: Open, demo: Content) -> None:
    shown = opened(demo)
    press = shown.keyboard.press
    press("n")
    assert chosen(shown) == 15
    press("Enter")
    assert shown.evaluate("document.activeElement.id") == "story"
    press("Escape")
    assert shown.evaluate("document.activeElement.id") == "grid"
    for key, number in [("j", 16), ("k", 15), ("ArrowUp", 14), ("n", 15), ("n", 20), ("n", 15), ("N", 20), ("Home", 1)]:
        press(key)
        assert chosen(shown) == number
        active = shown.locator(f"#{shown.locator('#grid').get_attribute('aria-activedescendant')}")
        expect(active).to_have_attribute("aria-selected", "true")
    press("/")
    assert shown.evaluate("document.activeElement.id") == "search"
    shown.keyboard.type("n?j")
    assert chosen(shown) == 1
    press("Escape")
    expect(shown.locator("#search")).to_have_value("")
    press("?")
    expect(shown.locator("#keys")).to_be_visible()
    press("Escape")
    expect(shown.locator("#keys")).to_be_hidden()
    expect(shown.locator("#news")).to_have_text("Frame 1, 0x88b5, no finding")


def test_tab_goes_through_every_control_and_shows_where_it_is(opened: Open, demo: Content) -> None:
    shown = opened(demo)
    seen: list[str] = []
    for _ in range(40):
        shown.keyboard.press("Tab")
        name, outline = shown.evaluate(
            "() => [document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert outline != "none" or name == ""
        seen.append(name)
    wanted = ["jump", "theme", "help", "card", "scale", "canvas", "search", "protocol", "direction", "found", "grid"]
    assert [name for name in seen if name in wanted][: len(wanted)] == wanted


def test_every_control_has_a_name_and_every_row_its_place(opened: Open, demo: Content) -> None:
    shown = opened(demo)
    shown.click("#jump")
    for role in ("button", "combobox", "searchbox"):
        found = shown.get_by_role(role)  # type: ignore[arg-type]
        named = shown.get_by_role(role, name=re.compile(r"\w|✗"))  # type: ignore[arg-type]
        assert found.count() == named.count() > 0
    expect(shown.get_by_role("grid")).to_have_attribute("aria-rowcount", "21")
    rows = shown.locator(".rows .row")
    assert [row.get_attribute("aria-rowindex") for row in rows.all()] == [str(place) for place in range(2, 22)]


def test_frames_are_sifted_by_protocol_direction_finding_and_words(opened: Open, demo: Content) -> None:
    shown = opened(demo)
    shown.select_option("#protocol", label="UDP")
    assert numbers(shown) == [5, 6, 10, 15, 16, 20]
    expect(shown.locator("#count")).to_have_text("6 of 20")
    shown.select_option("#found", label="SUM_MISPLACED")
    assert numbers(shown) == [15, 20]
    shown.fill("#search", "13: 980")
    expect(shown.locator("#count")).to_have_text("1 of 20")
    assert numbers(shown) == [20]
    shown.select_option("#direction", label="received")
    assert numbers(shown) == []
    expect(shown.locator(".none")).to_be_visible()
    shown.click("#clear")
    assert numbers(shown) == list(range(1, 21))
    shown.fill("#search", "Descriptor 0 ")
    expect(shown.locator("#count")).to_contain_text("of 20")
    assert 5 in numbers(shown) and 1 not in numbers(shown)


def test_a_bar_in_the_lanes_leads_to_its_frame_and_a_load_to_its_first_user(opened: Open, demo: Content) -> None:
    shown = opened(demo)
    x, y = shown.evaluate("() => { const bar = barOf(14); return [bar.x + bar.width / 2, bar.y + 2]; }")
    shown.locator("#canvas").click(position={"x": x, "y": y})
    assert chosen(shown) == 15
    expect(shown.locator("#lane-said")).to_contain_text("context loaded by descriptor 1")
    load, y = shown.evaluate("() => { const row = lanes.rows[0]; return [loadX(row.loads[1]), row.top + 7]; }")
    shown.locator("#canvas").hover(position={"x": load, "y": y})
    expect(shown.locator("#lane-said")).to_contain_text("loads the segmentation context, used by 8 frames: IPCSS 14")
    shown.locator("#canvas").click(position={"x": load, "y": y})
    assert chosen(shown) == 12
    shown.select_option("#card", label="manual")
    assert shown.evaluate("lanes.rows.map((row) => row.title)")[1] == "Context 1: segmentation"
    shown.select_option("#scale", label="by time")
    places = shown.evaluate("lanes.places")
    assert places == sorted(places)


@pytest.mark.parametrize("theme", THEMES)
def test_a_phone_shows_all_without_scrolling_sideways(opened: Open, demo: Content, theme: str) -> None:
    shown = opened(demo, PHONE, theme)
    assert wide(shown) == PHONE["width"]
    shown.click("#jump")
    expect(shown.locator("#story .findings")).to_be_in_viewport()
    assert wide(shown) == shown.locator("#story").evaluate("(one) => one.scrollWidth") == PHONE["width"]
    shown.get_by_role("button", name="← frames").click()
    expect(shown.locator("#story")).to_be_hidden()
    shown.locator("#row-12").click()
    assert chosen(shown) == 13
    expect(shown.locator("#story")).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read_on_their_ground_in_both_themes(opened: Open, demo: Content, theme: str) -> None:
    """The contrast that WCAG 2 asks of small text."""
    shown = opened(demo, theme=theme)
    shown.click("#jump")
    bodies = {"#facts": "body", ".rows .quiet": "#grid", "#story .section": "#story", ".findings b": ".findings li"}
    bodies |= {".octet.m-X": ".octet.m-X", ".octet.m-C": ".octet.m-C", "#jump": "#jump", "#story .link": "#story"}
    for words, ground in bodies.items():
        lights = sorted((light(colour(shown, words)), light(colour(shown, ground, "backgroundColor"))))
        assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5, words


def light(rgb: tuple[int, ...]) -> float:
    """Relative luminance."""
    parts = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_the_theme_follows_the_system_until_it_is_chosen(opened: Open, demo: Content) -> None:
    shown = opened(demo, theme="dark")
    assert light(colour(shown, "body", "backgroundColor")) < 0.05
    shown.click("#theme")
    assert light(colour(shown, "body", "backgroundColor")) > 0.8
    shown.emulate_media(color_scheme="light")
    shown.click("#theme")
    assert light(colour(shown, "body", "backgroundColor")) < 0.05


def test_each_byte_has_the_letter_that_explain_gives_it(opened: Open, demo: Content, demo_capture: Path) -> None:
    shown = opened(demo)
    shown.evaluate("choose(1)")
    (entry,) = islice(entries(str(demo_capture)), 1, 2)
    assert entry.explanation is not None
    expected = [mark.letter for mark in marks_of(entry.explanation, len(entry.packet.frame))]
    expect(shown.locator(".gap")).to_have_text("⋯ 496 bytes")
    shown.get_by_role("button", name="show every byte").click()
    octets = shown.locator(".line .octet[data-at]")
    assert octets.count() == len(entry.packet.frame)
    letters = [text.partition("\n")[2] or "d" for text in octets.all_inner_texts()]
    assert letters == expected
    legend = shown.locator(".legend").inner_text()
    assert [mark.words.partition(" (")[0] in legend for mark in LEGEND] == [m.letter in expected for m in LEGEND]


def test_twenty_thousand_frames_open_scroll_and_are_chosen(opened: Open, many: Content) -> None:
    shown = opened(many)
    expect(shown.locator("#grid")).to_have_attribute("aria-rowcount", str(MANY + 1))
    assert shown.locator(".rows .row").count() < 100
    shown.locator("#grid").evaluate("(one) => { one.scrollTop = 12000 * list.height; }")
    expect(shown.locator("#row-12000")).to_be_in_viewport()
    shown.locator("#row-12003").click()
    assert chosen(shown) == 12_004
    shown.locator("#grid").press("End")
    assert chosen(shown) == MANY
    expect(shown.locator(f"#row-{MANY - 1}")).to_be_in_viewport()
    shown.keyboard.press("n")
    assert chosen(shown) == 15
    shown.keyboard.press("N")
    assert chosen(shown) == MANY
    assert shown.evaluate("lanes.begin <= lanes.at.get(state.selected) && lanes.at.get(state.selected) <= lanes.end")
    shown.fill("#search", "invoice 4711")
    expect(shown.locator("#count")).to_have_text("1,000 of 20,000")  # the other cards' lost their 47


def test_an_address_with_a_number_opens_that_frame(opened: Open, demo: Content) -> None:
    shown = opened(demo)
    shown.evaluate("location.hash = '#7'")
    expect(shown.locator("#story h2")).to_have_text("Frame 7")
    shown.keyboard.press("j")
    assert shown.evaluate("location.hash") == "#8"


def test_a_page_says_what_it_leaves_out(opened: Open, demo_capture: Path) -> None:
    content = collect(entries(str(demo_capture)), "demo.pcapng", most_frames=5, most_bytes=500)
    shown = opened(content)
    expect(shown.locator("#limits")).to_have_text(
        "This page holds 5 of the file's 20 frames. Of each frame it holds the first 100 bytes."
    )
    shown.evaluate("choose(1)")
    expect(shown.locator("#story")).to_contain_text("490 more bytes not in this page")
    expect(shown.locator("#jump")).to_have_text("No findings")


def test_nothing_in_a_capture_becomes_markup_or_script(opened: Open, demo_capture: Path) -> None:
    evil = "</script><img src=x onerror=pwned=1><script>pwned=1</script>"
    (spoilt,) = islice(entries(str(demo_capture)), 14, 15)
    assert spoilt.explanation is not None
    point = spoilt.explanation.points[0]._replace(code=evil, sentence=evil, places=(3, 999))
    said = spoilt.explanation._replace(headline=evil, sentences=(evil,), points=(point,))
    frames = [Packet(evil, 1, evil.encode(), OUTBOUND, ()), Packet("{{script}}", 2, b"\xff" * 70, OUTBOUND, (evil,))]
    content = collect((Entry(number, one, said if number == 1 else None) for number, one in enumerate(frames, 1)), evil)
    shown = opened(content)
    shown.click("#jump")
    expect(shown.locator("#story .headline")).to_have_text(evil)
    expect(shown.locator("#story .findings")).to_contain_text(evil)
    expect(shown.locator("#file")).to_have_text(evil)
    assert shown.title() == f"{evil} · glassnic"
    shown.keyboard.press("j")
    expect(shown.locator("#story .headline")).to_have_text(evil)
    assert shown.locator("img").count() == 0
    assert shown.evaluate("typeof pwned") == "undefined"
