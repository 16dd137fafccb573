"""Errors a request can end in; the app turns each into the published envelope."""

from __future__ import annotations

from typing import Any

from gonogo.wire.vocabulary import ErrorCode


class ApiError(Exception):
    """An answer that is an error: HTTP status, `error.code`, message for people, `error.details`."""

    def __init__(self, status: int, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = str(code)
        self.message = message
        self.details = details or {}


def not_found() -> ApiError:
    """The one 404: it never says whether the object exists somewhere else."""
    return ApiError(404, ErrorCode.NOT_FOUND, "There is no such object, or it is not visible to this credential.")


def conflict(reason: str | None, message: str, **details: Any) -> ApiError:
    """409; `reason` goes to `details.reason`."""
    if reason is not None:
        details["reason"] = str(reason)
    return ApiError(409, ErrorCode.CONFLICT, message, details)


def forbidden(message: str) -> ApiError:
    return ApiError(403, ErrorCode.INSUFFICIENT_SCOPE, message)


def unauthorized(code: str, message: str) -> ApiError:
    return ApiError(401, code, message)


def invalid(errors: list[dict[str, Any]]) -> ApiError:
    """422; each error is `{loc, msg, type}` and never carries the offending input."""
    return ApiError(
        422, ErrorCode.VALIDATION_ERROR, "The request was not understood; see details.errors.", {"errors": errors}
    )
