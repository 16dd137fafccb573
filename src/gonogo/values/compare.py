"""Comparison of values: decides whether two state the same requirement, however written, and says why not.

`canonical_key` is the definition; `equal` compares keys, so it is an equivalence. Folded: the decimal sign, ⌀/Ø/dia,
×/x, ±/+/-, stacked or inline order, spaces, case of words, minus look-alikes, `(70)`/`70 REF`, `C5`/`5×45°`, the
drawing's unit where it is known, and idle zeros unless they count. Never folded: case of fits, digits other than 0-9,
any sign, anything lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from gonogo.values.format import deviation_texts, format_text, step_text, zone_text
from gonogo.values.json_codec import from_json
from gonogo.values.json_text import canonical_json
from gonogo.values.model import BASIC_WORDS, REFERENCE_WORDS, SHAPE_SIGNS, EngineeringValue, HoleStep, Kind, Number
from gonogo.values.parser.lexer import TokenType, fold, text_key, tokens

_LONGEST_KEY = 512
_LOOKED_AT = 400  # characters of each text that the reason is found in
_SHOWN = 40
_ROUGHNESS_UNITS = {"mm": "µm", "in": "µin"}  # ISO 21920-1, ASME B46.1


@dataclass(frozen=True, slots=True)
class Equality:
    """Result of a comparison with its reason: `same: decimal sign`, `differs: upper 0,1 against 0,2`."""

    equal: bool
    reason: str


def equal(a: object, b: object, *, trailing_zeros: bool = False, unit: str = "") -> Equality:
    """Compares two values (any JSON, or `EngineeringValue`): whether they state the same requirement. Never raises.

    `unit` (`mm`, `in`) is the drawing's for lengths without one; empty means that it is not known, and none is claimed.
    """
    first, second = from_json(a), from_json(b)
    if value_key(first, trailing_zeros, unit) == value_key(second, trailing_zeros, unit):
        reasons = _ways_of_writing(first, second)
        return Equality(True, "same: " + ", ".join(reasons) if reasons else "same")
    return Equality(False, "differs: " + _difference(first, second, trailing_zeros, unit))


def canonical_key(json: object, *, trailing_zeros: bool = False, unit: str = "") -> str:
    """Returns the same text for all equal values; its SHA-256 where it is longer than 512 characters."""
    return value_key(from_json(json), trailing_zeros, unit)


def value_key(value: EngineeringValue, trailing_zeros: bool = False, unit: str = "") -> str:
    """Returns the `canonical_key` of a parsed value."""
    if value.kind is Kind.TEXT:
        pieces = [text_key(fold(value.text))]
    elif value.kind is Kind.OTHER:
        pieces = [value.text]
    else:
        pieces = [f"{name}={text}" for name, text in _key_fields(value, trailing_zeros, unit) if text]
    if value.extra:
        pieces.append(canonical_json(dict(value.extra)))
    key = "\x1f".join((value.kind.value, *pieces))
    return key if len(key) <= _LONGEST_KEY else _digest(key)


def _digest(key: str) -> str:
    return "sha256:" + sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _key_fields(value: EngineeringValue, zeros: bool, unit: str) -> list[tuple[str, str]]:
    return [
        ("quantity", str(value.quantity) if value.quantity not in (None, 1) else ""),
        ("nominal", _number(value.nominal, zeros)),
        ("upper", _number(value.upper, zeros)),
        ("lower", _number(value.lower, zeros)),
        ("unit", _unit(value, unit)),
        ("modifier", value.modifier),
        ("fit", value.fit),
        ("thread", _thread(value, zeros)),
        ("angle", _chamfer_angle(value, zeros)),
        ("depth", _number(value.depth, zeros)),
        ("symbol", value.symbol),
        ("zone", _zone(value, zeros)),
        ("conditions", ",".join(condition.replace(",", ".") for condition in value.conditions)),
        ("steps", " ".join(_step(step, zeros) for step in value.steps)),
        ("datums", "|".join(value.datums)),
        ("roughness", value.roughness),
        ("rest", _rest(value, zeros)),
    ]


def _number(number: Number | None, zeros: bool) -> str:
    return number.key(zeros) if number else ""


def _unit(value: EngineeringValue, default: str = "") -> str:
    """Returns the unit; where none is written the drawing's, and for roughness its thousandth or millionth."""
    if value.unit or value.kind in (Kind.THREAD, Kind.FIT, Kind.EMPTY) or value.roughness == "N":
        return value.unit
    return _ROUGHNESS_UNITS.get(default, "") if value.kind is Kind.ROUGHNESS else default


def _zone(value: EngineeringValue, zeros: bool) -> str:
    zone = value.zone
    return f"{zone.sign}{zone.size.key(zeros)}/{_number(zone.per, zeros)}".rstrip("/") if zone else ""


def _step(step: HoleStep, zeros: bool) -> str:
    return f"{step.sign}{_number(step.size, zeros)}×{_number(step.angle, zeros)}↧{_number(step.depth, zeros)}"


def _thread(value: EngineeringValue, zeros: bool) -> str:
    thread = value.thread
    if thread is None:
        return ""
    size = thread.size if thread.size.startswith("#") else Number(thread.size).key(zeros)
    return f"{thread.family} {size} {_number(thread.pitch, zeros)} {thread.grade}"


def _chamfer_angle(value: EngineeringValue, zeros: bool) -> str:
    if value.kind is not Kind.CHAMFER:
        return ""
    return value.angle.key(zeros) if value.angle else "45"  # C5 is 5×45°: JIS B 0001


def _rest(value: EngineeringValue, zeros: bool) -> str:
    implied = REFERENCE_WORDS | BASIC_WORDS if value.modifier else frozenset()
    pieces = [piece for piece in text_key(fold(value.rest), zeros).split(" ") if piece not in implied]
    return " ".join(pieces).strip(" .")


