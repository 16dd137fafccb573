"""JSON codec of values: reads a value from any JSON, and writes it with the agreed keys. Never raises, loses nothing.

`text`, when it is understood, is what the drawing shows: other keys fill in what it leaves open. A key that contradicts
it, or is not known, is kept in `extra`, shown, and counts when values are compared. Without such a text the known keys
must agree with each other; where they do not, or the text is prose, nothing is guessed and each is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from gonogo.json_types import JsonObject, JsonValue
from gonogo.values.format import format_text, thread_text, zone_text
from gonogo.values.json_fields import READERS, with_known_names
from gonogo.values.json_text import canonical_json, readable_json
from gonogo.values.model import EngineeringValue, Kind, Number, Thread, Zone
from gonogo.values.parse import parse
from gonogo.values.parser.notations import Fields

_SHAPES = frozenset((Kind.DIAMETER, Kind.RADIUS, Kind.SQUARE, Kind.SPHERICAL_DIAMETER, Kind.SPHERICAL_RADIUS))
_SPACED_TIMES = re.compile(r"(?<=[0-9])[xX×] +(?=[0-9])")
_KNOWN = frozenset((*READERS, "text"))
_Items = list[tuple[str, JsonValue]]


def from_json(json: object) -> EngineeringValue:
    """Returns the value of any JSON. `null`, `{}` and blank text are empty; lists and the like are kept as `other`."""
    if isinstance(json, EngineeringValue):
        return json
    if json is None:
        return EngineeringValue(Kind.EMPTY)
    if isinstance(json, str):
        return parse(json).value
    if isinstance(json, dict):
        return _read_object(json)
    if isinstance(json, (int, float)) and not isinstance(json, bool) and abs(json) < 2**63:
        return parse(readable_json(json)).value
    return EngineeringValue(Kind.OTHER, canonical_json(json))


def to_json(value: EngineeringValue) -> JsonObject:
    """Returns `value` as a JSON object: `text` as a drawing writes it, the known keys it fills, and unknown ones."""
    if value.kind is Kind.EMPTY:
        return dict(value.extra)
    if value.kind in (Kind.TEXT, Kind.OTHER):
        return {"text": value.text, **dict(value.extra)}
    fields: JsonObject = {
        "text": format_text(value),
        "kind": value.kind.value,
        "nominal": _digits(value.nominal),
        "upper": _digits(value.upper),
        "lower": _digits(value.lower),
        "unit": value.unit,
        "quantity": value.quantity,
        "modifier": value.modifier or (value.kind.value if value.kind in _SHAPES else ""),
        "fit": value.fit,
        "thread": thread_text(value.thread) if value.thread else "",
        "symbol": value.symbol,
        "zone": zone_text(value.zone, ".") if value.zone else "",
        "material_condition": value.conditions[0] if len(value.conditions) == 1 else [*value.conditions],
        "datums": [*value.datums],
        "roughness": value.roughness,
    }
    return {key: item for key, item in fields.items() if item not in (None, "", [])} | dict(value.extra)


def _digits(number: Number | None) -> str:
    return number.written(".").removeprefix("+") if number else ""


def _read_object(json: dict[object, JsonValue]) -> EngineeringValue:
    json = with_known_names(json)
    text = json.get("text")
    if isinstance(text, str) and json.get("kind") == Kind.CHAMFER.value:
        text = _SPACED_TIMES.sub("×", text)  # the sheet says so: `2X 45°` is no angle at two places
    parsed = parse(text) if isinstance(text, str) else None
    reading = _ObjectReading(parsed.value if parsed is not None and parsed.ok else EngineeringValue(Kind.LINEAR))
    # Known keys in one order, so that the same keys make the same value however an object lists them.
    for key in (*filter(json.__contains__, READERS), *(key for key in json if key not in READERS)):
        if key != "text" or parsed is None:
            reading.add(key, json[key])
    return reading.result(parsed.value if parsed else None)


class _ObjectReading:
    """A value that is built key by key.

    `stated` holds the keys beside the text that say something; `unplaced` those of them that contradict the value, or
    have no place in it.
    """

    def __init__(self, value: EngineeringValue) -> None:
        self.value = value
        self.stated: _Items = []
        self.unplaced: _Items = []

    def add(self, key: object, item: JsonValue) -> None:
        fields = READERS[key](item) if key in READERS and item is not None else None
        if fields == {} or (item is None and key in _KNOWN):
            return
        self.stated.append((str(key), item))
        merged = _merge(self.value, fields) if fields is not None else None
        if merged is None:
            self.unplaced.append((str(key), item))
        else:
            self.value = merged

    def result(self, from_text: EngineeringValue | None) -> EngineeringValue:
        """Returns the value if its keys agree and it survives a round trip; else the text with all keys beside it.

        `from_text` is what the text alone says, `None` without a text.
        """
        value = _with_inferred_kind(self.value)
        understood = from_text is not None and from_text.kind not in (Kind.TEXT, Kind.EMPTY)
        is_prose = from_text is not None and from_text.kind is Kind.TEXT
        agreed = understood or not (is_prose or any(key in _KNOWN for key, _ in self.unplaced))
        # What the text alone says was read back by `parse` already.
        if agreed and _has_content(value) and (value == from_text or _survives_round_trip(value)):
            return replace(value, text=from_text.text if from_text else "", extra=tuple(self.unplaced))
        base = from_text or EngineeringValue(Kind.EMPTY)
        extra = (item for item in self.stated if not (understood and _implies(base, *item)))
        return replace(base, extra=tuple(extra))


def _survives_round_trip(value: EngineeringValue) -> bool:
    again = parse(format_text(value))
    return again.ok and again.value == value


def _implies(value: EngineeringValue, key: str, item: JsonValue) -> bool:
    """Whether `value` already holds what the key says."""
    fields = READERS[key](item) if key in READERS else None
    return fields is not None and _merge(value, fields) == value


def _has_content(value: EngineeringValue) -> bool:
    return value.kind not in (Kind.TEXT, Kind.OTHER, Kind.EMPTY) and any(
        (value.nominal, value.upper, value.lower, value.thread, value.zone, value.fit, value.symbol, value.steps)
    )


class _KindRule(NamedTuple):
    """One row of the decision table for the kind of a value: when it applies, and the fields it changes."""

    applies: Callable[[EngineeringValue], bool]
    changes: Fields


_KIND_RULES: Final = (
    # Two numbers without a nominal that cannot both be sizes are deviations.
    _KindRule(lambda v: v.kind is Kind.LINEAR and _is_pair(v) and not _is_positive(v), {"kind": Kind.TOLERANCE}),
    _KindRule(lambda v: v.kind is not Kind.TOLERANCE and _is_pair(v) and not _is_positive(v), {}),
    _KindRule(lambda v: v.kind is Kind.ANGLE and not v.unit, {"unit": "deg"}),
    _KindRule(lambda v: v.kind in (Kind.FIT, Kind.TOLERANCE) and v.nominal is not None, {"kind": Kind.LINEAR}),
    _KindRule(lambda v: v.kind is Kind.CHAMFER and not v.sign and v.angle is None, {"sign": "C"}),
    # A kind that was stated stays; the fields decide only where it is the default.
    _KindRule(lambda v: v.kind is not Kind.LINEAR, {}),
    _KindRule(lambda v: v.thread is not None, {"kind": Kind.THREAD}),
    _KindRule(lambda v: bool(v.symbol or v.zone), {"kind": Kind.FRAME}),
    _KindRule(lambda v: bool(v.roughness), {"kind": Kind.ROUGHNESS}),
    _KindRule(lambda v: v.unit == "deg", {"kind": Kind.ANGLE}),
    _KindRule(lambda v: v.nominal is None and v.upper is None and bool(v.fit), {"kind": Kind.FIT}),
    _KindRule(lambda _: True, {}),
)
"""The first row that applies decides."""


def _with_inferred_kind(value: EngineeringValue) -> EngineeringValue:
    if value.kind is not Kind.TOLERANCE and value.upper and value.lower and _is_pair(value) and _is_positive(value):
        value = replace(value, upper=Number(value.upper.unsigned), lower=Number(value.lower.unsigned))  # limits
    changes = next(rule.changes for rule in _KIND_RULES if rule.applies(value))
    return replace(value, **changes) if changes else value


def _is_pair(value: EngineeringValue) -> bool:
    return value.nominal is None and value.upper is not None and value.lower is not None


def _is_positive(value: EngineeringValue) -> bool:
    return all(number is not None and number.value > 0 for number in (value.upper, value.lower))


def _merge(value: EngineeringValue, fields: Fields) -> EngineeringValue | None:
    """Returns `value` with `fields` filled in where it is silent; `None` when they contradict it."""
    new: Fields = {}
    for name, item in fields.items():
        old = getattr(value, name)
        if name == "kind":
            if item is Kind.LINEAR or old is item:
                continue
            if old is not Kind.LINEAR:
                return None
        elif old not in (None, "", ()):
            if not _is_same(old, item):
                return None
            continue
        new[name] = item
    return replace(value, **new)


def _is_same(old: object, new: object) -> bool:
    if isinstance(old, Number) and isinstance(new, Number):
        return old.key() == new.key()
    if isinstance(old, Zone) and isinstance(new, Zone):
        return zone_text(old, ".") == zone_text(new, ".") or (
            (old.sign, old.size.key(), old.per and old.per.key())
            == (new.sign, new.size.key(), new.per and new.per.key())
        )
    if isinstance(old, Thread) and isinstance(new, Thread):
        return thread_text(old, ".") == thread_text(new, ".")
    return bool(old == new)
