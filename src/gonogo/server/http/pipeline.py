"""Request pipeline: the one way of every request, from its credential to its reply.

    authenticate → rate limit → read the body → validate
        → one transaction (idempotency key → handler → audit row) → commit → reply

FastAPI routes, validates and documents; `ApiRoute` is the rest. A handler is a plain function. Beside FastAPI's own
parameters it may ask for `ctx` (caller, clock, settings) and `tx`, the open transaction:

    @router.post("/api/v1/parts/labeling/campaigns/{campaign_id}/next-task", name="next_labeling_task")
    def next_task(ctx: Context, tx: Connection, campaign_id: str) -> Reply[ServedTask | None]: ...

With `tx`, a GET runs in a read transaction; every other method runs in a write transaction of the group commit, which
what the handler returns commits and what it raises rolls back. Without `tx` a handler is an ordinary FastAPI endpoint:
for streams, and for work that must not hold a transaction.

A plain handler takes `tx`, and else only path parameters of type `str` and one JSON body. Its route skips FastAPI's
dependency solver, which costs more than a vote: it reads the arguments from the path, and validates the body by
FastAPI's own field.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar, get_args, get_origin

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from gonogo.server.auth import tokens
from gonogo.server.auth.principals import Principal, authenticate, credential_of
from gonogo.server.context import Context, context_of
from gonogo.server.errors import ApiError, documented, error_response, lost_race, request_id
from gonogo.server.http import idempotency
from gonogo.server.http.bodies import ReadRequest, is_json, parse_json, read_body, refuse_nul
from gonogo.server.settings import ServerSettings
from gonogo.server.store import audit
from gonogo.server.store.group_commit import GroupCommit

T = TypeVar("T")
Handler = Callable[..., Any]
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]
Validated = Callable[[Request, bytes], Awaitable[Response]]
Preparation = Callable[[Request, Principal], Awaitable[None]]

_CREDENTIALS: list[dict[str, list[str]]] = [{"ApiKey": []}, {"Session": []}]  # either of the two
_OPTIONS, _HANDLER = "gonogo_options", "gonogo_handler"
REFUSALS = (ApiError, RequestValidationError, HTTPException)
RETRIES = 3
"""Retries after a unique-key conflict or a deadlock with another worker."""


@dataclass(frozen=True)
class Reply(Generic[T]):
    """Result of a handler that sets more than the body. A `refusal` is an error reply whose transaction commits."""

    value: T | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after: BackgroundTask | None = None
    """Work that starts when the reply is sent."""
    refusal: ApiError | None = None
    stored_id: str | None = None
    """Id for the audit row of a refusal that stored something all the same."""


@dataclass(frozen=True)
class Options:
    """Deviations of one operation from the usual pipeline; set by `operation`."""

    public: bool = False
    """Needs no credential, so it has no caller, no limits and no idempotency key."""
    read_only: bool = False
    """A POST that changes nothing: a read transaction, no audit row, no idempotency key."""
    in_thread: bool = False
    """A read that takes long runs beside the event loop."""
    file_body: bool = False
    """The body is a file, not JSON, and may be as large as a drawing."""
    prepare: Preparation | None = None
    """Long work before the write transaction begins; refuses nothing."""


def operation(options: Options) -> Callable[[Handler], Handler]:
    """Decorator of a handler, below the router's: runs it with `options`."""

    def mark(handler: Handler) -> Handler:
        setattr(handler, _OPTIONS, options)
        return handler

    return mark


