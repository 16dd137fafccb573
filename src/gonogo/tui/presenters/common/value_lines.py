"""Values and nested fields in lines of words, `unit  mm`, in place of their JSON; ids only on demand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.content import Content

from gonogo.tui.presenters.common.format import readable_time, value_text
from gonogo.tui.presenters.common.subject import words
from gonogo.tui.text import one_line

MAX_LINES = 400
NAME_WIDTH = 16
_INDENT = "  "


def value_content(value: Any) -> Content:
    """Value of a task: as the drawing shows it, and below it what it is made of."""
    lines = [Content.styled(value_text(value) or "none", "bold $strong")]
    if isinstance(value, dict):
        rest = {name: item for name, item in value.items() if name != "text"}
        lines += field_lines(rest, ids=True)
    return Content("\n").join(lines)


def field_lines(fields: dict[str, Any], *, ids: bool) -> list[Content]:
    """Lines of all fields that are set, one each, nested ones indented; without `ids` those that name records are
    left out.
    """
    lines = []
    for number, line in enumerate(_lines(fields, "", ids=ids)):
        if number == MAX_LINES:
            lines.append(Content.styled("… more", "$quiet"))
            break
        lines.append(line)
    return lines


def is_id(name: str) -> bool:
    """Whether a field names a record of a machine, such as `task_id`."""
    return name == "id" or name.endswith(("_id", "_ids", "_uuid", "_seq"))


def _lines(fields: dict[str, Any], indent: str, *, ids: bool) -> Iterator[Content]:
    for name, value in fields.items():
        if value is None or value in ([], {}) or (is_id(name) and not ids):
            continue
        title = words(name.removeprefix("n_")) or one_line(name, 40)  # `n_reads` counts them
        if isinstance(value, dict) and not set(value) - {"text"}:
            yield _line(indent, title, value_text(value, 400))
        elif isinstance(value, dict):
            yield Content.styled(f"{indent}{title}", "$quiet")
            yield from _lines(value, indent + _INDENT, ids=ids)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            for number, item in enumerate(value, 1):
                heading = title if len(value) == 1 else f"{title} {number}"
                yield from _lines({heading: item}, indent, ids=ids)
        else:
            yield _line(indent, title, _scalar(value))


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_scalar(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else readable_time(str(value))


def _line(indent: str, name: str, text: str) -> Content:
    label = f"{indent}{name}"
    return Content.assemble((f"{label:<{NAME_WIDTH}}  ", "$quiet"), (one_line(text, 400), "$foreground"))
