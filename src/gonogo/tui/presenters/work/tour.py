"""Tour in words: which key each question teaches, whether an answer is the one it asks for, and the line on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gonogo.desk.core.models import Decision, DeskTask
from gonogo.desk.practice.tour import Lesson
from gonogo.tui.presenters.work.correction import correction_value
from gonogo.values import equal

END = "That was the tour. From here on the questions are real: about one reading in seven is wrong."
SKIPPED = "Skipped. ? shows all keys."


class Tour:
    """Way through the lessons: `line` says what to do now, `takes` whether an answer is the one that is taught.

    `keys` are the keys as people read them, by action.
    """

    def __init__(self, lessons: Sequence[Lesson], keys: Mapping[str, str]) -> None:
        self._lessons = {lesson.task.id: lesson for lesson in lessons}
        self._order = list(self._lessons)
        self._keys = keys
        self._remark = ""
        self._undo_due = False
        self._undone = False
        self._context_shown = False

    def line(self, task: DeskTask | None) -> str:
        """Line for the question on the screen."""
        if task is None or task.id not in self._lessons:
            return ""
        number = self._order.index(task.id) + (0 if self._undo_due else 1)
        return f"{number}/{len(self._order)}  {self._remark or self._text(self._lessons[task.id])}"

    def _text(self, lesson: Lesson) -> str:
        keys = self._keys
        if self._undo_due:
            return f"Second thoughts? Press {keys['undo']}: your last answer comes back."
        if lesson.teaches == "incorrect":
            return f"Compare again: the drawing says {lesson.truth}. Press {keys['incorrect']} for incorrect."
        if lesson.teaches == "fix":
            return f"You can read the right value: press {keys['fix']}, type {lesson.truth}, press Enter."
        if lesson.teaches == "undo":
            answer = f"Press {keys['correct']}"
            return f"That's undo. {answer} again to go on." if self._undone else f"This one is right again. {answer}."
        if lesson.teaches == "context" and not self._context_shown:
            return f"Where on the sheet is it? Press {keys['context']} for more of it."
        if lesson.teaches == "context":
            return f"{keys['context']} comes back to the detail. Now answer: {keys['correct']}."
        return f"Value and drawing say the same. Press {keys['correct']} for correct."

    def takes(self, task: DeskTask, decision: Decision) -> bool:
        """Whether the answer is the one that is taught; if not, the line says what is."""
        lesson = self._lessons.get(task.id)
        self._remark = self._objection(lesson, decision) if lesson is not None else ""
        if self._remark or lesson is None:
            return not self._remark
        self._undo_due = lesson.teaches == "undo" and not self._undone
        return True

    def _objection(self, lesson: Lesson, decision: Decision) -> str:
        keys = self._keys
        if self._undo_due:
            return f"First take the last answer back: press {keys['undo']}."
        if lesson.teaches == "context" and not self._context_shown:
            return f"Look at the sheet first: press {keys['context']}."
        if lesson.teaches == "fix":
            typed = decision.corrected_value
            if typed is not None and equal(typed, correction_value(lesson.truth)).equal:
                return ""
            return f"The drawing says {lesson.truth}: press {keys['fix']}, type it, press Enter."
        wanted = "incorrect" if lesson.teaches == "incorrect" else "correct"
        if decision.verdict == wanted:
            return ""
        same = "something else" if wanted == "incorrect" else "the same"
        return f"The drawing says {same}: press {keys[wanted]}."

    def undo(self) -> bool:
        """Records an undo; returns whether it is its turn."""
        due, self._undo_due = self._undo_due, False
        self._undone = self._undone or due
        self._remark = "" if due else self._remark
        return due

    def show_context(self) -> None:
        """Records that more of the sheet was shown."""
        if not self._undo_due:
            self._context_shown, self._remark = True, ""
