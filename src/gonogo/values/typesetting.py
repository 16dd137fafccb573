"""Typesetting: sets a value as a drawing does, with stacked deviations, boxed basic sizes and frames in cells.

Only what parses as a dimension, tolerance, thread, roughness or frame is set; all else stands character for character.
"""

from __future__ import annotations

import json as json_module
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gonogo.values.characters import visible
from gonogo.values.format import (
    body_text,
    conditions_text,
    deviation_texts,
    format_text,
    frame_cells,
    quantity_text,
    size_text,
    step_text,
    tolerance_text,
    unit_text,
)
from gonogo.values.json_codec import from_json
from gonogo.values.json_fields import with_known_names
from gonogo.values.json_text import readable_json
from gonogo.values.model import BASIC_WORDS, REFERENCE_WORDS, SHAPE_SIGNS, EngineeringValue, Kind

NO_VALUE = "no value"
_REST_WORDS = (
    REFERENCE_WORDS
    | BASIC_WORDS
    | frozenset(
        (
            "thru",
            "through",
            "durch",
            "typ",
            "max",
            "min",
            "deep",
            "tief",
            "depth",
            "places",
            "plcs",
            "x",
            "mm",
            "in",
            "dia",
        )
    )
)
_GRID = re.compile(r"\b[A-H][0-9]{1,2}\b")  # a place on the sheet: `⌀550 A3`
_LONGEST_KEYS = 400
_LONGEST_TEXT = 2_000
_TEXT_ROWS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """Piece to set: `text`, to its right `upper` over `lower`; `boxed` ones stand side by side in a frame.

    A part with `new_line` begins a line of its own.
    """

    text: str
    upper: str = ""
    lower: str = ""
    boxed: bool = False
    new_line: bool = False


@dataclass(frozen=True, slots=True)
class Typeset:
    """Typeset value: `parts` for a display that draws them; `rows` in plain text: 1-3 rows, then unknown keys.

    `raw` is the reading as it came: its text, or compact JSON where it has none. `exact` tells whether `parts` show
    each of its characters; `keys` is compact JSON of the keys beside the text that say more than the text.
    """

    parts: tuple[Part, ...]
    rows: tuple[str, ...]
    raw: str = ""
    exact: bool = True
    keys: str = ""


@dataclass(frozen=True, slots=True)
class _Block:
    """Block of lines; `baseline` is the line that is level with its neighbours."""

    lines: tuple[str, ...]
    baseline: int = 0


def typeset(json: object, *, width: int = 60, max_rows: int = 6) -> Typeset:
    """Typesets any JSON. No row is wider than `width` cells; cut rows end in `…`. Never raises."""
    width, max_rows = max(width, 8), max(max_rows, 1)
    value = from_json(json)
    raw, keys = _raw(json, value)
    parts = [Part(readable_json(json))] if value.kind is Kind.OTHER and raw == _compact(json) else _parts(value, raw)
    rows = _rows(parts, width) if parts else []
    rows += _extra_rows(value, width, max_rows - len(rows))
    if not parts:
        parts = [Part(row) for row in rows] or [Part(NO_VALUE)]
    exact = not raw or _shows(parts, visible(raw[: _LONGEST_TEXT + 1]))
    return Typeset(tuple(parts), tuple(rows[:max_rows]) or (NO_VALUE,), raw, exact, keys)


def _raw(json: object, value: EngineeringValue) -> tuple[str, str]:
    """Returns the reading as it came, and the other keys where they say more than its text."""
    if isinstance(json, EngineeringValue):
        return json.text or format_text(json), ""
    if isinstance(json, str):
        return json, ""
    if not isinstance(json, dict):
        return ("" if json is None else _compact(json)), ""
    known = with_known_names(json)
    text = known.get("text")
    if not isinstance(text, str) or not text.strip():
        return (_compact(json) if json else ""), ""
    others = {key: item for key, item in known.items() if key != "text" and item not in (None, "", [])}
    alone = from_json(text)
    return text, _compact(others) if value != alone or value.extra else ""


