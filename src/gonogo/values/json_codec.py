"""JSON to value and back, by the keys that are agreed on. Any JSON is taken; nothing raises; nothing is lost.

`text`, when it is understood, is what the drawing shows: other keys fill in what it leaves open. A key that contradicts
it, or is not known, is kept in `extra`, shown, and counts when values are compared. Without such a text the known keys
must agree with each other; where they do not, or the text is prose, nothing is guessed and each is shown as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gonogo.values.format import format_text, thread_text
from gonogo.values.json_fields import READERS
from gonogo.values.json_text import canonical_json, shown
from gonogo.values.model import EngineeringValue, Kind, Number, Thread, Zone
from gonogo.values.parse import parse

_SHAPES = frozenset((Kind.DIAMETER, Kind.RADIUS, Kind.SQUARE, Kind.SPHERICAL_DIAMETER, Kind.SPHERICAL_RADIUS))
_KNOWN = frozenset((*READERS, "text"))
_Items = list[tuple[str, Any]]


def from_json(json: Any) -> EngineeringValue:
    """The value of any JSON. `null`, `{}` and blank text are empty; lists and the like are kept as `other`."""
    if isinstance(json, EngineeringValue):
        return json
    if json is None:
        return EngineeringValue(Kind.EMPTY)
    if isinstance(json, str):
        return parse(json).value
    if isinstance(json, dict):
        return _read_object(json)
    if isinstance(json, (int, float)) and not isinstance(json, bool) and abs(json) < 2**63:
        return parse(shown(json)).value
    return EngineeringValue(Kind.OTHER, canonical_json(json))


def to_json(value: EngineeringValue) -> dict[str, Any]:
    """`value` as a JSON object: `text` as a drawing writes it, beside it the known keys it fills, and unknown ones."""
    if value.kind is Kind.EMPTY:
        return dict(value.extra)
    if value.kind in (Kind.TEXT, Kind.OTHER):
        return {"text": value.text, **dict(value.extra)}
    fields: dict[str, Any] = {
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
        "zone": f"{value.zone.sign}{_digits(value.zone.size)}" if value.zone else "",
        "material_condition": value.conditions[0] if len(value.conditions) == 1 else list(value.conditions),
        "datums": list(value.datums),
        "roughness": value.roughness,
    }
    return {key: item for key, item in fields.items() if item not in (None, "", [])} | dict(value.extra)


def _digits(number: Number | None) -> str:
    return number.written(".").removeprefix("+") if number else ""


def _read_object(json: dict[Any, Any]) -> EngineeringValue:
    text = json.get("text")
    parsed = parse(text) if isinstance(text, str) else None
    value = parsed.value if parsed is not None and parsed.ok else EngineeringValue(Kind.LINEAR)
    telling: list[tuple[str, Any]] = []  # what the keys beside the text say
    extra: list[tuple[str, Any]] = []  # the part of it that finds no place in the value
    # Known keys in one order, so that the same keys make the same value however an object lists them.
    for key in (*filter(json.__contains__, READERS), *(key for key in json if key not in READERS)):
        item = json[key]
        fields = READERS[key](item) if key in READERS and item is not None else None
        if (key == "text" and parsed is not None) or fields == {} or (item is None and key in _KNOWN):
            continue
        telling.append((str(key), item))
        merged = _merge(value, fields) if fields is not None else None
        if merged is None:
            extra.append((str(key), item))
        else:
            value = merged
    return _settled(_kind_by_fields(value), parsed.value if parsed else None, telling, extra)


def _settled(
    value: EngineeringValue, written: EngineeringValue | None, telling: _Items, extra: _Items
) -> EngineeringValue:
    """`value` if its keys agree, and it can be written down and read again; else the text, all keys kept beside it."""
    understood = written is not None and written.kind not in (Kind.TEXT, Kind.EMPTY)
    agreed = understood or (not _is_prose(written) and not any(key in _KNOWN for key, _ in extra))
    again = parse(format_text(value)) if agreed and _says_something(value) else None
    if again is None or not again.ok or again.value != value:
        base = written or EngineeringValue(Kind.EMPTY)
        return replace(base, extra=tuple(item for item in telling if not (understood and _says_it(base, *item))))
    return replace(value, text=written.text if written else "", extra=tuple(extra))


def _is_prose(written: EngineeringValue | None) -> bool:
    return written is not None and written.kind is Kind.TEXT


def _says_it(value: EngineeringValue, key: str, item: Any) -> bool:
    """`value` already holds what the key says."""
    fields = READERS[key](item) if key in READERS else None
    return fields is not None and _merge(value, fields) == value


def _says_something(value: EngineeringValue) -> bool:
    return value.kind not in (Kind.TEXT, Kind.OTHER, Kind.EMPTY) and any(
        (value.nominal, value.upper, value.lower, value.thread, value.zone, value.fit, value.symbol)
    )


def _kind_by_fields(value: EngineeringValue) -> EngineeringValue:
    if value.nominal is None and value.upper and value.lower and value.kind is not Kind.TOLERANCE:
        if value.upper.value <= 0 or value.lower.value <= 0:
            return replace(value, kind=Kind.TOLERANCE) if value.kind is Kind.LINEAR else value
        value = replace(value, upper=Number(value.upper.unsigned), lower=Number(value.lower.unsigned))
    if value.kind is Kind.ANGLE:
        return replace(value, unit=value.unit or "deg")
    if value.kind in (Kind.FIT, Kind.TOLERANCE) and value.nominal is not None:
        return replace(value, kind=Kind.LINEAR)
    if value.kind is Kind.CHAMFER and not value.sign and value.angle is None:
        return replace(value, sign="C")
    if value.kind is not Kind.LINEAR:
        return value
    if value.thread:
        return replace(value, kind=Kind.THREAD)
    if value.symbol or value.zone:
        return replace(value, kind=Kind.FRAME)
    if value.roughness:
        return replace(value, kind=Kind.ROUGHNESS)
    if value.unit == "deg":
        return replace(value, kind=Kind.ANGLE)
    if value.nominal is None and value.upper is None and value.fit:
        return replace(value, kind=Kind.FIT)
    return value


def _merge(value: EngineeringValue, fields: dict[str, Any]) -> EngineeringValue | None:
    """`value` with `fields` filled in where it is silent; `None` when they contradict it."""
    new: dict[str, Any] = {}
    for name, item in fields.items():
        old = getattr(value, name)
        if name == "kind":
            if item is Kind.LINEAR or old is item:
                continue
            if old is not Kind.LINEAR:
                return None
        elif old not in (None, "", ()):
            if not _agree(old, item):
                return None
            continue
        new[name] = item
    return replace(value, **new)


def _agree(old: Any, new: Any) -> bool:
    if isinstance(old, Number) and isinstance(new, Number):
        return old.key() == new.key()
    if isinstance(old, Zone) and isinstance(new, Zone):
        return old.sign == new.sign and old.size.key() == new.size.key()
    if isinstance(old, Thread) and isinstance(new, Thread):
        return thread_text(old, ".") == thread_text(new, ".")
    return bool(old == new)
