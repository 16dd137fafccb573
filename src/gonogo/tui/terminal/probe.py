"""Probe of the terminal: asks it what it can draw while the program starts, and keeps its replies from the keys.

The questions leave before anything else is loaded; the answers are collected just before the app takes the terminal, so
nobody waits for them. An answer that comes later, over a slow line, is taken out of what is typed by `ReplyFilter`.
"""

from __future__ import annotations

import os
import re
import select
import termios
from collections.abc import Mapping
from typing import Any, NamedTuple

KITTY_ID = 31
# XTVERSION; the size of a cell; DA1, which every terminal answers, and in order: after it nothing more comes.
_NAME, _CELL, _LAST = "\x1b[>0q", "\x1b[16t", "\x1b[c"
_PICTURES = f"\x1b_Gi={KITTY_ID},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
# Compiled when first used: the questions leave before the first frame, the answers are read after it.
_ANSWER = (
    rb"\x1b\[\?(?P<attributes>[0-9;]{0,64})c|\x1bP>\|(?P<name>[^\x1b]{0,256})\x1b\\"
    rb"|\x1b_G(?P<kitty>[^\x1b]{0,256})\x1b\\|\x1b\[6;(?P<height>[0-9]{1,5});(?P<width>[0-9]{1,5})t"
)
# What may be the beginning of one: held back until more comes, or until nobody would still be sending it.
_BEGUN = rb"\x1b(\[(\?[0-9;]{0,64}|6?(;[0-9]{0,5}){0,2})?|P(>(\|[^\x1b]{0,256}\x1b?)?)?|_(G[^\x1b]{0,256}\x1b?)?)?\Z"
_SIXEL_ATTRIBUTE = b"4"
_CELL_MOST = 200
_KEY_MOST = 3
"""Bytes of what a person may have typed; a longer beginning can only be an answer that broke off."""


class TerminalReplies(NamedTuple):
    """What the terminal said of itself. `cell` is a cell's width and height in pixels; `complete`: no more comes."""

    name: str = ""
    sixel: bool = False
    kitty: bool = False
    cell: tuple[int, int] = (0, 0)
    complete: bool = False


def questions(environment: Mapping[str, str]) -> str:
    """What to ask in this environment; nothing where a question would be printed."""
    term = environment.get("TERM", "")
    if term in ("", "dumb", "linux") or environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return ""
    if environment.get("STY") or (term.startswith("screen") and not environment.get("TMUX")):
        return ""
    if environment.get("TMUX"):  # it would take Kitty's question for the pane's title
        return _NAME + _CELL + _LAST
    # Where a question is not understood and printed instead, the line it stands on is wiped.
    return "\x1b7" + _NAME + _PICTURES + _CELL + _LAST + "\x1b8\x1b[K"


class ReplyFilter:
    """Filter of the terminal's input: takes the replies out; the rest are keys."""

    def __init__(self) -> None:
        self.answers = TerminalReplies()
        self._held = b""

    @property
    def holding(self) -> bool:
        return bool(self._held)

    def feed(self, data: bytes) -> bytes:
        """The keys in `data`; the beginning of what may be an answer is held back (see `release`)."""
        data = re.sub(_ANSWER, self._take, self._held + data)
        begun = re.search(_BEGUN, data)
        at = begun.start() if begun else len(data)
        self._held = data[at:]
        return data[:at]

    def release(self) -> bytes:
        """What was held back, when nothing more came for a while: a key. An answer that broke off is nobody's key."""
        held, self._held = self._held, b""
        return held if len(held) <= _KEY_MOST else b""

    def _take(self, found: re.Match[bytes]) -> bytes:
        if (attributes := found["attributes"]) is not None:
            self.answers = self.answers._replace(sixel=_SIXEL_ATTRIBUTE in attributes.split(b";")[1:], complete=True)
        elif (name := found["name"]) is not None:
            self.answers = self.answers._replace(name=re.sub(r"[^ -~]", "", name.decode("ascii", "ignore"))[:64])
        elif (kitty := found["kitty"]) is not None:
            if kitty == b"i=%d;OK" % KITTY_ID:
                self.answers = self.answers._replace(kitty=True)
        else:
            cell = int(found["width"]), int(found["height"])
            if 0 < min(cell) <= max(cell) <= _CELL_MOST:
                self.answers = self.answers._replace(cell=cell)
        return b""


class Probe:
    """One round of questions to the terminal at `source` (keyboard) and `target` (screen), both file descriptors.

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
        """Send the questions; does not wait."""
        asked = questions(self.environment)
        if not asked:
            return
        try:
            self.before = termios.tcgetattr(self._source)
            quiet = termios.tcgetattr(self._source)
            quiet[3] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(self._source, termios.TCSANOW, quiet)
            os.write(self._target, asked.encode("ascii"))
        except (OSError, termios.error):
            self.end()

    def collect(self, seconds: float = 0.0) -> TerminalReplies:
        """What has been answered so far, at most `seconds` from now; the default does not wait."""
        import time

        until = time.monotonic() + seconds
        while self.waiting and select.select([self._source], [], [], max(until - time.monotonic(), 0))[0]:
            if not (data := os.read(self._source, 4096)):
                break
            self.typed += self.reply_filter.feed(data)
        return self.reply_filter.answers

    def end(self) -> None:
        """Give the terminal back as it was."""
        if self.before is not None:
            before, self.before = self.before, None
            termios.tcsetattr(self._source, termios.TCSANOW, before)
