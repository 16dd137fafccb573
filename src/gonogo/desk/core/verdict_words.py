"""Verdict words: what a verdict is called on a server that chose words of its own."""

from __future__ import annotations

from collections.abc import Mapping

from gonogo.json_types import JsonObject
from gonogo.schemas.verdicts import Verdict


def verdict_word(verdict: str, corrected_value: JsonObject | None, words: Mapping[str, str]) -> str:
    """Returns the server's word for a verdict or ruling, the same without an entry in `words`.

    A corrected value makes it the action `fix`, which may have a word of its own.
    """
    corrected = verdict == Verdict.INCORRECT and corrected_value is not None
    return words.get("fix" if corrected else verdict, verdict)
