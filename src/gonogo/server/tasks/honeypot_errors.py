"""Seeded errors of honeypots: make predictions wrong on purpose, to test whether annotators look at the drawing.

Each error is one that readers of drawings really make. The value stays in the notation of the prediction it is made
from, is a value of the same kind when parsed, and never equals the truth, so its text alone does not give it away.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from gonogo.json_types import JsonObject, JsonValue
from gonogo.server.tasks.digit_errors import swap_digit
from gonogo.values import equal, from_json, parse, to_json

Value = Mapping[str, JsonValue]


class ErrorType(StrEnum):
    """Type of a seeded error."""

    DIGIT_SWAP = "digit_swap"
    LOST_SIGN = "lost_sign"
    LOST_TOLERANCE = "lost_tolerance"
    WRONG_UNIT = "wrong_unit"
    NEIGHBOUR = "neighbour"
    WRONG_DATUM = "wrong_datum"


_SIGN: Final = re.compile(r"^\s*(?:S?[⌀Øø∅]|SR|CR|R|□)\s*(?=\d)")
_SIGNED: Final = re.compile(
    r"(?<=\d)\s*(?:±\s*\d+(?:[.,]\d+)?|[+-]\s*\d+(?:[.,]\d+)?(?:\s*/?\s*[+-]?\s*\d+(?:[.,]\d+)?)?)"
)
_FIT: Final = re.compile(r"(?<=\d)\s*[A-Za-z]{1,2}\d{1,2}\b")
_UNITS: Final = {"mm": "in", "in": "mm", '"': " mm", "cm": "mm", "µm": "mm"}
_UNIT: Final = re.compile(r"\s*(mm|cm|µm|in\b|\")")
_DATUMS: Final = {"A": 4, "B": 4, "C": 2}
"""Letters and how often drawings have them; others are so rare that they would give an error away."""
_DATUM: Final = re.compile(r"(?<![A-Za-z])([A-F])(?![A-Za-z0-9])")

LONGEST_TEXT: Final = 1_000
"""Characters from which a text gets no edit: it is no dimension, and some patterns take quadratic time on it."""


def seed_error(
    predicted: Value, truth: object, neighbours: Sequence[JsonValue], rng: random.Random
) -> tuple[JsonObject, ErrorType] | None:
    """A plausible wrong form of `predicted`, which is right, and how it is wrong; `None` if there is none.

    `neighbours` are the values predicted elsewhere on the sheet.
    """
    text = predicted.get("text")
    if not isinstance(text, str):
        return _wrong_fields(predicted, truth, rng)
    edits = list(_EDITS.items()) if len(text) <= LONGEST_TEXT else []
    rng.shuffle(edits)
    if neighbours and rng.random() < 2 / (len(edits) + 2):  # of all errors the one that looks most like a right value
        neighbour = _neighbour(predicted, truth, neighbours, rng)
        if neighbour is not None:
            return neighbour, ErrorType.NEIGHBOUR
    for kind, edit in edits:
        for _ in range(3):
            changed = edit(text, rng)
            if changed is not None and _plausible(text, changed, truth):
                return _with_text(predicted, changed), kind
    neighbour = _neighbour(predicted, truth, neighbours, rng)
    return None if neighbour is None else (neighbour, ErrorType.NEIGHBOUR)


def _differs(value: object, truth: object) -> bool:
    """Whether two values differ in whatever unit the drawing has: a lost `mm` alone is no error."""
    return not any(equal(value, truth, unit=unit).equal for unit in ("", "mm", "in"))


def _plausible(before: str, after: str, truth: object) -> bool:
    """Whether the changed text differs from the truth and parses as well as the original."""
    if not after.strip() or not _differs({"text": after}, truth):
        return False
    old, new = parse(before), parse(after)
    return new.ok or not old.ok


def _with_text(predicted: Value, text: str) -> JsonObject:
    """The prediction with another text; what else is known of the value follows from the text."""
    if set(predicted) == {"text"}:
        return {"text": text}
    fields = to_json(parse(text).value)
    kept = {name: fields[name] for name in predicted if name in fields}
    other = {name: value for name, value in predicted.items() if name not in to_json(from_json(dict(predicted)))}
    return {**other, **kept, "text": text}


# --- one kind of error each: the changed text, or `None` where it cannot be made ---


def _lose_sign(text: str, rng: random.Random) -> str | None:
    """The ⌀ or R in front is not seen."""
    return _SIGN.sub("", text) if _SIGN.match(text) else None


def _lose_tolerance(text: str, rng: random.Random) -> str | None:
    """The deviations or the fit behind the size are not seen."""
    for pattern in (_SIGNED, _FIT):
        if pattern.search(text):
            return pattern.sub("", text, count=1).rstrip()
    return None


def _change_unit(text: str, rng: random.Random) -> str | None:
    match = _UNIT.search(text)
    return None if match is None else text[: match.start(1)] + _UNITS[match[1]] + text[match.end(1) :]


def _change_datum(text: str, rng: random.Random) -> str | None:
    """Another letter in a feature control frame."""
    if parse(text).value.kind.value != "gdt":
        return None
    letters = list(_DATUM.finditer(text))
    if not letters:
        return None
    at = rng.choice(letters)
    used = {match[1] for match in letters}
    others = [letter for letter in _DATUMS if letter not in used]
    if others:
        letter = rng.choices(others, [_DATUMS[other] for other in others])[0]
        return text[: at.start()] + letter + text[at.end() :]
    first, second = sorted(rng.sample(letters, 2), key=lambda match: match.start())  # all are there: two in wrong order
    return text[: first.start()] + second[1] + text[first.end() : second.start()] + first[1] + text[second.end() :]


_EDITS: Final[dict[ErrorType, Callable[[str, random.Random], str | None]]] = {
    ErrorType.DIGIT_SWAP: swap_digit,
    ErrorType.LOST_SIGN: _lose_sign,
    ErrorType.LOST_TOLERANCE: _lose_tolerance,
    ErrorType.WRONG_UNIT: _change_unit,
    ErrorType.WRONG_DATUM: _change_datum,
}


def _neighbour(
    predicted: Value, truth: object, neighbours: Sequence[JsonValue], rng: random.Random
) -> JsonObject | None:
    """The value of another place on the sheet, of the same kind."""
    kind = from_json(dict(predicted)).kind
    fitting = [
        item for item in neighbours if isinstance(item, dict) and from_json(item).kind == kind and _differs(item, truth)
    ]
    return dict(rng.choice(fitting)) if fitting else None


def _wrong_fields(predicted: Value, truth: object, rng: random.Random) -> tuple[JsonObject, ErrorType] | None:
    """The same for a value without a text: its size, its tolerance, or its datums."""
    candidates: list[tuple[JsonObject, ErrorType]] = []
    nominal = predicted.get("nominal")
    if isinstance(nominal, int | float | str) and not isinstance(nominal, bool):
        changed = swap_digit(str(nominal), rng)
        if changed is not None:
            candidates.append(({**predicted, "nominal": _like(nominal, changed)}, ErrorType.DIGIT_SWAP))
    if predicted.get("upper") is not None or predicted.get("lower") is not None:
        bare = {name: value for name, value in predicted.items() if name not in ("upper", "lower")}
        candidates.append((bare, ErrorType.LOST_TOLERANCE))
    if predicted.get("unit") in ("mm", "in"):
        candidates.append(({**predicted, "unit": "in" if predicted["unit"] == "mm" else "mm"}, ErrorType.WRONG_UNIT))
    rng.shuffle(candidates)
    return next((item for item in candidates if _differs(item[0], truth)), None)


def _like(example: float | str, text: str) -> float | str:
    if isinstance(example, str):
        return text
    return float(text) if isinstance(example, float) else int(text)
