"""Review queue screen: tasks of a campaign that need an expert, worst expected harm first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Stage
from gonogo.desk.review.models import ReviewFilters
from gonogo.schemas.counted_nouns import counted
from gonogo.tui import actions, workers
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.common.format import paragraphs
from gonogo.tui.presenters.expert.review_clusters import cluster_heads, grouped_summary, grouping_message, next_grouping
from gonogo.tui.presenters.expert.review_queue import queue_columns
from gonogo.tui.presenters.expert.rulings import cannot_undo_ruling_message
from gonogo.tui.presenters.work import annotate
from gonogo.tui.screens.common.table_screen import TableScreen
from gonogo.tui.screens.lead.quality import QualityScreen
from gonogo.tui.text import content, one_line
from gonogo.tui.widgets.drawing.case_preview import CasePreview
from gonogo.tui.widgets.status_bar import StatusBar
from gonogo.tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from gonogo.desk.account.identity import SignedIn
    from gonogo.desk.review.clusters import Cluster
    from gonogo.desk.review.session import ReviewSession

_OF_OUR_SERVER = frozenset(f"review.{name}" for name in ("who", "sample", "candidates", "annotators", "noted"))
"""Actions that a plain ARCNM server has nothing for."""
STATUSES = ("", "open", "resolved")
_LIST_NAMES = {"": "to review", "in_review": "in review"}


class ReviewScreen(TableScreen):
    """Table of the review queue. The session fetches rows and sends rulings; `task_id` is opened once it is listed."""

    CSS_PATH = "review.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.REVIEW.bindings()]
    ACTION_SCOPES = (actions.REVIEW,)
    SCOPE = actions.REVIEW
    PROMPTS: ClassVar[dict[str, str]] = {
        "text": "text in question or value",
        "kind": "kind, such as dimension or gdt",
        "annotator": "e-mail or id of an annotator",
        "sheet": "part name or drawing id",
    }
    PROMPT_LABEL = "looking for: "
    ENTER = "shows them"

    status = getters.query_one("#status", StatusBar)
    preview = getters.query_one("#preview", CasePreview)

    def __init__(self, session: ReviewSession, signed: SignedIn, campaign_id: str, task_id: str = "") -> None:
        super().__init__()
        self._task_to_open = task_id
        self.session = session
        self._signed = signed
        self._campaign_id = campaign_id
        self._state_since = 0.0
        self._plain_columns = False
        self._clusters: tuple[Cluster, ...] = ()
        self._at_cursor = ""
        """Task under the cursor, which follows it when the list is put into another order."""
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        queue = self.session.queue
        table = VirtualTable(queue, queue_columns(self.session.ruled.get), fetch=queue.want, id="rows")
        preview = CasePreview(self.session.pictures, self.gonogo.services.profile.picture_mode, id="preview")
        return self.compose_table(StatusBar(id="status"), table, 300, preview)

    def on_mount(self) -> None:
        self._unsubscribe = self.session.subscribe(self._on_session_changed)
        workers.start_exclusive(self, self._start, group="session")
        self.set_interval(1, self._tick)
        self.call_after_refresh(self._on_session_changed)

    async def _start(self) -> None:
        try:
            await self.session.start()
        except (OSError, DeskError) as error:
            self.card.update(annotate.startup_error_card(error))

    def on_unmount(self) -> None:
        self._unsubscribe()

    def on_screen_resume(self) -> None:
        self._on_session_changed()

    def on_resize(self) -> None:
        self.call_after_refresh(self._on_session_changed)

    # --- showing ---------------------------------------------------------------------------------------

    def _on_session_changed(self) -> None:
        if not self.can_show:
            return
        self._open_requested_task()
        self._state_since = self.gonogo.clock()
        self.status.show_state(self.session.state)
        self._choose_columns()
        self._show_groups()
        self.show_table(self._summary(), None if self.session.queue.count else self._empty())
        self._show_preview()

    def _show_groups(self) -> None:
        """Shows the heads of the groups; in a new order the cursor stays on its row, or at the top of the list."""
        queue = self.session.queue
        self.table.show_heads(cluster_heads(self.session))
        rearranged, self._clusters = queue.clusters is not self._clusters, queue.clusters
        index = queue.find(self._at_cursor)
        if rearranged and self.table.cursor and index is not None:
            self.table.move_to(index)

    def show_keys(self) -> None:
        if self.prompt or not self.session.plain:
            super().show_keys()
            return
        chosen = actions.in_scope(self.SCOPE, actions.EVERYWHERE)
        self.keys.show_actions(action for action in chosen if action.id not in _OF_OUR_SERVER)

    def _choose_columns(self) -> None:
        """Shows the columns that this server has data for, once it is known which server it is."""
        if self._plain_columns is not self.session.plain:
            self._plain_columns = self.session.plain
            self.table.columns = queue_columns(self.session.ruled.get, plain=self.session.plain)

    def _open_requested_task(self) -> None:
        """Opens the task that the screen was opened for; shows a notice if the whole queue lacks it."""
        queue, task_id = self.session.queue, self._task_to_open
        index = queue.find(task_id) if task_id else None
        if index is not None:
            self._task_to_open = ""
            self.table.move_to(index)
            self.call_after_refresh(self.action_open)
        elif task_id and queue.complete:
            self._task_to_open = ""
            self.gonogo.show_notice("That task is settled; this is the queue.", seconds=8)

    def _show_preview(self) -> None:
        """Shows the row under the cursor beside the table; its votes follow when they are fetched."""
        row = self.session.queue.row(self.table.cursor)
        self._at_cursor = row.task.id if row is not None else ""
        if row is not None and self.preview.display:
            self.session.look_at(self.table.cursor)
            self.preview.show(row, self.session.case_of(row), self.session.ruled.get(row.task.id))

    def _summary(self) -> Content:
        """Summary line: name of the list, its filters, position of the cursor."""
        filters, queue = self.session.queue.filters, self.session.queue
        parts = [
            Content.styled(_LIST_NAMES.get(filters.status, f"{one_line(filters.status, 20)} tasks"), "bold $strong")
        ]
        if filters.sample:
            parts.append(Content.styled("and a sample of settled tasks", "$foreground"))
        typed = ((name, getattr(filters, name)) for name in self.PROMPTS)
        parts += [
            Content.assemble((f"{name} ", "$quiet"), (one_line(text, 40), "$accent")) for name, text in typed if text
        ]
        if filters.noted:
            parts.append(Content.styled("with a note", "$accent"))
        if queue.count is not None:
            position = f"{self.table.cursor + 1} of {queue.count}" if queue.count else "none"
            parts.append(Content.styled(position, "$quiet"))
        parts += [Content.styled(text, color) for text, color in grouped_summary(queue, self.table.cursor)]
        if queue.hidden_own:
            parts.append(Content.styled(f"{queue.hidden_own} hidden: you voted on them", "$quiet"))
        if self.session.plain:
            parts.append(Content.styled("this server lists no votes", "$warning"))
        if queue.unseen:
            parts.append(Content.styled(f"{counted(queue.unseen, 'task')} not listed by the server", "$warning"))
        return Content.styled(" · ", "$quiet").join(parts)

    def _empty(self, waited: float = 0.0) -> Content:
        """Card in place of an empty list: the reason and the next step."""
        state, queue = self.session.state, self.session.queue
        if state.stage in (Stage.OFFLINE, Stage.SIGNED_OUT, Stage.REFUSED):
            return annotate.state_card(state, waited)
        if queue.count is None:
            return empty_state.waiting("Fetching the review queue")
        if queue.filters.any:
            heading, reason, step = "No task matches", "Nothing in this list fits what you look for.", "x shows all."
        elif self.session.plain:
            heading, reason = "No unresolved task has all its votes", "This server doesn't say which votes differ."
            if queue.unseen:
                reason += f" It has {counted(queue.unseen, 'more task')} that it doesn't list; they may need a ruling."
            step = "t lists tasks by status."
        else:
            heading, reason = "Nothing to review", "No task of this campaign is in conflict now."
            step = "m adds a random sample of settled tasks, t lists other statuses, y shows the quality."
        if queue.hidden_own:
            reason += f" {queue.hidden_own} wait that you voted on yourself: another expert must rule on them."
        title = empty_state.heading("✓", "$correct", heading)
        return paragraphs(title, content(reason, 400), Content.styled(step, "$foreground"))

    def _tick(self) -> None:
        state = self.session.state
        if self.has_class("-card") and state.retry_in is not None and self.is_current:
            self.card.update(self._empty(self.gonogo.clock() - self._state_since))

    @on(VirtualTable.Moved)
    def _show_position(self) -> None:
        self.summary.show(self._summary())
        self._show_preview()

    @on(VirtualTable.Opened)
    def _open_clicked(self) -> None:
        self.action_open()

    # --- keys ------------------------------------------------------------------------------------------

    def action_open(self) -> None:
        from gonogo.tui.screens.expert.adjudicate import AdjudicateScreen  # loads pydantic, after the queue is shown

        if self.session.queue.row(self.table.cursor) is None:
            return
        self.session.open(self.table.cursor)
        self.app.push_screen(
            AdjudicateScreen(self.session, clock=self.gonogo.clock, profile=self.gonogo.services.profile),
            self._go_on_from,
        )

    def _go_on_from(self, index: int | None) -> None:
        """Moves the cursor to row `index`, the case that was left; `None`: to the next one that waits."""
        self.table.move_to(self.session.next_waiting(self.table.cursor) if index is None else index)

    def action_contact(self) -> None:
        from gonogo.tui.screens.expert.contact_sheet import ContactSheetScreen  # loads `adjudicate`

        if self.session.queue.count:
            self.app.push_screen(
                ContactSheetScreen(self.session, self.table.cursor, self.gonogo.clock, self.gonogo.services.profile),
                self._go_on_from,
            )

    def action_group(self) -> None:
        """Groups the list by cause, by equal value, or not at all."""
        grouping = next_grouping(self.session.queue.grouping, plain=self.session.plain)
        self.session.group_by(grouping)
        self.table.to_top()
        if message := grouping_message(grouping, plain=self.session.plain):
            self.gonogo.show_notice(message)

    def action_apply(self) -> None:
        from gonogo.tui.screens.expert.apply_example import open_cluster_sheet  # loads `adjudicate`

        row = self.session.queue.row(self.table.cursor)
        if row is not None:
            open_cluster_sheet(self, self.session, row.task.id, lambda: self._go_on_from(None))

    def action_quality(self) -> None:
        self.app.push_screen(QualityScreen(self._signed, self._campaign_id, self.session.state.campaign_name))

    def action_candidates(self) -> None:
        if self.session.plain:
            self.gonogo.show_notice("This server takes no gold candidates.")
        else:
            self.gonogo.navigator.show_candidates(self._signed, self._campaign_id, self.session.state.campaign_name)

    def action_annotators(self) -> None:
        if self.session.plain:
            self.gonogo.show_notice("This server doesn't say who voted.")
        else:
            self.gonogo.navigator.show_annotators(self._signed, self._campaign_id, self.session.state.campaign_name)

    def action_lead(self) -> None:
        self.gonogo.navigator.show_campaigns()

    def action_undo(self) -> None:
        try:
            undone = self.session.undo(show=False)
        except DeskError as error:
            self.gonogo.show_error(error)
            return
        if undone is not None:
            self.table.move_to(self.session.queue.find(undone[0].id) or 0)
        refusal = cannot_undo_ruling_message(self.session.ruled.values())
        self.gonogo.show_notice("The last ruling was taken back." if undone else refusal)

    def action_retry(self) -> None:
        if self.session.state.stage is Stage.SIGNED_OUT:
            self.gonogo.navigator.show_sign_in("Sign in to go on; your rulings are kept.")
        else:
            self.session.retry_now()

    def action_next_status(self) -> None:
        filters, of_server = self.session.queue.filters, self.session.queue.statuses
        statuses = ("", *of_server) if of_server else STATUSES
        index = statuses.index(filters.status) if filters.status in statuses else 0
        self._filter(replace(filters, status=statuses[(index + 1) % len(statuses)], sample=False))

    def action_sample(self) -> None:
        if self.session.plain:
            self.gonogo.show_notice("This server draws no sample; t lists its resolved tasks.")
            return
        filters = self.session.queue.filters
        self._filter(replace(filters, sample=not filters.sample, status=""))

    def action_noted(self) -> None:
        """Keeps only tasks with a note of an annotator, or all again."""
        if self.session.plain:
            self.gonogo.show_notice("This server keeps no notes.")
            return
        filters = self.session.queue.filters
        self._filter(replace(filters, noted=not filters.noted))

    def action_clear(self) -> None:
        self._filter(ReviewFilters())

    def _filter(self, filters: ReviewFilters) -> None:
        self.session.look_for(filters)
        self.table.to_top()

    # --- filters that are typed ------------------------------------------------------------------------

    def action_filter(self, name: str) -> None:
        if name == "annotator" and self.session.plain:
            self.gonogo.show_notice("This server doesn't say who voted.")
            return
        self.open_line(name, getattr(self.session.queue.filters, name))

    @on(Input.Submitted)
    def _filter_by_text(self, event: Input.Submitted) -> None:
        name = self.prompt
        self.action_leave_line()
        if name:
            self._filter(with_filter(self.session.queue.filters, name, event.value.strip()))


def with_filter(filters: ReviewFilters, name: str, text: str) -> ReviewFilters:
    """Filters with the typed one called `name` set to `text`."""
    typed = {"text": filters.text, "kind": filters.kind, "annotator": filters.annotator, "sheet": filters.sheet}
    return ReviewFilters(filters.status, noted=filters.noted, sample=filters.sample, **{**typed, name: text})
