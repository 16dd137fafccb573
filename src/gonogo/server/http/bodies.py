"""Request bodies: reads them within a size limit and parses them strictly; a bad body ends in 413 or 422.

An address that holds NUL is refused here, too.
"""

from __future__ import annotations

from email.message import Message
from functools import lru_cache
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from gonogo.json_types import JsonValue
from gonogo.schemas import strict_json
from gonogo.schemas.strict_json import JsonFault, StrictJsonError
from gonogo.server.errors import invalid, not_found, too_large

MAX_DEPTH: Final = 32


async def read_body(receive: Receive, announced: str, limit: int) -> bytes:
    """Returns the whole body; raises 413 as soon as it is known to be longer than `limit` bytes.

    `announced` is the header `Content-Length`, or empty.
    """
    if announced.isdecimal() and announced.isascii() and len(announced) < 20 and int(announced) > limit:
        raise too_large(int(announced), limit)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise too_large(len(body), limit)
        if not message.get("more_body", False):
            return bytes(body)


def parse_json(raw: bytes) -> JsonValue:
    """Parses `raw` as JSON that every part of the server can hold; else raises 422, which never repeats the input."""
    try:
        return strict_json.parse_json(raw, MAX_DEPTH)
    except StrictJsonError as error:
        error_type, message = _FAULTS[error.fault]
        loc: list[str | int] = ["body"] if error.position is None else ["body", error.position]
        raise invalid([{"loc": loc, "msg": message, "type": error_type}]) from None


@lru_cache(maxsize=64)
def is_json(content_type: str) -> bool:
    """Whether a `Content-Type` announces JSON, by FastAPI's rule; empty for a request without one."""
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


def refuse_nul_in_path(request: Request) -> None:
    """Raises 404 for NUL in a path: no id has it, and not every database takes it."""
    if any("\0" in str(value) for value in request.path_params.values()):
        raise not_found()


def refuse_nul_in_query(request: Request) -> None:
    """Raises 422 for NUL in a query: no filter has it."""
    if not request.scope["query_string"]:
        return
    for name, value in request.query_params.multi_items():
        if "\0" in name or "\0" in value:
            raise invalid([{"loc": ["query"], "msg": "The query contains a NUL character.", "type": "string"}])


_FAULTS: Final = {
    JsonFault.NOT_UTF8: ("json_invalid", "The body is not UTF-8."),
    JsonFault.SYNTAX: ("json_invalid", "The body is not JSON."),
    JsonFault.TOO_DEEP: ("json_too_deep", f"The body nests deeper than {MAX_DEPTH} levels."),
    JsonFault.REPEATED_KEY: ("json_duplicate_key", "An object has a key twice."),
    JsonFault.CONSTANT: ("json_number", "NaN and Infinity are not JSON."),
    JsonFault.NOT_FINITE: ("json_number", "A number is too large."),
    JsonFault.INTEGER_TOO_LARGE: ("json_number", "An integer does not fit into 64 bits."),
    JsonFault.NUL: ("json_string", "A string contains a NUL character."),
    JsonFault.SURROGATE: ("json_string", "A string contains half of a surrogate pair."),
}
