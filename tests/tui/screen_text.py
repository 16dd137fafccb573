"""What a screen shows, read from the rendered lines of its widgets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.segment import Segment
from textual.geometry import Region
from textual.screen import Screen


def segments(screen: Screen[Any]) -> Iterator[Segment]:
    """Every segment of every visible widget, as handed to the terminal writer."""
    for widget in screen.query("*"):
        if widget.display and widget.visible and widget.size:
            for strip in widget.render_lines(Region(0, 0, *widget.size)):
                yield from strip


def text_of(screen: Screen[Any]) -> str:
    """The visible text, one line a rendered row."""
    lines = []
    for widget in screen.query("*"):
        if widget.display and widget.visible and widget.size and not list(widget.children):
            lines += [strip.text for strip in widget.render_lines(Region(0, 0, *widget.size))]
    return "\n".join(lines)
