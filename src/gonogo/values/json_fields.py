"""Field readers of a value object: read the known keys of any JSON, or `None` where it is not understood."""

from __future__ import annotations

from collections.abc import Callable

from gonogo.json_types import JsonValue
from gonogo.values.json_text import readable_json
from gonogo.values.model import Kind, Number, Zone
from gonogo.values.parser.lexer import fold, tokens
from gonogo.values.parser.notations import Fields, read_thread, take_conditions, take_datums, take_fit, take_per
from gonogo.values.parser.token_cursor import UNITS, Cursor
from gonogo.values.symbols import CIRCLED, CONDITION_LETTERS, characteristic

_LONGEST = 120  # of a key's text; a longer one is no value
_KIND_ALIASES = {
    "length": "linear", "distance": "linear", "size": "linear", "surface_finish": "roughness",
    "surface finish": "roughness", "frame": "gdt", "geometric": "gdt", "angular": "angle",
}  # fmt: skip
_NO_KIND = frozenset(("", "dimension", "value", "pmi", "text", "other", "empty", "note"))
_KINDS = frozenset(kind.value for kind in Kind)
_SHAPES = frozenset(("diameter", "radius", "square", "spherical_diameter", "spherical_radius", "controlled_radius"))
_CONDITIONS = {"maximum": "M", "least": "L", "regardless": "S"}
_ROUGHNESS = {"ra": "Ra", "rz": "Rz", "rt": "Rt", "rq": "Rq", "rv": "Rv", "rmax": "Rmax", "rms": "RMS", "n": "N"}


def _text(item: object) -> str | None:
    """Returns a short text or a number as text, else `None`."""
    if isinstance(item, bool) or not isinstance(item, (str, int, float)):
        return None
    text = readable_json(item, _LONGEST + 1)
    return text.strip() if len(text) <= _LONGEST else None


def _cursor(text: str) -> Cursor:
    folded = fold(text)
    return Cursor(tokens(folded), folded)


def _number(item: object, signed: bool) -> Number | None:
    text = _text(item)
    if text is None:
        return None
    cursor = _cursor(text)
    sign = cursor.take("+-")
    number = cursor.take_number()
    if number is None or not cursor.at_end:
        return None
    if number.is_zero:
        return number
    return Number((sign or "+") + number.text) if signed else Number(sign.replace("+", "") + number.text)


def _nominal(item: object) -> Fields | None:
    number = _number(item, signed=False)
    return {"nominal": number} if number else None


def _upper(item: object) -> Fields | None:
    number = _number(item, signed=True)
    return {"upper": number} if number else None


def _lower(item: object) -> Fields | None:
    number = _number(item, signed=True)
    return {"lower": number} if number else None


def _unit(item: object) -> Fields | None:
    text = _text(item)
    if text is None:
        return None
    unit = UNITS.get(fold(text).lower(), "")
    return {"unit": unit} if unit or not text else None


def _quantity(item: object) -> Fields | None:
    text = _text(item)
    digits = (text or "").rstrip("xX× ")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 4 and int(digits) > 0):
        return None
    return {"quantity": int(digits)} if int(digits) > 1 else {}


def _kind(item: object) -> Fields | None:
    text = _text(item)
    if text is None:
        return None
    kind = _KIND_ALIASES.get(text.lower(), text.lower())
    if kind in _NO_KIND:
        return {}
    return {"kind": Kind(kind)} if kind in _KINDS else None


def _modifier(item: object) -> Fields | None:
    items = item if isinstance(item, list) else [item]
    fields: Fields = {}
    for text in map(_text, items[:4]):
        name = (text or "?").lower().replace(" ", "_") if text != "" else ""
        if name in _SHAPES:
            fields["kind"] = Kind(name)
        elif name in ("basic", "reference"):
            fields["modifier"] = name
        elif name:
            return None
    return fields


def _fit(item: object) -> Fields | None:
    text = _text(item)
    if text is None:
        return None
    cursor = _cursor(text)
    fit = take_fit(cursor)
    return {"fit": fit} if cursor.at_end and (fit or not text) else None


def _thread(item: object) -> Fields | None:
    if isinstance(item, dict):  # {"designation": "M8", "pitch": 1.25, "class": "6H"}
        parts = [_text(item.get(key)) or "" for key in ("designation", "pitch", "class")]
        known = set(item) <= {"designation", "pitch", "class"}
        text = parts[0] + (f"×{parts[1]}" if parts[1] else "") + (f"-{parts[2]}" if parts[2] else "") if known else ""
    else:
        text = _text(item) or ""
    cursor = _cursor(text)
    fields = read_thread(cursor)
    return fields if fields and cursor.at_end else None


def _symbol(item: object) -> Fields | None:
    text = _text(item)
    name = characteristic(text) if text else ""
    return {"symbol": name, "kind": Kind.FRAME} if name else {} if text == "" else None


