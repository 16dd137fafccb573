"""Cause of a wrong reading: the kind of difference between the value that was read and the right one.

Each rule erases what its cause changes, in both values; what is left must be equal. The first rule that fits wins, the
most telling first: a lost decimal sign is also a digit less, but never the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from enum import StrEnum

from gonogo.values.compare import value_key
from gonogo.values.format import format_text
from gonogo.values.json_codec import from_json
from gonogo.values.model import SHAPE_SIGNS, EngineeringValue, Kind
from gonogo.values.parser.lexer import fold
from gonogo.values.repairs import swap_signs


class Cause(StrEnum):
    """Cause of a wrong reading; the values are error types of rulings, too."""

    ZERO_FOR_DIAMETER = "zero_for_diameter"  # 016,5 for ⌀16,5, or the other way round
    LETTER_FOR_DIGIT = "letter_for_digit"  # 1O for 10
    DECIMAL_SIGN = "decimal_sign"  # 165 for 16,5
    PLUS_MINUS = "plus_minus"  # 0,1 for ±0,1
    SIGN = "sign"  # +0,1 for -0,1
    LOST_DIAMETER = "lost_diameter"
    LOST_QUANTITY = "lost_quantity"  # ⌀5 for 2x ⌀5
    UNIT = "unit"
    LOST_TOLERANCE = "lost_tolerance"
    WRONG_FIT = "wrong_fit"
    WRONG_TOLERANCE = "wrong_tolerance"
    WRONG_DATUM = "wrong_datum"
    WRONG_SYMBOL = "wrong_symbol"  # R for ⌀, one characteristic for another, Ⓜ lost
    WORDS = "words"  # REF or THRU lost, or too many
    NOTATION = "notation"  # 16.5 for 16,5: the same value, so nothing was wrong
    NEIGHBOUR = "neighbour"  # the right value was read, but at another place near
    DIGIT = "digit"  # one digit wrong, lost, too many, or read as another sign


_LONGEST = 200  # characters; a longer text is prose
_DIAMETER = re.compile(r"[⌀Øøφϕ]|dia(?:m|meter)?\b\.?", re.IGNORECASE)
_TIMES = re.compile(r"(?<=[0-9])\s*[xX]")
_POINT = str.maketrans(",", ".")
_ZEROS = str.maketrans("⌀OoQ", "0000")
_LETTERS = str.maketrans("OoQDlIiSsBZzGgq", "000011155822699")
_NO_MARK = str.maketrans("", "", ".")
_NO_SIGN = str.maketrans("", "", "±+-")
_NO_DIAMETER = str.maketrans("", "", "⌀")
_SHAPES = frozenset((*SHAPE_SIGNS, Kind.LINEAR))

_TextRule = Callable[[str, str], bool]
_ValueRule = Callable[[EngineeringValue, EngineeringValue], bool]


def cause_of(predicted: object, right: object, nearby: Collection[str] = ()) -> Cause | None:
    """Returns why `predicted` was read where `right` stands (any JSON); `None` if no rule fits or one of them is empty.

    `nearby` holds the `canonical_key` of each value read at a place near on the sheet.
    """
    read, true = from_json(predicted), from_json(right)
    key = value_key(true)
    if Kind.EMPTY in (read.kind, true.kind):
        return None
    if value_key(read) == key:
        return Cause.NOTATION
    written = _written(read), _written(true)
    if max(map(len, written)) > _LONGEST:
        return None
    by_text = (cause for cause, rule in _TEXT_RULES.items() if rule(*written))
    by_value = (cause for cause, rule in _VALUE_RULES.items() if rule(read, true))
    if (cause := next(by_text, None) or next(by_value, None)) is not None:
        return cause
    if key in nearby:
        return Cause.NEIGHBOUR
    return Cause.DIGIT if _one_digit(*written) else None


def _written(value: EngineeringValue) -> str:
    """Returns the text with look-alikes, decimal signs, ⌀ and × folded to one form each, and no spaces."""
    text = _TIMES.sub("×", _DIAMETER.sub("⌀", fold(_text(value))))
    return "".join(text.translate(_POINT).split())


def _text(value: EngineeringValue) -> str:
    return value.text.strip() or format_text(value)


# --- rules on the text: `a` was read, `b` is right --------------------------------------------------------


def _erased(table: dict[int, int] | dict[int, int | None]) -> _TextRule:
    return lambda a, b: a.translate(table) == b.translate(table)


def _zero_for_diameter(a: str, b: str) -> bool:
    return a.count("⌀") != b.count("⌀") and a.translate(_ZEROS) == b.translate(_ZEROS)


def _letter_for_digit(a: str, b: str) -> bool:
    if a.translate(_LETTERS) != b.translate(_LETTERS):
        return False
    return all(x == y or x.isdigit() != y.isdigit() for x, y in zip(a, b, strict=True))


def _plus_minus(a: str, b: str) -> bool:
    return b.count("±") > a.count("±") and a.translate(_NO_SIGN) == b.translate(_NO_SIGN)


def _sign(a: str, b: str) -> bool:
    return a.translate(_NO_SIGN) == b.translate(_NO_SIGN)


def _lost_diameter(a: str, b: str) -> bool:
    return b.count("⌀") > a.count("⌀") and a.translate(_NO_DIAMETER) == b.translate(_NO_DIAMETER)


_TEXT_RULES: dict[Cause, _TextRule] = {
    Cause.ZERO_FOR_DIAMETER: _zero_for_diameter,
    Cause.LETTER_FOR_DIGIT: _letter_for_digit,
    Cause.DECIMAL_SIGN: _erased(_NO_MARK),
    Cause.PLUS_MINUS: _plus_minus,
    Cause.SIGN: _sign,
    Cause.LOST_DIAMETER: _lost_diameter,
}


def _one_digit(a: str, b: str) -> bool:
    """Whether the texts differ in one place, by a digit: another character, one more or one less."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    rest = a[start : len(a) - end], b[start : len(b) - end]
    return max(map(len, rest)) == 1 and any(map(str.isdigit, rest))


