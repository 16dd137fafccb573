"""Response parsing: turns the bytes of a response into a model or an error.

Whatever the body holds, `parse` returns a model or raises `UnexpectedAnswerError`, and `error_from` returns a
`GonogoClientError`. A message quotes at most 200 cleaned characters of a page that is not JSON, and of JSON only the
names of the wrong fields, because it may hold a token.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypedDict, TypeVar

from pydantic import BaseModel, ValidationError

from gonogo.client.credential import Secret
from gonogo.client.errors import (
    AuthenticationError,
    ConflictError,
    GonogoClientError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from gonogo.json_types import JsonObject, JsonValue, as_object
from gonogo.schemas.sanitize import clean_json, clean_text

M = TypeVar("M", bound=BaseModel)

MAX_QUOTED: Final = 200
"""Characters of a foreign text that may appear in a message."""

_TAG: Final = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TRANSIENT_5XX: Final = frozenset({408, 425, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """Response of a server: status, headers (case-insensitive) and whole body.

    `secrets` are strings that must not show up in a message, should the server echo them.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    secrets: tuple[Secret, ...] = ()

    @property
    def request_id(self) -> str | None:
        header = self.headers.get("X-Request-ID")
        return self.shown(header) if header else None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def shown(self, text: str) -> str:
        """Returns text of the server for a message: one line, cleaned, without secrets, cut."""
        text = _redacted(text, self.secrets)
        text = " ".join(clean_text(text).split())
        return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"


