"""Repairs of misread values: each mends one typical error of a reader by one key, such as a lost ⌀ or tolerance."""

from __future__ import annotations

import re
from dataclasses import replace

from gonogo.values.format import format_text
from gonogo.values.json_codec import from_json
from gonogo.values.model import EngineeringValue, Kind, Number
from gonogo.values.parse import parse

_HEAD = re.compile(r"\s*(?:[0-9]{1,4}\s*[xX×]\s*)?")
_DIAMETER = re.compile(r"(?:[⌀∅Øøφ]|dia(?:m|meter)?\b\.?)\s*", re.IGNORECASE)
_MARK = re.compile(r"(?<=[0-9])[.,](?=[0-9])|(?<![0-9.,])[.,](?=[0-9])")
_SWAPPED = str.maketrans(".,", ",.")
_SIGNED = re.compile(r"[+\-−–](?=\s*[.,]?[0-9])")
_NEVER_ROUND = frozenset((Kind.ANGLE, Kind.THREAD, Kind.ROUGHNESS, Kind.CHAMFER, Kind.FIT, Kind.TOLERANCE))
_NEXT_UNIT = {"": "mm", "mm": "in", "in": ""}


def toggle_diameter(text: str) -> str:
    """Toggles the sign: `16,5` → `⌀16,5` → `16,5`, after a quantity (`2x16` → `2x⌀16`) or in a frame's zone.

    `R5` → `⌀5`, `(70)` → `(⌀70)`; angles, threads, roughness and chamfers have no diameter and stay.
    """
    parsed = parse(text)
    zone = parsed.value.zone
    if parsed.ok and zone is not None:
        return format_text(replace(parsed.value, zone=replace(zone, sign="" if zone.sign else "⌀")))
    if parsed.ok and parsed.value.kind in _NEVER_ROUND:
        return text
    head_match = _HEAD.match(text)
    head = head_match.end() if head_match else 0
    sign = _DIAMETER.match(text, head)
    edited = text[:head] + text[sign.end() :] if sign else f"{text[:head]}⌀{text[head:]}"
    if not parsed.ok or (parse(edited).ok and parsed.value.kind in (Kind.LINEAR, Kind.DIAMETER)):
        return edited
    round_now = parsed.value.kind is Kind.DIAMETER
    return _written(text, replace(parsed.value, kind=Kind.LINEAR if round_now else Kind.DIAMETER))


def swap_signs(text: str) -> str:
    """Swaps the signs of both deviations: `16,5 +0,1 0` → `16,5 0 -0,1`; in unknown text only the last sign."""
    parsed = parse(text)
    value = parsed.value
    if parsed.ok:
        if value.is_limits or (value.upper is None and value.lower is None):
            return text
        return _written(text, replace(value, upper=_negated(value.lower), lower=_negated(value.upper)))
    matches = list(_SIGNED.finditer(text))
    if not matches:
        return text
    last = matches[-1]
    return text[: last.start()] + ("-" if last[0] == "+" else "+") + text[last.end() :]


def restore_tolerance(text: str, predicted: object) -> str:
    """Returns `text` with the deviations and the fit of `predicted` (any JSON); its size, sign and quantity stay."""
    parsed, source = parse(text), from_json(predicted)
    value = parsed.value
    if not parsed.ok or value.nominal is None or source.is_limits or not source.has_tolerance:
        return text
    if (value.unit == "deg") != (source.unit == "deg"):
        return text
    return _written(text, replace(value, upper=source.upper, lower=source.lower, fit=source.fit))


def swap_decimal_mark(text: str) -> str:
    """Swaps decimal commas and points; the length stays."""
    return _MARK.sub(lambda match: match[0].translate(_SWAPPED), text)


def next_unit(text: str) -> str:
    """Returns `text` with the next unit: none → mm → in → none. Angles, threads and unknown text stay."""
    parsed = parse(text)
    value = parsed.value
    if not parsed.ok or value.unit not in _NEXT_UNIT or value.kind in (Kind.THREAD, Kind.FIT, Kind.ROUGHNESS):
        return text
    return _written(text, replace(value, unit=_NEXT_UNIT[value.unit]))


def _negated(number: Number | None) -> Number | None:
    if number is None or number.is_zero:
        return number
    return Number(("+" if number.text.startswith("-") else "-") + number.unsigned)


def _written(text: str, value: EngineeringValue) -> str:
    """Returns `value` as text if it survives a round trip; else `text`."""
    written = format_text(value)
    again = parse(written)
    return written if again.ok and again.value == value else text