# --- rules on the parsed value ----------------------------------------------------------------------------


def _same(first: EngineeringValue, second: EngineeringValue) -> bool:
    return Kind.TEXT not in (first.kind, second.kind) and value_key(first) == value_key(second)


def _flipped(read: EngineeringValue, true: EngineeringValue) -> bool:
    return _same(from_json(swap_signs(_text(read))), true)


def _lost_quantity(read: EngineeringValue, true: EngineeringValue) -> bool:
    return read.quantity is None and _same(read, replace(true, quantity=None))


def _unit(read: EngineeringValue, true: EngineeringValue) -> bool:
    return _same(_without_unit(read), _without_unit(true))


def _without_unit(value: EngineeringValue) -> EngineeringValue:
    return replace(value, unit="", kind=Kind.LINEAR if value.kind is Kind.ANGLE else value.kind)


def _without_tolerance(value: EngineeringValue) -> EngineeringValue:
    return value if value.is_limits else replace(value, upper=None, lower=None, fit="")


def _lost_tolerance(read: EngineeringValue, true: EngineeringValue) -> bool:
    return not read.has_tolerance and true.has_tolerance and _same(read, _without_tolerance(true))


def _wrong_fit(read: EngineeringValue, true: EngineeringValue) -> bool:
    return bool(read.fit and true.fit) and _same(replace(read, fit=""), replace(true, fit=""))


def _wrong_tolerance(read: EngineeringValue, true: EngineeringValue) -> bool:
    sized = read.nominal is not None and true.nominal is not None
    return sized and _same(_without_tolerance(read), _without_tolerance(true))


def _wrong_datum(read: EngineeringValue, true: EngineeringValue) -> bool:
    return _same(replace(read, datums=()), replace(true, datums=()))


def _wrong_symbol(read: EngineeringValue, true: EngineeringValue) -> bool:
    return _same(_without_symbols(read), _without_symbols(true))


def _without_symbols(value: EngineeringValue) -> EngineeringValue:
    kind = Kind.LINEAR if value.kind in _SHAPES else value.kind
    zone = replace(value.zone, sign="") if value.zone is not None else None
    return replace(value, kind=kind, symbol="", conditions=(), modifier="", zone=zone)


def _words(read: EngineeringValue, true: EngineeringValue) -> bool:
    return _same(replace(read, rest="", modifier=""), replace(true, rest="", modifier=""))


_VALUE_RULES: dict[Cause, _ValueRule] = {
    Cause.SIGN: _flipped,
    Cause.LOST_QUANTITY: _lost_quantity,
    Cause.UNIT: _unit,
    Cause.LOST_TOLERANCE: _lost_tolerance,
    Cause.WRONG_FIT: _wrong_fit,
    Cause.WRONG_TOLERANCE: _wrong_tolerance,
    Cause.WRONG_DATUM: _wrong_datum,
    Cause.WRONG_SYMBOL: _wrong_symbol,
    Cause.WORDS: _words,
}
