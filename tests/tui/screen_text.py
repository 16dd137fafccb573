"""What a screen shows, read from the rendered lines of its widgets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from rich.segment import Segment
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.fake_services import Clock


async def settle(pilot: Pilot[None]) -> None:
    """Let messages, layout and paint follow each other to their end."""
    for _ in range(3):
        await pilot.pause()


async def appears(pilot: Pilot[None], words: str, seconds: float = 20) -> None:
    """Wait until `words` can be read."""
    until = time.monotonic() + seconds
    while words not in text_of(pilot.app.screen):
        assert time.monotonic() < until, f"not shown: {words}"
        await pilot.pause(0.02)


async def press(pilot: Pilot[None], clock: Clock, *keys: str) -> None:
    """Press keys as a person does: well apart."""
    for key in keys:
        clock.pass_(1)
        pilot.app.simulate_key(key)
        await pilot.pause()
    await settle(pilot)


def segments(screen: Screen[Any]) -> Iterator[Segment]:
    """Every segment of every visible widget, as handed to the terminal writer."""
    for widget in screen.query("*"):
        if widget.display and widget.visible and widget.size:
            for strip in widget.render_lines(Region(0, 0, *widget.outer_size)):
                yield from strip


def text_of(screen: Screen[Any]) -> str:
    """The visible text, one line a rendered row."""
    lines = []
    for widget in screen.query("*"):
        if widget.display and widget.visible and widget.size and not list(widget.children):
            lines += [strip.text for strip in widget.render_lines(Region(0, 0, *widget.outer_size))]
    return "\n".join(lines)
