"""Subject of a task in words: kind, field, part and sheet, for people; ids and published facts on demand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gonogo.tui.text import one_line

if TYPE_CHECKING:
    from gonogo.desk.core.models import DeskTask

_KINDS = {"pmi": "", "bom": "parts list", "dfm_issue": "manufacturing issue", "gdt": "tolerance frame"}
_BREAKS = re.compile(r"[_\s]+|(?<=[a-z])(?=[A-Z])")
_INDEX = re.compile(r"\[(\d+)\]|^(\d+)$")


def words(name: str, limit: int = 60) -> str:
    """Name of a machine as words: `seat_bearing` → `seat bearing`, `seatBearing` → `seat bearing`."""
    parts = [part if part.isupper() else part[:1].lower() + part[1:] for part in _BREAKS.split(name) if part]
    return one_line(" ".join(parts), limit)


def kind_text(task: DeskTask) -> str:
    """Kind of a task, the finer one: `dimension`, `surface finish`, `title block`."""
    name = task.detail_kind or task.target_kind
    return _KINDS.get(name) or ("" if name in _KINDS else words(name, 40))


def field_text(task: DeskTask) -> str:
    """Field that a task is about: `seat bearing, diameter`; empty where it says no more than the kind."""
    steps = [step for step in _INDEX.sub(r".\1\2.", task.field_path or task.field_name).split(".") if step]
    named: list[str] = []
    for step in steps:
        if step.isdecimal() and named:
            named[-1] += f" {int(step) + 1}"  # an index counts from 0, people from 1
        elif (text := words(step)) and text not in named:
            named.append(text)
    text = ", ".join(named)
    return "" if text.casefold() == kind_text(task).casefold() else one_line(text, 80)


def subject_text(task: DeskTask) -> str:
    """Kind and field on one line: `dimension · seat bearing, diameter`."""
    return " · ".join(part for part in (kind_text(task), field_text(task)) if part)


def page_of(task: DeskTask) -> int:
    """Sheet of a task, counted from 1."""
    box = task.bbox or ()
    return int(box[4]) if len(box) == 5 and box[4] >= 1 else 1


def sheet_text(task: DeskTask, part: str) -> str:
    """Drawing of a task: `LIU0010`, with the sheet where it isn't the first; empty where its part has no name."""
    name = one_line(part, 40)
    return f"{name}, sheet {page_of(task)}" if name and page_of(task) > 1 else name