class ApiRoute(APIRoute):
    """Route of this server: the pipeline round one handler.

    Adds the error statuses that the published reference documents: 401, 403, 422, 429 everywhere, 404 where the path
    names an object, 409 and 413 where something is written.
    """

    _validated: Validated
    """Handler behind the validation of its arguments: FastAPI's, or `_plain`."""

    def __init__(self, path: str, endpoint: Handler, **options: Any) -> None:
        endpoint = getattr(endpoint, _HANDLER, endpoint)  # `include_router` may make a route once more
        self._handler = endpoint
        self._options: Options = getattr(endpoint, _OPTIONS, Options())
        methods = set(options.get("methods") or ("GET",))
        options["responses"] = documented(self._error_statuses(path, methods)) | (options.get("responses") or {})
        if not self._options.public:
            options["openapi_extra"] = {"security": _CREDENTIALS} | (options.get("openapi_extra") or {})
        signature = inspect.signature(endpoint, eval_str=True)
        self._parameters = frozenset(signature.parameters)
        self._has_tx, self._has_ctx = "tx" in self._parameters, "ctx" in self._parameters
        self._writes = methods != {"GET"} and not (self._options.read_only or self._options.public)
        if self._has_tx == inspect.iscoroutinefunction(endpoint):
            raise TypeError("A handler with `tx` must not wait: it holds a transaction. Any other is `async def`.")
        if self._writes and not self._has_tx:
            raise TypeError("An operation that changes something takes `tx`: its idempotency key is stored there.")
        result = _result_type(signature)
        self._result: TypeAdapter[Any] | None = TypeAdapter(result) if self._has_tx else None
        super().__init__(path, self._endpoint(signature, result), **options)
        if self._is_plain():
            self._validated = self._plain
            self.app = self._serve

    def _error_statuses(self, path: str, methods: set[str]) -> set[int]:
        statuses = {422} if self._options.public else {401, 403, 422, 429}
        if "{" in path:
            statuses.add(404)
        if methods != {"GET"}:
            statuses |= {413} if self._options.public else {409, 413}
        return statuses

    def _is_plain(self) -> bool:
        fields = [(field.name, field.field_info) for field in self.dependant.path_params]
        texts = {name for name, info in fields if info.annotation is str and not info.metadata}
        known = {"request", "ctx", "tx"} | texts | {field.name for field in self.dependant.body_params}
        special = self.dependant.dependencies or self._embed_body_fields or self._options.file_body
        return self._has_tx and self._parameters <= known and not special

    # --- before the handler ---

    def get_route_handler(self) -> Endpoint:
        """The endpoint that FastAPI surrounds with its exit stacks."""
        validated, file_body = super().get_route_handler(), self._options.file_body

        def of_read(request: Request, raw: bytes) -> Awaitable[Response]:
            return validated(ReadRequest(request.scope, raw, parse_json(raw) if raw and not file_body else None))

        self._validated = of_read
        return self._reply_to

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI app of a plain handler, which has nothing for FastAPI's exit stacks to close."""
        response = await self._reply_to(Request(scope, receive, send))
        await response(scope, receive, send)

    async def _reply_to(self, request: Request) -> Response:
        try:
            return await self._handle(request)
        except REFUSALS as error:
            return error_response(request, error)

    async def _handle(self, request: Request) -> Response:
        settings: ServerSettings = request.app.state.settings
        refuse_nul(request)
        caller = None if self._options.public else counted_caller(request)
        limit = settings.max_drawing_bytes if self._options.file_body else settings.max_json_bytes
        raw = await read_body(request, limit)
        if caller is None or not self._writes:
            return await self._validated(request, raw)
        if self._options.prepare is not None:
            await self._options.prepare(request, caller)
        request.state.idempotent = idempotency.keyed(request, caller, raw)
        try:
            return await self._validated(request, raw)
        except idempotency.KeyRefused:
            raise
        except REFUSALS as error:
            return await self._refused(request, error)

    async def _plain(self, request: Request, raw: bytes) -> Response:
        """The reply of a plain handler; 422 for a body that does not fit, as FastAPI words it."""
        arguments = dict(request.path_params)
        value = parse_json(raw) if raw else None
        if self.body_field is not None:
            if not raw:
                raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "Field required"}])
            body = value if is_json(request.headers.get("content-type", "")) else raw
            arguments[self.body_field.name], errors = self.body_field.validate(body, loc=("body",))
            if errors:
                raise RequestValidationError(errors)
        result = await self._call(request, arguments)
        return result if isinstance(result, Response) else self._json(Reply(result))

    # --- round the handler ---

    def _endpoint(self, signature: inspect.Signature, result: Any) -> Handler:
        """The endpoint that FastAPI calls with validated arguments: the handler's parameters but `ctx` and `tx`."""

        async def endpoint(*, request: Request, **arguments: Any) -> Any:
            return await self._call(request, arguments)

        keyword = inspect.Parameter.KEYWORD_ONLY
        of_request = inspect.Parameter("request", keyword, annotation=Request)
        ours = {"request", "ctx", "tx"}
        others = [given.replace(kind=keyword) for name, given in signature.parameters.items() if name not in ours]
        setattr(endpoint, _HANDLER, self._handler)
        endpoint.__name__, endpoint.__doc__ = self._handler.__name__, self._handler.__doc__
        endpoint.__signature__ = inspect.Signature([of_request, *others], return_annotation=result)  # type: ignore[attr-defined]
        return endpoint

    async def _call(self, request: Request, arguments: dict[str, Any]) -> Any:
        if "request" in self._parameters:
            arguments["request"] = request
        if self._has_ctx:
            arguments["ctx"] = context_of(request.app.state, authenticate(request))
        if not self._has_tx:
            return await self._handler(**arguments)
        if self._writes:
            return await self._write(request, arguments)
        if self._options.in_thread:
            return await asyncio.to_thread(self._read, request, arguments)
        return self._read(request, arguments)

    def _read(self, request: Request, arguments: dict[str, Any]) -> Any:
        with request.app.state.store.read() as tx:
            return self._handler(tx=tx, **arguments)

    async def _write(self, request: Request, arguments: dict[str, Any]) -> Response:
        ctx: Context = arguments.get("ctx") or context_of(request.app.state, authenticate(request))

        def job(tx: Connection) -> Response:
            return self._idempotent(request, tx, ctx.now, lambda: self._reply(request, ctx, tx, arguments))

        return await _committed(request.app.state.group_commit, job)

    def _reply(self, request: Request, ctx: Context, tx: Connection, arguments: dict[str, Any]) -> Response:
        """The handler's result as a response, and the audit row of what it changed."""
        result = self._handler(tx=tx, **arguments)
        reply = result if isinstance(result, Reply) else Reply(result)
        ids: Mapping[str, Any] | None
        if reply.refusal is not None:
            response: Response = error_response(request, reply.refusal)
            ids = None if reply.stored_id is None else {"id": reply.stored_id}
        else:
            response = self._json(reply)
            ids = None if reply.value is None else getattr(reply.value, "__dict__", {})
        if ids is not None:  # `null` means that nothing happened
            content = audit.content_of(request.path_params, response.status_code, ids)
            audit.append(tx, self.name, ctx.now, actor=ctx.caller.id, content=content, request_id=request_id(request))
        return _with_request_id(request, response)

    def _json(self, reply: Reply[Any]) -> Response:
        assert self._result is not None
        body = self._result.dump_json(reply.value, by_alias=True)
        status = reply.status or self.status_code or 200
        return Response(body, status, dict(reply.headers), "application/json", reply.after)

    async def _refused(self, request: Request, error: Exception) -> Response:
        """The error reply, kept for a repetition of the request: what was refused changed nothing."""
        response = _with_request_id(request, error_response(request, error))
        if request.state.idempotent is None:
            return response
        now = request.app.state.clock()
        return await _committed(
            request.app.state.group_commit, lambda tx: self._idempotent(request, tx, now, lambda: response)
        )

    def _idempotent(self, request: Request, tx: Connection, now: datetime, run: Callable[[], Response]) -> Response:
        lifetime = timedelta(hours=request.app.state.settings.idempotency_hours)
        return idempotency.idempotent(tx, request.state.idempotent, now, lifetime, run)


