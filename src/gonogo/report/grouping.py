"""Grouping report: errors on gold and time of votes on pages of equal values, beside those of single questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gonogo.report.tables import table_lines

Json = Mapping[str, Any]


def grouping_lines(grouping: Json | None, meaning: Sequence[str]) -> list[str]:
    """Table of both ways of asking, and `meaning`; nothing where no page was confirmed."""
    if not grouping:
        return []
    rows = [["Asked", "votes", "false accept", "false reject", "s a vote"]]
    for key, name in (("grouped", "on a page"), ("single", "one by one")):
        way: Json = grouping[key]
        median = (way.get("duration_ms") or {}).get("p50")
        seconds = "–" if median is None else f"{median / 1000:.1f}"
        rows.append([name, str(way["n_votes"]), _errors(way["false_accept"]), _errors(way["false_reject"]), seconds])
    return [*table_lines(rows), *meaning, ""]


def _errors(share: Json | None) -> str:
    """Errors with the 95 % range of their share: `1 of 14 (0–31 %)`."""
    if not share or share.get("share") is None:
        return "– (too little gold)"
    text = f"{share['k']} of {share['n']}"
    if share["interval"] is None:
        return text
    low, high = share["interval"]
    return f"{text} ({100 * low:.0f}–{100 * high:.0f} %)"
