"""The outermost layer: a request id and the API version on every answer, the access log, and the last resort."""

from __future__ import annotations

import logging
import secrets
import time

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gonogo.server.errors import DATABASE_AWAY, error_response
from gonogo.server.settings import API_VERSION

log = logging.getLogger("gonogo.server")
access = logging.getLogger("gonogo.access")


class RequestContextMiddleware:
    """ASGI middleware. A client's own `X-Request-ID` is ignored; a replayed answer keeps the id it had.

    The access log names the route, not the address: addresses hold signed tokens and whatever a stranger typed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await enclosed(self.app, scope, receive, send)


async def enclosed(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a request by `app`, in the shell."""
    answered = _Answered(send, f"req_{secrets.token_hex(12)}")
    scope.setdefault("state", {})["request_id"] = answered.request_id
    started = time.monotonic()
    try:
        await app(scope, receive, answered)
    except ClientDisconnect:
        log.info("client went away", extra={"request_id": answered.request_id})
    except Exception as error:
        away = isinstance(error, DATABASE_AWAY)
        log.exception("database away" if away else "request failed", extra={"request_id": answered.request_id})
        if answered.status is not None:  # half an answer is out: break it off, so that it is not taken for whole
            raise
        await error_response(Request(scope), error)(scope, receive, answered)
    finally:
        _log(scope, answered, time.monotonic() - started)


_VERSION = (b"x-api-version", API_VERSION.encode())


class _Answered:
    """`send`, with the two headers added, remembering the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), _VERSION]
            for name, _value in headers:
                if name == b"x-request-id":
                    break
            else:
                headers.append((b"x-request-id", self.request_id.encode()))
            message = {**message, "headers": headers}
        await self._send(message)


def _log(scope: Scope, answered: _Answered, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "(no route)")
    if access.isEnabledFor(logging.INFO):
        milliseconds = round(seconds * 1000, 1)
        fields = (scope["method"], route, answered.status or "-", milliseconds, answered.request_id)
        named = {"method": fields[0], "route": route, "status": answered.status, "ms": milliseconds}
        access.info("%s %s %s %sms %s", *fields, extra={"request_id": answered.request_id, "request": named})
    scope["app"].state.metrics.count(scope["method"], route, answered.status or 0, seconds)
