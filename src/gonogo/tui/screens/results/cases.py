"""Results screen: table of a task's cases from a results API, ours or Centaur's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.desk.results.case_list import CaseList, CaseListFilter
from gonogo.schemas.counted_nouns import counted
from gonogo.tui import actions, workers
from gonogo.tui.presenters.common.empty_state import again, card
from gonogo.tui.presenters.results.cases import case_columns
from gonogo.tui.screens.common.table_screen import TableScreen
from gonogo.tui.text import one_line
from gonogo.tui.widgets.status_bar import StatusLine
from gonogo.tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from gonogo.client.results_api import CaseFilters, ResultsClient
    from gonogo.desk.results.results_login import Source

ARRANGE_SECONDS = 0.4
"""Time between two sortings while pages arrive."""


class ResultsScreen(TableScreen):
    """Table of the cases. Reads the whole task page by page; loaded cases are usable meanwhile."""

    CSS_PATH = "cases.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.RESULTS.bindings()]
    ACTION_SCOPES = (actions.RESULTS,)
    SCOPE = actions.RESULTS
    PROMPTS: ClassVar[dict[str, str]] = {
        "text": "words in number, state, label or drawing",
        "case": "number of a case",
        "task": "number of a task (`gonogo campaigns show` has a campaign's)",
    }
    ENTER = "goes there"

    status = getters.query_one("#status", StatusLine)

    def __init__(
        self, source: Source, task: int | None = None, filters: CaseFilters | None = None, name: str = ""
    ) -> None:
        """`task` is the task's number; without one the screen asks for it. The server applies `filters`."""
        super().__init__()
        self._source, self.task_number, self._filters, self._name = source, task, filters, name
        self.cases = CaseList()
        self._last_id: int | None = None
        self._reading = False
        self._problem: Exception | None = None

    def compose(self) -> ComposeResult:
        table = VirtualTable(self.cases, case_columns(self.cases.filters), id="rows")
        return self.compose_table(StatusLine(id="status"), table, 200)

    def on_mount(self) -> None:
        self.set_interval(ARRANGE_SECONDS, self._arrange)
        if self.task_number is None:
            self.action_ask("task")
        else:
            self.action_refresh()
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def on_screen_resume(self) -> None:
        self._show()

    # --- reading ---------------------------------------------------------------------------------------

    def action_refresh(self) -> None:
        """Continues after the last page: reads new cases, or the rest after an error."""
        if self.task_number is not None and not self._reading:
            workers.start_reading(self, self._read, self.task_number, group="results")

    async def _read(self, task: int) -> Exception | None:
        """Reads the pages that are still to come; returns the error, if any."""
        self._reading, self._problem = True, None
        self._show()
        try:
            async with await self._source.connect() as client:
                await self._read_pages(client, task)
        except (GonogoClientError, DeskError) as error:
            self._problem = error
        finally:
            if task == self.task_number:
                self._reading = False
        self.cases.arrange()
        self._show()
        return self._problem

    async def _read_pages(self, client: ResultsClient, task: int) -> None:
        from gonogo.client.results_api import CaseFilters  # loads httpx, after the screen is shown

        async for page in client.pages(task, self._filters or CaseFilters(), self._last_id):
            if task != self.task_number:
                return
            self.cases.add(page.payload)
            if page.last_sequence_id is not None:
                self._last_id = page.last_sequence_id
            self._name = self._name or next((case.task_name for case in page.payload if case.task_name), "")
            self._show()

    def _arrange(self) -> None:
        if self.cases.arrange():
            self._show()

    # --- showing ---------------------------------------------------------------------------------------

    def _show(self) -> None:
        if self.can_show:
            self.status.show(self._title())
            self.show_table(self._summary(), None if self.cases.count else self._empty())

    def _title(self) -> Content:
        parts = [("results", "bold $accent"), (f"   {one_line(self._source.name, 60)}", "$quiet")]
        if self.task_number is not None:
            parts.append((f"   task {self.task_number}", "$foreground"))
        if self._name:
            parts.append((f"  {one_line(self._name, 60)}", "bold $strong"))
        return Content.assemble(*parts)

    def _summary(self) -> Content:
        """Summary line: number of cases read and shown, filters, and the problem."""
        cases, parts = self.cases, []
        filtered = f"{cases.count} that fit · {cases.total} read" if cases.filters.filtering else _total(cases)
        position = f"{self.table.cursor + 1} of " if cases.count else ""
        parts.append(Content.styled(position + filtered, "$foreground"))
        for name, text in (("state", cases.filters.state), ("words", cases.filters.text)):
            if text:
                parts.append(Content.assemble((f"{name} ", "$quiet"), (one_line(text, 40), "$accent")))
        if self._reading:
            parts.append(Content.styled("… reading on", "$accent"))
        elif self._problem is not None:
            reason = one_line(str(self._problem), 200)
            parts.append(Content.assemble(("! stopped: ", "bold $warning"), (f"{reason} r goes on.", "$warning")))
        return Content.styled(" · ", "$quiet").join(parts)

    def _empty(self) -> Content:
        """Card in place of an empty table: the reason and the next step."""
        if self.task_number is None:
            return card("…", "accent", "Which task?", "Type its number below, then Enter.", "Esc goes back.")
        if self._problem is not None and not self.cases.total:
            step = getattr(self._problem, "next_step", "")
            return card(
                "!",
                "warning",
                "The results could not be read",
                str(self._problem),
                f"{step} {again(self._problem)}".strip(),
            )
        if self._reading:
            return card("…", "accent", "Loading the cases …", "", "")
        if self.cases.filters.filtering:
            return card("", "quiet", "No case matches", "Nothing that was read fits what you look for.", "x shows all.")
        return card("", "quiet", "No cases", "The server has no case of this task.", "r asks again.")

    @on(VirtualTable.Moved)
    def _show_position(self) -> None:
        self.summary.show(self._summary())

    @on(VirtualTable.Opened)
    def _open_clicked(self) -> None:
        self.action_open()

    # --- keys ------------------------------------------------------------------------------------------

    def action_back(self) -> None:
        if self.gonogo.navigator.standalone_screen is not None and len(self.app.screen_stack) <= 2:
            self.app.exit()
        else:
            self.dismiss()

    def action_open(self) -> None:
        row = self.cases.row(self.table.cursor)
        if row is not None:
            self._open(row.case_id)

    def _open(self, case_id: int) -> None:
        from gonogo.tui.screens.results.case import CaseScreen  # loads httpx, after the table is shown

        assert self.task_number is not None
        self.app.push_screen(CaseScreen(self._source, self.task_number, case_id, self.step))

    def step(self, by: int) -> int | None:
        """Moves the cursor by `by` rows. Returns the number of the case there; `None` past either end."""
        row = self.cases.row(self.table.cursor + by)
        if row is not None:
            self.table.move_to(self.table.cursor + by)
        return row.case_id if row is not None else None

    def action_next_state(self) -> None:
        states = ["", *self.cases.states()]
        state = self.cases.filters.state
        index = states.index(state) if state in states else 0
        self._arrange_by(replace(self.cases.filters, state=states[(index + 1) % len(states)]))

    def action_next_sort(self) -> None:
        self._arrange_by(self.cases.filters.next_sort())

    def action_reverse(self) -> None:
        self._arrange_by(replace(self.cases.filters, reverse=not self.cases.filters.reverse))

    def action_clear(self) -> None:
        self._arrange_by(CaseListFilter())

    def _arrange_by(self, filters: CaseListFilter) -> None:
        self.cases.show(filters)
        self.table.columns = case_columns(filters)
        self.table.to_top()
        self._show()

    # --- the input line ---------------------------------------------------------------------------------

    def action_ask(self, prompt: str) -> None:
        self.open_line(prompt, self.cases.filters.text if prompt == "text" else "")

    def action_leave_line(self) -> None:
        super().action_leave_line()
        if self.task_number is None:
            self.action_back()

    @on(Input.Submitted)
    def _read_line(self, event: Input.Submitted) -> None:
        prompt, text = self.prompt, event.value.strip()
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
        if prompt != "text" and number is None:
            self.gonogo.show_notice("That is no number.", warning=True)
            return
        if prompt == "task":
            self._change_task(number)
        self.action_leave_line()
        if prompt == "text":
            self._arrange_by(replace(self.cases.filters, text=text))
        elif prompt == "case" and number is not None:
            self._go_to(number)

    def _go_to(self, case_id: int) -> None:
        """Moves the cursor to a case of the table; opens a case that is not in it."""
        index = self.cases.index_of(case_id)
        if index is not None:
            self.table.move_to(index)
        else:
            self._open(case_id)

    def _change_task(self, number: int | None) -> None:
        self.workers.cancel_group(self, "results")
        self.task_number, self._last_id, self._name = number, None, ""
        self._reading, self._problem = False, None
        self.cases = self.table.rows = CaseList()
        self.table.columns = case_columns(self.cases.filters)
        self.table.to_top()
        self.action_refresh()


def _total(cases: CaseList) -> str:
    """Number of cases; of those with a known answer as such, which a campaign's own count leaves out."""
    n_gold = cases.n_in_state("Gold Standard")
    total = counted(cases.total, "case")
    return f"{total}, {n_gold} of them gold" if n_gold else total
