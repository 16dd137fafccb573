"""Parser: turns the text of a callout, typed by a person or read by a model, into an `EngineeringValue`.

Never raises; linear in the length of the text.
"""

from __future__ import annotations

from dataclasses import replace

from gonogo.values.format import format_text
from gonogo.values.model import BASIC_WORDS, REFERENCE_WORDS, EngineeringValue, Kind, Parsed
from gonogo.values.parser.dimension import NotUnderstoodError, read_dimension, read_measure
from gonogo.values.parser.lexer import LexToken, TokenType, fold, tokens
from gonogo.values.parser.notations import (
    STEP_WORDS,
    Fields,
    read_chamfer,
    read_frame,
    read_roughness,
    read_thread,
    take_depth,
    take_steps,
)
from gonogo.values.parser.token_cursor import Cursor

LONGEST_VALUE = 256
"""No notation is longer; a longer text is prose, and kept as text without looking into it."""

_HOLE_SIGNS = "↧⌴⌵▽"
_GLUED_WORDS = REFERENCE_WORDS | BASIC_WORDS | {"thru", "typ", "max", "min", "deep", "tief"}
_REST_SIGNS = ".,;:/-()&+×⌀°±|#\"'=%" + _HOLE_SIGNS


def parse(text: str) -> Parsed:
    """Parses `text`. Where it is not understood, `ok` is false, `problem` says why, and the value keeps the text."""
    stripped = text.strip()
    if not stripped:
        return Parsed(EngineeringValue(Kind.EMPTY, text), False, "nothing is written")
    if len(stripped) > LONGEST_VALUE:
        return _as_text(stripped, f"longer than any value ({len(stripped)} characters)")
    try:
        value = _read(stripped)
        # A reading that changes when it is written and read again is a misreading: better kept as text.
        if _read(format_text(value)) != value:
            return _as_text(stripped, "not a notation that is known")
    except NotUnderstoodError as problem:
        return _as_text(stripped, str(problem))
    return Parsed(replace(value, text=stripped), True)


def as_text(text: str) -> EngineeringValue:
    """Returns `text` as prose, without parsing it."""
    return EngineeringValue(Kind.TEXT, text.strip()) if text.strip() else EngineeringValue(Kind.EMPTY, text)


def _as_text(text: str, problem: str) -> Parsed:
    return Parsed(EngineeringValue(Kind.TEXT, text), False, problem)


def _read(text: str) -> EngineeringValue:
    folded = fold(text)
    lexed = tokens(folded)
    for token in lexed:
        if token.kind is TokenType.STRANGE:
            raise NotUnderstoodError(f"“{_shown(token.text)}” is not a character of a value; digits are 0 to 9")
    try:
        return EngineeringValue(**_fields(lexed, folded))
    except NotUnderstoodError:
        for token in lexed:
            if token.kind is TokenType.CODE:
                raise NotUnderstoodError(f"“{token.text[:24]}” is not a plain number") from None
        raise


def _shown(text: str) -> str:
    return text[:8] if text.isprintable() else f"U+{ord(text[0]):04X}"


def _fields(lexed: list[LexToken], folded: str) -> Fields:
    cursor = Cursor(lexed, folded)
    fields = read_frame(cursor)
    if fields is not None:
        return _with_rest(cursor, fields)
    lexed, modifier = _unwrapped(lexed)
    cursor = Cursor(lexed, folded)
    quantity = _take_quantity(cursor)
    if not modifier:
        inner, modifier = _unwrapped(lexed[cursor.at :])
        cursor = Cursor(inner, folded)
    fields = _read_any(cursor)
    if quantity is not None:
        fields["quantity"] = quantity
    if modifier:
        fields["modifier"] = modifier
    return _with_rest(cursor, fields)


def _unwrapped(lexed: list[LexToken]) -> tuple[list[LexToken], str]:
    """Removes brackets around everything and returns their meaning: `(70)` is a reference, `[50]` is basic."""
    pairs = {"(": (")", "reference"), "[": ("]", "basic")}
    if len(lexed) < 3 or lexed[0].kind is not TokenType.MARK or lexed[0].text not in pairs:
        return lexed, ""
    close, modifier = pairs[lexed[0].text]
    brackets = [token for token in lexed if token.kind is TokenType.MARK and token.text in lexed[0].text + close]
    if len(brackets) != 2 or brackets[1] is not lexed[-1] or lexed[-1].text != close:
        return lexed, ""
    return lexed[1:-1], modifier


