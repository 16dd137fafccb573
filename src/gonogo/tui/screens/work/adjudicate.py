"""One conflict with all there is to know about it; one key rules, and the next one is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import DeskTask, Stage
from gonogo.desk.review.models import Case, Ruled, Ruling
from gonogo.schemas.review import ERROR_TYPES
from gonogo.schemas.verdicts import VERDICTS
from gonogo.tui import actions
from gonogo.tui.presenters import correction
from gonogo.tui.presenters.format import value_text
from gonogo.tui.presenters.queue import no_case
from gonogo.tui.presenters.rulings import Draft, evidence
from gonogo.tui.screens.work.question import QuestionScreen
from gonogo.tui.widgets import status
from gonogo.tui.widgets.correction_input import CorrectionInput
from gonogo.tui.widgets.scroll_lines import ScrollLines
from gonogo.tui.widgets.sheet_view import SheetView
from gonogo.tui.widgets.status import StatusBar, StatusLine
from gonogo.tui.widgets.value_view import ValueView

if TYPE_CHECKING:
    from gonogo.desk.annotate.session import AnnotateSession
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.review.session import ReviewSession

QUIET_SECONDS = 0.25
_NO_DRAFT = Draft()
VERDICT_OF_RULING = {traits.ruling.action: traits.verdict.value for traits in VERDICTS.values()}


class AdjudicateScreen(QuestionScreen):
    """Shows the desk's current case and hands rulings to it. Keeps nothing but what is being typed."""

    CSS_PATH = "adjudicate.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.ADJUDICATE.bindings()]
    ACTION_SCOPES = (actions.ADJUDICATE,)

    evidence = getters.query_one("#evidence", ScrollLines)

    def __init__(self, desk: ReviewSession, *, clock: Callable[[], float], profile: Settings) -> None:
        # the drawing's half asks only for pictures, which both desks have
        super().__init__(cast("AnnotateSession", desk), clock=clock, profile=profile)
        self.review = desk
        self._case: Case | None = None
        self._drafts: dict[str, Draft] = {}
        self._typed: dict[str, str] = {}
        self._field = ""
        self._later: Timer | None = None
        self._made: list[tuple[Case, Ruled | None, Draft, int, list[Content]]] = []
        self._keys_for: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        with Horizontal(id="work"):
            yield SheetView(id="sheet")
            with Vertical(id="panel"):
                yield StatusLine(id="prompt")
                yield ValueView(id="value")
                with Vertical(id="edit"):
                    yield CorrectionInput(id="fix")
                    yield StatusLine(id="hint")
                yield ScrollLines(id="evidence")
        with Container(id="card"):
            yield Static(id="words", markup=False)
        yield StatusLine(id="keys")

    def on_mount(self) -> None:
        self._use_mode(self._profile.picture_mode)
        self.line.noted = self._noted
        self.words.update(no_case(self.review))

    # --- showing ---------------------------------------------------------------------------------------

    def _desk_changed(self) -> None:
        case = self.review.current
        if case is not None and case is self._case and not self.guard.armed:
            self._later = self._later or self.set_timer(QUIET_SECONDS, self._quiet_change)
            return
        self.status.tell(self.review.state, self._not_saved)
        if case is None:
            self._show_card()
        elif self._other(case.task):
            self._show_case(case)
        elif case is not self._case:
            self._case = case
            self._show_evidence()

    def _quiet_change(self) -> None:
        """What changed behind a case that was just shown: counts and states, painted once."""
        self._later = None
        self.status.tell(self.review.state, self._not_saved)

    def _show_card(self) -> None:
        self._case = None
        self._ask_nothing()
        self.words.update(no_case(self.review))

    def _show_case(self, case: Case) -> None:
        self._case = case
        self._ask(case.task)
        self.evidence.to_top()
        self._show_evidence()
        self._show_keys()
        self._show_picture(case.task)

    def _show_evidence(self) -> None:
        if self._case is not None:
            self.evidence.show(self._evidence(self._case))

    def _evidence(self, case: Case) -> list[Content]:
        """All lines about `case`; those of the next one are made while this one is looked at."""
        ruled, draft = self.review.ruled.get(case.task.id), self._draft_of(case)
        width = max(self.evidence.size.width, 20)
        for made, *how, lines_ in self._made:
            if made is case and how == [ruled, draft, width]:
                return lines_
        found = evidence(case, ruled, draft, width)
        self._made = [*self._made[-2:], (case, ruled, draft, width, found)]
        return found

    def _prebuild(self, task: DeskTask) -> None:
        super()._prebuild(task)
        following = self.review.upcoming()
        if following is not None:
            self._evidence(following)

    @property
    def _draft(self) -> Draft:
        return self._draft_of(self._case)

    def _draft_of(self, case: Case | None) -> Draft:
        return self._drafts.get(case.task.id, _NO_DRAFT) if case is not None else _NO_DRAFT

    def _following(self) -> DeskTask | None:
        following = self.review.upcoming()
        return following.task if following is not None else None

    def _show_keys(self) -> None:
        width = self.keys.size.width or self.app.size.width
        groups = len(self._case.detail.groups) if self._case and self._case.detail else 0
        now = (width, self.editing, self.line.choosing, self._case is None, groups)
        if now == self._keys_for:
            return
        self._keys_for = now
        if self.editing and self.line.choosing:
            self.keys.show(status.symbol_line(width))
            return
        chosen = actions.in_scope(actions.EDIT if self.editing else actions.ADJUDICATE, actions.EVERYWHERE)
        if self._case is None:
            few = ("adjudicate.undo", "adjudicate.retry", "adjudicate.list", "adjudicate.later", "app.help")
            chosen = tuple(action for action in chosen if action.id in few)
        elif not self.editing:
            chosen = (*chosen, *_takes(groups))
        self.keys.show(status.key_line(chosen, self.gonogo.own_keys, width))

    def _no_room(self, width: int, height: int) -> bool:
        return height < 14 or width < 64

    def _first_layout(self) -> None:
        self._unsubscribe = self.review.subscribe(self._desk_changed)
        self._desk_changed()

    def _resized(self) -> None:
        super()._resized()
        self._show_evidence()

    # --- keys ------------------------------------------------------------------------------------------

    def _noted(self) -> None:
        if self.guard.pressed() and self._undo():
            self.gonogo.say("Keys came faster than a person types: the ruling was taken back.", warning=True)

    def action_rule(self, name: str) -> None:
        self._rule(Ruling(VERDICT_OF_RULING[name]))

    def action_take(self, number: int) -> None:
        detail = self._case.detail if self._case is not None else None
        groups = detail.groups if detail is not None else []
        if number > len(groups):
            self.gonogo.say(f"No voter gave a value {number}; d types one.")
            return
        chosen = groups[number - 1].value
        self._rule(Ruling("incorrect", chosen if isinstance(chosen, dict) else {"text": value_text(chosen)}))

    def _rule(self, ruling: Ruling) -> None:
        case = self._case
        if case is None or not self.guard.counts:
            return
        draft = self._draft
        ruling = replace(
            ruling, note=draft.note, gold=draft.gold, error_type=draft.error_type, override=case.settled_before
        )
        try:
            self._not_saved = ""
            self.review.rule(ruling)
        except (OSError, DeskError) as error:
            self._could_not_save(error, "ruling")
            self.status.tell(self.review.state, self._not_saved)
        else:
            self.guard.decided()

    def action_undo(self) -> None:
        if not self._undo():
            self.gonogo.say("Nothing to take back: the last ruling has left the desk.")

    def _undo(self) -> bool:
        try:
            undone = self.review.undo()
        except DeskError as error:
            self.gonogo.say(f"{error} {error.next_step}", error=True, seconds=15)
            return False
        return undone is not None

    def action_later(self) -> None:
        self.review.skip()

    def action_names(self) -> None:
        if self.review.plain:
            self.gonogo.say("This server does not tell who voted.")
        else:
            self.review.show_names(not self.review.names)

    def action_gold(self) -> None:
        if self.review.plain:
            self.gonogo.say("This server takes no gold candidates.")
            return
        self._change(replace(self._draft, gold=not self._draft.gold))

    def action_error(self) -> None:
        """The next kind of error, and after the last one none."""
        known = ("", *((self._case.detail.error_types if self._case and self._case.detail else None) or ERROR_TYPES))
        at = known.index(self._draft.error_type) if self._draft.error_type in known else 0
        self._change(replace(self._draft, error_type=known[(at + 1) % len(known)]))

    def _change(self, draft: Draft) -> None:
        if self._case is not None:
            self._drafts[self._case.task.id] = draft
            self._show_evidence()

    def action_scroll_votes(self, direction: int) -> None:
        self.evidence.page(direction)

    def action_list(self) -> None:
        self.review.open(None)
        self.dismiss()

    def action_retry(self) -> None:
        if self.review.state.stage is Stage.SIGNED_OUT:
            self.gonogo.navigator.show_sign_in("Sign in to go on with your rulings; those made are kept.")
            return
        self.review.retry_now()
        self._look_again()

    # --- typing ----------------------------------------------------------------------------------------

    def action_type(self) -> None:
        if self._case is not None and self.guard.counts:
            task = self._case.task
            self._type("value", self._typed.get(task.id, value_text(task.predicted_value)))

    def action_note(self) -> None:
        if self._case is None:
            return
        if self.review.plain:
            self.gonogo.say("This server keeps no notes.")
            return
        self._type("note", self._draft.note)

    def _type(self, what: str, text: str) -> None:
        self._field = what
        self._start_typing(text)
        self._show_hint(text)
        self._show_keys()

    def _stop_typing(self) -> None:
        super()._stop_typing()
        self._field = ""

    def _show_hint(self, text: str) -> None:
        if self._field == "note":
            self.hint.show(Content.styled("Why? Enter keeps it with the ruling to come.", "$quiet"))
        elif self._case is not None:
            self.hint.show(correction.reading(text, self._case.task.predicted_value))

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.editing:
            self._show_hint(event.value)

    def action_repair(self, name: str) -> None:
        """One of the usual corrections; a note has none."""
        if self._case is None or self._field != "value":
            return
        better = correction.repaired(name, self.line.value, self._case.task.predicted_value)
        if better == self.line.value:
            self.hint.show(Content.styled(correction.NOT_REPAIRED[name], "$quiet"))
        else:
            self.line.put(better)

    def action_incorrect(self) -> None:
        """Wrong, without a value, from inside the line."""
        if self._field == "value":
            self._rule(Ruling("incorrect"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.action_send()

    def action_leave(self) -> None:
        if self._case is not None and self._field == "value":
            self._typed[self._case.task.id] = self.line.value
        self._stop_typing()
        self._show_keys()

    def action_send(self) -> None:
        case, text = self._case, self.line.value.strip()
        if case is None or not self.editing:
            return
        if self._field == "note":
            self._change(replace(self._draft, note=text))
            self.action_leave()
            return
        refused = correction.refusal(text, case.task.predicted_value)
        if self.guard.burst:
            refused = "Enter came with pasted text; press it again to send."
        if refused:
            self.hint.show(Content.styled(refused, "$warning"))
            return
        self._typed[case.task.id] = text
        self._rule(Ruling("incorrect", correction.value_of(text)))


def _takes(groups: int) -> tuple[actions.Action, ...]:
    """One entry for all the keys that take a voter's value."""
    if not groups:
        return ()
    last = f"–{min(groups, 9)}" if groups > 1 else ""
    return (replace(actions.BY_ID["adjudicate.take1"], title=f"{last} take".strip(), rank=5, verdict=True),)
