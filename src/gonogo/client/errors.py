"""What can go wrong between this program and a labeling server, as one tree.

    GonogoClientError             anything below
    ├── InvalidInputError         refused here, nothing was sent (address, link, value)
    ├── NetworkError              no answer: name not found, refused, reset, timed out, bad certificate
    ├── UnexpectedAnswerError     an answer that is none: HTML, redirect, cut or misshapen JSON
    ├── AuthenticationError       401
    ├── PermissionDeniedError     403 (and 402, 423)
    ├── NotFoundError             404, 410
    ├── ConflictError             409 (and 412); says its reason
    ├── InvalidRequestError       422, 400, 413 and the other 4xx; says which fields
    ├── RateLimitedError          429; says how long to wait
    └── ServerError               5xx (and 408, 425)

`str(error)` says what happened and ends with the request id when there is one; `error.next_step` says what to do.
All text from a server is cleaned and cut before it gets here, and known secrets are blotted out of it.
This module imports neither httpx nor pydantic, so that everything above the client may import it cheaply.
"""

from __future__ import annotations

from typing import Any, ClassVar


class GonogoClientError(Exception):
    """Something between this program and the server went wrong.

    Attributes:
        message: what happened, without the request id.
        next_step: what to do now.
        request_id: the server's name for the exchange, or `None`.
        status: HTTP status, or `None` when there was no answer.
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
        details: dict[str, Any] | None = None,
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
        return f"{self.message} (request {self.request_id})" if self.request_id else self.message


class InvalidInputError(GonogoClientError, ValueError):
    """What was given cannot be used, and nothing was sent."""

    usual_next_step = "Correct it and try again."


class NetworkError(GonogoClientError):
    """No answer came: the name is unknown, the connection was refused or cut, or it took too long."""

    usual_next_step = "Check the connection and the server's address; the work done so far is kept."


class UnexpectedAnswerError(GonogoClientError):
    """Something answered, but not as a labeling server does."""

    usual_next_step = (
        "Check the server's address (a login page of the network, or another program, may be answering); "
        "if it is right, tell the server's keeper the request id."
    )


class AuthenticationError(GonogoClientError):
    """The server does not know the credential: wrong, expired, or revoked."""

    usual_next_step = "Sign in again; verdicts not yet sent are kept."


class PermissionDeniedError(GonogoClientError):
    """The credential is known, but may not do this."""

    usual_next_step = "Ask the campaign's lead for access, or sign in with a credential that has it."


class NotFoundError(GonogoClientError):
    """It does not exist, or not for this credential."""

    usual_next_step = "Check the name or id; it may have been removed, or belong to another organisation."


class ConflictError(GonogoClientError):
    """The state on the server does not allow it, for the reason in `.reason`."""

    usual_next_step = "Look at the current state, then decide again."

    @property
    def reason(self) -> str:
        """`details.reason`, such as `already_submitted`; `""` when the server gave none."""
        reason = self.details.get("reason")
        return reason if isinstance(reason, str) else ""


class InvalidRequestError(GonogoClientError):
    """The server understood the call and rejects what is in it."""

    usual_next_step = "Correct the named field and try again; sending the same again will not help."

    @property
    def errors(self) -> list[dict[str, Any]]:
        """`[{loc, msg, type}]`, one a rejected field; empty when the server named none."""
        found = self.details.get("errors")
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


class RateLimitedError(GonogoClientError):
    """Too many requests; `.retry_after` seconds should pass before the next."""

    usual_next_step = "Wait a moment; sending goes on by itself."

    def __init__(self, message: str, *, retry_after: float | None = None, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.retry_after = retry_after


class ServerError(GonogoClientError):
    """The server failed; the request itself was not at fault."""

    usual_next_step = "Try again in a moment; if it stays, tell the server's keeper the request id."

    def __init__(self, message: str, *, retry_after: float | None = None, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.retry_after = retry_after
