"""Answer gate: decides whether the answer keys of a screen count now, and names the reason when they don't."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.events import Key, Paste
from textual.widget import Widget

from gonogo.tui.app_protocol import app_of
from gonogo.tui.key_guard import TOO_SMALL, KeyGuard
from gonogo.tui.widgets.key_footer import KeyFooter

LEAST_DRAWING, LEAST_TEXT = (14, 5), (16, 1)
"""Columns and rows of a drawing (with its frame), and of a text, that must be seen for an answer to count."""

Least = tuple[Widget, tuple[int, int]]


class AnswerGate:
    """Gate of the answer keys: a key guard, and the widgets that must be seen, each with its least size.

    The footer of the screen of `node` shows the keys of answers dimmed until they count, and why one did not.
    """

    def __init__(self, node: Widget, guard: KeyGuard, must_be_seen: Callable[[], Iterable[Least]]) -> None:
        self.guard = guard
        self._node = node
        self._must_be_seen = must_be_seen
        self._lit = False

    def hold(self) -> None:
        """Refuses answers until `painted`."""
        self._lit = False
        self.guard.hold()

    def painted(self) -> None:
        """Records that the task is on the screen; the keys are lit when the guard's time is over."""
        self.guard.painted()
        self._node.set_timer(self.guard.seconds, self._light)

    def pressed(self, event: Key | Paste) -> bool:
        """Records a key or a paste; returns whether the answer before it must be taken back."""
        key = event.key if isinstance(event, Key) else ""
        return self.guard.pressed(key, repeated=app_of(self._node).terminal.is_repeat(event.time))

    @property
    def dimmed(self) -> bool:
        """Whether the keys of answers are shown as not counting."""
        return not self._lit or self.too_small

    @property
    def refusal(self) -> str:
        """Word for the reason why an answer key does not count now; empty when it counts."""
        return TOO_SMALL if self.too_small else self.guard.refusal

    @property
    def too_small(self) -> bool:
        """Whether question or drawing cannot be seen at this size."""
        return not all(_is_seen(widget, least) for widget, least in self._must_be_seen())

    def accepts(self) -> bool:
        """Returns whether an answer key counts now; when not, the footer shows why."""
        word = self.refusal
        for footer in self._node.screen.query(KeyFooter):
            footer.refuse(word)
        return not word

    def _light(self) -> None:
        if not self.guard.waiting:
            self._lit = True
            for footer in self._node.screen.query(KeyFooter):
                footer.dim(self.dimmed)


def _is_seen(widget: Widget, least: tuple[int, int]) -> bool:
    """Returns whether at least so many columns and rows of a widget are on the screen."""
    seen = widget.region.intersection(widget.screen.region)
    return seen.width >= least[0] and seen.height >= least[1]
