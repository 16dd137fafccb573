"""Request middleware: adds request id and API version to replies, writes the access log, catches unhandled errors."""

from __future__ import annotations

import logging
import os
import time

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gonogo.server.errors import DATABASE_AWAY, REFUSALS, error_response, is_disk_full
from gonogo.server.http.metrics import Metrics
from gonogo.server.settings import API_VERSION

log = logging.getLogger("gonogo.server")
access = logging.getLogger("gonogo.access")


class RequestContextMiddleware:
    """Outermost ASGI layer. A client's own `X-Request-ID` is ignored; a replayed reply keeps its first id.

    The access log names the route, not the address: addresses hold signed tokens and whatever a stranger typed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = _ReplySender(send, f"req_{os.urandom(12).hex()}")
        scope.setdefault("state", {})["request_id"] = reply.request_id
        started = time.monotonic()
        try:
            await self.app(scope, receive, reply)
        except ClientDisconnect:
            log.info("client went away", extra={"request_id": reply.request_id})
        except REFUSALS as error:
            if reply.status is not None:
                raise
            await error_response(Request(scope), error)(scope, receive, reply)
        except Exception as error:
            away = isinstance(error, DATABASE_AWAY)
            if is_disk_full(error):
                scope["app"].state.disk_was_full = True
            log.exception("database away" if away else "request failed", extra={"request_id": reply.request_id})
            if reply.status is not None:  # half a reply is sent: break it off, so that it is not taken for whole
                raise
            await error_response(Request(scope), error)(scope, receive, reply)
        finally:
            _log(scope, reply, time.monotonic() - started)


_VERSION = (b"x-api-version", API_VERSION.encode())


class _ReplySender:
    """ASGI `send` that adds the two headers and records the status."""

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


def _log(scope: Scope, reply: _ReplySender, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "(no route)")
    if access.isEnabledFor(logging.INFO):
        milliseconds = round(seconds * 1000, 1)
        fields = (scope["method"], route, reply.status or "-", milliseconds, reply.request_id)
        named = {"method": fields[0], "route": route, "status": reply.status, "ms": milliseconds}
        access.info("%s %s %s %sms %s", *fields, extra={"request_id": reply.request_id, "request": named})
    metrics: Metrics | None = scope["app"].state.metrics
    if metrics is not None:
        metrics.count(scope["method"], route, reply.status or 0, seconds)
