"""Strict JSON parser: reads outside input (request bodies, lines of imported files) and rejects values that would fail
later.

Python's own parser takes `NaN`, `1e999` (infinity), integers of any length, repeated keys, NUL and lone surrogates;
each of them fails later, in a database or in a response. Here each is a `StrictJsonError` before any caller sees it.
"""

from __future__ import annotations

import json
import math
import re
from enum import Enum, auto
from typing import Any, Final, NoReturn

from pydantic_core import from_json

from gonogo.json_types import JsonObject, JsonValue

INT64: Final = range(-(2**63), 2**63)

_KEY_END: Final = re.compile(rb'"[ \t\r\n]*:')
_NOT_STORABLE: Final = re.compile("[\0\ud800-\udfff]")


class JsonFault(Enum):
    """Reason why JSON is refused. Callers put it into their own words."""

    NOT_UTF8 = auto()
    SYNTAX = auto()
    TOO_DEEP = auto()
    REPEATED_KEY = auto()
    CONSTANT = auto()
    """`NaN`, `Infinity` or `-Infinity` as a word."""
    NOT_FINITE = auto()
    """A number that is too large for a float, such as `1e999`."""
    INTEGER_TOO_LARGE = auto()
    NUL = auto()
    SURROGATE = auto()
    """Half of a surrogate pair, from a `\\u` escape."""


class StrictJsonError(ValueError):
    """Refused JSON.

    Attributes:
        fault: The reason.
        detail: The repeated key, the constant, or the parser's message about the syntax; it may repeat the input.
        position: Index from 0, in bytes for `NOT_UTF8`, in characters for `SYNTAX`; else `None`.
    """

    def __init__(self, fault: JsonFault, detail: str = "", position: int | None = None) -> None:
        super().__init__(fault.name)
        self.fault = fault
        self.detail = detail
        self.position = position


def parse_json(raw: bytes, max_depth: int) -> JsonValue:
    """Parses `raw` as JSON that every database and every JSON parser can hold.

    Tries pydantic's parser first, which is four times as fast as Python's. It is silent about repeated keys and vague
    about what is wrong, so Python's parser repeats the work where there is a doubt or an error.

    Raises:
        StrictJsonError: it is not JSON, nests deeper than `max_depth` levels, or holds something not storable.
    """
    may_hold_bad_text = b"\\u" in raw  # unescaped NUL and surrogates are not valid JSON in UTF-8
    try:
        value: JsonValue = from_json(raw, allow_inf_nan=False)
        if surely_no_repeated_key(raw, check_json(value, max_depth, texts=may_hold_bad_text)):
            return value
    except ValueError:
        pass  # the parser below names the fault
    value = _parse_slowly(raw)
    check_json(value, max_depth, texts=may_hold_bad_text)
    return value


def check_json(value: JsonValue, max_depth: int, *, texts: bool = True) -> int:
    """Checks parsed JSON for depth and for values that are not storable; returns the number of keys in all objects.

    `texts=False` skips the search for broken characters, where the caller knows that there are none.
    It walks level by level instead of recursively: that is quicker, and no input can exhaust the stack.

    Raises:
        StrictJsonError: see the faults.
    """
    n_keys = 0
    level: list[Any] = [(value,)]  # `kind` narrows no type: isinstance is slower, and takes `True` for an integer
    for depth in range(max_depth + 1):
        next_level: list[Any] = []
        for items in level:
            for item in items:
                kind = type(item)
                if kind is str:
                    if texts and (match := _NOT_STORABLE.search(item)):
                        raise StrictJsonError(JsonFault.NUL if match[0] == "\0" else JsonFault.SURROGATE)
                elif kind is float:
                    if not math.isfinite(item):
                        raise StrictJsonError(JsonFault.NOT_FINITE)
                elif kind is int:
                    if item not in INT64:
                        raise StrictJsonError(JsonFault.INTEGER_TOO_LARGE)
                elif kind is list:
                    next_level.append(item)
                elif kind is dict:
                    n_keys += len(item)
                    next_level.append(item.values())
                    if texts:
                        next_level.append(item)  # its keys
        if next_level and depth == max_depth:
            raise StrictJsonError(JsonFault.TOO_DEEP)
        level = next_level
    return n_keys


def surely_no_repeated_key(raw: bytes, n_keys: int) -> bool:
    """Returns whether JSON text that parsed to objects of `n_keys` keys in all surely repeats no key.

    Each pair has a quote and a colon behind its key; where there are no more of these than keys, no pair was lost.
    Texts may hold them too, so `False` means a doubt, not a repeated key.
    """
    return raw.count(b":") == n_keys or len(_KEY_END.findall(raw)) == n_keys


def _parse_slowly(raw: bytes) -> JsonValue:
    try:
        value: JsonValue = _DECODER.decode(raw.decode())
    except StrictJsonError:
        raise
    except UnicodeDecodeError as error:
        raise StrictJsonError(JsonFault.NOT_UTF8, position=error.start) from None
    except json.JSONDecodeError as error:
        raise StrictJsonError(JsonFault.SYNTAX, error.msg, error.pos) from None
    except RecursionError:
        raise StrictJsonError(JsonFault.TOO_DEEP) from None
    except ValueError:  # an integer of thousands of digits, which Python refuses to convert
        raise StrictJsonError(JsonFault.INTEGER_TOO_LARGE) from None
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise StrictJsonError(JsonFault.CONSTANT, name)


def _unique_keys(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        names = [name for name, _ in pairs]
        raise StrictJsonError(JsonFault.REPEATED_KEY, next(name for name in names if names.count(name) > 1))
    return keys


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
