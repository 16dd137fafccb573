"""Request pipeline: the path of every request from its credential to its reply.

    authenticate → rate limit → rights → read the body → validate
        → one transaction (idempotency key → handler → audit row) → commit → reply

FastAPI routes, validates and documents; `ApiRoute` is the rest. A handler is a plain function. Beside FastAPI's own
parameters it may ask for `ctx` (caller, clock, settings) and `tx`, the open transaction:

    @router.post("/api/v1/parts/labeling/campaigns/{campaign_id}/next-task", name="next_labeling_task")
    def next_task(ctx: Context, tx: Connection, campaign_id: str) -> Reply[ServedTask | None]: ...

Every operation but a public one names its roles by `open_to`. The handler itself checks the object of its path, in its
transaction, which costs nothing more; the pipeline checks the object only where the handler would come too late: before
a refusal of the body or the query, and before a stored reply.

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
from typing import Any, Generic, Protocol, TypeVar, cast, get_args, get_origin

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from starlette.background import BackgroundTask
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from gonogo.json_types import JsonValue
from gonogo.server.auth import tokens
from gonogo.server.auth.authorization import check_rights
from gonogo.server.auth.principals import Headers, Principal, authenticate, credential_of
from gonogo.server.context import Context, ContextState, context_of
from gonogo.server.errors import (
    REFUSALS,
    REQUEST_ID,
    ApiError,
    as_api_error,
    documented,
    error_response,
    lost_race,
    request_id,
)
from gonogo.server.http import idempotency
from gonogo.server.http.bodies import is_json, parse_json, read_body, refuse_nul_in_path, refuse_nul_in_query
from gonogo.server.http.handler_decorators import options_of, roles_of
from gonogo.server.http.idempotency import IdempotentRequest
from gonogo.server.http.openapi import Tag
from gonogo.server.http.rate_limits import RateLimiter
from gonogo.server.store import audit
from gonogo.server.store.group_commit import GroupCommit

T = TypeVar("T")
Handler = Callable[..., object]
Endpoint = Callable[[Request], Coroutine[object, None, Response]]

_CREDENTIALS: list[dict[str, list[str]]] = [{"ApiKey": []}, {"Session": []}]  # either of the two
_HANDLER = "gonogo_handler"
_UNREADABLE = frozenset({413, 422})
"""Statuses of a request that is not understood: only somebody with the right to make it learns why."""
RETRIES = 3
"""Retries after a unique-key conflict or a deadlock with another worker."""


@dataclass(slots=True)
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


class PipelineState(ContextState, Protocol):
    """Parts of the app (its `state`) that the pipeline uses."""

    limits: RateLimiter
    group_commit: GroupCommit


class ApiRequest(Request):
    """Request on its way through the pipeline: Starlette's, and what the pipeline has read of it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self.server: PipelineState = scope["app"].state
        self.first_headers: Headers = _first_headers(scope["headers"])
        """Headers by lower-case name, the first of each; much cheaper to ask than Starlette's."""
        self.raw = b""
        self.value: JsonValue = None
        """The body, if it is JSON."""
        self.caller: Principal | None = None
        self.key: IdempotentRequest | None = None

    def context(self) -> Context:
        """The context of the caller, at this instant."""
        assert self.caller is not None
        return context_of(self.server, self.caller)

    async def body(self) -> bytes:
        return self.raw

    async def json(self) -> JsonValue:
        return self.value


