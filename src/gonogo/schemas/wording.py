"""Wording shared by server, client and screens: counted nouns, and the question of a task that came without one."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """Returns number and noun; `plural` where it isn't the noun with an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"


def question(target_kind: str | None, detail_kind: str | None, field_name: str | None) -> str:
    """Returns the question about a value: "Is this dimension read right?"."""
    kind = detail_kind or target_kind or "value"
    thing = "value" if kind == "pmi" else kind.replace("_", " ")
    field = (field_name or "").replace("_", " ")
    return f"Is the {field} of this {thing} read right?" if field and field != thing else f"Is this {thing} read right?"
