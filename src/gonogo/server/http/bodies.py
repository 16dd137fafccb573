"""Request bodies: read within a limit, and parsed more strictly than JSON parsers do.

Python's parser takes `NaN`, `1e999` (infinity), integers of any length, repeated keys, NUL and lone surrogates; each of
them fails later, in a database or in a response. Here they end in 422, before any handler sees them.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from pydantic_core import from_json
from starlette.requests import Request

from gonogo.schemas.strict_json import none_repeated
from gonogo.server.errors import ApiError, invalid, too_large

MAX_DEPTH = 32
INT64 = range(-(2**63), 2**63)


class _Refused(Exception):
    """A body that is JSON, but not one we take: `type` and message."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body; 413 as soon as it is known to be longer than `limit` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and announced.isascii() and len(announced) < 20 and int(announced) > limit:
        raise too_large(int(announced), limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large(size, limit)
        chunks.append(chunk)
    return b"".join(chunks)


def parse_json(raw: bytes) -> Any:
    """`raw` as JSON that every part of the server can hold; else 422, which never repeats the input."""
    try:
        return _quick(raw)
    except (ValueError, _Refused):
        pass  # the slow way says what is wrong with it
    try:
        text = raw.decode("utf-8")
        value = _DECODER.decode(text)
        _check(value, texts=_RISKY_ESCAPE.search(text) is not None)
    except UnicodeDecodeError as error:
        raise _invalid("json_invalid", "The body is not UTF-8.", error.start) from None
    except json.JSONDecodeError as error:
        raise _invalid("json_invalid", "The body is not JSON.", error.pos) from None
    except ValueError:  # an integer of thousands of digits, which Python does not even read
        raise _invalid("json_number", "An integer does not fit into 64 bits.") from None
    except RecursionError:
        raise _invalid("json_too_deep", f"The body nests deeper than {MAX_DEPTH} levels.") from None
    except _Refused as error:
        raise _invalid(*error.args) from None
    return value


def _quick(raw: bytes) -> Any:
    """The same by a parser four times as fast, which refuses or may misread what the other one is there for.

    Raises `ValueError` when there is any doubt, and `_Refused`.
    """
    value = from_json(raw, allow_inf_nan=False)
    n_keys = _check(value, texts=b"\\u" in raw)
    if not none_repeated(raw, n_keys):
        raise ValueError
    return value


def _invalid(kind: str, message: str, position: int | None = None) -> ApiError:
    loc: list[str | int] = ["body"] if position is None else ["body", position]
    return invalid([{"loc": loc, "msg": message, "type": kind}])


def _constant(_name: str) -> NoReturn:
    raise _Refused("json_number", "NaN and Infinity are not JSON.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("json_duplicate_key", "An object has the same key twice.")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
_RISKY_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""Nothing else in JSON can become a character that no database holds."""
_UNKEPT = re.compile("[\0\ud800-\udfff]")


def _check(value: Any, *, texts: bool) -> int:
    """Refuses what nests too deep, numbers that are too large and, with `texts`, strings that no database can hold.

    Answers how many keys there are, in all objects.
    """
    level: list[Any] = [[value]]
    n_keys = 0
    for depth in range(MAX_DEPTH + 2):
        inner: list[Any] = []
        for held in level:
            for item in held:
                kind = type(item)
                if kind is dict:
                    n_keys += len(item)
                    inner.append(item.values())
                    if texts:
                        inner.append(item)  # its keys
                elif kind is list:
                    inner.append(item)
                elif kind is float:
                    if not math.isfinite(item):
                        raise _Refused("json_number", "A number is too large.")
                elif kind is int:
                    if item not in INT64:
                        raise _Refused("json_number", "An integer does not fit into 64 bits.")
                elif texts and kind is str:
                    _check_text(item)
        if inner and depth == MAX_DEPTH:
            raise _Refused("json_too_deep", f"The body nests deeper than {MAX_DEPTH} levels.")
        level = inner
    return n_keys


def _check_text(text: str) -> None:
    if (found := _UNKEPT.search(text)) is not None:
        what = "the character NUL" if found[0] == "\0" else "half of a surrogate pair"
        raise _Refused("json_string", f"A string holds {what}.")
