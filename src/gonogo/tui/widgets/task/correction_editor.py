"""Correction editor: the input line, and below it a preview of the parsed value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Paste

from gonogo.desk.core.models import DeskTask
from gonogo.tui.presenters.common.format import editable_text
from gonogo.tui.presenters.work import correction
from gonogo.tui.widgets.status_bar import StatusLine
from gonogo.tui.widgets.task.correction_input import CorrectionInput
from gonogo.tui.widgets.task.reading_picker import ReadingPicker, ReadingStrip
from gonogo.tui.widgets.task.symbol_strip import SymbolStrip


class CorrectionEditor(Vertical):
    """Input line with a hint. `on_key` is called with each key and paste, before it acts."""

    DEFAULT_CSS = "CorrectionEditor { height: 3; }"

    line = getters.query_one("#fix", CorrectionInput)
    hint = getters.query_one("#hint", StatusLine)

    def __init__(self, on_key: Callable[[Key | Paste], None], clock: Callable[[], float] = monotonic) -> None:
        super().__init__(id="edit")
        self._notify_key, self._clock = on_key, clock
        self._warned = False
        self._doubted = ""
        """Text that was asked about; the same again is sent."""

    def compose(self) -> ComposeResult:
        yield CorrectionInput(self._key_pressed, id="fix", clock=self._clock)
        yield StatusLine(id="hint")

    @property
    def text(self) -> str:
        return self.line.value

    @property
    def choosing(self) -> bool:
        """Whether the palette of signs is open."""
        return self.line.choosing

    @on(CorrectionInput.Choosing)
    async def _show_signs(self) -> None:
        await self.screen.query(SymbolStrip).remove()
        await self._show_readings()
        if self.line.choosing:
            await self.screen.mount(SymbolStrip(self.line.region.y))

    @on(CorrectionInput.Picking)
    async def _show_readings(self) -> None:
        """Shows the other readings, but under the palette of signs, which lies in the same place."""
        shown = bool(self.line.picker.texts) and not self.line.choosing and not self.line.disabled
        await self.screen.query(ReadingStrip).remove()
        if shown:
            await self.screen.mount(ReadingStrip(self.line.region.y, self.line.picker))

    def complete_sign(self) -> None:
        """Writes the sign of the name before the cursor: `pos` becomes `⌖`; several that begin so are listed."""
        name, found = self.line.name_before_cursor()
        if len(found) == 1:
            self.line.replace_before_cursor(name, found[0].glyph)
        else:
            self.warn(correction.sign_choices(name, found))

    def open(self, text: str, keymap: Mapping[str, str], key: str = "", task: DeskTask | None = None) -> None:
        """Starts with `text`, the cursor at its end; `key` is the key that opened the line.

        The other readings of `task` can be taken: by a digit while its own reading stands there, then with Alt.
        """
        self._warned = False
        self._doubted = ""
        picker = ReadingPicker()
        if task is not None:
            others = correction.other_texts(task.other_readings, task.predicted_value)
            picker = ReadingPicker(others, fresh=text == editable_text(task.predicted_value))
        self.line.open(text, keymap, key, picker)
        self.call_after_refresh(self.line.post_message, CorrectionInput.Picking())  # the line has its place then

    def close(self) -> None:
        if self.line.choosing:
            self.line.choose(False)
        self.line.disabled = True
        self.line.post_message(CorrectionInput.Picking())
        self.screen.set_focus(None)

    def _key_pressed(self, event: Key | Paste) -> None:
        self._warned = False
        self._notify_key(event)

    def warn(self, text: str) -> None:
        """Shows `text` below the line until the next key."""
        self._warned = True
        self.hint.show(Content.styled(text, "$warning"))

    def checked(self, predicted: object) -> str | None:
        """Returns the typed correction; `None`, with a warning, if it cannot be sent or is asked about first."""
        text = self.text.strip()
        if not self.line.picker.was_seen(self._clock()):
            self.warn("Another reading now. Enter again sends it.")
            return None
        problem = correction.correction_problem(text, predicted)
        if not problem and text != self._doubted:
            problem = correction.correction_doubt(text)
            self._doubted = text if problem else ""
        if problem:
            self.warn(problem)
        return None if problem else text

    def show_reading(self, predicted: object) -> None:
        """Shows how the typed text reads, compared with the predicted value; a warning stays."""
        if not self._warned:
            self.hint.show(correction.correction_preview(self.text, predicted, max(self.hint.size.height, 1)))

    def repair(self, name: str, predicted: object) -> str:
        """Applies one of the usual corrections; returns the reason if nothing changed, else an empty string."""
        repaired = correction.apply_repair(name, self.text, predicted)
        if repaired == self.text:
            return correction.NO_REPAIR_MESSAGES[name]
        self.line.put(repaired)
        return ""