# Pattern texts, compiled when a reason is first asked for: the import stays cheap.
_DECIMAL = r"(?<=[0-9])[.,](?=[0-9])"
_DIAMETERS = r"(?i:[⌀∅ØøφϕΦФф]|%%c|\bdia(?:m|meter)?\b|(?<=[xX×])dia(?:m|meter)?\b)"
_TIMES = r"(?<=[0-9]) ?([xX×✕✖⨯*])"
_PLUS_MINUS = r"±|∓|\+ ?/? ?-|%%p"


def _ways_of_writing(first: EngineeringValue, second: EngineeringValue) -> list[str]:
    a, b = (_text_of(value)[:_LOOKED_AT] for value in (first, second))
    if a == b:
        return []
    reasons = [reason for pattern, name in _FEATURES if (reason := _unlike(pattern, name, a, b))]
    reasons += _unlike_numbers(a, b)
    if first.unit != second.unit:
        reasons.append(f"{first.unit or second.unit} is the drawing's unit")
    if (first.modifier == "reference") and bool(first.rest_words & REFERENCE_WORDS) != bool(
        second.rest_words & REFERENCE_WORDS
    ):
        reasons.append("REF is the same as brackets")
    if first.kind is Kind.CHAMFER and (first.sign != second.sign or (first.angle is None) != (second.angle is None)):
        reasons.append("chamfers of 45° have several marks")
    return reasons or [_plainly_unlike(a, b)]


def _text_of(value: EngineeringValue) -> str:
    return value.text.strip() or format_text(value)


_FEATURES: tuple[tuple[str, str], ...] = (
    (_DECIMAL, "decimal sign"),
    (_DIAMETERS, ""),
    (_TIMES, ""),
    (_PLUS_MINUS, "± written out"),
)


def _unlike(pattern: str, name: str, a: str, b: str) -> str:
    first, second = re.findall(pattern, a), re.findall(pattern, b)
    if set(first) == set(second) or (not name and not (first and second)):
        return ""
    if name == "decimal sign" and not (first and second):
        return ""  # 12 against 12,0: that is a zero, not a sign
    return name or f"{first[0].strip()} written {second[0].strip()}"


def _unlike_numbers(a: str, b: str) -> list[str]:
    first, second = (
        [Number(token.text) for token in tokens(fold(text)) if token.kind is TokenType.NUMBER] for text in (a, b)
    )
    reasons = []
    exact = [[number.key(True) for number in numbers] for numbers in (first, second)]
    loose = [[number.key() for number in numbers] for numbers in (first, second)]
    if sorted(exact[0]) != sorted(exact[1]) and sorted(loose[0]) == sorted(loose[1]):
        reasons.append("trailing zero")
    if loose[0] != loose[1] and sorted(loose[0]) == sorted(loose[1]):
        reasons.append("order")
    return reasons


def _plainly_unlike(a: str, b: str) -> str:
    a, b = "".join(a.split()), "".join(b.split())
    if a == b:
        return "spaces"
    if fold(a).lower() == fold(b).lower():
        return "case" if a.lower() == b.lower() else "signs that look alike"
    return "written differently"


_FieldText = Callable[[EngineeringValue], str]
_COMPARED_FIELDS: tuple[tuple[str, _FieldText], ...] = (
    ("quantity", lambda value: str(value.quantity) if value.quantity not in (None, 1) else ""),
    ("sign", lambda value: SHAPE_SIGNS.get(value.kind, "")),
    ("kind", lambda value: value.kind.value),
    ("value", lambda value: value.nominal.text if value.nominal else ""),
    ("upper", lambda value: deviation_texts(value)[0].removeprefix("+")),
    ("lower", lambda value: deviation_texts(value)[1].removeprefix("+")),
    ("unit", _unit),
    ("fit", lambda value: value.fit),
    ("modifier", lambda value: value.modifier),
    ("thread", lambda value: format_text(value) if value.thread else ""),
    ("angle", lambda value: value.angle.text if value.angle else "45" if value.kind is Kind.CHAMFER else ""),
    ("depth", lambda value: value.depth.text if value.depth else ""),
    ("characteristic", lambda value: value.symbol),
    ("zone", lambda value: zone_text(value.zone) if value.zone else ""),
    ("condition", lambda value: " ".join(value.conditions)),
    ("hole", lambda value: " ".join(map(step_text, value.steps))),
    ("datums", lambda value: "|".join(value.datums)),
    ("roughness", lambda value: value.roughness),
    ("words", lambda value: value.rest),
    ("text", lambda value: value.text.strip()),
)
_UNREAD = (Kind.TEXT, Kind.OTHER, Kind.EMPTY)


def _difference(first: EngineeringValue, second: EngineeringValue, trailing_zeros: bool, unit: str) -> str:
    """Describes the first field that differs, the most important fields first."""
    if first.kind in _UNREAD or second.kind in _UNREAD:
        return f"{_shown(_text_of(first))} against {_shown(_text_of(second))}"
    fields = dict(_key_fields(first, trailing_zeros, unit))
    others = dict(_key_fields(second, trailing_zeros, unit))
    renamed = {
        "value": "nominal",
        "words": "rest",
        "characteristic": "symbol",
        "condition": "conditions",
        "hole": "steps",
    }
    for name, text_of in _COMPARED_FIELDS:
        key = renamed.get(name, name)
        same = fields[key] == others[key] if key in fields else text_of(first) == text_of(second)
        if not same:
            return f"{name} {_shown(text_of(first))} against {_shown(text_of(second))}"
    return "keys beside the value"


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return (text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…") or "none"