class ApiRoute(APIRoute):
    """Route of this server: the pipeline round one handler.

    Adds the error statuses that the published reference documents: 401, 403, 422, 429 everywhere, 404 where the path
    names an object, 409 and 413 where something is written.
    """

    _validated: Callable[[ApiRequest], Awaitable[Response]]
    """Handler behind the validation of its arguments: FastAPI's, or `_plain`."""

    def __init__(self, path: str, endpoint: Handler, **options: Any) -> None:
        endpoint = getattr(endpoint, _HANDLER, endpoint)  # `include_router` may make a route once more
        self._handler = endpoint
        self._options, self._roles = options_of(endpoint), roles_of(endpoint)
        methods = set(options.get("methods") or ("GET",))
        options["responses"] = documented(self._error_statuses(path, methods)) | (options.get("responses") or {})
        options["tags"] = (options.get("tags") or [])[-1:]  # the router's, and behind it the route's own
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
        if not (self._roles or self._options.public):
            raise TypeError("An operation that needs a credential says by `open_to` for which roles it is.")
        result = _result_type(signature)
        self._result: TypeAdapter[object] | None = TypeAdapter(result) if self._has_tx else None
        super().__init__(path, self._endpoint(signature, result), **options)
        if self._is_plain():
            self._validated = self._plain
            self.app = self._serve

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The route's match; HEAD is outside the OpenAPI, so it is no method of the route."""
        return super().matches({**scope, "method": "GET"} if self._is_head(scope) else scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs the route's app, for HEAD as for GET."""
        await (self.app if self._is_head(scope) else super().handle)(scope, receive, send)

    def _is_head(self, scope: Scope) -> bool:
        return self._options.head and scope["type"] == "http" and scope["method"] == "HEAD"

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
        self._validated = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await self._handle(ApiRequest(request.scope, request.receive))

        return handle

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI app of a plain handler, which has nothing for FastAPI's exit stacks to close."""
        response = await self._handle(ApiRequest(scope, receive))
        await response(scope, receive, send)

    async def _handle(self, request: ApiRequest) -> Response:
        refuse_nul_in_path(request)
        if self._options.public:
            await self._read_body(request)
            return await self._parsed(request)
        request.caller = caller = counted_caller(request)
        if caller.role not in self._roles:
            with request.server.store.read() as tx:
                self._check_rights(request, tx)
        try:
            return await self._of_caller(request, caller)
        except REFUSALS as error:
            raise self._first_refusal(request, error) from None

    async def _of_caller(self, request: ApiRequest, caller: Principal) -> Response:
        """The reply to a caller whose role may call the operation."""
        await self._read_body(request)
        if not self._writes:
            return await self._parsed(request)
        key = request.first_headers.get(idempotency.HEADER)
        request.key = idempotency.keyed(request, key, caller, request.raw)
        if self._options.prepare is not None:
            await self._options.prepare(request, caller)
        try:
            return await self._parsed(request)
        except idempotency.KeyRefused:
            raise
        except REFUSALS as error:
            return await self._refused(request, self._first_refusal(request, error))

    async def _read_body(self, request: ApiRequest) -> None:
        settings = request.server.settings
        refuse_nul_in_query(request)
        limit = settings.max_drawing_bytes if self._options.file_body else settings.max_json_bytes
        request.raw = await read_body(request.receive, request.first_headers.get("content-length", ""), limit)

    def _check_rights(self, request: ApiRequest, tx: Connection) -> None:
        """Raises 404 or 403 if the operation on the object of the path is not for the caller."""
        assert request.caller is not None
        check_rights(tx, request.caller, request.path_params, self._roles)

    def _first_refusal(self, request: ApiRequest, error: Exception) -> Exception:
        """`error`, or the 404 or 403 that comes before a body or a query that is not understood."""
        if as_api_error(error).status in _UNREADABLE:
            try:
                with request.server.store.read() as tx:
                    self._check_rights(request, tx)
            except ApiError as earlier:
                return earlier
        return error

    async def _parsed(self, request: ApiRequest) -> Response:
        if request.raw and not self._options.file_body:
            request.value = parse_json(request.raw)
        return await self._validated(request)

    async def _plain(self, request: ApiRequest) -> Response:
        """The reply of a plain handler; 422 for a body that does not fit, as FastAPI words it."""
        arguments = dict(request.path_params)
        if self.body_field is not None:
            if not request.raw:
                raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "Field required"}])
            body = request.value if is_json(request.first_headers.get("content-type", "")) else request.raw
            arguments[self.body_field.name], errors = self.body_field.validate(body, loc=("body",))
            if errors:
                raise RequestValidationError(errors)
        result = await self._call(request, arguments)
        return result if isinstance(result, Response) else self._json(request, Reply(result))

    # --- round the handler ---

    def _endpoint(self, signature: inspect.Signature, result: Any) -> Handler:
        """The endpoint that FastAPI calls with validated arguments: the handler's parameters but `ctx` and `tx`."""

        async def endpoint(*, request: Request, **arguments: object) -> object:
            return await self._call(request, arguments)

        keyword = inspect.Parameter.KEYWORD_ONLY
        of_request = inspect.Parameter("request", keyword, annotation=Request)
        ours = {"request", "ctx", "tx"}
        others = [given.replace(kind=keyword) for name, given in signature.parameters.items() if name not in ours]
        setattr(endpoint, _HANDLER, self._handler)
        endpoint.__name__, endpoint.__doc__ = self._handler.__name__, self._handler.__doc__
        endpoint.__signature__ = inspect.Signature([of_request, *others], return_annotation=result)  # type: ignore[attr-defined]
        return endpoint

    async def _call(self, request: Request, arguments: dict[str, object]) -> object:
        assert isinstance(request, ApiRequest)  # FastAPI hands on the request that it is given
        if "request" in self._parameters:
            arguments["request"] = request
        if self._writes:
            return await self._write(request, arguments)
        if self._has_ctx:
            arguments["ctx"] = request.context()
        if not self._has_tx:
            return await cast("Awaitable[object]", self._handler(**arguments))
        if self._options.in_thread:
            return await asyncio.to_thread(self._read, request, arguments)
        return self._read(request, arguments)

    def _read(self, request: ApiRequest, arguments: dict[str, object]) -> object:
        with request.server.store.read() as tx:
            return self._handler(tx=tx, **arguments)

    async def _write(self, request: ApiRequest, arguments: dict[str, object]) -> Response:
        def job(tx: Connection) -> Response:
            ctx = request.context()  # now: another request may have gone first, and its instant must be the earlier
            if self._has_ctx:
                arguments["ctx"] = ctx
            return self._idempotent(request, tx, ctx.now, lambda: self._reply(request, ctx, tx, arguments))

        return await _committed(request, job)

    def _reply(self, request: ApiRequest, ctx: Context, tx: Connection, arguments: dict[str, object]) -> Response:
        """The handler's result as a response, and the audit row of what it changed."""
        result = self._handler(tx=tx, **arguments)
        reply = result if isinstance(result, Reply) else Reply(result)
        ids: Mapping[str, object] | None
        if reply.refusal is not None:
            response: Response = error_response(request, reply.refusal)
            ids = None if reply.stored_id is None else {"id": reply.stored_id}
        else:
            response = self._json(request, reply)
            ids = None if reply.value is None else getattr(reply.value, "__dict__", {})
        if ids is not None:  # `null` means that nothing happened
            content = audit.content_of(request.path_params, response.status_code, ids)
            audit.append(tx, self.name, ctx.now, actor=ctx.caller.id, content=content, request_id=request_id(request))
        return response

    def _json(self, request: ApiRequest, reply: Reply[object]) -> Response:
        assert self._result is not None
        body = self._result.dump_json(reply.value, by_alias=True)
        headers = {**reply.headers, REQUEST_ID: request_id(request)}
        return Response(body, reply.status or self.status_code or 200, headers, "application/json", reply.after)

    async def _refused(self, request: ApiRequest, error: Exception) -> Response:
        """The error reply, kept for a repetition of the request: what was refused changed nothing."""
        response = error_response(request, error)
        if request.key is None:
            return response

        def job(tx: Connection) -> Response:
            return self._idempotent(request, tx, request.server.clock(), lambda: response)

        return await _committed(request, job)

    def _idempotent(self, request: ApiRequest, tx: Connection, now: datetime, run: Callable[[], Response]) -> Response:
        if request.key is None:
            return run()
        lifetime = timedelta(hours=request.server.settings.idempotency_hours)
        return idempotency.idempotent(tx, request.key, now, lifetime, run, lambda: self._check_rights(request, tx))


