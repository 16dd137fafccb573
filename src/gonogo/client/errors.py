"""Exceptions of the API clients, as one tree.

    GonogoClientError             base class of all
    ├── InvalidInputError         refused by the client, nothing was sent (address, link, value, ambiguous name)
    │   ├── UnsupportedError           the server does not offer this
    │   └── MissingPackageError        a package of an extra is not installed
    ├── NetworkError              no response: name not found, refused, reset, timed out, bad certificate
    │   └── InterruptedExchangeError   the request went out, no whole response came back
    ├── UnexpectedAnswerError     a response that is not of the API: HTML, redirect, cut or misshapen JSON
    ├── AuthenticationError       401
    ├── PermissionDeniedError     403 (and 402, 423)
    ├── NotFoundError             404, 410
    ├── ConflictError             409 (and 412); `.reason`
    ├── InvalidRequestError       422, 400, 413 and the other 4xx; `.errors`
    ├── RateLimitedError          429; `.retry_after`
    ├── IncompleteListError       the server gives a part of a list only; `.items`, `.count`
    ├── ServerError               5xx (and 408, 425)
    └── StreamUnavailableError    no progress stream; defined in `progress_stream`

`str(error)` says what happened, `error.next_step` what to do, `error.trace` status, code and request id.
Text from a server is cleaned, cut and redacted before it gets here.
Standard library only, so that everything above the client can import it cheaply.
"""

from __future__ import annotations

from typing import Any, ClassVar

from gonogo.json_types import JsonObject


class GonogoClientError(Exception):
    """Base class of the errors of a call.

    Attributes:
        message: what happened.
        next_step: what to do now.
        request_id: the server's name for the exchange, or `None`.
        status: HTTP status, or `None` when there was no response.
        code: `error.code` of the envelope, or `""`.
        details: `error.details` of the envelope, cleaned.
        transient: the same call may succeed a little later.
    """

    usual_next_step: ClassVar[str] = "Try again; if it stays, run `gonogo doctor`."

    def __init__(
        self,
        message: str,
        *,
        next_step: str | None = None,
        request_id: str | None = None,
        status: int | None = None,
        code: str = "",
        details: JsonObject | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step or self.usual_next_step
        self.request_id = request_id
        self.status = status
        self.code = code
        self.details = details or {}
        self.transient = transient

    def __str__(self) -> str:
        return self.message

    @property
    def trace(self) -> str:
        """Status, code and request id, `429 rate_limited, request req_1`; empty without any of them."""
        status = " ".join(str(part) for part in (self.status, self.code) if part)
        request = f"request {self.request_id}" if self.request_id else ""
        return ", ".join(part for part in (status, request) if part)


class InvalidInputError(GonogoClientError, ValueError):
    """Input that cannot be used; nothing was sent."""

    usual_next_step = "Correct it and try again."


class UnsupportedError(InvalidInputError):
    """Operation that the server does not offer."""

    usual_next_step = "Only a gonogo server does that."


class MissingPackageError(InvalidInputError):
    """Package of an extra that is not installed."""

    usual_next_step = "Install it, then try again."


class NetworkError(GonogoClientError):
    """No response: the name is unknown, the connection was refused or cut, or it took too long."""

    usual_next_step = "Check the connection and the server's address; the work done so far is kept."


class InterruptedExchangeError(NetworkError):
    """No whole response to a request that went out: it may have reached the server, and may be what breaks it."""


class UnexpectedAnswerError(GonogoClientError):
    """Response that does not come from a labeling server, or is damaged."""

    usual_next_step = (
        "Check the server's address (a login page of the network, or another program, may be answering); "
        "if it is right, give the server's operator the request id."
    )


class IncompleteListError(GonogoClientError):
    """Part of a list: the server says that it has `count` items, gives `items`, and has no pages."""

    usual_next_step = "Ask the server's operator for lists without a limit, or for cursors."

    def __init__(self, items: list[Any], count: int) -> None:
        super().__init__(f"The server gives only {len(items)} of {count} entries of this list.")
        self.items = items
        self.count = count


class AuthenticationError(GonogoClientError):
    """Credential that the server does not accept: wrong, expired, or revoked."""

    usual_next_step = "Sign in again; unsent answers are kept."


class PermissionDeniedError(GonogoClientError):
    """Operation that the credential does not allow."""

    usual_next_step = "Ask the campaign's lead for access, or sign in with a credential that has it."


class NotFoundError(GonogoClientError):
    """Object that does not exist, or not for this credential."""

    usual_next_step = "Check the name or id; it may have been removed, or belong to another organisation."


class ConflictError(GonogoClientError):
    """Operation that the state on the server does not allow; `.reason` says why."""

    usual_next_step = "Look at the current state, then decide again."

    @property
    def reason(self) -> str:
        """Reason from `details.reason`, such as `already_submitted`; `""` when the server sent none."""
        reason = self.details.get("reason")
        return reason if isinstance(reason, str) else ""


class InvalidRequestError(GonogoClientError):
    """Request that the server understands and rejects."""

    usual_next_step = "Correct the named field and try again; sending the same again will not help."

    @property
    def errors(self) -> list[JsonObject]:
        """Rejected fields, `[{loc, msg, type}]`; empty when the server named none."""
        errors = self.details.get("errors")
        return [item for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []


class RateLimitedError(GonogoClientError):
    """Too many requests; `.retry_after` seconds should pass before the next."""

    usual_next_step = "We go on in a moment."

    def __init__(self, message: str, *, retry_after: float | None = None, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.retry_after = retry_after


class ServerError(GonogoClientError):
    """Failure of the server; the request itself was not at fault."""

    usual_next_step = "Try again in a moment; if it stays, give the server's operator the request id."

    def __init__(self, message: str, *, retry_after: float | None = None, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.retry_after = retry_after
