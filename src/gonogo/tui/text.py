"""Text cleaning: makes outside text safe to show; all data passes through it into widgets.

A plain string given to a Textual widget is markup, with actions that can press a verdict key; a control character
in any string reaches the terminal byte for byte, and some of them make it answer with bytes that arrive as key
presses. So text that a person, a model or a server wrote passes through `content` (Textual widgets) or `rich_text`
(DataTable and Tree, which do not take Content), and never stands in an f-string given to a widget.
`CleanFilter` is the backstop behind both.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from rich.text import Text
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from gonogo.schemas.sanitize import clean_text

MAX_CHARACTERS = 4_000
"""Longest text in one widget, because Textual takes seconds for a megabyte on one line."""
MORE = " … more"

# characters that must never be written to the terminal; a rendered line has no newline and no tab either
_RAW = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\uffa0\ufeff\ufff0-\ufffb\ue000-\uf8ff\ud800-\udfff\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff]"
)


def plain(text: object, limit: int = MAX_CHARACTERS) -> str:
    """Returns `text` without anything that could act on a terminal, cut to `limit` characters (then "… more")."""
    raw = text if isinstance(text, str) else str(text)
    cut = raw[:limit]
    return clean_text(cut).expandtabs(4) + (MORE if len(raw) > limit else "")


def one_line(text: object, limit: int = 200) -> str:
    """Returns `text` like `plain` on one line: every run of white space becomes one space."""
    raw = text if isinstance(text, str) else str(text)
    words = " ".join(clean_text(raw[: limit + 1]).split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def content(text: object, limit: int = MAX_CHARACTERS) -> Content:
    """Returns `text` as literal Content, for any Textual widget."""
    return Content(plain(text, limit))


def rich_text(text: object, limit: int = MAX_CHARACTERS) -> Text:
    """Returns `text` as literal Rich text, for DataTable cells and Tree labels."""
    return Text(plain(text, limit))


def styled(text: object, style: str) -> Content:
    """Returns one line of literal `text` in `style`, such as `"$quiet"` or `"bold $strong"`."""
    return Content.styled(one_line(text), style)


class CleanFilter(LineFilter):
    """Line filter of the app: replaces what could act on a terminal in every line, just before it is written."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(segment.text.isascii() and segment.text.isprintable() for segment in segments if not segment.control):
            return segments
        return [
            segment if segment.control else Segment(_RAW.sub("\ufffd", segment.text), segment.style)
            for segment in segments
        ]
