"""The way of one request through every route: body, caller, limits, idempotency, handler, answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from gonogo.server.auth import tokens
from gonogo.server.auth.principals import Principal, authenticate, credential_of
from gonogo.server.errors import ApiError, answer_any, documented, invalid, lost_race, not_found, request_id
from gonogo.server.http.bodies import parse_json, read_body
from gonogo.server.http.idempotency import keyed, once
from gonogo.server.settings import ServerSettings
from gonogo.server.store import audit

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_CREDENTIALS: list[dict[str, list[str]]] = [{"ApiKey": []}, {"Session": []}]  # either of the two
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
REFUSALS = (ApiError, RequestValidationError, HTTPException)
RACES = 3
"""How often a request is begun again because another worker made the same thing, or a lock the other way round."""


class ReadRequest(Request):
    """A request whose body is already read, and parsed when it is JSON."""

    def __init__(self, scope: Scope, raw: bytes, value: Any) -> None:
        super().__init__(scope)
        self._raw, self._value = raw, value

    async def body(self) -> bytes:
        return self._raw

    async def json(self) -> Any:
        return self._value


class ApiRoute(APIRoute):
    """A route of this server. Its handlers are `async def`, and never wait: see `_finish`.

    Adds the error statuses that the published reference documents: 401, 403, 422, 429 everywhere, 404 where the path
    names an object, 409 where something is written.
    """

    json_body = True
    public = False

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        statuses = self.error_statuses(path, set(options.get("methods") or ("GET",)))
        options["responses"] = documented(statuses) | (options.get("responses") or {})
        if not self.public:
            options["openapi_extra"] = {"security": _CREDENTIALS} | (options.get("openapi_extra") or {})
        super().__init__(path, endpoint, **options)

    def error_statuses(self, path: str, methods: set[str]) -> set[int]:
        statuses = {401, 403, 422, 429}
        if "{" in path:
            statuses.add(404)
        if methods != {"GET"}:
            statuses |= {409, 413}
        return statuses

    def body_limit(self, settings: ServerSettings) -> int:
        """In bytes."""
        return settings.max_json_bytes

    async def prepare(self, request: Request, caller: Principal) -> None:
        """What takes long and needs no transaction, before the one of a change begins; refuses nothing."""

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await self._handle(request, inner)
            except REFUSALS as error:
                return answer_any(request, error)

        return handle

    async def _handle(self, request: Request, inner: Handler) -> Response:
        state = request.app.state
        _check_target(request)
        caller = None if self.public else counted_caller(request)
        raw = await read_body(request, self.body_limit(state.settings))
        if caller is None or request.method not in CHANGING:
            return await inner(self._parsed(request, raw))
        await self.prepare(request, caller)
        ask = keyed(request, caller, raw)
        lifetime = timedelta(hours=state.settings.idempotency_hours)
        for _try in range(RACES):
            try:
                return once(state.store, ask, state.clock(), lifetime, lambda: self._run(request, raw, inner))
            except DBAPIError as error:
                if not lost_race(error):
                    raise
        return once(state.store, ask, state.clock(), lifetime, lambda: self._run(request, raw, inner))

    def _parsed(self, request: Request, raw: bytes) -> Request:
        return ReadRequest(request.scope, raw, parse_json(raw) if raw and self.json_body else None)

    def _run(self, request: Request, raw: bytes, inner: Handler) -> Response:
        try:
            response = _finish(inner(self._parsed(request, raw)))
        except REFUSALS as error:
            response = answer_any(request, error)
        if not request.app.state.store.spoiled:
            audit.note_request(request, response)
        response.headers["X-Request-ID"] = request_id(request)  # a replay tells the id its body tells
        return response


class UploadRoute(ApiRoute):
    """A route whose body is a file."""

    json_body = False

    def body_limit(self, settings: ServerSettings) -> int:
        return settings.max_drawing_bytes


class LookingRoute(ApiRoute):
    """A POST that changes nothing: no transaction, no row in the audit log, no use for a key."""

    async def _handle(self, request: Request, inner: Handler) -> Response:
        _check_target(request)
        counted_caller(request)
        return await inner(self._parsed(request, await read_body(request, self.body_limit(request.app.state.settings))))


class PublicRoute(ApiRoute):
    """A route that needs no credential, and so has no caller who could repeat a request."""

    public = True

    def error_statuses(self, path: str, methods: set[str]) -> set[int]:
        return super().error_statuses(path, methods) - {401, 403, 409, 429}


def router(route_class: type[ApiRoute] = ApiRoute) -> APIRouter:
    """A router for paths that are complete: the app adds no prefix."""
    return APIRouter(route_class=route_class, redirect_slashes=False)


def _finish(coroutine: Coroutine[Any, Any, Response]) -> Response:
    """The result of a handler that never waits.

    It runs inside a write transaction: if it could wait, another handler could block the loop on the same lock.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        response: Response = done.value
        return response
    coroutine.close()
    raise RuntimeError("A handler must not wait for anything: it runs inside a write transaction.")


def counted_caller(request: Request) -> Principal:
    """The caller, counted against the limits, before any of the body is read."""
    caller = authenticate(request)
    settings: ServerSettings = request.app.state.settings
    credential = credential_of(request)
    if not (settings.embedded_token and tokens.same(credential, settings.embedded_token)):
        request.app.state.limits.count(caller, tokens.digest(credential))
    return caller


def _check_target(request: Request) -> None:
    """NUL in an address can be in no id and no filter, and not every database takes it."""
    if any("\0" in str(value) for value in request.path_params.values()):
        raise not_found()
    for name, value in request.query_params.multi_items():
        if "\0" in name or "\0" in value:
            raise invalid([{"loc": ["query"], "msg": "The query holds the character NUL.", "type": "string"}])
