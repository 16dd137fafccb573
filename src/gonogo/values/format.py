"""Formatter: writes a value on one line as a drawing would. `format_text(parse(t).value)` is stable."""

from __future__ import annotations

from gonogo.values.model import (
    BASIC_WORDS,
    REFERENCE_WORDS,
    SHAPE_SIGNS,
    STEEPEST_CHAMFER,
    EngineeringValue,
    HoleStep,
    Kind,
    Number,
    Thread,
    Zone,
)
from gonogo.values.symbols import CIRCLE_OF, GLYPH_OF


def format_text(value: EngineeringValue, mark: str = "") -> str:
    """Returns `value` on one line: `2×⌀8,80 H8`, `⌀16,5 +0,1 0`, `⌖|⌀0,1Ⓜ|A|B`, `(70)`.

    `mark` (`,` or `.`) sets the decimal sign of every number; empty keeps each as it came.
    """
    if value.kind in (Kind.TEXT, Kind.OTHER, Kind.EMPTY):
        return value.text.strip()
    body = body_text(value, mark)
    depth = f" ↧{value.depth.written(mark)}" if value.depth else ""
    steps = (step_text(step, mark) for step in value.steps)
    inside = " ".join(part for part in (body + depth, value.rest, *steps) if part)
    if value.modifier == "reference" and not value.rest_words & REFERENCE_WORDS:
        return f"{quantity_text(value)}({inside})"
    if value.modifier == "basic" and not value.rest_words & BASIC_WORDS:
        return f"{quantity_text(value)}[{inside}]"
    return quantity_text(value) + inside


def quantity_text(value: EngineeringValue) -> str:
    """Returns `2×`, or nothing where no quantity is written; `2× ` before 45°, because `2×45°` is a chamfer."""
    if value.quantity is None:
        return ""
    return f"{value.quantity}×" + (" " if _seems_chamfer(value) else "")


def _seems_chamfer(value: EngineeringValue) -> bool:
    if value.kind is not Kind.ANGLE or value.modifier or value.nominal is None or value.quantity is None:
        return False
    return value.nominal.value <= STEEPEST_CHAMFER and value.quantity * value.nominal.value != 360


def step_text(step: HoleStep, mark: str = "") -> str:
    """Returns a counterbore or countersink: `⌴⌀11 ↧6,8`, `⌵⌀12×90°`."""
    size = f"⌀{step.size.written(mark)}" if step.size else ""
    angle = step.angle.written(mark) if step.angle else ""
    if angle:
        angle = ("×" if size else "") + angle + ("" if "°" in angle else "°")
    depth = f"{' ' if size or angle else ''}↧{step.depth.written(mark)}" if step.depth else ""
    return step.sign + size + angle + depth


def condition_text(condition: str) -> str:
    """Returns `Ⓜ`, `Ⓟ25`, ` CZ` as they stand after a zone."""
    letter = condition[:1]
    if condition in CIRCLE_OF or (letter in "PU" and condition[1:2] in tuple("+-.,0123456789")):
        return CIRCLE_OF[letter] + condition[1:]
    return f" {condition}"


def body_text(value: EngineeringValue, mark: str = "") -> str:
    """Returns the value without quantity, brackets, depth and the words after it."""
    if value.kind is Kind.FRAME:
        return "|".join(frame_cells(value, mark))
    if value.thread is not None:
        return thread_text(value.thread, mark)
    size = size_text(value, mark)
    tolerance = tolerance_text(value, mark)
    measure = " ".join(piece for piece in (size, value.fit, tolerance) if piece) + unit_text(value)
    return measure + conditions_text(value)


def conditions_text(value: EngineeringValue) -> str:
    """Returns what stands in circles after a size, such as the envelope requirement: ` Ⓔ`."""
    conditions = "".join(condition_text(condition) for condition in value.conditions).strip()
    return f" {conditions}" if conditions and value.kind is not Kind.FRAME else ""


def size_text(value: EngineeringValue, mark: str = "") -> str:
    """Returns sign and nominal, or the limits: `⌀16,5`, `R0,2`, `45°`, `Ra 1,6`, `5×45°`, `19,9/20,1`."""
    if value.nominal is None and not value.is_limits:
        return ""
    size = _limits_text(value, mark) if value.nominal is None else value.nominal.written(mark)
    if value.kind is Kind.ANGLE:
        return size if "°" in size or "'" in size else f"{size}°"
    if value.kind is Kind.CHAMFER:
        angle = value.angle.written(mark) if value.angle else ""
        by_angle = f"×{angle}" + ("" if "°" in angle else "°") if angle else ""
        return f"{value.sign}{size}{by_angle}"
    if value.kind is Kind.ROUGHNESS:
        return f"N{size}" if value.roughness == "N" else f"{value.roughness or '√'} {size}"
    return SHAPE_SIGNS.get(value.kind, "") + size


def tolerance_text(value: EngineeringValue, mark: str = "") -> str:
    """Returns the deviations on one line: `±0,1`, `+0,1 0`; nothing for limits."""
    if value.is_limits or (value.upper is None and value.lower is None):
        return ""
    upper, lower = deviation_texts(value, mark)
    if upper and lower and upper[0] == "+" and lower[0] == "-" and upper[1:] == lower[1:]:
        return "±" + upper[1:]
    return " ".join(text for text in (upper, lower) if text)


def deviation_texts(value: EngineeringValue, mark: str = "") -> tuple[str, str]:
    """Returns upper and lower deviation as written, with `°` for angles; empty where there is none."""
    degrees = value.unit == "deg"
    return _deviation(value.upper, mark, degrees), _deviation(value.lower, mark, degrees)


def _deviation(number: Number | None, mark: str, degrees: bool) -> str:
    if number is None:
        return ""
    text = number.written(mark)
    return text + "°" if degrees and "°" not in text and "'" not in text else text


def _limits_text(value: EngineeringValue, mark: str) -> str:
    limits = (value.lower, value.upper)
    return "/".join(number.written(mark) for number in limits if number is not None)


def unit_text(value: EngineeringValue) -> str:
    """Returns the unit after a space; degrees are written with the number."""
    return f" {value.unit}" if value.unit and value.unit != "deg" else ""


def thread_text(thread: Thread, mark: str = "") -> str:
    """Returns `M8×1,25-6H`, `1/4-20 UNC-2B`, `G1/2`."""
    pitch = f"×{thread.pitch.written(mark)}" if thread.pitch and not thread.unified else ""
    grade = f"-{thread.grade}" if thread.grade else ""
    return f"{thread.designation}{pitch}{grade}"


def zone_text(zone: Zone, mark: str = "") -> str:
    """Returns `⌀0,1`, or `0,05/100` for a zone that holds for a length."""
    return zone.sign + zone.size.written(mark) + (f"/{zone.per.written(mark)}" if zone.per else "")


def frame_cells(value: EngineeringValue, mark: str = "") -> tuple[str, ...]:
    """Returns the cells of a feature control frame: sign, zone with its conditions, datums."""
    zone = zone_text(value.zone, mark) if value.zone else ""
    zone += "".join(condition_text(condition) for condition in value.conditions) + unit_text(value)
    return (GLYPH_OF.get(value.symbol, value.symbol), zone, *value.datums)
