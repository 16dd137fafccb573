"""Notes on the current question: add one to the answer, ask the lead instead of answering, or put the question off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.desk.core.models import HELP, Decision, DeskTask, TaskNote
from gonogo.tui.presenters.work import annotate, question_notes
from gonogo.tui.screens.common.choice import ChoiceScreen
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.screens.work.sheet_facts import SheetFacts

if TYPE_CHECKING:
    from gonogo.tui.screens.work.annotate import AnnotateScreen


class QuestionNotes:
    """Notes of the questions of `screen`, by task, until they leave with an answer.

    A dialog's choice counts only while its question is still the current one.
    """

    def __init__(self, screen: AnnotateScreen) -> None:
        self._screen = screen
        self._notes: dict[str, TaskNote] = {}
        self._place = annotate.PlaceHint()
        self._facts = SheetFacts(lambda: screen.pane, screen.show_hint)

    def of(self, task_id: str) -> TaskNote:
        """The note that goes with the answer to a task."""
        return self._notes.get(task_id, TaskNote())

    def keep(self, task_id: str, note: TaskNote) -> None:
        """Keeps the note of a task; an empty one removes it."""
        self._notes.pop(task_id, None)
        if note:
            self._notes[task_id] = note

    def hint(self, task: DeskTask) -> Content:
        """Lines below the value of a question: that it is asked again, its note, or that its place was asked before;
        and class and unit of its sheet.
        """
        facts = self._facts.line(task, self._screen.session.unit)
        return Content("\n").join([line for line in (self._first_line(task), facts) if line.plain])

    def _first_line(self, task: DeskTask) -> Content:
        session = self._screen.session
        place = self._place.show(task, session.state.recent)
        if session.rejected.answering:
            why = "changing your answer" if session.rejected.amending else "refused before, asked again"
            return Content.styled(f"{why}; undo leaves it", "$warning")
        note = self.of(task.id)
        return question_notes.note_line(note) if note else place

    def run(self, name: str) -> None:
        """Runs `add`, `ask` or `later`, the actions of the keys."""
        if self._screen.pane.current is None:
            return
        if name == "later":
            self._put_off()
        elif problem := question_notes.cannot_note_message(self._screen.session.takes_notes):
            self._screen.gonogo.show_notice(problem)
        elif name == "add":
            self._choose("A note with your answer", self._add)
        elif self._screen.pane.gate.accepts():
            self._choose("Ask the lead about this question", self._ask)

    def _choose(self, heading: str, take: Callable[[str, TaskNote], None]) -> None:
        task = self._screen.pane.current
        assert task is not None
        note = self.of(task.id)

        def chosen(reason: str | None) -> None:
            if reason == question_notes.OTHER:
                self._screen.app.push_screen(
                    ConfirmScreen(question_notes.WORDS, question_notes.check_words, note.words), typed
                )
            elif reason is not None:
                take(task.id, TaskNote() if reason == question_notes.NO_NOTE else TaskNote(reason))

        def typed(words: str | None) -> None:
            if words is not None:
                take(task.id, TaskNote(question_notes.OTHER, words))

        self._screen.app.push_screen(ChoiceScreen(heading, question_notes.choices(note), note.reason), chosen)

    def _add(self, task_id: str, note: TaskNote) -> None:
        self.keep(task_id, note)
        self._screen.show_hint()

    def _ask(self, task_id: str, note: TaskNote) -> None:
        current = self._screen.pane.current
        if current is None or current.id != task_id or not note:
            return
        self.keep(task_id, note)
        if self._screen.decide(Decision(HELP)):
            self._screen.gonogo.show_notice(question_notes.ASKED)

    def _put_off(self) -> None:
        session = self._screen.session
        if session.rejected.answering:
            self._screen.action_undo()
        else:
            self._screen.gonogo.show_notice(question_notes.PUT_OFF if session.put_off() else question_notes.ONLY_ONE)
