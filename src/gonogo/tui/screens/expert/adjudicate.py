"""Adjudicate screen: one conflict with all its evidence, ruled on by one key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import Key, Paste, Resize
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Static

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Stage
from gonogo.desk.review.example import last_ruled
from gonogo.desk.review.models import Case, Draft, Ruled, Ruling
from gonogo.schemas.review import ERROR_TYPES
from gonogo.schemas.verdicts import VERDICTS
from gonogo.tui import actions
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.layout.arrangement import EVIDENCE_PANEL
from gonogo.tui.presenters.common.format import editable_text, reading
from gonogo.tui.presenters.expert.review_queue import no_case_card
from gonogo.tui.presenters.expert.ruling_keys import card_actions, ruling_actions
from gonogo.tui.presenters.expert.rulings import cannot_undo_ruling_message, error_type_text, evidence, other_readings
from gonogo.tui.presenters.work import annotate, correction
from gonogo.tui.screens.common.choice import ChoiceScreen
from gonogo.tui.screens.work.full_question import FullQuestionScreen
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.scroll_lines import ScrollLines
from gonogo.tui.widgets.status_bar import StatusBar
from gonogo.tui.widgets.task.correction_input import CorrectionInput
from gonogo.tui.widgets.task.task_pane import TaskPane

if TYPE_CHECKING:
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.review.session import ReviewSession

QUIET_SECONDS = 0.25
_NO_DRAFT = Draft()
VERDICT_OF_RULING = {traits.ruling.action: traits.verdict.value for traits in VERDICTS.values()}


class AdjudicateScreen(Screen[int | None]):
    """Adjudicate screen: shows the session's case, passes rulings to it, returns the row that it left."""

    CSS_PATH = ["../work/annotate.tcss", "adjudicate.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [*actions.ADJUDICATE.bindings()]
    ACTION_SCOPES = (actions.ADJUDICATE,)
    AUTO_FOCUS = ""

    gonogo = AppGetter()
    pane = getters.query_one(TaskPane)
    status = getters.query_one("#status", StatusBar)
    evidence = getters.query_one("#evidence", ScrollLines)
    words = getters.query_one("#words", Static)
    keys = getters.query_one("#keys", KeyFooter)

    def __init__(self, session: ReviewSession, *, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__(classes="-card")
        self.session = session
        self._clock = clock
        self._profile = profile
        self._case: Case | None = None
        self._field = ""
        """Field open in the editor: "value", "note", or empty."""
        self._not_saved = ""
        self._deferred_update: Timer | None = None
        self._evidence_cache: list[tuple[Case, Ruled | None, Draft, int, int, list[Content]]] = []
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield TaskPane(
            self.session.pictures,
            ScrollLines(id="evidence"),
            on_key=self._key_pressed,
            clock=self._clock,
            settings=self._profile,
            panel_size=EVIDENCE_PANEL,
        )
        with Container(id="card"):
            yield Static(id="words", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.words.update(no_case_card(self.session))

    def on_unmount(self) -> None:
        self._unsubscribe()

    # --- showing ---------------------------------------------------------------------------------------

    def _update(self) -> None:
        """Shows the session's state. Everything that changed is painted in the same frame."""
        case = self.session.current
        if case is not None and case is self._case and not self.pane.guard.armed:
            self._deferred_update = self._deferred_update or self.set_timer(QUIET_SECONDS, self._update_quietly)
            return
        self.status.show_state(self.session.state, self._not_saved)
        if case is None:
            self._show_card()
        elif not self.pane.shows(case.task):
            self._show_case(case)
        elif case is not self._case:
            self._case = case
            self._show_evidence()

    def _update_quietly(self) -> None:
        """Shows counts and states that changed while the case was just being shown."""
        self._deferred_update = None
        self.status.show_state(self.session.state, self._not_saved)

    def _show_card(self) -> None:
        self._case = None
        self._close_editor()
        self.pane.clear()
        self.set_class(True, "-card")
        self._show_keys()
        self.words.update(no_case_card(self.session))

    def _show_case(self, case: Case) -> None:
        self._case = case
        self._close_editor()
        self.set_class(False, "-card")
        self.pane.show_task(case.task)
        self.evidence.to_top()
        self._show_evidence()
        self._show_keys()

    def _show_evidence(self) -> None:
        if self._case is not None:
            self.evidence.show(partial(self._evidence, self._case))

    def _evidence(self, case: Case, width: int) -> list[Content]:
        """Evidence lines of `case`, cached: those of the next case are built ahead."""
        ruled, draft = self.session.ruled.get(case.task.id), self._draft_of(case)
        width, height = max(width, 20), self.evidence.size.height or self.size.height
        for cached_case, *key, rows in self._evidence_cache:
            if cached_case is case and key == [ruled, draft, width, height]:
                return rows
        lines = evidence(case, ruled, draft, width, height)
        self._evidence_cache = [*self._evidence_cache[-2:], (case, ruled, draft, width, height, lines)]
        return lines

    @property
    def _draft(self) -> Draft:
        return self._draft_of(self._case)

    def _draft_of(self, case: Case | None) -> Draft:
        return self.gonogo.ruling_drafts.get(case.task.id, _NO_DRAFT) if case is not None else _NO_DRAFT

    @on(CorrectionInput.Choosing)
    def _show_keys(self) -> None:
        groups = len(self._case.detail.groups) if self._case and self._case.detail else 0
        if self.pane.editing:
            self.keys.show_editing(self.pane.editor)
            return
        chosen = ruling_actions(self.session, groups) if self._case is not None else card_actions(self.session)
        self.keys.show_actions(chosen, dimmed=self.pane.gate.dimmed)

    # --- events ----------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.set_class(height < 14 or (width < 64 and height < 20), "-no-drawing")
        self.pane.screen_resized(event)

    @on(TaskPane.Resized)
    def _pane_resized(self, event: TaskPane.Resized) -> None:
        if event.first:
            self._unsubscribe = self.session.subscribe(self._update)
        if event.redraw:
            self.pane.current = None
        if event.first or event.redraw:
            self._update()
        self._show_keys()
        self._show_evidence()

    @on(TaskPane.PrepareNext)
    def _prepare_next(self) -> None:
        case = self.session.upcoming()
        if case is not None:
            self.pane.prebuild(case.task)
            self._evidence(case, self.evidence.size.width)

    def on_key(self, event: Key) -> None:
        if not self.pane.editing:  # the editor reports its keys itself, in their order
            self._key_pressed(event)

    def on_paste(self, event: Paste) -> None:
        """Drops pasted text, which is never a ruling."""
        event.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.pane.allows(action, parameters)

    def _key_pressed(self, event: Key | Paste) -> None:
        if self.pane.gate.pressed(event) and self._undo() and not self.pane.guard.held:
            self.gonogo.show_notice("Keys came faster than a person types: the ruling was taken back.", warning=True)

    async def action_pane(self, action: str) -> None:
        await self.pane.run_action(action)

    # --- rulings ---------------------------------------------------------------------------------------

    def action_rule(self, name: str) -> None:
        self._rule(Ruling(VERDICT_OF_RULING[name]))

    def action_take(self, number: int) -> None:
        detail = self._case.detail if self._case is not None else None
        groups = detail.groups if detail is not None else []
        if number > len(groups):
            self.gonogo.show_notice(f"No voter gave a value {number}; d types one.")
            return
        chosen = groups[number - 1].value
        self._rule(Ruling("incorrect", chosen if isinstance(chosen, dict) else {"text": reading(chosen)}))

    def _rule(self, ruling: Ruling) -> None:
        case = self._case
        if case is None or not self.pane.gate.accepts():
            return
        draft = self._draft
        ruling = replace(
            ruling, note=draft.note, gold=draft.gold, error_type=draft.error_type, override=case.settled_before
        )
        try:
            self._not_saved = ""
            self.session.rule(ruling)
        except (OSError, DeskError) as error:
            self._not_saved = str(error)
            self.gonogo.show_notice(annotate.not_saved_message(error, "ruling"), error=True, seconds=15)
            self.status.show_state(self.session.state, self._not_saved)
        else:
            self.pane.guard.answered()

    def action_undo(self) -> None:
        if not self._undo():
            self.gonogo.show_notice(cannot_undo_ruling_message(self.session.ruled.values()))

    def _undo(self) -> bool:
        try:
            undone = self.session.undo()
        except DeskError as error:
            self.gonogo.show_error(error)
            return False
        return undone is not None

    def action_later(self) -> None:
        self.session.skip()

    def action_apply(self) -> None:
        from gonogo.tui.screens.expert.apply_example import open_cluster_sheet  # its sheet opens this screen, too

        open_cluster_sheet(self, self.session, last_ruled(self.session.ruled), self._go_on_from_sheet)

    def _go_on_from_sheet(self) -> None:
        row = self.session.queue.row(self.session.at)
        if row is None or not self.session.waits(row):
            self.session.skip()
        self._show_keys()

    def action_names(self) -> None:
        if self.session.plain:
            self.gonogo.show_notice("This server doesn't say who voted.")
        else:
            self.session.show_names(not self.session.names)

    def action_gold(self) -> None:
        if self.session.plain:
            self.gonogo.show_notice("This server takes no gold candidates.")
            return
        self._set_draft(replace(self._draft, gold=not self._draft.gold))

    def action_error(self) -> None:
        """Chooses what is wrong with the prediction, for the ruling to come."""
        case = self._case
        if case is None:
            return
        if self.session.plain:
            self.gonogo.show_notice("This server keeps no error types.")
            return
        error_types = (case.detail.error_types if case.detail else None) or ERROR_TYPES
        entries = [("", "none"), *((name, error_type_text(name)) for name in error_types)]

        def take(name: str | None) -> None:
            if name is not None and case is self._case:
                self._set_draft(replace(self._draft, error_type=name))

        self.app.push_screen(ChoiceScreen("What is wrong with it?", entries, self._draft.error_type), take)

    def _set_draft(self, draft: Draft) -> None:
        if self._case is not None:
            self.gonogo.ruling_drafts[self._case.task.id] = draft
            self._show_evidence()

    def action_scroll_votes(self, direction: int) -> None:
        self.evidence.page(direction)

    def action_list(self) -> None:
        index = self.session.at
        self.session.open(None)
        self._unsubscribe()  # on leaving, its widgets are removed before the screen
        self.dismiss(index)

    def action_retry(self) -> None:
        if self.session.state.stage is Stage.SIGNED_OUT:
            self.gonogo.navigator.show_sign_in("Sign in to go on with your rulings; those made are kept.")
            return
        self.session.retry_now()
        self.pane.retry_picture()

    # --- typing ----------------------------------------------------------------------------------------

    def action_type(self) -> None:
        if self._case is not None and self.pane.gate.accepts():
            task = self._case.task
            self._edit("value", self.gonogo.drafts.get(task.id, editable_text(task.predicted_value)))

    def action_about(self) -> None:
        if self._case is not None:
            row, drawn = self._case.row, self.pane.mode.description
            others = other_readings(self._case.detail)
            self.app.push_screen(
                FullQuestionScreen(row.task, None, drawn, record=row.record, part=row.part, others=others)
            )

    def action_note(self) -> None:
        if self._case is None:
            return
        if self.session.plain:
            self.gonogo.show_notice("This server keeps no notes.")
            return
        self._edit("note", self._draft.note)

    def _edit(self, field: str, text: str) -> None:
        self._field = field
        self.pane.open_editor(text, readings=field == "value")
        self._show_hint(text)
        self._show_keys()

    def _close_editor(self) -> None:
        self.pane.close_editor()
        self._field = ""

    def _show_hint(self, text: str) -> None:
        if self._field == "note":
            self.pane.editor.hint.show(Content.styled("Why? Enter keeps it with the ruling to come.", "$quiet"))
        elif self._case is not None:
            self.pane.editor.hint.show(correction.correction_preview(text, self._case.task.predicted_value))

    @on(Input.Changed)
    def _text_changed(self, event: Input.Changed) -> None:
        if self.pane.editing:
            if self._field == "value" and self._case is not None:
                self.gonogo.drafts[self._case.task.id] = event.value  # a switch may remove the screen
            self._show_hint(event.value)

    def action_repair(self, name: str) -> None:
        """Applies a usual correction to the typed value; does nothing to a note."""
        if self._case is None or self._field != "value":
            return
        if problem := self.pane.editor.repair(name, self._case.task.predicted_value):
            self.pane.editor.hint.show(Content.styled(problem, "$quiet"))

    def action_incorrect(self) -> None:
        """Rules "incorrect" without a value, from inside the editor."""
        if self._field == "value":
            self._rule(Ruling("incorrect"))

    def action_leave(self) -> None:
        if self._case is not None and self._field == "value":
            self.gonogo.drafts[self._case.task.id] = self.pane.editor.text
        self._close_editor()
        self._show_keys()

    def action_send(self) -> None:
        case, text = self._case, self.pane.editor.text.strip()
        if case is None or not self.pane.editing:
            return
        if self._field == "note":
            self._set_draft(replace(self._draft, note=text))
            self.action_leave()
            return
        text = self.pane.checked_correction() or ""
        if not text:
            return
        self.gonogo.drafts[case.task.id] = text
        self._rule(Ruling("incorrect", correction.correction_value(text)))
