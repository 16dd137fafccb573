"""The cases of a task as a results API tells them: ours or Centaur's. Enter shows one in full."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.desk.results.cases import CaseList, CaseListFilter
from gonogo.tui import actions
from gonogo.tui.presenters import empty_state
from gonogo.tui.screens.common.table import TableScreen
from gonogo.tui.text import content, one_line
from gonogo.tui.widgets import status as lines
from gonogo.tui.widgets.case_list import CaseLines, head
from gonogo.tui.widgets.status import StatusLine

if TYPE_CHECKING:
    from gonogo.client.results_api import CaseFilters, ResultsClient
    from gonogo.desk.results.source import Source

_ASKED = {
    "text": "words in number, state, label or drawing",
    "case": "number of a case",
    "task": "number of a task (`gonogo campaign show` tells a campaign's)",
}
ARRANGE_EVERY = 0.4
"""Seconds between two sortings while pages come in."""


class ResultsScreen(TableScreen):
    """Reads the whole task, page by page; what is there can be looked at meanwhile. Keeps nothing when it is left."""

    CSS_PATH = "cases.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.bindings(actions.RESULTS),
        Binding("escape", "leave_line", show=False),
    ]
    ACTION_SCOPES = (actions.RESULTS,)
    AUTO_FOCUS = "CaseLines"

    status = getters.query_one("#status", StatusLine)
    rows = getters.query_one(CaseLines)

    def __init__(
        self, source: Source, task: int | None = None, filters: CaseFilters | None = None, name: str = ""
    ) -> None:
        """`task`: its number, or `None` to ask for it. `filters` are sent to the server. `name`: what it is called."""
        super().__init__()
        self._source, self.task_number, self._filters, self._name = source, task, filters, name
        self.cases = CaseList()
        self._last: int | None = None
        self._reading = False
        self._complete = False
        self._problem: Exception | None = None

    def compose(self) -> ComposeResult:
        return self._parts(StatusLine(id="status"), CaseLines(self.cases, id="rows"), 200)

    def on_mount(self) -> None:
        self.set_interval(ARRANGE_EVERY, self._arrange)
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
        """What is new, or the rest after a break: from the last page on."""
        if self.task_number is not None and not self._reading:
            self.run_worker(self._read(self.task_number), group="results", exclusive=True)

    async def _read(self, task: int) -> None:
        self._reading, self._problem = True, None
        self._show()
        try:
            async with await self._source.connect() as client:
                await self._pages(client, task)
            self._complete = True
        except (GonogoClientError, DeskError) as error:
            self._problem = error
        finally:
            if task == self.task_number:
                self._reading = False
        self.cases.arrange()
        self._show()

    async def _pages(self, client: ResultsClient, task: int) -> None:
        from gonogo.client.results_api import CaseFilters

        async for page in client.pages(task, self._filters or CaseFilters(), self._last):
            if task != self.task_number:
                return
            self.cases.add(page.payload)
            self._last = page.last_sequence_id if page.last_sequence_id is not None else self._last
            self._name = self._name or next((case.task_name for case in page.payload if case.task_name), "")
            self._show()

    def _arrange(self) -> None:
        if self.cases.arrange():
            self._show()

    # --- showing ---------------------------------------------------------------------------------------

    def _show(self) -> None:
        if not self.is_current:
            return
        width = self.rows.size.width or self.app.size.width
        self.status.show(self._top())
        self.listed.show(self._what())
        self.head.show(Content.styled(head(width, self.cases.look), "$quiet"))
        self.rows.update()
        empty = not self.cases.count
        self.set_class(empty, "-card")
        if empty:
            self.words.update(self._empty())
        self._show_keys()

    def _top(self) -> Content:
        parts = [("results", "bold $accent"), (f"   {one_line(self._source.name, 60)}", "$quiet")]
        if self.task_number is not None:
            parts.append((f"   task {self.task_number}", "$foreground"))
        if self._name:
            parts.append((f"  {one_line(self._name, 60)}", "bold $strong"))
        return Content.assemble(*parts)

    def _what(self) -> Content:
        """How much is read, what of it is shown, and what went wrong."""
        cases, parts = self.cases, []
        shown = f"{cases.count} that fit · {cases.total} read" if cases.look.filtering else f"{cases.total} cases"
        place = f"{self.rows.cursor + 1} of " if cases.count else ""
        parts.append(Content.styled(place + shown, "$foreground"))
        for name, given in (("state", cases.look.state), ("words", cases.look.text)):
            if given:
                parts.append(Content.assemble((f"{name} ", "$quiet"), (one_line(given, 40), "$accent")))
        if self._reading:
            parts.append(Content.styled("… reading on", "$accent"))
        elif self._problem is not None:
            said = one_line(str(self._problem), 200)
            parts.append(Content.assemble(("! broken off: ", "bold $warning"), (f"{said} r goes on.", "$warning")))
        return Content.styled(" · ", "$quiet").join(parts)

    def _empty(self) -> Content:
        """Why there is nothing in the list, and what to do."""
        if self.task_number is None:
            heading, said, step = "Which task?", "Type its number below, then Enter.", "Esc leaves."
            return _card("…", "accent", heading, said, step)
        if self._problem is not None and not self.cases.total:
            step = getattr(self._problem, "next_step", "")
            return _card("!", "warning", "The results could not be read", str(self._problem), f"{step} r tries again.")
        if self._reading:
            return _card("…", "accent", "Reading the cases", "The first page is on its way.", "")
        if self.cases.look.filtering:
            return _card(
                "", "quiet", "No case matches", "Nothing that was read fits what you look for.", "x shows all."
            )
        return _card("", "quiet", "No cases", "This task has none that fit, as the server tells.", "r asks again.")

    def _show_keys(self) -> None:
        if self._asking:
            enter, leave = ("Enter", "bold $accent"), ("Esc", "bold $accent")
            said = (enter, (" goes there   ", "$quiet"), leave, (f" leaves   {_ASKED[self._asking]}", "$quiet"))
            self.keys.show(Content.assemble(*said))
            return
        lines.show_keys(self.keys, actions.RESULTS)

    def on_row_list_moved(self) -> None:
        self.listed.show(self._what())

    def on_row_list_opened(self) -> None:
        self.action_open()

    # --- keys ------------------------------------------------------------------------------------------

    def action_back(self) -> None:
        if self.gonogo.opening is not None and len(self.app.screen_stack) <= 2:
            self.app.exit()
        else:
            self.dismiss()

    def action_open(self) -> None:
        row = self.cases.row(self.rows.cursor)
        if row is not None:
            self._open(row.case_id)

    def _open(self, case_id: int) -> None:
        from gonogo.tui.screens.results.case import CaseScreen

        assert self.task_number is not None
        self.app.push_screen(CaseScreen(self._source, self.task_number, case_id, self.step))

    def step(self, by: int) -> int | None:
        """The number of the next case of the list, which the cursor goes to; `None` at its end."""
        row = self.cases.row(self.rows.cursor + by)
        if row is not None:
            self.rows.move_to(self.rows.cursor + by)
        return row.case_id if row is not None else None

    def action_next_state(self) -> None:
        order = ["", *self.cases.states()]
        now = self.cases.look.state
        at = order.index(now) if now in order else 0
        self._look(replace(self.cases.look, state=order[(at + 1) % len(order)]))

    def action_next_sort(self) -> None:
        self._look(self.cases.look.next_sort())

    def action_reverse(self) -> None:
        self._look(replace(self.cases.look, reverse=not self.cases.look.reverse))

    def action_clear(self) -> None:
        self._look(CaseListFilter())

    def _look(self, look: CaseListFilter) -> None:
        self.cases.show(look)
        self.rows.cursor = 0
        self.rows.scroll_home(animate=False)
        self._show()

    # --- what is typed ---------------------------------------------------------------------------------

    def action_ask(self, what: str) -> None:
        self._ask(what, _ASKED[what], self.cases.look.text if what == "text" else "")

    def action_leave_line(self) -> None:
        super().action_leave_line()
        if self.task_number is None:
            self.action_back()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        what, text = self._asking, event.value.strip()
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
        if what != "text" and number is None:
            self.gonogo.say("That is no number.", warning=True)
            return
        if what == "task":
            self._other_task(number)
        self.action_leave_line()
        if what == "text":
            self._look(replace(self.cases.look, text=text))
        elif what == "case" and number is not None:
            self._go_to(number)

    def _go_to(self, case_id: int) -> None:
        """The cursor goes to a case that is shown; another one is asked for and opened by itself."""
        place = self.cases.index_of(case_id)
        if place is not None:
            self.rows.move_to(place)
        else:
            self._open(case_id)

    def _other_task(self, number: int | None) -> None:
        self.workers.cancel_group(self, "results")
        self.task_number, self._last, self._name = number, None, ""
        self._reading, self._complete, self._problem = False, False, None
        self.cases = self.rows.cases = CaseList()
        self.rows.cursor = 0
        self.rows.scroll_home(animate=False)
        self.action_refresh()


def _card(sign: str, color: str, heading: str, said: str, step: str) -> Content:
    more = [content(text, 600) for text in (said, step) if text]
    return Content("\n\n").join([empty_state.heading(sign, f"${color}", heading), *more])
