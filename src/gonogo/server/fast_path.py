"""The short way of the two requests that are nearly all of a server's work: next-task and submit.

The routes of the same names say what these operations do, and their functions do it here as well. What is left out is
the framework between: it costs more than the work. A request that is in any way unusual (another kind of body, one
that does not fit the schema, a strange id) takes the long way, so that every refusal has one author.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gonogo.schemas.labeling import LabelSubmit
from gonogo.server.auth import tokens
from gonogo.server.auth.principals import Principal, authenticate, credential_of
from gonogo.server.context import Context, context_of
from gonogo.server.errors import ApiError, answer_any, lost_race
from gonogo.server.http import idempotency
from gonogo.server.http.bodies import parse_json
from gonogo.server.http.middleware import enclosed
from gonogo.server.http.pipeline import RACES, REFUSALS, counted_caller
from gonogo.server.queue import caller_lookup, operations
from gonogo.server.routes import claims
from gonogo.server.serialize import served_task, submission_public
from gonogo.server.store import audit
from gonogo.server.store.group_commit import GroupCommit
from gonogo.server.store.schema.columns import EPOCH

_ID = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_NEXT = re.compile(f"/api/v1/parts/labeling/campaigns/{_ID}/next-task")
_SUBMIT = re.compile(f"/api/v1/parts/labeling/tasks/{_ID}/submit")
_LARGEST = 65_536  # bytes; longer bodies are rare, and read with more care
_ANSWER = TypeAdapter(LabelSubmit)
_KEY = idempotency.HEADER.encode()
_CONTENT_TYPE = (b"content-type", b"application/json")
_EXPIRES_IN = claims.EXPIRES_IN.lower().encode()
_KNOWN_FOR = timedelta(minutes=1)
_MOST_KNOWN = 10_000
_Acquaintance = tuple[Principal, datetime, str]
"""Who it is, since when that is known, and what the limits call his credential."""
_NOBODY: tuple[None, datetime, str] = (None, EPOCH, "")

App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = dict[bytes, bytes]
"""Of a request, by name in lower case; the first where there are several."""


@dataclass(frozen=True)
class _Route:
    """What the log, the metrics and the audit call this request."""

    name: str
    path: str


_NEXT_ROUTE = _Route("next_labeling_task", "/api/v1/parts/labeling/campaigns/{campaign_id}/next-task")
_SUBMIT_ROUTE = _Route("submit_label", "/api/v1/parts/labeling/tasks/{task_id}/submit")


class HotPath:
    """Answers what it can; see the module."""

    def __init__(self, app: Any, batch: GroupCommit) -> None:
        self._app = app
        self._batch = batch
        self._known = Known()

    async def answered(self, scope: Scope, receive: Receive, send: Send, long_way: ASGIApp) -> bool:
        """Whether the request was one of the two; then it is answered, be it by the long way."""
        found = _route(scope)
        if found is None:
            return False
        raw, receive = await _body(scope, receive)
        answer = None if raw is None else _read(found[0], raw, scope)
        if raw is None or answer is None:
            await long_way(scope, receive, send)
            return True
        route, path_id = found
        scope["app"], scope["route"] = self._app, route
        scope["path_params"] = {"campaign_id" if route is _NEXT_ROUTE else "task_id": path_id}
        scope["gonogo.hot"] = (raw, answer, path_id)
        await enclosed(self._answer, scope, receive, send)
        return True

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            response = await self._respond(request, *scope["gonogo.hot"])
        except REFUSALS as error:
            response = answer_any(request, error)
        await response(scope, receive, send)

    async def _respond(self, request: Request, raw: bytes, answer: Any, path_id: str) -> Response:
        headers: Headers = dict(reversed(request.scope["headers"]))
        caller, session = self._known.caller(request, headers)
        ask = idempotency.keyed(request, caller, raw) if _KEY in headers else None
        try:
            return await self._done(self._job(request, caller, session, ask, path_id, answer))
        except caller_lookup.Unproved:
            assert session is not None
            self._known.forget(session)
            caller = authenticate(request)  # refuses who is known no longer
            return await self._done(self._job(request, caller, None, ask, path_id, answer))

    async def _done(self, job: Callable[[Connection], Response]) -> Response:
        """The result of `job`, begun again if another transaction was in its way."""
        for _try in range(RACES):
            try:
                return await self._batch.do(job)
            except DBAPIError as error:
                if not lost_race(error):
                    raise
        return await self._batch.do(job)

    def _job(
        self,
        request: Request,
        caller: Principal,
        session: str | None,
        ask: idempotency.IdempotentRequest | None,
        path_id: str,
        answer: Any,
    ) -> Callable[[Connection], Response]:
        ctx = context_of(self._app.state, caller, session)
        key = None if ask is None else ask.key

        def work(connection: Connection) -> Response:
            proved = session is None

            def run() -> Response:
                nonlocal proved
                response = _run(connection, request, ctx, path_id, answer, key)
                proved = True
                return response

            try:
                if ask is None:
                    return run()
                lifetime = timedelta(hours=ctx.settings.idempotency_hours)
                response = idempotency.inside(connection, ask, ctx.now, lifetime, run)
            except ApiError:
                if proved:
                    raise
                raise caller_lookup.Unproved from None
            if not proved:
                raise caller_lookup.Unproved  # a replay, too, is only for who may still ask
            return response

        return work


class Known:
    """Who was found behind a session a moment ago, so that a claim and a vote can ask for him and their object at once.

    It is never taken for proof: `arrival` finds in the same statement that the session still lives.
    """

    def __init__(self) -> None:
        self._callers: dict[str, _Acquaintance] = {}

    def caller(self, request: Request, headers: Headers) -> tuple[Principal, str | None]:
        """The caller, counted against the limits, and the session that is still to be proved, if any."""
        state = request.app.state
        session = _session(headers)
        if session is None or b"x-api-key" in headers:
            return counted_caller(request), None
        found, since, credential = self._callers.get(session, _NOBODY)
        now: datetime = state.clock()
        if found is None or not since <= now < since + _KNOWN_FOR:
            caller = counted_caller(request)
            if len(self._callers) >= _MOST_KNOWN:
                self._callers.clear()
            self._callers[session] = (caller, now, tokens.digest(credential_of(request)))
            return caller, None
        state.limits.count(found, credential)
        return found, session

    def forget(self, session: str) -> None:
        self._callers.pop(session, None)


def _session(headers: Headers) -> str | None:
    """The digest of the session's token, if the request shows one."""
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    return tokens.digest(token.decode("latin-1").strip()) if scheme == b"Bearer" else None


