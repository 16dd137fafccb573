"""Doubt about a typed correction: finds what no drawing shows as a number, such as `1e999` or foreign digits."""

from __future__ import annotations

import re
import unicodedata

from gonogo.values.characters import look_alikes

_NOT_A_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_PROGRAMS_NUMBER = re.compile(r"[0-9][eE][+-]?[0-9]|[0-9]_[0-9]|\b0[xX][0-9a-fA-F]")


def doubt(text: str) -> str:
    """Returns why `text` shows no number that a drawing would, as `１２: digits that are not 0-9`; empty if nothing."""
    if _NOT_A_NUMBER.fullmatch(text.strip()):
        return f"{text.strip()}: a program's word, not a number"
    if match := _PROGRAMS_NUMBER.search(text):
        return f"{match[0]}: a program writes numbers so, not a drawing"
    for each in look_alikes(text):
        if not each.like:
            return f"U+{ord(each.character):04X}: a character that is not seen"
        if unicodedata.category(each.character) == "Nd":
            return f"{each.character}: a digit that is not 0 to 9 (U+{ord(each.character):04X})"
        if each.like.isalnum():
            return f"{each.character}: looks like {each.like} and is not (U+{ord(each.character):04X})"
    return ""
