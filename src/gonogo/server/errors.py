"""API errors: exceptions that routes raise, and their replies in the published envelope."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gonogo.schemas.enums import ErrorCode
from gonogo.schemas.errors import ErrorEnvelope

DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""Exceptions of SQLAlchemy for a database that is locked, full, or not there."""

REQUEST_ID = "X-Request-ID"
"""Header of every reply. A stored reply holds it, so that a repetition has the id that the body names."""

_RACES = frozenset({"40001", "40P01"})  # SQLSTATE: serialization failure, deadlock
_DISK_FULL = "53100"  # SQLSTATE


class FieldError(TypedDict):
    """Problem of a request: where it is (`["body", "tasks", 0, "prompt"]`), what it is, and its kind."""

    loc: Sequence[str | int]
    msg: str
    type: str


class ApiError(Exception):
    """Error reply: HTTP status, `error.code`, message for people, `error.details`."""

    def __init__(self, status: int, code: str, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = str(code)
        self.message = message
        self.details = dict(details or {})


REFUSALS = (ApiError, RequestValidationError, HTTPException)
"""Exceptions that are replies; any other is a failure of the server."""


def not_found() -> ApiError:
    """Returns the one 404, which never says whether the object exists somewhere else."""
    return ApiError(404, ErrorCode.NOT_FOUND, "There is no such object, or it is not visible to this credential.")


def conflict(reason: str | None, message: str, **details: object) -> ApiError:
    """409; `reason` goes to `details.reason`."""
    if reason is not None:
        details["reason"] = str(reason)
    return ApiError(409, ErrorCode.CONFLICT, message, details)


def forbidden(message: str) -> ApiError:
    return ApiError(403, ErrorCode.INSUFFICIENT_SCOPE, message)


def unauthorized(code: str, message: str) -> ApiError:
    return ApiError(401, code, message)


def invalid(errors: Sequence[FieldError]) -> ApiError:
    """422; an error never carries the offending input."""
    return ApiError(
        422, ErrorCode.VALIDATION_ERROR, "The request was not understood; see details.errors.", {"errors": errors}
    )


def too_large(observed: int, limit: int) -> ApiError:
    """413, in bytes."""
    message = f"The request body is larger than {limit} bytes: send it in smaller parts."
    return ApiError(413, ErrorCode.PAYLOAD_TOO_LARGE, message, {"observed_bytes": observed, "limit_bytes": limit})


def internal() -> ApiError:
    message = (
        "The server failed; nothing was changed. Try again; if it stays, give the server's operator the request id."
    )
    return ApiError(500, ErrorCode.INTERNAL_ERROR, message)


def unavailable() -> ApiError:
    message = "The database is busy or away; nothing was changed. Try again in a moment."
    return ApiError(503, ErrorCode.UNAVAILABLE, message)


def disk_full(message: str = "The disk of the database is full; nothing was changed.") -> ApiError:
    message += " Votes can't be stored; make room on it."
    return ApiError(503, ErrorCode.UNAVAILABLE, message, {"reason": "disk_full"})


def is_disk_full(error: BaseException) -> bool:
    """True for SQLAlchemy's error about a write for which the database's disk had no room."""
    cause = getattr(error, "orig", None)
    return (
        getattr(cause, "sqlstate", None) == _DISK_FULL
        or getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    )


def lost_race(error: DBAPIError) -> bool:
    """True for conflicts that a retry resolves: serialisation failure, deadlock, duplicate key."""
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in _RACES


# --- answers ---------------------------------------------------------------------------------------------


def request_id(request: Request) -> str:
    """Returns the id that the middleware gave to this request."""
    number: str = request.scope["state"]["request_id"]
    return number


def answer(request: Request, error: ApiError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Returns `error` in the envelope."""
    body = {"code": error.code, "message": error.message, "details": error.details}
    number = request_id(request)
    content = {"error": body, "request_id": number}
    return JSONResponse(content, status_code=error.status, headers={**(headers or {}), REQUEST_ID: number})


def error_response(request: Request, error: Exception) -> JSONResponse:
    """Returns the reply to any exception of a handler."""
    headers = error.headers if isinstance(error, HTTPException) else None
    return answer(request, as_api_error(error), headers)


def as_api_error(error: Exception) -> ApiError:
    """Returns the error that the caller sees; anything unknown is `internal_error`."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, RequestValidationError):
        return invalid([_without_input(item) for item in error.errors()])
    if isinstance(error, HTTPException):
        return _of_framework(error)
    if is_disk_full(error):
        return disk_full()
    return unavailable() if isinstance(error, DATABASE_AWAY) else internal()


def _without_input(item: Mapping[str, Any]) -> FieldError:
    return {"loc": list(item["loc"]), "msg": item["msg"], "type": item["type"]}


def _of_framework(error: HTTPException) -> ApiError:
    if error.status_code == 404:
        return not_found()
    if error.status_code == 405:
        return ApiError(405, ErrorCode.METHOD_NOT_ALLOWED, "This path exists, but not with this method.")
    return ApiError(error.status_code, ErrorCode.BAD_REQUEST, "The request was refused.")


# --- documentation ---------------------------------------------------------------------------------------

_MEANINGS = {
    400: "The request is malformed.",
    401: "The credential is missing, unknown, expired or revoked.",
    403: "The credential is valid, but not for this operation.",
    404: "The object does not exist, or is not visible to this credential.",
    409: "The request conflicts with the state of the object, or with another use of its idempotency key.",
    413: "The body is too large.",
    422: "The request could not be understood; `details.errors` lists what and where.",
    429: "Too many requests; no `Retry-After` is sent, back off exponentially with jitter.",
}


def documented(statuses: Iterable[int]) -> dict[int | str, dict[str, object]]:
    """OpenAPI `responses` of these error statuses, each with the envelope."""
    return {status: {"model": ErrorEnvelope, "description": _MEANINGS[status]} for status in sorted(statuses)}
