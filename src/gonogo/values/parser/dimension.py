"""Dimension parser: tells nominal size, deviations and limits apart in a sequence of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from gonogo.values.model import Kind, Number
from gonogo.values.parser.lexer import TokenType
from gonogo.values.parser.notations import Fields, take_conditions, take_depth, take_fit
from gonogo.values.parser.token_cursor import Cursor

_RADIUS_WORDS = {
    "r": Kind.RADIUS,
    "rad": Kind.RADIUS,
    "radius": Kind.RADIUS,
    "sr": Kind.SPHERICAL_RADIUS,
    "cr": Kind.CONTROLLED_RADIUS,
}
_SQUARE_WORDS = frozenset(("sq", "square"))


class NotUnderstoodError(Exception):
    """Text that is not a value; the message is the reason, for the person who typed it."""


@dataclass(slots=True)
class _Amounts:
    """Numbers of one row: those with a sign or zero (`deviations`), and the others (`plain`)."""

    plain: list[Number] = field(default_factory=list)
    deviations: list[Number] = field(default_factory=list)
    plus_minus: Number | None = None
    unit: str = ""
    fit: str = ""
    slashed: bool = False

    @property
    def count(self) -> int:
        return len(self.plain) + len(self.deviations)


def read_dimension(cursor: Cursor) -> Fields:
    """Parses `2x⌀8,80 H8`, `16,5 +0,1/0`, `45° ±1°`, `19.9/20.1`, `H7/g6`. Raises `NotUnderstoodError`."""
    kind = _take_shape(cursor)
    return read_measure(cursor, {"kind": kind})


def read_measure(cursor: Cursor, fields: Fields) -> Fields:
    """Parses numbers, unit, fit and depth from here on into `fields`; a nominal already there stays the nominal."""
    amounts = _Amounts(unit=fields.get("unit", ""))
    if "nominal" in fields:
        amounts.plain.append(fields["nominal"])
    _gather(cursor, amounts)
    fields = {**fields, **_interpret(amounts)}
    fields["fit"], fields["unit"] = amounts.fit, amounts.unit
    if conditions := take_conditions(cursor, words=False):
        fields["conditions"] = conditions
    return _settle_kind(fields)


def _take_shape(cursor: Cursor) -> Kind:
    sign = cursor.take_diameter()
    if sign:
        return Kind.DIAMETER if sign == "⌀" else Kind.SPHERICAL_DIAMETER
    if cursor.take("□") or cursor.take_word(_SQUARE_WORDS):
        return Kind.SQUARE
    if cursor.sees_word(_RADIUS_WORDS) and cursor.sees_number(1):
        return _RADIUS_WORDS[cursor.take_word(_RADIUS_WORDS)]
    return Kind.LINEAR


def _gather(cursor: Cursor, amounts: _Amounts) -> None:
    inside = False
    while not cursor.at_end:
        if amounts.fit and not inside and cursor.sees("(") and (cursor.sees("+-±", 1) or cursor.sees_number(1)):
            inside = bool(cursor.take("("))
        elif inside and cursor.take(")"):
            inside = False
        elif not _take_one(cursor, amounts):
            break
    if inside:
        raise NotUnderstoodError("a bracket is not closed")


def _take_one(cursor: Cursor, amounts: _Amounts) -> bool:
    if cursor.take("±"):
        amount = cursor.take_number()
        if amount is None or amounts.plus_minus is not None:
            raise NotUnderstoodError("± needs one number after it")
        amounts.plus_minus = amount
        return True
    start = cursor.at
    if amounts.count and cursor.take("/"):
        amounts.slashed = True
    if _take_signed(cursor, amounts):
        return True
    cursor.at = start
    fit = "" if amounts.fit else take_fit(cursor)
    if fit:
        amounts.fit = fit
        return True
    return bool(amounts.count or amounts.plus_minus) and _take_unit(cursor, amounts)


def _take_signed(cursor: Cursor, amounts: _Amounts) -> bool:
    if amounts.count and _is_depth(cursor):
        return False
    sign = cursor.take("+-") if cursor.sees_number(1) else ""
    number = cursor.take_number()
    if number is None:
        return False
    if number.is_zero and (sign or amounts.count or not cursor.at_end):
        amounts.deviations.append(number)  # a zero has no sign of its own: +0, -0 and 0 are the same deviation
    elif sign:
        amounts.deviations.append(Number(sign + number.text))
    else:
        amounts.plain.append(number)
    if amounts.count > 3:
        raise NotUnderstoodError("more numbers than a value and its two deviations")
    return True


def _is_depth(cursor: Cursor) -> bool:
    start = cursor.at
    depth = take_depth(cursor)
    cursor.at = start
    return depth is not None


def _take_unit(cursor: Cursor, amounts: _Amounts) -> bool:
    if amounts.unit and cursor.peek().kind is TokenType.WORD and cursor.peek().text.lower() == "in":
        return bool(cursor.take_unit()) if amounts.unit == "in" else False
    unit = cursor.take_unit()
    if unit and amounts.unit and unit != amounts.unit:
        raise NotUnderstoodError(f"two units: {amounts.unit} and {unit}")
    amounts.unit = unit or amounts.unit
    return bool(unit)


def _interpret(amounts: _Amounts) -> Fields:
    if amounts.plus_minus is not None:
        return _with_plus_minus(amounts, amounts.plus_minus)
    plain, deviations = amounts.plain, sorted(amounts.deviations, key=lambda number: number.value, reverse=True)
    if amounts.count == 0:
        if not amounts.fit:
            raise NotUnderstoodError("no number was found")
        return {}
    if amounts.count == 1:
        return {"nominal": (plain or deviations)[0]}
    if len(plain) == 1:
        return _with_deviations(plain[0], deviations)
    if len(plain) == 2 and not deviations and _are_limits(plain[0], plain[1], amounts.slashed):
        lower, upper = sorted(plain, key=lambda number: number.value)
        return {"upper": upper, "lower": lower}
    if not plain and len(deviations) == 2:
        return {"upper": deviations[0], "lower": deviations[1], "kind": Kind.TOLERANCE}
    if len(plain) > 1:
        raise NotUnderstoodError(f"{plain[0].text} and {plain[1].text}: two values, or a deviation without its sign")
    raise NotUnderstoodError("more numbers than a value and its two deviations")


def _with_plus_minus(amounts: _Amounts, amount: Number) -> Fields:
    if len(amounts.plain) > 1 or amounts.deviations:
        raise NotUnderstoodError("± stands for both deviations, and there is another number")
    fields: Fields = {"upper": Number("+" + amount.text), "lower": Number("-" + amount.text)}
    if amount.is_zero:
        raise NotUnderstoodError("± with a zero leaves no tolerance")
    if amounts.plain:
        return {**fields, "nominal": amounts.plain[0]}
    return {**fields, "kind": Kind.TOLERANCE}


def _with_deviations(nominal: Number, deviations: list[Number]) -> Fields:
    if len(deviations) == 2:
        if deviations[0].value == deviations[1].value:
            raise NotUnderstoodError("both deviations are the same")
        return {"nominal": nominal, "upper": deviations[0], "lower": deviations[1]}
    only = deviations[0]
    if only.is_zero:
        raise NotUnderstoodError("a 0 alone is no deviation; its partner is missing")
    if only.text.startswith("+"):
        return {"nominal": nominal, "upper": only}
    size = Number(only.unsigned)
    if size.value * 2 < nominal.value:
        return {"nominal": nominal, "lower": only}
    if _are_limits(nominal, size, slashed=False):
        lower, upper = sorted((nominal, size), key=lambda number: number.value)
        return {"nominal": None, "upper": upper, "lower": lower}
    raise NotUnderstoodError(f"{nominal.text}-{size.text}: a range, or a tolerance larger than its value")


def _are_limits(first: Number, second: Number, slashed: bool) -> bool:
    """Returns whether two sizes are limits: close, with equally many decimals; after a slash closeness is enough."""
    low, high = sorted((first.value, second.value))
    if low <= 0 or low == high:
        return False
    if slashed:
        return low * 2 >= high
    decimals = [len(number.text.replace(",", ".").partition(".")[2]) for number in (first, second)]
    return decimals[0] == decimals[1] > 0 and (high - low) * 20 <= high


def _settle_kind(fields: Fields) -> Fields:
    """Sets the kind that unit and fit imply. Raises `NotUnderstoodError` when they contradict each other."""
    kind, nominal = fields["kind"], fields.get("nominal")
    if nominal is not None and ("°" in nominal.text or "'" in nominal.text):
        fields["unit"] = fields["unit"] or "deg"
    sized = nominal is not None or fields.get("upper") is not None
    if not sized:
        if kind is not Kind.LINEAR:
            raise NotUnderstoodError("a sign without a number")
        return {**fields, "kind": Kind.FIT}
    if fields["unit"] == "deg":
        if kind not in (Kind.LINEAR, Kind.TOLERANCE) or fields["fit"]:
            raise NotUnderstoodError("degrees do not go with this sign or fit")
        return {**fields, "kind": Kind.ANGLE if kind is Kind.LINEAR else kind}
    if nominal is not None and nominal.text[0] in "+-" and (kind is not Kind.LINEAR or fields["fit"]):
        raise NotUnderstoodError("a size cannot be negative")
    return fields