def load(body: bytes) -> JsonValue:
    """Returns the JSON of `body`. A number that JSON cannot hold (NaN, Infinity, 1e999) becomes `None`.

    Raises:
        ValueError: it is not JSON, or nests too deep.
    """
    try:
        value: JsonValue = json.loads(body, parse_constant=lambda _: None, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def _finite(literal: str) -> float | None:
    number = float(literal)
    return number if math.isfinite(number) else None


def parse(model: type[M], response: ApiResponse, *, clean: bool = True) -> M:
    """Returns `response` as a `model`; with `clean`, all its text is sanitized for a terminal first.

    Raises:
        UnexpectedAnswerError: it is not JSON, or not of this shape.
    """
    value = parse_or_null(model, response, clean=clean)
    if value is None:
        raise unexpected(response, f"The server's answer is no {model.__name__} but null.")
    return value


def parse_or_null(model: type[M], response: ApiResponse, *, clean: bool = True) -> M | None:
    """Returns like `parse`, or `None` for JSON `null`."""
    value = _fit(model, response.body, clean)
    if isinstance(value, _Misfit):
        message = f"The server's answer is no {model.__name__}: {value.what}"
        no_json = f"The server answered {describe(response)} instead of JSON."
        raise unexpected(response, response.shown(message) if value.what else no_json)
    return value


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Parse failure: `what` names the fields that did not fit; `""` when the body was not JSON."""

    what: str


def _fit(model: type[M], body: bytes, clean: bool) -> M | _Misfit | None:
    # Returns the misfit instead of raising, so that no traceback has a frame in which the parsed answer, with its
    # token perhaps, is a local variable.
    try:
        value = load(body)
    except ValueError:
        return _Misfit("")
    if value is None:
        return None
    try:
        fitted = model.model_validate(clean_json(value) if clean else value)
    except ValidationError as error:
        return _Misfit(misfits(error))
    except RecursionError:
        return _Misfit("it nests too deep")
    if value and not fitted.model_fields_set:  # every field may be missing, but not all of them from another object
        return _Misfit("none of its fields")
    return fitted


def misfits(error: ValidationError) -> str:
    """Returns the names of the fields that did not fit, never their contents."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    fields = [f"{'.'.join(str(part)[:40] for part in item['loc']) or 'the whole'} ({item['type']})" for item in errors]
    return ", ".join(fields[:3]) + (f" and {len(fields) - 3} more" if len(fields) > 3 else "")


def unexpected(response: ApiResponse, message: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(message, request_id=response.request_id, status=response.status)


def describe(response: ApiResponse) -> str:
    """Describes a body in one line: type, size, and the first words of it when it is a page for people."""
    kind = response.shown(response.headers.get("Content-Type", "") or "no content type")[:60]
    size = f"{len(response.body)} bytes"
    if not response.body:
        return "an empty body"
    if response.body.lstrip()[:1] in (b"{", b"[", b'"') or b"json" in kind.lower().encode():
        return f"broken JSON ({kind}, {size})"
    words = response.shown(_TAG.sub(" ", response.body[:8000].decode("utf-8", "replace")))
    return f"a page ({kind}, {size}): “{words}”" if words else f"a body without text ({kind}, {size})"


def redirected(response: ApiResponse, host: str) -> UnexpectedAnswerError:
    """Returns the error for a 3xx, which is not followed, because the credential belongs to one host only."""
    return UnexpectedAnswerError(
        response.shown(
            f"The server redirected to {host or 'another place'} ({response.status}); we did not follow it."
        ),
        next_step="Use the address at which the API itself answers, or sign in to the network first.",
        request_id=response.request_id,
        status=response.status,
    )


@dataclass(frozen=True, slots=True)
class _ErrorFields:
    """Fields of an error body, whichever of the known forms it has."""

    code: str = ""
    message: str = ""
    details: JsonObject | None = None
    request_id: str | None = None


def _error_fields(response: ApiResponse) -> _ErrorFields:
    """Reads the envelope; also a bare `{message}`, `{detail}`, JSON string or plain text."""
    try:
        value = clean_json(load(response.body))
    except ValueError:
        html = response.body.lstrip()[:1] == b"<"
        return _ErrorFields(message="" if html else response.shown(response.body[:2000].decode("utf-8", "replace")))
    if isinstance(value, str):
        return _ErrorFields(message=response.shown(value))
    if not isinstance(value, dict):
        return _ErrorFields()
    inner = value.get("error")
    body = inner if isinstance(inner, dict) else value
    details = body.get("details")
    if isinstance(body.get("detail"), list):  # the form of FastAPI's own validation errors
        details = {"errors": body["detail"]}
    message = _first_text(body.get("message"), body.get("detail"), inner)
    return _ErrorFields(
        code=response.shown(_first_text(body.get("code"))),
        message=response.shown(message),
        details=as_object(_redact(details, response.secrets)) if isinstance(details, dict) else None,
        request_id=response.shown(_first_text(value.get("request_id"))) or None,
    )


def _first_text(*candidates: JsonValue) -> str:
    return next((item for item in candidates if isinstance(item, str) and item), "")


def _redacted(text: str, secrets: Iterable[Secret]) -> str:
    for secret in secrets:
        text = text.replace(secret.secret, "•••")
    return text


def _redact(value: JsonValue, secrets: Iterable[Secret]) -> JsonValue:
    if isinstance(value, str):
        return _redacted(value, secrets)
    if isinstance(value, dict):
        return {_redacted(key, secrets): _redact(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_redact(item, secrets) for item in value]
    return value


_NEXT_STEP: Final = {
    "invalid_api_key": "Check the API key, or ask for a new one (`gonogo keys create`).",
    "invalid_magic_link": "Ask your lead for a new link.",
    "invalid_session": "Sign in again with a new link from the lead; unsent answers are kept.",
    "insufficient_scope": "Use a key that has the missing scope, or ask the lead for one.",
    "too_many_requests": "Wait a minute, then sign in again.",
    "payload_too_large": "Send less at a time.",
    "idempotency_conflict": "The same key was used for another body; send it anew with a fresh key.",
    "idempotency_in_flight": "The server is still working on the first try; we try again.",
    "already_submitted": "Nothing to do: your verdict on this task is already there.",
    "already_invited": "Nothing to do, or revoke the assignment first to invite again.",
    "task_resolved": "Nothing to do: the task was settled before; a late verdict is kept, uncounted.",
    "campaign_closed": "The campaign is closed; a late verdict is kept, uncounted. Ask the lead if that is a mistake.",
    "assignment_revoked": "The lead has taken back the assignment; ask the lead for a new link.",
    "below_acceptance": "Let more tasks be answered or reviewed, or promote with force.",
    "own_vote": "Another reviewer has to settle this one.",
    "name_taken": "Choose another name.",
}


class _ErrorArguments(TypedDict):
    request_id: str | None
    status: int
    code: str
    details: JsonObject
    next_step: str | None


def error_from(response: ApiResponse) -> GonogoClientError:
    """Returns the error for a status outside 2xx. The class depends on the status alone."""
    fields = _error_fields(response)
    details = dict(fields.details or {})
    reason = details.get("reason")
    rest: _ErrorArguments = {
        "request_id": response.request_id or fields.request_id,
        "status": response.status,
        "code": fields.code,
        "details": details,
        "next_step": _NEXT_STEP.get(reason if isinstance(reason, str) else "") or _NEXT_STEP.get(fields.code),
    }
    status = response.status
    tail = f": {fields.message.rstrip('.')}." if fields.message else "."
    if status == 401:
        return AuthenticationError(f"The server did not accept the credential{tail}", **rest)
    if status in (402, 403, 423):
        return PermissionDeniedError(f"The server does not allow this{tail}", **rest)
    if status in (404, 410):
        return NotFoundError(f"The server does not have this{tail}", **rest)
    if status in (409, 412):
        waiting = fields.code == "idempotency_in_flight"
        return ConflictError(f"The server's state does not allow this{tail}", transient=waiting, **rest)
    if status == 429:
        wait = _retry_after(response)
        return RateLimitedError(f"Too many requests{tail}", retry_after=wait, transient=True, **rest)
    if status >= 500 or status in _TRANSIENT_5XX:
        again = status in _TRANSIENT_5XX
        return ServerError(f"The server failed{tail}", retry_after=_retry_after(response), transient=again, **rest)
    return InvalidRequestError(f"The server rejects the request{tail}{_fields(details)}", **rest)


def _fields(details: JsonObject) -> str:
    """Returns ` Fields: tasks.0.prompt (too long)` from `details.errors`, at most three."""
    errors = details.get("errors")
    rejected = []
    for item in errors if isinstance(errors, list) else []:
        if isinstance(item, dict):
            loc = item.get("loc")
            where = ".".join(str(part) for part in loc) if isinstance(loc, list) else str(loc or "?")
            rejected.append(f"{where[:80]} ({str(item.get('msg', ''))[:80]})")
    return f" Fields: {', '.join(rejected[:3])}." if rejected else ""


def _retry_after(response: ApiResponse) -> float | None:
    """Returns the seconds of `Retry-After`, a number or a date; `None` when absent or invalid."""
    text = (response.headers.get("Retry-After") or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, IndexError):
        return None
