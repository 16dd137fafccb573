"""A case of a results API in words: what matters first, then everything else just as it came."""

from __future__ import annotations

import json
from typing import Any

from textual.content import Content

from gonogo.tui.text import one_line, plain
from gonogo.tui.widgets.case_list import share_bar

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
MAX_CHARACTERS = 40_000
"""Of all that is laid out; a case may have thousands of reads."""


def told(case: dict[str, Any], width: int) -> Content:
    """The fields, one a line; nested ones as JSON below their names. Fields without a value are named at the end."""
    rows = [_row(name, _short(case.get(field), field in _SHARES), width) for field, name in _FIRST if _has(case, field)]
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
