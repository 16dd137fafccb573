"""Verdict rules: check that a verdict exists, and whether a corrected value may go with it."""

from __future__ import annotations

from gonogo.json_types import JsonObject
from gonogo.schemas.verdicts import VERDICTS, Verdict
from gonogo.server.errors import invalid
from gonogo.server.http import pagination


def check_verdict(verdict: str, corrected_value: JsonObject | None) -> None:
    """Raises 422 for an unknown verdict, and for a corrected value that doesn't go with it."""
    pagination.one_of(verdict, Verdict, "body", "verdict")
    message = None
    if corrected_value is not None and not VERDICTS[verdict].takes_value:
        message = "A corrected value goes only with the verdict incorrect."
    elif corrected_value == {}:
        message = "A corrected value has at least one key, such as text."
    if message is not None:
        raise invalid([{"loc": ["body", "corrected_value"], "msg": message, "type": "corrected_value"}])
