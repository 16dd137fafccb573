"""Terminal probe: asks for the terminal's capabilities during the start, and filters its replies from the keys.

The questions leave before anything else is loaded; the answers are collected just before the app takes the terminal, so
nothing waits for them. `ReplyFilter` removes late replies, over a slow line, from the typed keys.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

try:
    import termios
except ImportError:  # Windows: its console gets no queries, and draws quadrants
    termios = None  # type: ignore[assignment,unused-ignore]

KITTY_ID = 31
# XTVERSION; the size of a cell; the background; the flags of Kitty's keyboard protocol; DA1, which every terminal
# answers, and in order: after it nothing more comes.
_NAME, _CELL, _GROUND, _KEYS, _LAST = "\x1b[>0q", "\x1b[16t", "\x1b]11;?\x1b\\", "\x1b[?u", "\x1b[c"
_PICTURES = f"\x1b_Gi={KITTY_ID},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
# Compiled when first used: the questions leave before the first frame, the answers are read after it.
_ANSWER = (
    rb"\x1b\[\?(?P<attributes>[0-9;]{0,64})c|\x1bP>\|(?P<name>[^\x1b]{0,256})\x1b\\"
    rb"|\x1b\[\?(?P<keyboard>[0-9]{1,5})u"
    rb"|\x1b\]11;(?:rgba?:(?P<ground>[0-9a-fA-F/]{5,24}))?[^\x07\x1b]{0,64}(?:\x07|\x1b\\)"
    rb"|\x1b_G(?P<kitty>[^\x1b]{0,256})\x1b\\|\x1b\[6;(?P<height>[0-9]{1,5});(?P<width>[0-9]{1,5})t"
)
# A possible start of a reply: held back until more bytes arrive, or a pause.
_BEGUN = (
    rb"\x1b(\[(\?[0-9;]{0,64}|6?(;[0-9]{0,5}){0,2})?|P(>(\|[^\x1b]{0,256}\x1b?)?)?|_(G[^\x1b]{0,256}\x1b?)?"
    rb"|\](1(1(;[^\x07\x1b]{0,90}\x1b?)?)?)?)?\Z"
)
_SIXEL_ATTRIBUTE = b"4"
_CELL_MOST = 200
_KEY_MOST = 3
"""Most bytes of one key; a longer held sequence is an incomplete reply."""


class TerminalReplies(NamedTuple):
    """Replies of the terminal. `cell` is a cell's width and height in pixels; `complete`: no reply is missing.

    `sixel` and `kitty` are ways to draw pixels, `keyboard` is Kitty's keyboard protocol, `light` tells whether the
    background is light (`None`: not answered).
    """

    name: str = ""
    sixel: bool = False
    kitty: bool = False
    keyboard: bool = False
    light: bool | None = None
    cell: tuple[int, int] = (0, 0)
    complete: bool = False


def questions(environment: Mapping[str, str]) -> str:
    """Returns the queries for this environment; empty where the terminal would print them."""
    term = environment.get("TERM", "")
    if term in ("", "dumb", "linux") or environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return ""
    if environment.get("STY") or (term.startswith("screen") and not environment.get("TMUX")):
        return ""
    if environment.get("TMUX"):  # it would take Kitty's question for the pane's title
        return _NAME + _CELL + _GROUND + _LAST
    # Where a question is not understood and printed instead, the line it stands on is wiped.
    return "\x1b7" + _NAME + _PICTURES + _CELL + _GROUND + _KEYS + _LAST + "\x1b8\x1b[K"


class ReplyFilter:
    """Filter of the terminal's input: removes the replies; the rest are keys."""

    def __init__(self) -> None:
        self.answers = TerminalReplies()
        self._held = b""

    @property
    def holding(self) -> bool:
        return bool(self._held)

    def feed(self, data: bytes) -> bytes:
        """Returns the keys in `data`; a possible start of a reply is held back (see `release`)."""
        data = re.sub(_ANSWER, self._parse_reply, self._held + data)
        begun = re.search(_BEGUN, data)
        at = begun.start() if begun else len(data)
        self._held = data[at:]
        return data[:at]

    def release(self) -> bytes:
        """Returns the held bytes as keys, after a pause in the input; an incomplete reply is dropped."""
        held, self._held = self._held, b""
        return held if len(held) <= _KEY_MOST else b""

    def _parse_reply(self, match: re.Match[bytes]) -> bytes:
        if (attributes := match["attributes"]) is not None:
            self.answers = self.answers._replace(sixel=_SIXEL_ATTRIBUTE in attributes.split(b";")[1:], complete=True)
        elif match["keyboard"] is not None:
            self.answers = self.answers._replace(keyboard=True)
        elif match[0].startswith(b"\x1b]"):
            self.answers = self.answers._replace(light=_is_light(match["ground"] or b""))
        elif (name := match["name"]) is not None:
            self.answers = self.answers._replace(name=re.sub(r"[^ -~]", "", name.decode("ascii", "ignore"))[:64])
        elif (kitty := match["kitty"]) is not None:
            if kitty == b"i=%d;OK" % KITTY_ID:
                self.answers = self.answers._replace(kitty=True)
        else:
            cell = int(match["width"]), int(match["height"])
            if 0 < min(cell) <= max(cell) <= _CELL_MOST:
                self.answers = self.answers._replace(cell=cell)
        return b""


def _is_light(color: bytes) -> bool | None:
    """Returns whether an X11 colour (`ffff/ffff/ffff`, 1 to 4 digits a channel) is nearer to white (ITU-R BT.601)."""
    channels = color.split(b"/")[:3]
    if len(channels) < 3 or not all(channels):
        return None
    red, green, blue = (int(channel, 16) / (16 ** len(channel) - 1) for channel in channels)
    return bool(0.299 * red + 0.587 * green + 0.114 * blue > 0.5)


class Probe:
    """Probe of the terminal at `source` (keyboard) and `target` (screen), both file descriptors; one round of queries.

    From `ask` to `end` the terminal echoes nothing and hands over each byte: answers would be seen otherwise.
    """

    def __init__(self, environment: Mapping[str, str], source: int = 0, target: int = 2) -> None:
        self.environment = environment
        self.reply_filter = ReplyFilter()
        self.typed = b""
        """Keys typed before the app could read them."""
        self.before: list[Any] | None = None
        """The terminal's attributes before `ask`, to be restored."""
        self._source, self._target = source, target

    @property
    def waiting(self) -> bool:
        """Whether answers are still to come."""
        return self.before is not None and not self.reply_filter.answers.complete

    def ask(self) -> None:
        """Sends the queries; does not wait."""
        queries = questions(self.environment)
        if not queries or termios is None:
            return
        try:
            self.before = termios.tcgetattr(self._source)
            quiet = termios.tcgetattr(self._source)
            quiet[3] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(self._source, termios.TCSANOW, quiet)
            os.write(self._target, queries.encode("ascii"))
        except (OSError, termios.error):
            self.end()

    def collect(self, seconds: float = 0.0) -> TerminalReplies:
        """Returns the replies so far, after at most `seconds`; by default without waiting."""
        until = time.monotonic() + seconds
        while self.waiting and select.select([self._source], [], [], max(until - time.monotonic(), 0))[0]:
            if not (data := os.read(self._source, 4096)):
                break
            self.typed += self.reply_filter.feed(data)
        return self.reply_filter.answers

    def end(self) -> None:
        """Restores the terminal's attributes; a terminal that is gone has none."""
        if self.before is not None:
            before, self.before = self.before, None
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._source, termios.TCSANOW, before)
