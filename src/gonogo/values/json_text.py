"""JSON text: writes any value as canonical JSON for comparison, or as short readable lines for people.

Bounded in depth, items and length; never raises.
"""

from __future__ import annotations

import json

MAX_DEPTH = 64
_SHOWN_DEPTH = 3
_SHOWN_ITEMS = 20


def canonical_json(value: object) -> str:
    """Returns compact JSON with sorted keys; `1` and `1.0` are the same, `true` is not `1`; cut below 64 levels."""
    return json.dumps(_canonical(value, 0), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _canonical(value: object, depth: int) -> object:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else hex(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**63 else repr(value)
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {str(key): _canonical(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(item, depth + 1) for item in value]
    return str(value)


def readable_json(value: object, longest: int = 200, depth: int = 0) -> str:
    """Returns a JSON value for people, not for parsers: `a, b`, `x: 1, y: 2`; cut at about `longest` characters."""
    if isinstance(value, str):
        text = value[: longest + 1]
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif value is None:
        text = "none"
    elif isinstance(value, (dict, list, tuple)):
        text = _shown_items(value, longest, depth)
    elif isinstance(value, int) and abs(value) >= 2**63:
        text = "a very large number"
    else:
        text = str(value)
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _shown_items(value: dict[object, object] | list[object] | tuple[object, ...], longest: int, depth: int) -> str:
    if not value:
        return "nothing"
    if depth >= _SHOWN_DEPTH:
        return "…"
    pieces: list[str] = []
    for item in value.items() if isinstance(value, dict) else ((None, item) for item in value):
        if len(pieces) >= _SHOWN_ITEMS or sum(map(len, pieces)) > longest:
            pieces.append("…")
            break
        text = readable_json(item[1], longest, depth + 1)
        pieces.append(text if item[0] is None else f"{readable_json(str(item[0]), 40)}: {text}")
    joined = ", ".join(pieces)
    return f"({joined})" if depth else joined