async def _committed(request: ApiRequest, job: Callable[[Connection], Response]) -> Response:
    """The result of `job`, durable; tried again if another transaction was in its way."""
    commits = request.server.group_commit
    turn = None if request.key is None else request.key.name  # a concurrent twin gets the replay
    for _retry in range(RETRIES):
        try:
            return await commits.run(job, turn)
        except DBAPIError as error:
            if not lost_race(error):
                raise
    return await commits.run(job, turn)


def router(tag: Tag) -> APIRouter:
    """Router for paths that are complete: the app adds no prefix. A route may name another tag of its own."""
    options: dict[str, Any] = {"redirect_slashes": False, "generate_unique_id_function": _operation_id}
    return APIRouter(route_class=ApiRoute, tags=[tag], **options)


def _operation_id(route: APIRoute) -> str:
    return route.name


def counted_caller(request: ApiRequest) -> Principal:
    """The caller, counted against the rate limits, before any of the body is read."""
    server, headers = request.server, request.first_headers
    caller = authenticate(server, headers)
    settings = server.settings
    credential = credential_of(headers)
    if not (settings.embedded_token and tokens.same(credential, settings.embedded_token)):
        server.limits.count(caller, tokens.digest(credential))
    return caller


def _first_headers(raw: list[tuple[bytes, bytes]]) -> Headers:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(raw)}


def _result_type(signature: inspect.Signature) -> Any:
    """What the handler returns, without `Reply`."""
    result = signature.return_annotation
    return get_args(result)[0] if get_origin(result) is Reply else result
