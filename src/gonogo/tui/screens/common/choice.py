"""Choice: a short list in a corner of the screen, one entry of which is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from gonogo.tui.text import content


class ChoiceScreen(ModalScreen[str | None]):
    """List of `choices` (name, title) with the cursor on `chosen`. Enter returns the name, Esc `None`.

    A letter moves to the next title that begins with it. `preview` gets each name that the cursor comes to.
    """

    CSS_PATH = "choice.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "back", show=False)]
    AUTO_FOCUS = "OptionList"

    options = getters.query_one(OptionList)

    def __init__(
        self,
        heading: str,
        choices: Sequence[tuple[str, str]],
        chosen: str,
        *,
        preview: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._heading = heading
        self._choices = list(choices)
        self._chosen = chosen
        self._preview = preview

    def compose(self) -> ComposeResult:
        with Vertical(id="choice-card"):
            yield Static(Content.styled(self._heading, "bold $strong"), markup=False)
            yield OptionList(*(content(title, 60) for _, title in self._choices))
            yield Static(Content.styled("Enter takes it, Esc cancels.", "$quiet"), markup=False)

    def on_mount(self) -> None:
        names = [name for name, _ in self._choices]
        self.options.highlighted = names.index(self._chosen) if self._chosen in names else 0

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if self._preview is not None:
            self._preview(self._choices[event.option_index][0])

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index][0])

    def on_key(self, event: Key) -> None:
        at = self.options.highlighted or 0
        after = [*range(at + 1, len(self._choices)), *range(at + 1)]
        letter = (event.character or "").casefold()
        matching = [place for place in after if letter and self._choices[place][1].casefold().startswith(letter)]
        if matching:
            event.stop()
            self.options.highlighted = matching[0]
