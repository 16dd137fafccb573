"""Text of single values for the export writers: as JSON, or as plain text."""

from __future__ import annotations

from pydantic_core import to_json

from gonogo.schemas.sanitize import escape_json


def compact_json(value: object) -> str:
    """JSON on one line, the same data as the server's; what could act on a terminal is an escape in it."""
    return escape_json(to_json(value).decode())


def value_text(value: object) -> str:
    """Text of an engineering value; `""` for `None`."""
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return str(value["text"])
    return "" if value is None else compact_json(value)