def _zone(item: object) -> Fields | None:
    text = _text(item)
    if text is None:
        return None
    cursor = _cursor(text)
    sign = cursor.take_diameter()
    number = cursor.take_number()
    per = take_per(cursor)
    return {"zone": Zone(number, sign, per)} if number and cursor.at_end else None


def _material_condition(item: object) -> Fields | None:
    conditions: list[str] = []
    for text in map(_text, item[:8] if isinstance(item, list) else [item]):
        if text is None:
            return None
        word = _CONDITIONS.get(text.lower().partition(" ")[0], text.strip("() ").upper())
        if word in ("", "NONE"):
            continue
        letter, amount = CIRCLED.get(word[:1], word[:1]), word[1:].strip()
        circled = letter in CONDITION_LETTERS and (not amount or letter in "PU")
        cursor = _cursor(f"({letter}){amount}" if circled else word)
        taken = take_conditions(cursor)
        if not taken or not cursor.at_end:
            return None
        conditions += taken
    return {"conditions": tuple(conditions)}


def _datums(item: object) -> Fields | None:
    texts = [_text(entry) for entry in item[:8]] if isinstance(item, list) else [_text(item)]
    if any(text is None for text in texts):
        return None
    cursor = _cursor("|".join(text.replace(",", "|") for text in texts if text))
    datums = take_datums(cursor)
    return {"datums": datums} if cursor.at_end else None


def _roughness(item: object) -> Fields | None:
    if isinstance(item, dict):
        item = f"{_text(item.get('parameter')) or ''} {_text(item.get('value')) or '?'}"
    text = _text(item)
    if text is None:
        return None
    cursor = _cursor(text)
    name = _ROUGHNESS.get(cursor.take_word(_ROUGHNESS), "")
    number = cursor.take_number()
    if not cursor.at_end or not (name or number):
        return None
    return {"kind": Kind.ROUGHNESS, "roughness": name or "Ra"} | ({"nominal": number} if number else {})


READERS: dict[str, Callable[[object], Fields | None]] = {
    "kind": _kind,
    "nominal": _nominal,
    "unit": _unit,
    "upper": _upper,
    "lower": _lower,
    "quantity": _quantity,
    "modifier": _modifier,
    "fit": _fit,
    "thread": _thread,
    "symbol": _symbol,
    "zone": _zone,
    "material_condition": _material_condition,
    "datums": _datums,
    "roughness": _roughness,
}
"""Reader by key: fields to merge, `{}` for "says nothing", `None` for "not understood"."""

_OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "text": ("value", "raw", "reading"),
    "nominal": ("value", "nominal_value", "size", "dimension"),
    "unit": ("units", "uom"),
    "upper": ("upper_tolerance", "upper_tol", "upper_deviation", "tolerance_upper", "tol_upper"),
    "lower": ("lower_tolerance", "lower_tol", "lower_deviation", "tolerance_lower", "tol_lower"),
    "quantity": ("count", "qty", "instances"),
    "kind": ("type",),
    "thread": ("designation", "thread_designation"),
    "symbol": ("characteristic", "gdt_symbol", "geometric_characteristic"),
    "zone": ("tolerance_zone", "zone_size", "tolerance_value", "tolerance"),
    "material_condition": ("modifiers", "condition"),
    "datums": ("datum", "datum_refs", "datum_references", "datum_features"),
}
"""Names that other programs give to the known keys, by key."""


def with_known_names(json: dict[object, JsonValue]) -> dict[object, JsonValue]:
    """Returns the object with the known keys' names in place of other programs', where their items are understood."""
    if not any(key not in READERS and key != "text" for key in json):
        return json
    names: dict[object, str] = {}
    for known, others in _OTHER_NAMES.items():
        other = next((key for key in others if key in json and key not in names), "")
        if known not in json and other and _means(known, json[other], json):
            names[other] = known
    renamed = {names.get(key, key): item for key, item in json.items()}
    return _with_tolerance(renamed)


def _means(known: str, item: object, json: dict[object, JsonValue]) -> bool:
    if known == "text":
        return isinstance(item, str) and bool(item.strip())
    if known == "zone" and not any(key in json for key in ("symbol", *_OTHER_NAMES["symbol"])):
        return False  # a tolerance of a size, not of a frame
    return bool(READERS[known](item))


def _with_tolerance(json: dict[object, JsonValue]) -> dict[object, JsonValue]:
    """Writes `tolerance` as both deviations: a number or `±0,1`, or an object or pair of `upper` and `lower`."""
    tolerance = json.get("tolerance")
    if tolerance is None or "upper" in json or "lower" in json or "nominal" not in json:
        return json
    rest = {key: item for key, item in json.items() if key != "tolerance"}
    if isinstance(tolerance, dict) and set(tolerance) <= {"upper", "lower"}:
        return rest | {"upper": tolerance.get("upper"), "lower": tolerance.get("lower")}
    text = (_text(tolerance) or "").lstrip("±").strip()
    number = _number(text, signed=False)
    if number is None or number.is_zero or number.text.startswith("-"):
        return json
    return rest | {"upper": f"+{number.text}", "lower": f"-{number.text}"}