def _compact(json: object) -> str:
    """Returns JSON on one line, cut at about 400 characters. Never raises."""
    try:
        text = json_module.dumps(json, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        text = readable_json(json, _LONGEST_KEYS)
    return text if len(text) <= _LONGEST_KEYS else text[: _LONGEST_KEYS - 1] + "…"


def _shows(parts: Sequence[Part], raw: str) -> bool:
    """Returns whether `parts` show all characters of `raw` in their order; one space or bar may stand between two."""
    pieces = [(piece, part.boxed) for part in parts for piece in (part.text, part.upper, part.lower) if piece]
    at = 0
    for number, (piece, boxed) in enumerate(pieces):
        if number and raw[at : at + 1] == " ":
            at += 1
        if boxed and raw[at : at + 1] == "|":
            at += 1
            at += raw[at : at + 1] == " "
        if not raw.startswith(piece, at):
            return False
        at += len(piece)
    return at == len(raw)


def _is_notation(value: EngineeringValue) -> bool:
    """Returns whether a value is a notation of drawings as a whole, without words of prose behind it."""
    if value.kind in (Kind.TEXT, Kind.OTHER, Kind.EMPTY):
        return False
    words = {word.lower() for word in re.findall(r"[^\W\d_]+", _GRID.sub("", value.rest))}
    return words <= _REST_WORDS


def _parts(value: EngineeringValue, raw: str) -> list[Part]:
    if value.kind is Kind.EMPTY:
        return []
    if not _is_notation(value):
        return [Part(visible(raw[:_LONGEST_TEXT]))]
    if value.kind is Kind.FRAME and not value.modifier:
        cells = [Part(cell, boxed=True) for cell in frame_cells(value)]
        return _with_neighbours(value, cells)
    if value.modifier == "basic" and not value.rest_words & BASIC_WORDS:
        return _with_neighbours(value, [Part(body_text(value), boxed=True)])
    if value.modifier == "reference" and not value.rest_words & REFERENCE_WORDS:
        return [Part(format_text(value))]
    return _measure_parts(value)


def _with_neighbours(value: EngineeringValue, boxed: list[Part]) -> list[Part]:
    before = [Part(quantity_text(value))] if value.quantity is not None else []
    return [*before, *boxed, *_after(value)]


def _after(value: EngineeringValue) -> list[Part]:
    depth = f"↧{value.depth.text}" if value.depth else ""
    text = " ".join(piece for piece in (depth, _printable(value.rest)) if piece)
    steps = [Part(step_text(step), new_line=True) for step in value.steps]
    return [*([Part(text)] if text else []), *steps]


def _measure_parts(value: EngineeringValue) -> list[Part]:
    head, after = quantity_text(value), _after(value)
    unit = unit_text(value).strip()
    units = [Part(unit)] if unit else []
    if value.is_limits and value.upper and value.lower and not value.fit and value.kind is not Kind.ANGLE:
        shape = SHAPE_SIGNS.get(value.kind, "")
        if value.kind is Kind.LINEAR or head + shape:
            circled = [Part(text)] if (text := conditions_text(value).strip()) else []
            return [Part(head + shape, value.upper.text, value.lower.text), *units, *circled, *after]
    upper, lower = deviation_texts(value)
    if not (upper and lower) or value.nominal is None or tolerance_text(value).startswith("±"):
        return [*([Part(text)] if (text := head + body_text(value)) else []), *after]
    fit = f" {value.fit}" if value.fit else ""
    circled = [Part(text)] if (text := conditions_text(value).strip()) else []
    return [Part(head + size_text(value) + fit, upper, lower), *units, *circled, *after]


def _rows(parts: Sequence[Part], width: int) -> list[str]:
    starts = [at for at, part in enumerate(parts) if part.new_line and at]
    if starts:
        lines = [parts[start:end] for start, end in zip([0, *starts], [*starts, len(parts)], strict=True)]
        return [row for line in lines for row in _rows([replace(line[0], new_line=False), *line[1:]], width)]
    if len(parts) == 1 and not parts[0].upper and not parts[0].boxed:
        return _wrapped(parts[0].text, width)
    blocks: list[_Block] = []
    at = 0
    while at < len(parts):
        run = at
        while run < len(parts) and parts[run].boxed:
            run += 1
        if run > at:
            blocks.append(_frame([part.text for part in parts[at:run]]))
            at = run
        else:
            blocks.append(_stack(parts[at]))
            at += 1
    rows = _side_by_side(blocks)
    if max(map(cells, rows)) <= width:
        return rows
    return _wrapped(" ".join(" ".join(filter(None, (part.text, part.upper, part.lower))) for part in parts), width)


def _frame(texts: Sequence[str]) -> _Block:
    lines = ["─" * cells(text) for text in texts]
    rows = (f"┌{'┬'.join(lines)}┐", f"│{'│'.join(texts)}│", f"└{'┴'.join(lines)}┘")
    return _Block(rows, 1)


def _stack(part: Part) -> _Block:
    if not part.upper and not part.lower:
        return _Block((part.text,))
    pair = [part.upper, part.lower]
    if any(text[:1] in ("+", "-") for text in pair):  # a zero without a sign stands under the other's digits
        pair = [text if text[:1] in ("+", "-") else f" {text}" for text in pair]
    gap = " " if part.text[-1:].isalnum() or part.text[-1:] in ("°", '"') else ""
    return _Block((part.text + gap + pair[0], " " * cells(part.text + gap) + pair[1]))


def _side_by_side(blocks: Sequence[_Block]) -> list[str]:
    above = max(block.baseline for block in blocks)
    below = max(len(block.lines) - block.baseline for block in blocks)
    rows = [""] * (above + below)
    for number, block in enumerate(blocks):
        wide = max(map(cells, block.lines))
        for at in range(len(rows)):
            line = at - above + block.baseline
            text = block.lines[line] if 0 <= line < len(block.lines) else ""
            rows[at] += (" " if number else "") + text + " " * (wide - cells(text))
    return [row.rstrip() for row in rows]


def _extra_rows(value: EngineeringValue, width: int, room: int) -> list[str]:
    extra = value.extra
    if room <= 0 or not extra:
        return []
    count = len(extra) if len(extra) <= room else room - 1
    rows = [_cut(f"{readable_json(key, 40)}: {readable_json(item, 2 * width)}", width) for key, item in extra[:count]]
    if count < len(extra):
        rows.append(_cut(f"… {len(extra) - count} more", width))
    return [_printable(row) for row in rows]


def _wrapped(text: str, width: int) -> list[str]:
    """Wraps to at most three rows of at most `width` cells, at spaces where there are any."""
    rows: list[str] = []
    words = text[: 4 * width * _TEXT_ROWS].split()
    row = ""
    for at, word in enumerate(words):
        joined = f"{row} {word}" if row else word
        if cells(joined) <= width:
            row = joined
        elif len(rows) + 1 == _TEXT_ROWS or not row:
            rows.append(_cut(" ".join([row, *words[at:]]).strip(), width))
            return rows
        else:
            rows.append(row)
            row = word if cells(word) <= width else _cut(word, width)
    return [*rows, row]


def _cut(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    characters, used = [], 0
    for character in text[:width]:
        used += _width(character)
        if used > width - 1:
            break
        characters.append(character)
    return "".join(characters) + "…"


def cells(text: str) -> int:
    """Returns the width of `text` in terminal cells."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _printable(text: str) -> str:
    text = " ".join(text.split())
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
