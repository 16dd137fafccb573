"""What needs an expert, worst expected harm first; Enter rules on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Stage
from gonogo.desk.review.models import ReviewFilters
from gonogo.tui import actions, workers
from gonogo.tui.presenters import annotate, empty_state
from gonogo.tui.screens.common.table import TableScreen
from gonogo.tui.text import content, one_line
from gonogo.tui.widgets import status as lines
from gonogo.tui.widgets.queue_list import QueueList, head
from gonogo.tui.widgets.status import StatusBar

if TYPE_CHECKING:
    from gonogo.desk.account.sign_in import SignedIn
    from gonogo.desk.review.session import ReviewSession

_ASKED = {
    "text": "text in question or value",
    "kind": "kind, such as dimension or gdt",
    "annotator": "e-mail or id of an annotator",
    "sheet": "part name or drawing id",
}
STATUSES = ("", "open", "resolved")
_LISTED = {"": "what needs an expert", "open": "open tasks", "resolved": "resolved tasks", "in_review": "in review"}


def filtered(filters: ReviewFilters, name: str, text: str) -> ReviewFilters:
    """`filters` with one of those that are typed set to `text`."""
    found = {"text": filters.text, "kind": filters.kind, "annotator": filters.annotator, "sheet": filters.sheet}
    return ReviewFilters(filters.status, sample=filters.sample, **{**found, name: text})


class ReviewScreen(TableScreen):
    """The queue of one campaign. The desk does the work; this lists its rows."""

    CSS_PATH = "review.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.bindings(actions.REVIEW),
        Binding("escape", "leave_line", show=False),
    ]
    ACTION_SCOPES = (actions.REVIEW,)
    AUTO_FOCUS = "QueueList"

    status = getters.query_one("#status", StatusBar)
    rows = getters.query_one(QueueList)

    def __init__(self, desk: ReviewSession, signed: SignedIn, campaign_id: str, task_id: str = "") -> None:
        """`task_id`: the task to open as soon as the queue tells of it."""
        super().__init__()
        self._wanted = task_id
        self.desk = desk
        self._signed = signed
        self._campaign_id = campaign_id
        self._state_since = 0.0
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        return self._parts(StatusBar(id="status"), QueueList(self.desk.queue, self.desk.ruled.get, id="rows"), 300)

    def on_mount(self) -> None:
        self._unsubscribe = self.desk.subscribe(self._desk_changed)
        workers.begin(self, self._start, group="desk")
        self.set_interval(1, self._tick)
        self.call_after_refresh(self._desk_changed)

    async def _start(self) -> None:
        try:
            await self.desk.start()
        except (OSError, DeskError) as error:
            self.words.update(annotate.broken(error))

    def on_unmount(self) -> None:
        self._unsubscribe()

    def on_screen_resume(self) -> None:
        self._desk_changed()

    def on_resize(self) -> None:
        self.call_after_refresh(self._desk_changed)

    # --- showing ---------------------------------------------------------------------------------------

    def _desk_changed(self) -> None:
        if self.app.screen is not self or not self.query("#status"):  # when it is left, its parts go first
            return
        self._open_wanted()
        self._state_since = self.gonogo.clock()
        self.status.tell(self.desk.state)
        self.listed.show(self._what())
        width = self.rows.size.width or self.app.size.width
        self.head.show(Content.styled(head(width), "$quiet"))
        self.rows.update()
        empty = not self.desk.queue.count
        self.set_class(empty, "-card")
        if empty:
            self.words.update(self._empty())
        self._show_keys()

    def _open_wanted(self) -> None:
        """To the one task that was asked for; when it is in no page, to the list, with a word about it."""
        at = self.desk.queue.find(self._wanted) if self._wanted else None
        if at is not None:
            self._wanted = ""
            self.rows.move_to(at)
            self.call_after_refresh(self.action_open)
        elif self._wanted and self.desk.queue.complete:
            self._wanted = ""
            self.gonogo.say("That task does not wait for an expert any more; this is the queue.", seconds=8)

    def _what(self) -> Content:
        """Which list this is, in words."""
        filters, queue = self.desk.queue.filters, self.desk.queue
        parts = [Content.styled(_LISTED.get(filters.status, one_line(filters.status, 20)), "bold $strong")]
        if filters.sample:
            parts.append(Content.styled("and a sample of settled tasks", "$foreground"))
        for name in ("text", "kind", "annotator", "sheet"):
            given = getattr(filters, name)
            if given:
                parts.append(Content.assemble((f"{name} ", "$quiet"), (one_line(given, 40), "$accent")))
        if queue.count is not None:
            place = f"{self.rows.cursor + 1} of {queue.count}" if queue.count else "none"
            parts.append(Content.styled(place, "$quiet"))
        if queue.hidden_own:
            parts.append(Content.styled(f"{queue.hidden_own} hidden: you voted on them", "$quiet"))
        if self.desk.plain:
            parts.append(Content.styled("plain server: no votes, newest 500 at most", "$warning"))
        return Content.styled(" · ", "$quiet").join(parts)

    def _empty(self, waited: float = 0.0) -> Content:
        """Why there is nothing in the list, and what to do."""
        state, queue = self.desk.state, self.desk.queue
        if state.stage in (Stage.OFFLINE, Stage.SIGNED_OUT, Stage.REFUSED):
            return annotate.card(state, waited)
        if queue.count is None:
            return empty_state.waiting("Fetching the review queue")
        if queue.filters.any:
            heading, said, step = "No task matches", "Nothing in this list fits what you look for.", "x shows all."
        else:
            heading, said = "Nothing needs an expert", "No task of this campaign is in conflict now."
            step = "m adds a random sample of settled tasks, t lists other statuses, y shows the quality."
        if queue.hidden_own:
            said += f" {queue.hidden_own} wait that you voted on yourself: another expert must rule on them."
        top = empty_state.heading("✓", "$correct", heading)
        return Content("\n\n").join([top, content(said, 400), Content.styled(step, "$foreground")])

    def _show_keys(self) -> None:
        if self._asking:
            said = (("Enter", " shows them   "), ("Esc", " leaves   "), ("", f"looking for: {_ASKED[self._asking]}"))
            self.keys.show(
                Content.assemble(
                    *[
                        (text, style)
                        for key, what in said
                        for text, style in ((key, "bold $accent"), (what, "$quiet"))
                        if text
                    ]
                )
            )
            return
        lines.show_keys(self.keys, actions.REVIEW)

    def _tick(self) -> None:
        state = self.desk.state
        if self.has_class("-card") and state.retry_in is not None and self.is_current:
            self.words.update(self._empty(self.gonogo.clock() - self._state_since))

    def on_row_list_moved(self) -> None:
        self.listed.show(self._what())

    async def on_row_list_opened(self) -> None:
        self.action_open()

    # --- keys ------------------------------------------------------------------------------------------

    def action_open(self) -> None:
        from gonogo.tui.screens.work.adjudicate import AdjudicateScreen

        if self.desk.queue.row(self.rows.cursor) is None:
            return
        self.desk.open(self.rows.cursor)
        self.app.push_screen(AdjudicateScreen(self.desk, clock=self.gonogo.clock, profile=self.gonogo.services.profile))

    def action_contact(self) -> None:
        from gonogo.tui.screens.work.contact_sheet import ContactSheetScreen

        if self.desk.queue.count:
            self.app.push_screen(
                ContactSheetScreen(self.desk, self.rows.cursor, self.gonogo.clock, self.gonogo.services.profile)
            )

    def action_quality(self) -> None:
        from gonogo.tui.screens.lead.quality import QualityScreen

        self.app.push_screen(QualityScreen(self._signed, self._campaign_id, self.desk.state.campaign_name))

    def action_candidates(self) -> None:
        if self.desk.plain:
            self.gonogo.say("This server takes no gold candidates.")
        else:
            self.gonogo.show_candidates(self._signed, self._campaign_id, self.desk.state.campaign_name)

    def action_annotators(self) -> None:
        if self.desk.plain:
            self.gonogo.say("This server does not tell who voted.")
        else:
            self.gonogo.show_annotators(self._signed, self._campaign_id, self.desk.state.campaign_name)

    def action_lead(self) -> None:
        self.gonogo.action_lead()

    def action_undo(self) -> None:
        try:
            undone = self.desk.undo(show=False)
        except DeskError as error:
            self.gonogo.say(f"{error} {error.next_step}", error=True, seconds=15)
            return
        said = (
            "The last ruling was taken back." if undone else "Nothing to take back: the last ruling has left the desk."
        )
        self.gonogo.say(said)

    def action_retry(self) -> None:
        if self.desk.state.stage is Stage.SIGNED_OUT:
            self.gonogo.show_sign_in("Sign in to go on; your rulings are kept.")
        else:
            self.desk.retry_now()

    def action_next_status(self) -> None:
        status = self.desk.queue.filters.status
        at = STATUSES.index(status) if status in STATUSES else 0
        self._look_for(replace(self.desk.queue.filters, status=STATUSES[(at + 1) % len(STATUSES)], sample=False))

    def action_sample(self) -> None:
        if self.desk.plain:
            self.gonogo.say("This server draws no sample; t lists its resolved tasks.")
            return
        filters = self.desk.queue.filters
        self._look_for(replace(filters, sample=not filters.sample, status=""))

    def action_clear(self) -> None:
        self._look_for(ReviewFilters())

    def _look_for(self, filters: ReviewFilters) -> None:
        self.rows.cursor = 0
        self.desk.look_for(filters)
        self.rows.scroll_home(animate=False)

    # --- filters that are typed ------------------------------------------------------------------------

    def action_filter(self, name: str) -> None:
        if name == "annotator" and self.desk.plain:
            self.gonogo.say("This server does not tell who voted.")
            return
        self._ask(name, _ASKED[name], getattr(self.desk.queue.filters, name))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        name, text = self._asking, event.value.strip()
        self.action_leave_line()
        if name:
            self._look_for(filtered(self.desk.queue.filters, name, text))


def no_case(desk: ReviewSession) -> Content:
    """Why there is no case to see: what it means for the work, and what to do."""
    state = desk.state
    if state.stage not in (Stage.DRAINED, Stage.LOADING, Stage.TASK):
        return annotate.card(state)
    if state.stage is not Stage.DRAINED:
        return empty_state.waiting("Fetching the case")
    done = sum(not one.refused for one in desk.ruled.values())
    said = [f"{done} rulings made here." if done != 1 else "1 ruling made here."] if done else []
    if state.parked:
        said.append(f"{state.parked} refused: they are marked ! in the list.")
    if desk.queue.hidden_own:
        said.append(f"{desk.queue.hidden_own} more wait, but you voted on them: another expert must rule.")
    heading = empty_state.heading("✓", "$correct", "No conflict is left in this list")
    message = [content(one_line(" ".join(said), 400))] if said else []
    return Content("\n\n").join([heading, *message, Content.styled("Esc goes back to the list.", "$foreground")])
