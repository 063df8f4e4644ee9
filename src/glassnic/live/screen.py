"""What does `glassnic top` show? One card: rates, rings, both contexts, causes, findings, and its last frames' stories.

It asks over the control socket once a second, in a thread, so a card that is slow or gone never stops the keys; when
the card goes it says so and comes back with it. Fits 80 columns and 24 lines.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, ClassVar

from rich.console import RenderableType
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static

from glassnic.live import panels
from glassnic.live.protocol import Control, ControlError
from glassnic.live.rates import Rates
from glassnic.live.replay import Seen, collect, origin
from glassnic.xray.explain import Explanation

FRAMES = 40
PANELS = ("title", "traffic", "contexts", "causes", "found")
EVERY_S = 1.0
TIMEOUT_S = 3.0


class Frames(OptionList):
    """The last frames, to choose one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "explain frame")]


class Sheet(ModalScreen[None]):
    """A page over the screen, to read and leave."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "back")]

    def __init__(self, content: RenderableType) -> None:
        super().__init__()
        self.content = content

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self.content)
        yield Footer()


class Top(App[None]):
    """The screen. `every_s` is the time between two looks at the card."""

    CSS = """
    Screen { background: ansi_default; }
    Sheet VerticalScroll { background: $surface; padding: 0 1; height: 1fr; }
    #body { height: 1fr; }
    .panel { height: auto; padding: 0 1; }
    #gone { height: auto; padding: 0 1; color: $text-error; display: none; }
    #traffic, #causes { background: $surface; }
    #frames { height: 1fr; min-height: 4; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("p", "pause", "pause"),
        Binding("f", "findings", "findings"),
        Binding("l", "link", "cable in/out"),
    ]
    ENABLE_COMMAND_PALETTE = False
    TITLE = "glassnic top"

    def __init__(self, path: Path, every_s: float = EVERY_S) -> None:
        super().__init__()
        self._path = path
        self._every_s = every_s
        self._control: Control | None = None
        self._status: dict[str, Any] | None = None
        self._seen: list[Seen] = []
        self._shown: list[Seen] = []
        self._stories: dict[Seen, Explanation | None] = {}
        self._rates = Rates()
        self._paused = False
        self._asking = asyncio.Lock()
        self._gone = Static(id="gone")
        self._panels = {name: Static(id=name, classes="panel") for name in PANELS}
        self._frames = Frames(id="frames", compact=True)

    def compose(self) -> ComposeResult:
        yield self._gone
        with Vertical(id="body"):
            yield from self._panels.values()
            yield self._frames
        yield Footer()

    async def on_mount(self) -> None:
        self._frames.focus()
        self.set_interval(self._every_s, self.look)
        await self.look()

    # Asking

    async def look(self) -> None:
        """Ask the card how it is, unless paused or still waiting for it, and show it."""
        if self._paused or self._asking.locked():
            return
        try:
            async with self._asking:
                status, self._seen, self._stories = await asyncio.to_thread(self._ask)
        except ControlError as error:
            self._hang_up(error)
            return
        self._status = status
        self._rates.follow(status)
        self.show()

    def _ask(self) -> tuple[dict[str, Any], list[Seen], dict[Seen, Explanation | None]]:
        """In a thread: status, the last frames, newest first, and their stories, of which old ones are known."""
        control = self._control = self._control or Control(self._path, TIMEOUT_S)
        status = control.ask("status")
        seen = collect(control.ask("dump", str(FRAMES)))[: -FRAMES - 1 : -1]
        card = origin(status)
        known = self._stories
        return status, seen, {one: known[one] if one in known else one.explained(card) for one in seen}

    def _hang_up(self, error: ControlError) -> None:
        if self._control is not None:
            self._control.close()
        self._control = None
        self._gone.update(f"{str(error)[0].upper()}{str(error)[1:]}.\nThis screen goes on when the card is back.")
        self._gone.display = True

    # Showing

    def show(self) -> None:
        """All panels anew."""
        status = self._status
        if status is None:
            return
        self._gone.display = False
        contents = (
            panels.title(status, self._paused),
            panels.traffic(status, self._rates),
            panels.contexts(status),
            panels.interrupts(status, self._rates),
            panels.findings(status),
        )
        for name, content in zip(PANELS, contents, strict=True):
            self._panels[name].update(content)
        self._show_frames(time.time_ns())

    def _show_frames(self, now_ns: int) -> None:
        """The frames, newest first. The newest stays chosen, or the frame that was, as long as it is there."""
        frames = self._frames
        at = frames.highlighted or 0
        if at and at < len(self._shown) and self._shown[at] in self._seen:
            at = self._seen.index(self._shown[at])
        else:
            at = 0
        self._shown = self._seen
        frames.clear_options()
        frames.add_options(panels.frame_line(one, self._stories[one], now_ns) for one in self._shown)
        frames.highlighted = at if self._shown else None

    # Keys

    async def action_pause(self) -> None:
        """Hold the picture, or go on."""
        self._paused = not self._paused
        self.show()
        await self.look()

    def action_findings(self) -> None:
        """What was out of order, with its sentences."""
        if self._status is not None:
            self.push_screen(Sheet(panels.findings_table(self._status, self._seen)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter: the whole story of the chosen frame."""
        seen = self._shown[event.option_index]
        self.push_screen(Sheet(panels.frame_page(seen, self._stories.get(seen))))

    async def action_link(self) -> None:
        """Pull the cable, or plug it."""
        control, status = self._control, self._status
        if control is None or status is None:
            return
        try:
            async with self._asking:
                await asyncio.to_thread(control.ask, "link", "down" if status["link"]["cable"] else "up")
        except ControlError as error:
            self.notify(str(error), severity="error")
        await self.look()
