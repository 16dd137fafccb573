"""Text search: finds a text in lines of a drawing, whatever its case, accents, spaces and look-alike signs. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_ALIKE = {
    **dict.fromkeys("ØøΦφϕ∅⊘ΘФфǾǿ", "⌀"),
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys("×✕✖⨯", "x"),
    **dict.fromkeys("˚º", "°"),
    **dict.fromkeys("′’‘ʹ´", "'"),
    **dict.fromkeys("″“”„", '"'),
    **dict.fromkeys(",٫‚", "."),
    "Ω": "ω",
    "µ": "μ",
}
"""Signs that stand for one another on drawings: the diameter is often written with a letter, the comma with a point."""
_IGNORED = ("C", "M", "Z")


@lru_cache(maxsize=4_096)
def fold_character(character: str) -> str:
    """Returns the characters that one character is compared as: none for spaces, marks and what is not seen."""
    if character in _ALIKE:
        return _ALIKE[character]
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
    return "".join(
        _ALIKE.get(each, each)
        for each in folded
        if not each.isspace() and unicodedata.category(each)[0] not in _IGNORED
    )


def folded(text: str) -> tuple[str, list[int]]:
    """Returns a text as it is compared, and for each of its characters the one of `text` that it came from."""
    pieces = [fold_character(character) for character in text]
    return "".join(pieces), [at for at, piece in enumerate(pieces) for _ in piece]


def places_in(line: str, query: str) -> Iterator[tuple[int, int]]:
    """Yields first and last character of each place of `query` in `line`, as far as they don't overlap."""
    wanted, _ = folded(query)
    text, origins = folded(line)
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        yield origins[at], origins[at + len(wanted) - 1]
        at = text.find(wanted, at + len(wanted))
