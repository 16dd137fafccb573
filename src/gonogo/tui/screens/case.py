"""One case of a results API, with every field the server told, those that nobody knows too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from gonogo.client.errors import GonogoClientError
from gonogo.desk.errors import DeskError
from gonogo.tui import actions, cards, case_words
from gonogo.tui.widgets import lines
from gonogo.tui.widgets.lines import Line

if TYPE_CHECKING:
    from gonogo.desk.results_source import Source
    from gonogo.tui.app import GonogoApp


class CaseScreen(Screen[None]):
    """Asks for the case when it is opened, so it shows what is true now. `step` goes on in the list."""

    CSS_PATH = "results.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings(actions.CASE)]
    ACTION_SCOPES = (actions.CASE,)
    AUTO_FOCUS = "VerticalScroll"

    top = getters.query_one("#top", Line)
    fields = getters.query_one("#fields", Static)
    keys = getters.query_one("#keys", Line)

    def __init__(self, source: Source, task: int, case_id: int, step: Callable[[int], int | None]) -> None:
        super().__init__()
        self._source, self._number, self.case_id, self._step = source, task, case_id, step
        self._found: dict[str, Any] | None = None
        self._said: Content = Content("")

    @property
    def gonogo(self) -> GonogoApp:
        return cast("GonogoApp", self.app)

    def compose(self) -> ComposeResult:
        yield Line(id="top")
        with VerticalScroll(id="body"):
            yield Static(id="fields", markup=False)
        yield Line(id="keys")

    def on_mount(self) -> None:
        self.action_refresh()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def action_refresh(self) -> None:
        self._found = None
        self._said = cards.waiting("Asking the server")
        self.call_after_refresh(self._show)
        self.run_worker(self._load(self.case_id), group="case", exclusive=True)

    async def _load(self, case_id: int) -> None:
        try:
            async with await self._source.connect() as client:
                self._found = (await client.case(self._number, case_id, verbose=True)).model_dump()
        except (GonogoClientError, DeskError) as error:
            self._said = cards.problem("The case could not be read", error)
        self._show()

    def _show(self) -> None:
        width = max(self.query_one("#body").content_region.width - 1, 20)
        told = f"   task {self._number}"
        self.top.show(Content.assemble((f"case {self.case_id}", "bold $accent"), (told, "$quiet")))
        said = self._said if self._found is None else case_words.told(self._found, width)
        self.fields.update(Content.assemble(said))
        lines.show_keys(self.keys, actions.CASE)

    def action_step(self, by: int) -> None:
        case_id = self._step(by)
        if case_id is None:
            self.gonogo.say("There is no other case in the list.", seconds=2)
            return
        self.case_id = case_id
        self.query_one("#body", VerticalScroll).scroll_home(animate=False)
        self.action_refresh()

    def action_back(self) -> None:
        self.dismiss()
