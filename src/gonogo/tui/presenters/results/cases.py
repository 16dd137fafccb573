"""Texts of the results screens: columns of the table of cases, and all fields of one case."""

from __future__ import annotations

import json

from textual.content import Content

from gonogo.desk.results.case_list import CaseListFilter, CaseListItem
from gonogo.json_types import JsonObject, JsonValue, as_list, as_object
from gonogo.tui.presenters.common.columns import WIDE, Column
from gonogo.tui.presenters.common.format import share_bar, value_text, verdict_sign
from gonogo.tui.presenters.common.subject import words
from gonogo.tui.presenters.common.value_lines import field_lines, is_id
from gonogo.tui.text import one_line

_FIRST = (
    ("labeling_state", "state"),
    ("correct_label", "correct label"),
    ("majority_label", "majority label"),
    ("agreement", "agreement"),
    ("difficulty", "difficulty"),
    ("qualified_reads", "qualified reads"),
    ("task_name", "task"),
    ("project_name", "project"),
    ("task_type", "task type"),
    ("content_type", "content"),
)
_SHARES = frozenset(("agreement", "difficulty"))
_NAME_WIDTH = 18
_STATE_COLORS = {"Flagged": "warning", "Labeled": "correct", "Gold Standard": "accent", "Canceled": "quiet"}
MAX_VOTES = 50
MAX_CHARACTERS = 40_000
"""Most characters of nested fields; a case may have thousands of reads."""


def case_columns(order: CaseListFilter) -> list[Column[CaseListItem]]:
    """Columns of the table of cases; the title of the column that sorts it has an arrow."""

    def title(field: str, name: str, short: str = "") -> str:
        if order.sort != field:
            return name
        descending = (field == "difficulty") != order.reverse
        return f"{short or name} {'▼' if descending else '▲'}"

    return [
        Column(title("case", "case"), 10, lambda row: str(row.case_id), "strong"),
        Column(
            title("state", "state"), 14, lambda row: one_line(row.state, 40),
            lambda row: _STATE_COLORS.get(row.state, "foreground"),
        ),
        Column(title("agreement", "agree"), 11, lambda row: share_bar(row.agreement)),
        Column(title("difficulty", "difficult", "diffic."), 11, lambda row: share_bar(row.difficulty)),
        Column("reads", 7, lambda row: "–" if row.n_reads is None else str(row.n_reads), "quiet", least_width=WIDE),
        Column("label", 14, lambda row: one_line(row.label, 60) or "–", "strong"),
        Column("about", 2, lambda row: one_line(row.about, 200), "quiet", grows=True),
    ]  # fmt: skip


def details(case: JsonObject, width: int, *, ids: bool = False) -> Content:
    """All fields of a case, one a line; nested ones in lines below their names, empty ones named at the end.

    With `ids` also those that name records of a machine.
    A case of a gonogo server begins with the question, the reading and everybody's answers.
    """
    filled = {field: value for field, value in case.items() if _is_filled(value)}
    lines = _question(case, width)
    lines += [
        _field(name, _text(filled[field], is_share=field in _SHARES), width)
        for field, name in _FIRST
        if field in filled
    ]
    rest = {field: value for field, value in filled.items() if field not in dict(_FIRST) and (ids or not is_id(field))}
    nested: JsonObject = {field: value for field, value in rest.items() if isinstance(value, dict | list)}
    lines += [
        _field(field.replace("_", " "), _text(value, is_share=False), width)
        for field, value in rest.items()
        if field not in nested
    ]
    lines += _nested(nested, ids=ids)
    empty = [
        one_line(field.replace("_", " "), 60) for field in case if field not in filled and (ids or not is_id(field))
    ]
    if empty:
        lines += [Content(""), Content.styled(f"without a value: {', '.join(empty)}", "$quiet")]
    lines += [Content(""), Content.styled("i  hides the ids" if ids else "i  shows the ids", "$quiet")]
    return Content("\n").join(lines)


def _is_filled(value: JsonValue) -> bool:
    return value is not None and value != [] and value != {}


def _nested(fields: JsonObject, *, ids: bool) -> list[Content]:
    lines: list[Content] = []
    for field, value in fields.items():
        text = field_lines(_as_fields(value), ids=ids)
        if text:
            lines += [Content(""), Content.styled(words(field), "bold $accent"), *text]
    return lines


def _as_fields(value: JsonValue) -> JsonObject:
    """Fields of a nested value; several records are numbered."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else {str(number): item for number, item in enumerate(value, 1)}
    return value if isinstance(value, dict) else {"": value}


def _question(case: JsonObject, width: int) -> list[Content]:
    """Question, reading, right value and votes of a case of a gonogo server."""
    task = case.get("gonogo")
    if not isinstance(task, dict) or not task.get("task_id"):
        return []
    prompt = one_line(str(task.get("prompt") or ""), 300)
    lines = [Content.styled(prompt, "bold $strong")] if prompt else []
    lines.append(_field("value read", value_text(task.get("predicted_value"), 300) or "–", width))
    if task.get("consensus_value") is not None:
        lines.append(_field("right value", value_text(task["consensus_value"], 300), width))
    if task.get("adjudicated"):
        lines.append(_field("settled by", "an expert's ruling", width))
    stats = case.get("read_stats")
    reads = as_list(as_object(stats).get("reads"))
    lines += [_vote(read, width) for read in reads[:MAX_VOTES] if isinstance(read, dict)]
    return [*lines, Content("")]


def _vote(read: JsonObject, width: int) -> Content:
    """Vote on one line: `✗ incorrect  16,6  2.4 s`, the voter, and whether the vote counts."""
    answer = read.get("answer")
    answer = answer if isinstance(answer, dict) else {}
    verdict = one_line(str(answer.get("answer_class") or "–"), 20)
    sign, color = verdict_sign(verdict)
    parts = [(f"{sign} ", f"bold {color}"), (verdict.ljust(11), color)]
    if answer.get("corrected_value") is not None:
        parts.append((value_text(answer["corrected_value"], 200) + "  ", "$strong"))
    duration = read.get("duration_ms")
    time = f"{duration / 1000:.1f} s" if isinstance(duration, int | float) and not isinstance(duration, bool) else ""
    facts = [time, one_line(str(read.get("labeler") or ""), 40), "" if read.get("qualified") else "does not count"]
    parts.append((" · ".join(fact for fact in facts if fact), "$quiet"))
    return Content.assemble(*parts).truncate(max(width, 20), ellipsis=True)


def _field(name: str, value: str, width: int) -> Content:
    label = one_line(name, 60)
    room = max(width - max(len(label) + 1, _NAME_WIDTH), 20)
    return Content.assemble(
        (label.ljust(_NAME_WIDTH - 1) + " ", "$quiet"), (one_line(value, max(room, 400)), "$strong")
    )


def _text(value: JsonValue, *, is_share: bool) -> str:
    if is_share and isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return share_bar(float(value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
