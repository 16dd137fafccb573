"""Default question: the question of a task that came without a prompt, from its kind and field."""

from __future__ import annotations


def question(target_kind: str | None, detail_kind: str | None, field_name: str | None) -> str:
    """Returns the question about a value: "Is this dimension read right?"."""
    kind = detail_kind or target_kind or "value"
    thing = "value" if kind == "pmi" else kind.replace("_", " ")
    field = (field_name or "").replace("_", " ")
    return f"Is the {field} of this {thing} read right?" if field and field != thing else f"Is this {thing} read right?"
