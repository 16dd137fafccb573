"""Query types: numbers and booleans of a query, which are as strict as those of a body."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_WORDS: Final = {"true": True, "false": False}


def _flag(text: object) -> object:
    if not isinstance(text, str):  # the default
        return text
    if text not in _WORDS:
        raise PydanticCustomError("bool_parsing", "Allowed values: true, false.")
    return _WORDS[text]


def _digits(text: object) -> object:
    if isinstance(text, str) and not (text.isdecimal() and text.isascii() and len(text) < 20):
        raise PydanticCustomError("int_parsing", "Give a whole number in digits.")
    return text


Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
"""`true` or `false`, and nothing else."""
DIGITS = BeforeValidator(_digits)
"""Validator of a number of ASCII digits: sign, blank and decimal point are refused. It stands behind the limits, which
the OpenAPI shows only so."""
