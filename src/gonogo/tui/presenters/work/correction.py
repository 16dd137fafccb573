"""Texts of the correction editor: differences from the predicted value, how a typed one is parsed, and what is sent."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from gonogo.json_types import JsonObject
from gonogo.tui.presenters.common.format import editable_text, value_text
from gonogo.tui.text import one_line, styled
from gonogo.values import differences, doubt, format_text, parse, repairs, to_json
from gonogo.values.characters import look_alikes
from gonogo.values.diff import Change
from gonogo.values.symbols import Symbol

MAX_SHOWN = 120
MAX_OTHERS = 9
"""Other readings that have a key."""


def correction_preview(text: str, predicted: object, rows: int = 2) -> Content:
    """Preview while a value is typed: the changes against the reading, and how it parses."""
    if not text.strip():
        return Content.styled("Type the value as the drawing shows it.", "$quiet")
    if text.strip() == editable_text(predicted):
        hides = any(not each.like for each in look_alikes(value_text(predicted)))
        return Content.styled("unchanged, without what is hidden in it" if hides else "unchanged", "$quiet")
    parsed = parse(text)
    if not parsed.ok:
        state = Content.assemble(("kept as text: ", "$quiet"), styled(parsed.problem[:MAX_SHOWN], "$quiet"))
    else:
        state = Content.assemble(
            ("✓ reads as ", "$correct"), styled(format_text(parsed.value)[:MAX_SHOWN], "$foreground")
        )
    if rows < 2:
        return Content.assemble(
            ("✓ " if parsed.ok else "text ", "$correct" if parsed.ok else "$quiet"), marked_changes(text, predicted)
        )
    return Content("\n").join([marked_changes(text, predicted), state])


def marked_changes(text: str, predicted: object) -> Content:
    """Line with every change against the reading marked, `⌀16,5 +0,[1→2] 0`. Readable without colour."""
    parts: list[Content] = []
    for span in differences(value_text(predicted, MAX_SHOWN), one_line(text, MAX_SHOWN)):
        if span.change is Change.CHANGED:
            parts.append(
                Content.assemble(
                    ("[", "$quiet"),
                    (span.before, "$incorrect strike"),
                    ("→", "$quiet"),
                    (span.after, "$correct bold"),
                    ("]", "$quiet"),
                )
            )
        else:
            parts.append(Content.styled(span.after, "$quiet" if span.change is Change.SAME else "$foreground"))
    return Content.assemble(*parts)


def apply_repair(name: str, text: str, predicted: object) -> str:
    """Text after the repair called `name`; unchanged where there is nothing to repair."""
    if name == "diameter":
        return repairs.toggle_diameter(text)
    if name == "sign":
        return repairs.swap_signs(text)
    if name == "tolerance":
        return repairs.restore_tolerance(text, predicted)
    return repairs.swap_decimal_mark(text) if name == "comma" else repairs.next_unit(text)


NO_REPAIR_MESSAGES = {
    "diameter": "No diameter here: the value is of another kind.",
    "sign": "No tolerance sign to swap.",
    "tolerance": "The reading has no tolerance that fits this value.",
    "comma": "No decimal comma or point.",
    "unit": "This value has no unit to change.",
}
"""Messages of repairs that find nothing to do."""


def correction_problem(text: str, predicted: object) -> str:
    """Reason why a text cannot be sent as a correction; empty if it can."""
    if not text:
        return "The line is empty. Ctrl+S says incorrect without a value."
    if text == editable_text(predicted) and not look_alikes(value_text(predicted)):
        return "Unchanged: this is what was read. Change it, or Esc."
    return ""


def sign_choices(name: str, found: Sequence[Symbol]) -> str:
    """Message where a name before the cursor is that of no sign, or of several."""
    if not name:
        return "Type a sign's name first: dia, pos, flat, mmc. F8 shows them all."
    if not found:
        return f"No sign is called “{one_line(name, 20)}”. F8 shows them all."
    return "Which? " + "  ".join(f"{symbol.short} {symbol.glyph}" for symbol in found[:8])


def correction_doubt(text: str) -> str:
    """Question before a text is sent that shows no number of a drawing; empty if there is nothing to ask."""
    reason = doubt(text)
    return f"Not a number a drawing would show ({reason}). Enter again sends it as text." if reason else ""


def other_texts(values: Sequence[object], predicted: object) -> tuple[str, ...]:
    """Texts of the other readings as the line takes them: those that differ from the reading, and from each other."""
    texts = dict.fromkeys(text for value in values if (text := editable_text(value).strip()))
    texts.pop(editable_text(predicted).strip(), None)
    return tuple(texts)[:MAX_OTHERS]


def reading_rows(texts: Sequence[str], width: int, rows: int, *, fresh: bool, taken: bool) -> list[Content]:
    """Rows of other readings with their keys, `other readings   1 ⌀15   2 15`.

    `fresh`: digits alone take one, else with Alt; `taken`: one was taken, and 0 puts the line back.
    """
    alt = "" if fresh else "Alt+"
    keys = [(f"{alt}{at}", one_line(text, max(width - 8, 8)), "bold $strong") for at, text in enumerate(texts, 1)]
    keys += [(f"{alt}0", "back", "$quiet")] if taken else []
    keys += [("→", "then digits type", "$quiet")] if fresh else []
    items = [Content.styled("other readings", "$quiet")]
    items += [Content.assemble((key, "bold $accent"), " ", (text, style)) for key, text, style in keys]
    lines: list[Content] = []
    for item in items:
        if lines and lines[-1].cell_length + 3 + item.cell_length <= width:
            lines[-1] = Content.assemble(lines[-1], "   ", item)
        else:
            lines.append(item.truncate(max(width, 1), ellipsis=True))
    return lines[:rows]


def correction_value(text: str) -> JsonObject:
    """JSON value of a correction: the typed text, and its parts if it parses.

    A text that was sent over a doubt has the kind `text`, by which exports show it.
    """
    if doubt(text):
        return {"text": text, "kind": "text"}
    parsed = parse(text)
    return {**(to_json(parsed.value) if parsed.ok else {}), "text": text}
