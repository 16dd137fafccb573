"""Simulated readings: generate what a model reads off the sample drawings, mostly right, with the typical errors of
readers.

The kinds of error are those seen in real readings of production drawings: a swapped or dropped digit, a lost
diameter sign, a lost or sign-flipped tolerance, a neighbour's value, a wrong datum letter, a wrong fit.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from gonogo.demo.drawing_board import Callout

SEED = 1979
WRONG_SHARE = 0.15
DECIMAL_COMMA = re.compile(r"(\d),(\d)")
LOOKALIKE = {"0": "8", "1": "7", "2": "7", "3": "8", "4": "1", "5": "6", "6": "8", "7": "1", "8": "3", "9": "0"}


@dataclass(frozen=True, slots=True)
class Reading:
    """Simulated prediction: the text read, the reader's confidence (0…1), and the kind of error, if it is wrong."""

    part: str
    callout: Callout
    text: str
    confidence: float
    error: str | None


def _digit_swap(text: str, rng: random.Random) -> str | None:
    places = [i for i, char in enumerate(text) if char in LOOKALIKE]
    if not places:
        return None
    at = rng.choice(places)
    return text[:at] + LOOKALIKE[text[at]] + text[at + 1 :]


def _dropped_digit(text: str, rng: random.Random) -> str | None:
    for at in range(len(text) - 1):
        if text[at].isdigit() and text[at + 1].isdigit() and text[at + 1] != ",":
            return text[:at] + text[at + 1 :]
    return None


def _lost_diameter(text: str, rng: random.Random) -> str | None:
    return text.replace("⌀", "", 1) if text.startswith("⌀") or " ⌀" in text else None


def _lost_tolerance(text: str, rng: random.Random) -> str | None:
    head, space, _ = text.partition(" ")
    return head if space and any(sign in text for sign in "±+-") and head[-1:].isdigit() else None


def _flipped_sign(text: str, rng: random.Random) -> str | None:
    if " -" in text:
        return text[::-1].replace("- ", "+ ", 1)[::-1]
    return text.replace(" +", " -", 1) if " +" in text else None


def _lost_comma(text: str, rng: random.Random) -> str | None:
    return DECIMAL_COMMA.sub(r"\1\2", text, count=1) if DECIMAL_COMMA.search(text) else None


def _wrong_datum(text: str, rng: random.Random) -> str | None:
    if "|" not in text or text[-1] not in "AB":
        return None
    return text[:-1] + {"A": "B", "B": "D"}[text[-1]]


def _wrong_fit(text: str, rng: random.Random) -> str | None:
    for fit, other in (("H7", "H1"), ("k6", "h6"), ("h7", "H7"), ("P9", "F9"), ("6g", "6H"), ("6H", "8H")):
        if text.endswith(fit):
            return text[: -len(fit)] + other
    return None


ERRORS: dict[str, Callable[[str, random.Random], str | None]] = {
    "wrong_datum": _wrong_datum,
    "lost_diameter": _lost_diameter,
    "wrong_fit": _wrong_fit,
    "lost_tolerance": _lost_tolerance,
    "flipped_sign": _flipped_sign,
    "lost_comma": _lost_comma,
    "dropped_digit": _dropped_digit,
    "digit_swap": _digit_swap,
}


def read_all(callouts: dict[str, list[Callout]], seed: int = SEED) -> list[Reading]:
    """A reading of each callout of each part (part name → callouts); the same seed gives the same readings."""
    rng = random.Random(seed)  # noqa: S311 - sample data, not a secret
    readings = []
    for part, found in callouts.items():
        wrong = set(rng.sample(range(len(found)), round(WRONG_SHARE * len(found))))
        for index, callout in enumerate(found):
            readings.append(_read(part, callout, found, rng, wrong=index in wrong))
    return readings


def misread(reading: Reading) -> str | None:
    """A wrong reading of the callout other than `reading`; `None` where no error fits."""
    rng = random.Random(f"{SEED}-{reading.callout.text}")  # noqa: S311 - sample data, not a secret
    for spoil in ERRORS.values():
        text = spoil(reading.callout.text, rng)
        if text is not None and text not in (reading.text, reading.callout.text):
            return text
    return None


def _read(part: str, callout: Callout, sheet: list[Callout], rng: random.Random, *, wrong: bool) -> Reading:
    if wrong:
        error, text = _spoil(callout, sheet, rng)
        return Reading(part, callout, _style(text, rng), round(rng.betavariate(6, 3.5), 3), error)
    return Reading(part, callout, _style(callout.text, rng), round(rng.betavariate(14, 1.6), 3), None)


def _spoil(callout: Callout, sheet: list[Callout], rng: random.Random) -> tuple[str, str]:
    general = ["digit_swap", "dropped_digit"]  # fit almost anything, so they come last
    kinds = [kind for kind in ERRORS if kind not in general]
    rng.shuffle(kinds)
    rng.shuffle(general)
    for kind in [*kinds, *general]:
        spoiled = ERRORS[kind](callout.text, rng)
        if spoiled and spoiled != callout.text:
            return kind, spoiled
    near = [other for other in sheet if other.detail_kind == callout.detail_kind and other.text != callout.text]
    return "neighbour", rng.choice(near or [other for other in sheet if other.text != callout.text]).text


def _style(text: str, rng: random.Random) -> str:
    """The text in another notation of the same value, as different readers write it."""
    if rng.random() < 0.25:
        text = text.replace("⌀", "Ø")
    if rng.random() < 0.3:
        text = text.replace("× ", "x").replace("×", "x")
    if rng.random() < 0.2:
        text = DECIMAL_COMMA.sub(r"\1.\2", text)
    return text
