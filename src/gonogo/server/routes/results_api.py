"""Centaur's results API over our campaigns, so that a program written for it reads them.

Errors are `{message}`, and parameters are read by hand: a wrong one is 400, as that API has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

import gonogo
from gonogo.schemas.enums import ErrorCode
from gonogo.schemas.results_api import STATES, LoginRequest
from gonogo.server.auth import tokens
from gonogo.server.errors import ApiError, as_api_error
from gonogo.server.http.bodies import parse_json, read_body
from gonogo.server.results import auth as access
from gonogo.server.results import pages
from gonogo.server.results.pages import CaseQuery
from gonogo.server.results.queries import ResultsCampaign, find_campaign
from gonogo.server.store import audit
from gonogo.server.store.engine import Store

MAX_BODY = 10_000
MAX_LIMIT = 1000
MAX_NUMBER = 2**63 - 1
_KNOWN = {"true": True, "false": False}


class ResultsRoute(APIRoute):
    """A route whose errors are `{message}`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(request)
            except (ApiError, HTTPException, RequestValidationError) as error:
                told = as_api_error(error)
                return JSONResponse({"message": told.message}, status_code=told.status)

        return handle


router = APIRouter(route_class=ResultsRoute, redirect_slashes=False, include_in_schema=False)


@router.post("/auth/public/v1/login")
async def log_in(request: Request) -> dict[str, Any]:
    """Name and password of the key in X-API-KEY become a session."""
    state = request.app.state
    now: datetime = state.clock()
    address = request.client.host if request.client else "unknown"
    state.limits.check_redeem(address)
    account = access.account_of(request)
    try:
        raw = await read_body(request, MAX_BODY)
        body = LoginRequest.model_validate(parse_json(raw) if raw else {})
    except (ValidationError, ApiError):
        raise _bad("username and api_password are required, as JSON text fields.") from None
    with state.store.write() as connection:
        login = access.log_in(connection, account, body, now)
        if login is not None:
            _note(connection, request, account, now)
    if login is None:
        state.limits.redeem_failed(address)
        raise access.refused("Username or API password are not those of this API key.")
    return login.model_dump()


@router.post("/auth/public/v1/testToken")
async def test_token(request: Request) -> dict[str, str]:
    _enter(request)
    return {"message": "The token is valid."}


@router.post("/auth/public/v1/refreshToken")
async def refresh_token(request: Request) -> dict[str, str]:
    """A new token; the old one is void."""
    account = _enter(request)
    if account.key_id == access.EMBEDDED:
        raise _bad("The embedded workspace needs no token.")
    now: datetime = request.app.state.clock()
    with request.app.state.store.write() as connection:
        _note(connection, request, account, now)
        return {"token": access.refresh(connection, request, account, now)}


@router.post("/auth/public/v1/logout")
async def log_out(request: Request) -> dict[str, str]:
    account = _enter(request)
    if account.key_id != access.EMBEDDED:
        now: datetime = request.app.state.clock()
        with request.app.state.store.write() as connection:
            access.end(connection, request, now)
            _note(connection, request, account, now)
    return {"message": "Logged out."}


@router.get("/auth/public/v1/version")
@router.get("/results/public/v1/version")
async def version() -> dict[str, str]:
    return {"version": gonogo.__version__}


@router.get("/results/public/v1/list")
async def list_results(request: Request) -> Response:
    """A page of the cases of a task, in the order of their last change."""
    account = _enter(request)
    query = _case_query(request)
    store = request.app.state.store
    campaign = _campaign(store, account, _number(request, "task_id"))
    # In a thread: those who submit do not wait for a thousand cases.
    return await asyncio.to_thread(_page, store, campaign, query)


def _page(store: Store, campaign: ResultsCampaign, query: CaseQuery) -> Response:
    horizon = pages.committed_horizon(store, campaign.id)
    with pages.read_latest(store) as connection:
        return _json(pages.read_page(connection, campaign, query, horizon))


@router.get("/results/public/v1/get")
async def get_result(request: Request) -> Response:
    """One case."""
    account = _enter(request)
    number, case_id, verbose = _number(request, "task_id"), _number(request, "case_id"), _flag(request, "verbose")
    store = request.app.state.store
    campaign = _campaign(store, account, number)
    with store.report() as connection:
        case = pages.read_case(connection, campaign, case_id, verbose=verbose)
    if case is None:
        raise ApiError(404, ErrorCode.NOT_FOUND, f"Task {number} has no case {case_id}.")
    return _json(case)


def _json(result: BaseModel) -> Response:
    return Response(result.model_dump_json(), media_type="application/json")


def _note(connection: Connection, request: Request, account: access.ResultsLogin, now: datetime) -> None:
    """The audit log's row of a session that began or ended."""
    action: str = request.scope["route"].name
    content = {"key_id": account.key_id}
    audit.append(
        connection, action, now, actor=account.principal.id, content=content, request_id=request.state.request_id
    )


def _enter(request: Request) -> access.ResultsLogin:
    """The caller, with key and live session, counted against the limits."""
    state = request.app.state
    now: datetime = state.clock()
    account = access.session_of(request, now)
    if account.key_id != access.EMBEDDED:
        state.limits.count(account.principal, tokens.digest(request.headers.get("x-api-key", "")))
    if account.stale(now):
        with state.store.write() as connection:
            access.mark_seen(connection, request, now)
    return account


def _campaign(store: Store, account: access.ResultsLogin, number: int) -> ResultsCampaign:
    campaign = find_campaign(store, account.principal.org_id, number)
    if campaign is None:
        raise ApiError(404, ErrorCode.NOT_FOUND, f"There is no task {number}, or it is not visible to this key.")
    return campaign


def _case_query(request: Request) -> CaseQuery:
    state = _text(request, "labeling_state")
    if state is not None and state not in STATES:
        raise _bad(f"labeling_state is invalid; allowed values: {', '.join(STATES)}.")
    limit = _number(request, "limit", 100)
    if not 1 <= limit <= MAX_LIMIT:
        raise _bad(f"limit is invalid: it must be from 1 to {MAX_LIMIT}.")
    return CaseQuery(
        after=_number(request, "last_sequence_id", 0),
        limit=limit,
        state=state,
        updated_after=_instant(request, "updated_after"),
        verbose=_flag(request, "verbose"),
    )


def _text(request: Request, name: str) -> str | None:
    """A parameter that is empty is one that was left out: `…&labeling_state=` in a pasted command."""
    return request.query_params.get(name) or None


def _number(request: Request, name: str, usual: int | None = None) -> int:
    given = _text(request, name)
    if given is None and usual is not None:
        return usual
    if given is None or not (given.isascii() and given.isdecimal()) or len(given) > 19 or int(given) > MAX_NUMBER:
        raise _bad(f"{name} is required." if given is None else f"{name} is invalid: it must be a whole number.")
    return int(given)


def _flag(request: Request, name: str) -> bool:
    given = _text(request, name)
    if given is None:
        return False
    if given.lower() not in _KNOWN:
        raise _bad(f"{name} is invalid: it must be true or false.")
    return _KNOWN[given.lower()]


def _instant(request: Request, name: str) -> datetime | None:
    """An ISO 8601 time; without a zone it is UTC."""
    given = _text(request, name)
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given.replace(" ", "+") if "T" in given else given)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _bad(f"{name} is invalid: give a time like 2022-07-14T12:00:00 (UTC where no zone is given).") from None


def _bad(message: str) -> ApiError:
    return ApiError(400, ErrorCode.BAD_REQUEST, message)