def _run(
    connection: Connection, request: Request, ctx: Context, path_id: str, answer: Any, key: str | None
) -> Response:
    try:
        if isinstance(answer, LabelSubmit):
            response = _submit(connection, request, ctx, path_id, answer, key)
        else:
            response = _next(connection, request, ctx, path_id)
    except ApiError as error:
        response = answer_any(request, error)
    # A replay tells the id its body tells.
    response.raw_headers.append((b"x-request-id", _request_id(request).encode()))
    return response


def _next(connection: Connection, request: Request, ctx: Context, campaign_id: str) -> Response:
    claim = operations.claim_task(connection, ctx, campaign_id)
    if claim is None:
        return _Json(200, b"null")
    task = served_task(claim.task)
    _note(connection, request, ctx, 200, task.__dict__)
    seconds = claims.expires_in(claim, ctx.now).encode()
    return _Json(200, task.__pydantic_serializer__.to_json(task), (_EXPIRES_IN, seconds))


def _submit(
    connection: Connection, request: Request, ctx: Context, task_id: str, answer: LabelSubmit, key: str | None
) -> Response:
    outcome = operations.submit_verdict(connection, ctx, task_id, answer, key)
    if outcome.refused is not None:
        response = answer_any(request, operations.refusal(outcome, key))
        if not outcome.was_there:
            _note(connection, request, ctx, response.status_code, {"id": outcome.submission.id})
        return response
    stored = submission_public(outcome.submission)
    _note(connection, request, ctx, 201, stored.__dict__)
    return _Json(201, stored.__pydantic_serializer__.to_json(stored))


def _note(connection: Connection, request: Request, ctx: Context, status: int, ids: dict[str, Any]) -> None:
    scope = request.scope
    content = audit.content_of(scope["path_params"], status, ids)
    action: str = scope["route"].name
    audit.append(connection, action, ctx.now, actor=ctx.caller.id, content=content, request_id=_request_id(request))


def _request_id(request: Request) -> str:
    found: str = request.scope["state"]["request_id"]
    return found


class _Json(Response):
    """The same headers as Starlette makes, without the way it takes."""

    def __init__(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        self.status_code, self.body, self.background = status, body, None
        self.raw_headers = [*headers, (b"content-length", b"%d" % len(body)), _CONTENT_TYPE]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


def _route(scope: Scope) -> tuple[_Route, str] | None:
    if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"] or scope.get("root_path"):
        return None
    path: str = scope["path"]
    for pattern, route in ((_NEXT, _NEXT_ROUTE), (_SUBMIT, _SUBMIT_ROUTE)):
        found = pattern.fullmatch(path)
        if found is not None:
            return route, found[1]
    return None


async def _body(scope: Scope, receive: Receive) -> tuple[bytes | None, Receive]:
    """The body if it is short, and a `receive` for who must read it again; `None` for a long one."""
    chunks: list[Message] = []
    size = 0
    more = True
    while more and size <= _LARGEST:
        message = await receive()
        chunks.append(message)
        more = bool(message.get("more_body")) and message["type"] == "http.request"
        size += len(message.get("body", b""))
    waiting = iter(chunks)

    async def again() -> Message:
        return next(waiting, None) or await receive()

    whole = not more and size <= _LARGEST and chunks[-1]["type"] == "http.request"
    return b"".join(chunk.get("body", b"") for chunk in chunks) if whole else None, again


def _read(route: _Route, raw: bytes, scope: Scope) -> Any:
    """The body as its operation wants it: a `LabelSubmit`, or `True` for none; `None` when that is in any doubt."""
    if route is _NEXT_ROUTE:
        return True if not raw else None
    if (b"content-type", b"application/json") not in scope["headers"]:
        return None
    try:
        return _ANSWER.validate_python(parse_json(raw))
    except (ApiError, ValidationError):
        return None
