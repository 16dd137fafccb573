"""Note reasons: why an annotator leaves a note on a question, or asks the lead about it. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NOTE_REASONS: Final[Mapping[str, str]] = {
    "unreadable": "Unreadable here",
    "box_wrong": "Box in the wrong place",
    "two_readings": "Two readings possible",
    "rule_unclear": "Rule unclear",
    "other": "Something else, in my own words",
}
"""Title of each reason, each with another first letter; any other word is stored as it came."""


def reason_in_words(reason: str | None) -> str:
    """Returns `box wrong` for `box_wrong`; empty for none and for `other`, whose words are the note."""
    return "" if reason in (None, "other") else reason.replace("_", " ")
