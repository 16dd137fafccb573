"""Plausible reading errors for practice items: each function makes one kind of error, or returns `None` if it doesn't
fit.

Honeypots have subtler ones (`tasks.honeypot_errors`), which must not be told from right readings by the text alone;
here the error is explained at once.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

ErrorMaker = Callable[[str, random.Random], str | None]

_LOOKALIKES: Final = {
    "0": "8",
    "1": "7",
    "3": "8",
    "5": "6",
    "6": "8",
    "7": "1",
    "8": "3",
    "9": "0",
    "2": "7",
    "4": "1",
}


def introduce_error(text: str, draw: random.Random) -> tuple[str, str]:
    """`text` with one plausible reading error, and the error's type; unchanged and `other` where none fits."""
    candidates = [(name, make(text, draw)) for name, make in _ERRORS.items()]
    fitting = [(name, changed) for name, changed in candidates if changed is not None and changed != text]
    if not fitting:
        return text, "other"
    error_type, changed = draw.choice(fitting)
    return changed, error_type


def _digit(text: str, draw: random.Random) -> str | None:
    """One digit read as one that looks like it."""
    digits = [at for at, character in enumerate(text) if character in _LOOKALIKES]
    if not digits:
        return None
    at = draw.choice(digits)
    return text[:at] + _LOOKALIKES[text[at]] + text[at + 1 :]


def _decimal_sign(text: str, draw: random.Random) -> str | None:
    """The decimal sign lost."""
    match = re.search(r"(?<=[1-9])[.,](?=[0-9])", text)
    return text[: match.start()] + text[match.end() :] if match else None


def _sign(text: str, draw: random.Random) -> str | None:
    """The sign of a deviation turned round."""
    match = re.search(r"(?<=\s)[+\-−](?=[0-9])", text)
    return text[: match.start()] + ("-" if match[0] == "+" else "+") + text[match.end() :] if match else None


def _lost_tolerance(text: str, draw: random.Random) -> str | None:
    """The tolerance lost."""
    size = re.sub(r"\s*(±|\+/-|[+\-−](?=[0-9])).*$", "", text)
    return size if size and size != text else None


def _lost_diameter(text: str, draw: random.Random) -> str | None:
    """The diameter sign lost."""
    return re.sub(r"[⌀∅Øø]\s*", "", text, count=1)


_ERRORS: Final[dict[str, ErrorMaker]] = {
    "digit": _digit,
    "decimal_sign": _decimal_sign,
    "sign": _sign,
    "lost_tolerance": _lost_tolerance,
    "lost_diameter": _lost_diameter,
}