async def _committed(commits: GroupCommit, job: Callable[[Connection], Response]) -> Response:
    """The result of `job`, durable; tried again if another transaction was in its way."""
    for _retry in range(RETRIES):
        try:
            return await commits.run(job)
        except DBAPIError as error:
            if not lost_race(error):
                raise
    return await commits.run(job)


IN_THREAD = operation(Options(in_thread=True))
PUBLIC = operation(Options(public=True))
FILE_BODY = operation(Options(file_body=True))
READ_ONLY = operation(Options(read_only=True))


def router() -> APIRouter:
    """Router for paths that are complete: the app adds no prefix."""
    return APIRouter(route_class=ApiRoute, redirect_slashes=False)


def counted_caller(request: Request) -> Principal:
    """The caller, counted against the rate limits, before any of the body is read."""
    caller = authenticate(request)
    settings: ServerSettings = request.app.state.settings
    credential = credential_of(request)
    if not (settings.embedded_token and tokens.same(credential, settings.embedded_token)):
        request.app.state.limits.count(caller, tokens.digest(credential))
    return caller


def _with_request_id(request: Request, response: Response) -> Response:
    """`response` with the id that its body may name, so that a replay has the same."""
    response.headers["X-Request-ID"] = request_id(request)
    return response


def _result_type(signature: inspect.Signature) -> Any:
    """What the handler returns, without `Reply`."""
    result = signature.return_annotation
    return get_args(result)[0] if get_origin(result) is Reply else result
