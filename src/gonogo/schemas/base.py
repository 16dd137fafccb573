"""Base classes of the request and response models, and the field types that they share."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

MAX_TEXT = 100_000
"""Longest text one field may carry, in characters."""


class Sent(BaseModel):
    """Base of request models. Unknown fields are ignored, so that mass assignment has no effect.

    Types are strict: `true` is no number, `"0.5"` is no number, and `"yes"` is no boolean.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Received(BaseModel):
    """Base of response models. Our server sends every field; another one may leave out any optional field."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Text = Annotated[str, Field(max_length=MAX_TEXT)]
NOT_BLANK = r"[^\s\x00-\x20\x7f-\x9f\ufeff]"
"""Pattern of text with anything to see in it. Control characters by number: `\\s` differs among regex dialects."""
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing; a name of these alone is a blank one."""


def _visible(name: str) -> str:
    shown = (unicodedata.category(letter)[0] not in "CZ" and letter not in _BLANK_LETTERS for letter in name)
    if not any(shown):
        raise PydanticCustomError("string_blank", "There is nothing to see in this name: give it letters or digits.")
    return name


VISIBLE = AfterValidator(_visible)
"""Validator of text with anything to see in it, which `NOT_BLANK` alone does not prove."""
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=NOT_BLANK), VISIBLE]
Link = Annotated[str, Field(min_length=1, max_length=200)]
"""An id of an object that lives elsewhere: a UUID in the examples, opaque to us."""

Note = Annotated[str, Field(max_length=10_000)]
"""A person's own words about a task or a ruling."""
Reason = Annotated[str, Field(min_length=1, max_length=100)]
"""A word of a list of choices, or any other."""


def words(allowed: type[StrEnum]) -> JsonDict:
    """JSON Schema of the words that our server allows; a client's model takes any, because another server may, too."""
    return {"enum": [str(word) for word in allowed]}


Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


AnyValue = Annotated[
    JsonValue,
    WithJsonSchema({"anyOf": [{"type": "object", "additionalProperties": True}, {"type": "null"}]}),
]
"""An engineering value in a response. Ours is an object or null; a client must live with any JSON."""

Timestamp = str
"""ISO 8601, UTC, with `Z`. A string on the wire, so that another server's precision cannot break us."""
