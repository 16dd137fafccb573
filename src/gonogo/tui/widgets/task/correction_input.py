"""Correction input: a text input that handles its keys in order, with a palette of signs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from time import monotonic

from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import Input

from gonogo.tui.actions import EDIT, in_scope, keys_of
from gonogo.tui.key_guard import HELD, LONGEST_FIRST
from gonogo.tui.presenters.common.key_hints import SYMBOLS_BY_LETTER
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.task.reading_picker import ReadingPicker
from gonogo.values.symbols import Symbol, signs_named

_EDITING = {
    "backspace": "delete_left", "delete": "delete_right", "left": "cursor_left", "right": "cursor_right",
    "home": "home", "end": "end", "ctrl+a": "home", "ctrl+e": "end", "ctrl+w": "delete_left_word",
    "ctrl+u": "delete_left_all",
}  # fmt: skip


class CorrectionInput(Input):
    """Text input that keeps the order of its keys and handles the actions of the scope "edit".

    Textual inserts a letter at once but sends Backspace and the like through the application's bindings, so keys that
    arrive together (a slow line, a fast typist) change places: "Backspace 7" on "12" would leave "12". So every key
    of the line is handled here. `on_key` is called with every key and paste; after `open`
    the keys of the actions of scope "edit" call them on the screen.
    """

    class Choosing(Message):
        """Message: the palette of signs was opened or closed."""

    class Picking(Message):
        """Message: other keys than before take other readings, or one was taken."""

    def __init__(
        self,
        on_key: Callable[[Key | Paste], None],
        *,
        id: str | None = None,
        disabled: bool = True,
        select_on_focus: bool = False,
        max_length: int = 2_000,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(id=id, disabled=disabled, select_on_focus=select_on_focus, max_length=max_length)
        self._notify_key = on_key
        self._clock = clock
        self.choosing = False
        self.picker = ReadingPicker()
        self._calls: dict[str, str] = {}
        self._opening_key, self._opening_time = "", 0.0

    def open(self, text: str, keymap: Mapping[str, str], key: str = "", picker: ReadingPicker | None = None) -> None:
        """Starts with `text`, the cursor at its end. `key` opened the line: held down, it types nothing."""
        self.picker = picker or ReadingPicker()
        self._opening_key, self._opening_time = key, monotonic()
        self._calls = {key: action.call for action in in_scope(EDIT) for key in keys_of(action, keymap)}
        self.choosing = False
        self.disabled = False
        self.put(text)
        self.focus()

    def put(self, text: str) -> None:
        """Replaces the whole line; the cursor keeps its distance from the end."""
        behind = len(self.value) - self.cursor_position
        self.value = text
        self.cursor_position = max(len(text) - behind, 0)

    def name_before_cursor(self) -> tuple[str, tuple[Symbol, ...]]:
        """Returns the words before the cursor that name signs, the most words that do, and those signs."""
        before = self.value[: self.cursor_position]
        for count in (4, 3, 2, 1):
            match = re.search(rf"(?:[^\W\d_]+\s+){{{count - 1}}}[^\W\d_]+\Z", before)
            if match and (found := signs_named(match[0])):
                return match[0], found
        last = re.search(r"[^\W\d_]*\Z", before)
        word = last[0] if last else ""
        for start in range(1, len(word) - 1):  # a name right behind a letter: `Apar`
            if len(found := signs_named(word[start:])) == 1:
                return word[start:], found
        return word, ()

    def replace_before_cursor(self, old: str, new: str) -> None:
        """Replaces `old`, which ends at the cursor, with `new`."""
        start = self.cursor_position - len(old)
        self.replace(new, start, self.cursor_position)

    def choose(self, choosing: bool) -> None:
        """Opens or closes the palette; while open, the next letter inserts a sign."""
        self.choosing = choosing
        self.post_message(self.Choosing())

    async def on_key(self, event: Key) -> None:
        self._notify_key(event)
        if self._is_still_opening(event):
            for footer in self.screen.query(KeyFooter):
                footer.refuse(HELD)
        elif self.choosing:
            self.choose(False)
            self._insert(SYMBOLS_BY_LETTER.get(event.character or "", ""))
        elif self._picks(event):
            pass
        elif event.key.startswith("alt+") and (sign := SYMBOLS_BY_LETTER.get(event.key[4:])):
            self._insert(sign)
        elif (call := self._calls.get(event.key)) is not None:
            await self.screen.run_action(call)
        elif (name := _EDITING.get(event.key)) is not None:
            await self.run_action(name)
        else:
            return
        event.stop()
        event.prevent_default()

    def _picks(self, event: Key) -> bool:
        """Puts the reading into the line that the key takes; returns whether it took one."""
        if re.fullmatch(r"(alt\+)?\d", event.key) and event.key in self._calls:
            return False  # a person's own key for something else
        before = self.picker.fresh, self.picker.before
        text = self.picker.pressed(event.key, self.value, self._clock())
        if text is not None:
            self.value = text
            self.cursor_position = len(text)
        if text is not None or before != (self.picker.fresh, self.picker.before):
            self.post_message(self.Picking())
        return text is not None

    def _is_still_opening(self, event: Key) -> bool:
        """Returns whether `event` is a repeat of the key that opened the line."""
        repeat = event.key == self._opening_key and event.time - self._opening_time < LONGEST_FIRST
        self._opening_key, self._opening_time = self._opening_key if repeat else "", event.time
        return repeat

    def on_paste(self, event: Paste) -> None:
        self._notify_key(event)
        self.picker.fresh = False
        self.post_message(self.Picking())

    def _insert(self, sign: str) -> None:
        if sign:
            self.insert_text_at_cursor(sign)
