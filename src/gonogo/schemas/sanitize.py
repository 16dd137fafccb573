"""Sanitizer: removes characters from outside text that could act on a terminal.

A control character in a prompt can write the clipboard, move the cursor, or make the terminal answer with bytes
that arrive as key presses; a bidi override can show one number and mean another. So every string of a response
is cleaned once, where it enters (`client` calls `clean_json` on each parsed body). Raw text stays on the server,
and exports carry it unchanged. In a value the code point is kept, as `<U+200B>`: it is part of what is judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from gonogo.json_types import JsonValue

# C0 except tab and newline; DEL; C1; soft hyphen; combining grapheme joiner; Arabic letter mark; Hangul fillers;
# Mongolian separators; zero-width and bidi marks; line and paragraph separators; bidi embeddings and isolates;
# invisible operators; interlinear annotation; BOM; tags; variation selectors supplement; private use; surrogates.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\uffa0\ufeff\ufff0-\ufffb"
    "\ue000-\uf8ff\ud800-\udfff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
REPLACEMENT = "\ufffd"
MAX_DEPTH = 64
_VALUE_KEYS = frozenset(("predicted_value", "corrected_value", "consensus_value", "value", "truth"))


def clean_text(text: str) -> str:
    """Returns `text` with each character that could act on a terminal replaced by U+FFFD; `\\r\\n` becomes `\\n`."""
    if text.isascii() and text.isprintable():
        return text
    return _HARMFUL.sub(REPLACEMENT, text.replace("\r\n", "\n"))


def spell_out(text: str) -> str:
    """Returns `text` with each character that could act on a terminal written as its code point, `<U+200B>`."""
    if text.isascii() and text.isprintable():
        return text
    return _HARMFUL.sub(lambda match: f"<U+{ord(match[0]):04X}>", text.replace("\r\n", "\n"))


def escape_json(text: str) -> str:
    """Returns JSON, a document or lines, with what could act on a terminal as escapes: other bytes, the same data."""
    if text.isascii() and text.isprintable():
        return text
    return _HARMFUL.sub(lambda match: json.dumps(match[0])[1:-1], text)


def clean_json(value: JsonValue, depth: int = 0, clean: Callable[[str], str] = clean_text) -> JsonValue:
    """Returns `value` (any JSON) with all strings and keys cleaned; anything below 64 levels becomes `None`.

    Below a key that holds an engineering value, `spell_out` cleans.
    """
    if isinstance(value, str):
        return clean(value)
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {
            clean(str(key)): clean_json(item, depth + 1, spell_out if key in _VALUE_KEYS else clean)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [clean_json(item, depth + 1, clean) for item in value]
    return value