def _take_quantity(cursor: Cursor) -> int | None:
    """Parses a quantity: `2x`, `2×`, and `4-` before a sign or letter (`4-M8`); not the 5 of the chamfer `5x45°`.

    `2X 45°`, with a space after the sign alone, is an angle at two places (ASME Y14.5).
    """
    if not cursor.sees_integer() or len(cursor.peek().text) > 4 or cursor.peek().text == "0":
        return None
    start = cursor.at
    if not _spaced_quantity(cursor) and read_chamfer(cursor) is not None:
        cursor.at = start
        return None
    spread = cursor.sees("×", 1) and cursor.peek(2).kind is not TokenType.END
    listed = cursor.sees("-", 1) and (cursor.sees("⌀□", 2) or cursor.sees_word(("r", "m", "c", "sr"), 2))
    if not spread and not (listed and (cursor.sees("⌀□", 2) or cursor.sees_number(3))):
        return None
    cursor.at += 2
    return int(cursor.tokens[start].text)


def _spaced_quantity(cursor: Cursor) -> bool:
    count, sign, size = cursor.peek(), cursor.peek(1), cursor.peek(2)
    return cursor.sees("×", 1) and sign.start == count.start + len(count.text) and size.start > sign.start + 1


def _read_any(cursor: Cursor) -> Fields:
    fields = read_frame(cursor) or read_thread(cursor)
    if fields is None and (steps := take_steps(cursor)):
        return {"kind": Kind.HOLE, "steps": steps}
    if fields is None:
        headed = read_chamfer(cursor) or read_roughness(cursor)
        fields = read_dimension(cursor) if headed is None else read_measure(cursor, headed)
    start = cursor.at
    depth = take_depth(cursor)
    if depth is not None and (cursor.at_end or cursor.peek().kind is TokenType.WORD or cursor.sees("⌴⌵")):
        fields["depth"] = depth
    else:
        cursor.at = start
    return fields


def _with_rest(cursor: Cursor, fields: Fields) -> Fields:
    if cursor.at_end:
        return fields
    if cursor.sees(",;-:") and cursor.peek(1).kind is TokenType.WORD:
        cursor.at += 1
    fields = _with_steps(cursor, fields)
    rest = cursor.tokens[cursor.at :]
    if not rest:
        return fields
    if rest[0].text in ("e", "E") and len(rest) > 1:
        raise NotUnderstoodError(f"“{cursor.left()[:24]}”: powers of ten are not written on drawings")
    length = fields["kind"] is Kind.THREAD and rest[0].text == "×" and len(rest) > 1  # M8×20: a bolt and its length
    if not (rest[0].kind is TokenType.WORD or rest[0].text in _HOLE_SIGNS or length) or not _is_sound(rest):
        raise NotUnderstoodError(f"“{cursor.left()[:24]}” is not understood")
    if _is_glued(cursor, rest[0]):
        raise NotUnderstoodError(f"“{cursor.left()[:24]}” belongs to the number before it: a material or a name")
    words = {token.text.lower() for token in rest if token.kind is TokenType.WORD}
    if not fields.get("modifier"):
        fields["modifier"] = "reference" if words & REFERENCE_WORDS else "basic" if words & BASIC_WORDS else ""
    return {**fields, "rest": cursor.left()}


def _with_steps(cursor: Cursor, fields: Fields) -> Fields:
    """Adds counterbores and countersinks at the end of a callout, the words before them as its rest."""
    signs = [at for at in range(cursor.at, len(cursor.tokens)) if _begins_step(cursor.tokens[at])]
    if not signs or fields.get("steps"):
        return fields
    start, words = cursor.at, cursor.tokens[cursor.at : signs[0]]
    cursor.at = signs[0]
    steps = take_steps(cursor)
    if not steps or not cursor.at_end or any(token.kind is not TokenType.WORD for token in words):
        cursor.at = start
        return fields
    fields = {**fields, "steps": steps}
    return {**fields, "rest": " ".join(token.text for token in words)} if words else fields


def _begins_step(token: LexToken) -> bool:
    return token.text in ("⌴", "⌵") or (token.kind is TokenType.WORD and token.text.lower() in STEP_WORDS)


def _is_glued(cursor: Cursor, word: LexToken) -> bool:
    """Whether a word stands at a number without a space, as in `42CrMo4`."""
    before = cursor.tokens[cursor.at - 1] if cursor.at else word
    glued = before.kind is TokenType.NUMBER and word.start == before.start + len(before.text)
    return glued and word.kind is TokenType.WORD and word.text.lower() not in _GLUED_WORDS


def _is_sound(rest: list[LexToken]) -> bool:
    depth = 0
    for token in rest:
        if token.kind is TokenType.MARK and token.text not in _REST_SIGNS:
            return False
        if token.kind is TokenType.NUMBER and token.text[0] in ".,":
            return False  # `n.1` is a misread deviation, not a word
        depth += (token.text == "(") - (token.text == ")")
        if depth < 0:
            return False
    return depth == 0
