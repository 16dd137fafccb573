"""Can the text alone tell a prediction that was made wrong on purpose from a right one?

`python -m tests.benchmarks seeding`: values as drawings have them (sizes on usual steps, preferred threads, radii,
angles, fits, roughness, feature control frames), one half of them spoilt as honeypots are. A classifier of character
n-grams (naive Bayes, one to three characters, ends marked) learns on one half and is asked on the other, of other
sheets. An AUC of 0.5 is guessing, 1 is certainty. The floor of the same run is one random digit replaced by another,
which is what a naive spoiler would do.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from typing import Any

from gonogo.server.tasks.honeypot_errors import seed_error

WANTED = 0.65
PER_SHEET = 12
_SYMBOLS = "⏥⏊⌖⫽"
_DATUMS = ("A", "B", "A B", "A B C")
Labeled = tuple[str, bool, str]
"""A text, whether it was spoilt, and how."""


def run(n: int = 12_000) -> dict[str, Any]:
    """AUC of the classifier, for all errors and for each kind; `n` values."""
    ours, naive = examples(n, random.Random(1)), examples(n, random.Random(1), naive=True)
    found = auc(*_halves(ours))
    return {
        "values": n,
        "auc": round(found["all"], 3),
        "auc_by_error": {kind: round(value, 3) for kind, value in sorted(found.items()) if kind != "all"},
        "auc_of_a_random_digit": round(auc(*_halves(naive))["all"], 3),
        "wanted": WANTED,
        "met": found["all"] <= WANTED,
        "examples": [f"{text} ({kind})" for text, spoilt, kind in ours[:80] if spoilt][:12],
    }


def _halves(found: list[Labeled]) -> tuple[list[Labeled], list[Labeled]]:
    middle = len(found) // 2
    return found[:middle], found[middle:]


def sheet(rng: random.Random) -> list[str]:
    """The values of one sheet, in its own notation."""
    comma = "," if rng.random() < 0.7 else "."
    signs = ("⌀", "Ø")[rng.random() < 0.3]
    return [_value(rng, signs).replace(".", comma) for _ in range(PER_SHEET)]


def _value(rng: random.Random, sign: str) -> str:
    size = _size(rng)
    tolerance = rng.choice(["±0.1", "±0.05", "±0.2", "+0.1 0", "0 -0.1", "+0.2 -0.1", "+0.05 0"])
    return rng.choices(
        (
            size,
            f"{sign}{size}",
            f"{size} {tolerance}",
            f"{sign}{size} {tolerance}",
            f"R{rng.choice(['0.2', '0.5', '1', '2', '3', '5', '8', '10', '15', '20', '25'])}",
            f"M{rng.choice(['3', '4', '5', '6', '8', '10', '12', '16', '20'])}",
            f"{rng.choice(['15', '30', '45', '45', '60', '90', '120'])}°",
            f"{sign}{rng.choice(['6', '8', '10', '12', '16', '20', '25', '30', '40'])} "
            f"{rng.choice(['H7', 'H8', 'h6', 'g6', 'f7'])}",
            rng.choice(["0.4", "0.8", "1.6", "3.2", "6.3"]),
            f"{rng.choice(_SYMBOLS)} {rng.choice(['0.02', '0.05', '0.1', '0.2'])} {rng.choice(_DATUMS)}",
            f"{rng.choice([2, 3, 4, 6])}x{sign}{size}",
        ),
        (30, 14, 8, 8, 8, 6, 6, 6, 4, 5, 5),
    )[0]


def _size(rng: random.Random) -> str:
    """Whole fives and tens most often, then whole numbers, then halves and tenths."""
    kind = rng.random()
    if kind < 0.5:
        return str(5 * rng.randint(1, 60))
    if kind < 0.8:
        return str(rng.randint(1, 120))
    return f"{rng.randint(1, 120)}.5" if kind < 0.9 else f"{rng.randint(1, 1200) / 10:.1f}"


def examples(n: int, rng: random.Random, *, naive: bool = False) -> list[Labeled]:
    """Sheet by sheet: each value as it is, or spoilt, as a coin falls; spoilt ones that cannot be are left out."""
    found: list[Labeled] = []
    while len(found) < n:
        values = sheet(rng)
        for text in values:
            if rng.random() < 0.5:
                found.append((text, False, ""))
                continue
            spoilt = _random_digit(text, rng) if naive else _spoilt(text, values, rng)
            if spoilt is not None:
                found.append((spoilt[0], True, spoilt[1]))
    return found[:n]


def _spoilt(text: str, values: list[str], rng: random.Random) -> tuple[str, str] | None:
    value = {"text": text}
    made = seed_error(value, value, [{"text": other} for other in values if other != text], rng)
    return None if made is None else (str(made[0]["text"]), str(made[1]))


def _random_digit(text: str, rng: random.Random) -> tuple[str, str]:
    at = rng.choice([place for place, character in enumerate(text) if character.isdigit()])
    return text[:at] + rng.choice([digit for digit in "0123456789" if digit != text[at]]) + text[at + 1 :], "random"


def auc(learn: list[Labeled], ask: list[Labeled]) -> dict[str, float]:
    """The area under the ROC curve on `ask`, for all errors and for each kind against all right ones."""
    counts = {spoilt: Counter[str]() for spoilt in (False, True)}
    for text, spoilt, _ in learn:
        counts[spoilt].update(_grams(text))
    names = set(counts[False]) | set(counts[True])
    totals = {spoilt: sum(found.values()) + len(names) for spoilt, found in counts.items()}

    def score(text: str) -> float:
        """Log odds of spoilt against right, over the number of n-grams: longer texts are not more certain."""
        odds = [
            math.log((counts[True][gram] + 1) / totals[True]) - math.log((counts[False][gram] + 1) / totals[False])
            for gram in _grams(text)
        ]
        return sum(odds) / len(odds)

    right = [score(text) for text, spoilt, _ in ask if not spoilt]
    kinds = {kind for _, spoilt, kind in ask if spoilt}
    found = {kind: _area(right, [score(text) for text, _, k in ask if k == kind]) for kind in sorted(kinds)}
    return {"all": _area(right, [score(text) for text, spoilt, _ in ask if spoilt]), **found}


def _grams(text: str) -> list[str]:
    marked = f"^{text}$"
    return [marked[at : at + size] for size in (1, 2, 3) for at in range(len(marked) - size + 1)]


def _area(low: list[float], high: list[float]) -> float:
    """The chance that one of `high` is above one of `low`, ties half (Mann–Whitney)."""
    order = sorted([(value, 0) for value in low] + [(value, 1) for value in high])
    total, below, at = 0.0, 0, 0
    while at < len(order):
        end = at
        while end < len(order) and order[end][0] == order[at][0]:
            end += 1
        ones = sum(mark for _, mark in order[at:end])
        zeros = end - at - ones
        total += ones * (below + zeros / 2)
        below, at = below + zeros, end
    return total / (len(low) * len(high))


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
