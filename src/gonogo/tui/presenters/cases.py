"""A case of a results API in words: what matters first, then everything else just as it came."""

from __future__ import annotations

import json
from typing import Any

from textual.content import Content

from gonogo.desk.results.cases import CaseListFilter, CaseListItem
from gonogo.tui.presenters.columns import Column
from gonogo.tui.presenters.format import share_bar, value_text, verdict_sign
from gonogo.tui.text import one_line, plain

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
MOST_VOTES = 50
MAX_CHARACTERS = 40_000
"""Of all that is laid out; a case may have thousands of reads."""


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
        Column("reads", 7, lambda row: "–" if row.n_reads is None else str(row.n_reads), "quiet", wide_only=True),
        Column("label", 14, lambda row: one_line(row.label, 60) or "–", "strong"),
        Column("about", 2, lambda row: one_line(row.about, 200), "quiet", grows=True),
    ]  # fmt: skip


def told(case: dict[str, Any], width: int) -> Content:
    """The fields, one a line; nested ones as JSON below their names. Fields without a value are named at the end.

    A case of a gonogo server begins with what was asked, what was read, and what everybody answered.
    """
    rows = _asked(case, width)
    rows += [
        _row(name, _short(case.get(field), field in _SHARES), width) for field, name in _FIRST if _has(case, field)
    ]
    known = {field for field, _ in _FIRST}
    rest = {field: value for field, value in case.items() if field not in known and _has(case, field)}
    flat = {field: value for field, value in rest.items() if not isinstance(value, dict | list)}
    rows += [_row(field.replace("_", " "), _short(value, False), width) for field, value in flat.items()]
    room = MAX_CHARACTERS
    for field, value in rest.items():
        if field not in flat:
            text = plain(json.dumps(value, ensure_ascii=False, indent=2), max(room, 200))
            room -= len(text)
            rows += [Content(""), Content.styled(one_line(field.replace("_", " "), 60), "bold $accent"), Content(text)]
    empty = [one_line(field.replace("_", " "), 60) for field in case if not _has(case, field)]
    if empty:
        rows += [Content(""), Content.styled(f"without a value: {', '.join(empty)}", "$quiet")]
    return Content("\n").join(rows)


def _asked(case: dict[str, Any], width: int) -> list[Content]:
    ours = case.get("gonogo")
    if not isinstance(ours, dict) or not ours.get("task_id"):
        return []
    rows = [Content.styled(one_line(str(ours.get("prompt") or ""), 300), "bold $strong")] if ours.get("prompt") else []
    rows.append(_row("value read", value_text(ours.get("predicted_value"), 300) or "–", width))
    if ours.get("consensus_value") is not None:
        rows.append(_row("right value", value_text(ours["consensus_value"], 300), width))
    if ours.get("adjudicated"):
        rows.append(_row("settled by", "an expert's ruling", width))
    stats = case.get("read_stats")
    reads = stats.get("reads") if isinstance(stats, dict) else None
    rows += [_vote(read, width) for read in (reads or [])[:MOST_VOTES] if isinstance(read, dict)]
    return [*rows, Content("")]


def _vote(read: dict[str, Any], width: int) -> Content:
    """`✗ incorrect  16,6  2.4 s`, and quietly whose it is and whether it counts."""
    given = read.get("answer")
    answer: dict[str, Any] = given if isinstance(given, dict) else {}
    word = one_line(str(answer.get("answer_class") or "–"), 20)
    sign, color = verdict_sign(word)
    parts = [(f"{sign} ", f"bold {color}"), (word.ljust(11), color)]
    if answer.get("corrected_value") is not None:
        parts.append((value_text(answer["corrected_value"], 200) + "  ", "$strong"))
    took = read.get("duration_ms")
    known = f"{took / 1000:.1f} s" if isinstance(took, int | float) and not isinstance(took, bool) else ""
    quiet = [known, one_line(str(read.get("labeler") or ""), 40), "" if read.get("qualified") else "does not count"]
    parts.append((" · ".join(word for word in quiet if word), "$quiet"))
    return Content.assemble(*parts).truncate(max(width, 20), ellipsis=True)


def _has(case: dict[str, Any], field: str) -> bool:
    return case.get(field) is not None and case[field] != [] and case[field] != {}


def _row(name: str, value: str, width: int) -> Content:
    shown = one_line(name, 60)
    room = max(width - max(len(shown) + 1, _NAME_WIDTH), 20)
    return Content.assemble(
        (shown.ljust(_NAME_WIDTH - 1) + " ", "$quiet"), (one_line(value, max(room, 400)), "$strong")
    )


def _short(value: Any, share: bool) -> str:
    if share and isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return share_bar(float(value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
