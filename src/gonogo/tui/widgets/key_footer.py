"""Key footer: the keys at the bottom of a screen, in as many rows as it is high. A click on a hint is its key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.content import Content
from textual.events import Click
from textual.timer import Timer

from gonogo.tui.actions import EDIT, EVERYWHERE, Action, Scope, in_scope, keys_of
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.key_guard import COVERED
from gonogo.tui.presenters.common.key_hints import KeyLine, key_lines, symbol_line
from gonogo.tui.widgets.status_bar import StatusLine

if TYPE_CHECKING:
    from textual.screen import Screen

    from gonogo.tui.widgets.task.correction_editor import CorrectionEditor

REFUSAL_SECONDS = 1.5
"""Time for which the reason of a refused key is shown."""
_CACHE_SIZE = 6


class KeyFooter(StatusLine):
    """Footer of the actions that can be called now. While answers do not count, their keys are dimmed."""

    gonogo = AppGetter()

    def __init__(self, *, id: str | None = "keys") -> None:
        super().__init__(id=id)
        self._actions: tuple[Action, ...] = ()
        self._rows = [KeyLine(Content(""))]
        self._cache: dict[tuple[object, ...], list[KeyLine]] = {}
        self._dimmed = False
        self._word = ""
        self._word_timer: Timer | None = None
        self._word_until = 0.0

    def on_mount(self) -> None:
        self.app.screen_change_signal.subscribe(self, lambda _: self._show_line())

    @property
    def dimmed(self) -> bool:
        """Whether the keys of answers are dimmed; under a dialog they are."""
        return self._dimmed or not self.screen.is_active

    @property
    def word(self) -> str:
        """Reason of the key that was refused last, while it is shown."""
        return self._word

    def show_scope(self, scope: Scope) -> None:
        """Shows the keys of a screen's `scope` and of the app."""
        self.show_actions(in_scope(scope, EVERYWHERE))

    def show_actions(self, actions: Iterable[Action], *, dimmed: bool = False) -> None:
        """Shows the keys of `actions`; `dimmed`: those of answers do not count now."""
        self._actions, self._dimmed = tuple(actions), dimmed
        self._show_line()

    def dim(self, dimmed: bool) -> None:
        """Dims the keys of answers, or not."""
        self._dimmed = dimmed
        self._show_line()

    def show_editing(self, editor: CorrectionEditor) -> None:
        """Shows the keys of the correction editor, or its palette of signs."""
        if editor.choosing:
            self.show_text(symbol_line())
        else:
            self.show_actions(in_scope(EDIT))

    def show_text(self, content: Content) -> None:
        """Shows other text in place of the keys."""
        self._actions, self._rows = (), [KeyLine(content)]
        self.show(content)

    def refuse(self, word: str) -> None:
        """Shows for a short time why a key did not count; an empty word does nothing."""
        if not word:
            return
        if self._word_timer is not None:
            self._word_timer.stop()
        self._word_until = self.gonogo.clock() + REFUSAL_SECONDS
        self._word_timer = self.set_timer(REFUSAL_SECONDS, self._forget_word)
        if word != self._word:
            self._word = word
            self._show_line()

    def _forget_word(self) -> None:
        left = self._word_until - self.gonogo.clock()
        if left > 0:  # the app's clock decides, as for all that is shown for a time
            self._word_timer = self.set_timer(left, self._forget_word)
            return
        self._word, self._word_timer = "", None
        self._show_line()

    def on_resize(self) -> None:
        self._show_line()

    def _show_line(self) -> None:
        if self._actions:
            width = self.content_size.width or self.size.width or self.app.size.width
            height = max(self.content_size.height, 1)
            state = (self._actions, width, height, self.dimmed, self._word)
            rows = self._cache.get(state)
            if rows is None:
                own = self.gonogo.own_keys
                rows = key_lines(self._actions, own, width, height, dimmed=self.dimmed, word=self._word)
                self._cache = {**dict(list(self._cache.items())[1 - _CACHE_SIZE :]), state: rows}
            self._rows = rows
            self.show(Content("\n").join([row.content for row in rows]))

    def on_click(self, event: Click) -> None:
        """Presses the key of the hint under the mouse, so that a click is refused where the key is."""
        at = event.get_content_offset(self)
        action = self._rows[at.y].at(at.x) if at is not None and at.y < len(self._rows) else None
        if action is not None:
            self.app.simulate_key(keys_of(action, self.gonogo.own_keys)[0])


def refuse_under_dialog(below: Screen[object], key: str) -> None:
    """Shows on the screen under a dialog that its answer key does not count there."""
    for footer in below.query(KeyFooter):
        scopes: tuple[Scope, ...] = getattr(below, "ACTION_SCOPES", ())
        answers = (action for action in in_scope(*scopes) if action.verdict)
        if any(key in keys_of(action, footer.gonogo.own_keys) for action in answers):
            footer.refuse(COVERED)
