"""Characters of a reading: makes hidden characters visible, and finds those that look like another one.

`visible` loses nothing: `unescaped(visible(text)) == text` for every text without escapes of its own.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LINE_END = "↵"
SPACE = "␣"  # at an end of the text and in a run, where a space would not be seen
_ESCAPE = re.compile(r"<U\+((?:10|0?[0-9A-F])?[0-9A-F]{4})>")  # as `schemas.sanitize` writes them, too
_SPACES = re.compile(r"^ +| +$| {2,}")
_OTHER_DASHES = "−–—‐‑‒―﹣－"
_FORMS = frozenset(("<wide>", "<narrow>", "<font>"))  # not circled letters: Ⓜ is a sign of drawings
_USUAL = frozenset("²³¹µºª")  # signs of drawings that Unicode counts as forms of another character

# Letters that are drawn like a Latin one in most fonts: Greek and Cyrillic (Unicode's confusables, the letters alone).
_LOOKS_LIKE = {
    **dict.fromkeys(_OTHER_DASHES, "-"),
    **dict(zip("АВЕКМНОРСТХУЅІЈаеорсухѕіјԁԛԝһ", "ABEKMHOPCTXYSIJaeopcyxsijdqwh", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοντρ", "ABEZHIKMNOPTYXovtp", strict=True)),
    **dict.fromkeys("Фф", "⌀"),
    **dict(zip("ӨөǾǿ⊘∅", "⌀⌀⌀⌀⌀⌀", strict=True)),
    **dict.fromkeys("✕✖⨯╳", "×"),
    **dict.fromkeys("⁄∕╱", "/"),
    **dict.fromkeys("٫‚", ","),
    **dict.fromkeys("․·", "."),
    **dict.fromkeys("ˮ″“”", '"'),
    **dict.fromkeys("ʹ′ʼ’‘", "'"),
    **dict.fromkeys("∣ǀ│", "|"),
    **dict.fromkeys("∓", "±"),
    **dict.fromkeys("˚", "°"),
}


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Character that is not what it seems: `at` is its place in the text, `like` the usual one, empty if hidden."""

    at: int
    character: str
    like: str

    @property
    def description(self) -> str:
        """`U+2212 minus sign, looks like -`."""
        name = unicodedata.name(self.character, "a control character").lower()
        seems = f"looks like {self.like}" if self.like else "not seen" if is_hidden(self.character) else "unusual"
        return f"U+{ord(self.character):04X} {name}, {seems}"


def is_hidden(character: str) -> bool:
    """Returns whether a terminal shows nothing, or something else, for `character`: controls, marks, odd spaces."""
    if character.isascii():
        return not character.isprintable()
    return unicodedata.category(character)[0] in "CMZ" or character in "\u115f\u1160\u3164\uffa0\u2800"


def visible(text: str) -> str:
    """Returns `text` with each hidden character written as `<U+200B>`, line ends as `↵`, unseen spaces as `␣`."""
    return "".join(run for run, _ in marked_runs(text))


def marked_runs(text: str) -> tuple[tuple[str, bool], ...]:
    """Returns the `visible` text in runs, each with whether it is hidden characters or look-alikes."""
    if _is_plain(text):
        return ((text, False),) if text else ()
    unseen = {at for match in _SPACES.finditer(text) for at in range(*match.span())}
    written_out = {at for match in _ESCAPE.finditer(text) for at in range(*match.span())}
    runs: list[tuple[str, bool]] = []
    for at, character in enumerate(text):
        shown, odd = (SPACE, False) if at in unseen else _shown(character)
        odd = odd or at in written_out
        if runs and runs[-1][1] is odd:
            runs[-1] = (runs[-1][0] + shown, odd)
        else:
            runs.append((shown, odd))
    return tuple(runs)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and _SPACES.search(text) is None and "<U+" not in text


@lru_cache(maxsize=2_048)
def _shown(character: str) -> tuple[str, bool]:
    if character == "\n":
        return LINE_END, False
    if character in (LINE_END, SPACE) or (is_hidden(character) and character != " "):
        return f"<U+{ord(character):04X}>", True
    return character, bool(_like(character))


def look_alikes(text: str) -> tuple[LookAlike, ...]:
    """Returns the characters of `text` that are hidden or look like another one, in their order."""
    if _is_plain(text):
        return ()
    written_out = [LookAlike(match.start(), chr(int(match[1], 16)), "") for match in _ESCAPE.finditer(text)]
    seen = [
        LookAlike(at, character, _like(character))
        for at, character in enumerate(text)
        if character not in " \n" and (is_hidden(character) or _like(character))
    ]
    return tuple(sorted([*written_out, *seen], key=lambda each: each.at))


@lru_cache(maxsize=2_048)
def _like(character: str) -> str:
    """Returns the usual character that `character` is taken for; empty where it is none, or is usual itself."""
    if character.isascii() or character in _USUAL:
        return ""
    if character in _LOOKS_LIKE:
        return _LOOKS_LIKE[character]
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    form, _, _ = unicodedata.decomposition(character).partition(" ")
    folded = unicodedata.normalize("NFKC", character)
    return folded if form in _FORMS and folded.isascii() and folded != " " else ""


def unescaped(text: str) -> str:
    """Returns what `visible` wrote in its place."""
    text = text.replace(LINE_END, "\n").replace(SPACE, " ")
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def without_hidden(text: str) -> str:
    """Returns `text` on one line without hidden characters, written out or not: what a person goes on typing from."""
    kept = (character for character in _ESCAPE.sub("", text) if character.isspace() or not is_hidden(character))
    return " ".join("".join(kept).split())
