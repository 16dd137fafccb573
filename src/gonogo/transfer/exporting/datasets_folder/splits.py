"""Splits of a dataset: shares of its parts, so that no drawing stands in two of them."""

from __future__ import annotations

import hashlib
from typing import Final

from gonogo.client.errors import InvalidInputError
from gonogo.transfer.exporting.registry import Record

_NAMES: Final = {1: ("train",), 2: ("train", "test"), 3: ("train", "validation", "test")}
WHOLE: Final = (("train", 1.0),)
"""One split of everything."""

Shares = tuple[tuple[str, float], ...]
"""Splits with their shares, which make 1."""


def parse_shares(text: str) -> Shares:
    """`80/10/10` as shares of train, validation and test, `80/20` of train and test. Raises `InvalidInputError`."""
    numbers = [float(number) for number in text.split("/") if number.strip().isdecimal() and number.isascii()]
    if len(numbers) != text.count("/") + 1 or len(numbers) not in (2, 3) or min(numbers) <= 0:
        raise InvalidInputError(
            f"{text[:40]!r} is no split.",
            next_step="Give the shares of train, validation and test, such as 80/10/10, or of train and test, 80/20.",
        )
    return tuple(zip(_NAMES[len(numbers)], (number / sum(numbers) for number in numbers), strict=True))


def part_of(record: Record) -> str:
    """Group that stays in one split: the part, or else the drawing, or the question alone."""
    names = ("part", "part_revision_id", "drawing", "task_id")
    return next((str(record[name]) for name in names if record.get(name)), "")


def split_of(part: str, shares: Shares) -> str:
    """The split of a part: by a hash of its name, so that it stays there whatever else is exported."""
    place = int.from_bytes(hashlib.sha256(part.encode("utf-8", "surrogatepass")).digest()[:8]) / 2**64
    for name, share in shares:
        place -= share
        if place < 0:
            return name
    return shares[-1][0]
