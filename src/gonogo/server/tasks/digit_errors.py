"""Digit errors: change one digit of a number, so that the result is still one that drawings show.

Sizes on drawings are no random numbers: they lie on steps (wholes, fives, tens), small ones are more common than large
ones, and threads, radii, angles, roughness and zones have preferred values. An annotator who knows that could
tell `M7` or `43°` from a right reading without looking at the drawing; so the wrong number stays on the step of the
right one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Final

_QUANTITY: Final = re.compile(r"^\s*\d+\s*[x×X]\s*(?=\D*\d)")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
_LONGEST_NUMBER: Final = 15
"""Characters from which a number is an identifier, and not a size."""
_LOOKALIKES: Final = {
    "0": "86",
    "1": "74",
    "2": "75",
    "3": "85",
    "4": "91",
    "5": "63",
    "6": "58",
    "7": "12",
    "8": "36",
    "9": "47",
}
_LOOKALIKE_WEIGHT: Final = 3.0
"""Ratio of the probability of a lookalike digit to that of any other."""


def _numbers(text: str) -> frozenset[str]:
    return frozenset(text.split())


_THREADS: Final = _numbers("2 2.5 3 4 5 6 8 10 12 14 16 18 20 22 24 27 30 33 36 42 48")
_ANGLES: Final = _numbers("5 10 15 20 25 30 40 45 50 60 70 75 80 90 105 120 135 150")
_RADII: Final = _numbers(
    "0.1 0.15 0.2 0.25 0.3 0.4 0.5 0.6 0.8 1 1.5 1.6 2 2.5 3 4 5 6 8 10 12 15 16 18 20 25 30 35 40 50 60 70 80"
)
_ROUGHNESS: Final = _numbers("0.1 0.2 0.4 0.8 1.6 3.2 6.3 12.5")
_ZONES: Final = _numbers("0.01 0.02 0.03 0.05 0.08 0.1 0.2 0.3 0.5")
_PREFERRED: Final = (
    (re.compile(r"^M\d"), _THREADS),
    (re.compile(r"°"), _ANGLES),
    (re.compile(r"^S?R\d"), _RADII),
    (re.compile(r"^(?:R[az]\s*)?\d+[.,]\d$"), _ROUGHNESS),
    (re.compile(r"^[^\d\s⌀Ø∅]\s*[⌀Ø∅]?\d"), _ZONES),
)
"""What a text looks like, and the numbers such texts have: where the right one is such a number, so is the wrong."""


def swap_digit(text: str, rng: random.Random) -> str | None:
    """`text` with another digit in its first number (a quantity, `4x`, is none), or two of its digits exchanged;
    `None` where every such number would stand out."""
    quantity = _QUANTITY.match(text)
    number = _NUMBER.search(text, quantity.end() if quantity else 0)
    if number is None or len(number[0]) > _LONGEST_NUMBER:
        return None
    size = text[quantity.end() :] if quantity else text
    preferred = next((usual for form, usual in _PREFERRED if form.search(size) and _plain(number[0]) in usual), None)
    weights = {
        other: weight / (1 + float(_plain(other)))  # numbers begin with a low digit more often (Benford)
        for other, weight in _others(number[0])
        if (_plain(other) in preferred if preferred else _same_step(number[0], other))
    }
    if not weights:
        return None
    chosen = rng.choices(list(weights), list(weights.values()))[0]
    return text[: number.start()] + chosen + text[number.end() :]


def _others(number: str) -> Iterator[tuple[str, float]]:
    """Numbers one reading error away, each with how likely the error is."""
    for at, digit in enumerate(number):
        if not digit.isdigit():
            continue
        for other in "0123456789":
            if other != digit and not (at == 0 and other == "0"):
                yield number[:at] + other + number[at + 1 :], _LOOKALIKE_WEIGHT if other in _LOOKALIKES[digit] else 1.0
        follows = number[at + 1 : at + 2]
        if follows.isdigit() and follows != digit and not (at == 0 and follows == "0"):
            yield number[:at] + follows + digit + number[at + 2 :], 1.0


def _plain(number: str) -> str:
    """As the tables have it: a point, and no zeros behind it."""
    text = number.replace(",", ".")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _same_step(right: str, wrong: str) -> bool:
    """Whether the last digit is as round: a number that ends with 0 still does, one with 5 ends with 5 or 0.

    A number of one digit has no step to keep; it must not become nothing. Zeros behind the point are only a way to
    write a whole number: `200,00` is as round as `200`.
    """
    if float(_plain(wrong)) == 0:
        return False
    point = max(right.find("."), right.find(","))
    if point > 0 and not right[point + 1 :].strip("0"):
        return wrong[point:] == right[point:] and _same_step(right[:point], wrong[:point])
    if len(right) == 1 or right[-1] not in "05":
        return len(right) == 1 or wrong[-1] != "0"
    return wrong[-1] in ("0" if right[-1] == "0" else "05") and _ends_alike(right, wrong)


def _ends_alike(right: str, wrong: str) -> bool:
    """Tens stay tens: 100 may become 700 and 150, not 104; behind a point the zeros stay (12,00)."""
    point = max(right.find("."), right.find(","))
    return point < 0 or right[point:] == wrong[point:] or not right[point + 1 :].strip("05")
