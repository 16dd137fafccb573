"""Routes that imitate the results API of Centaur Labs, so that programs written for it can read our campaigns.

Errors are `{message}`, and parameters are parsed by hand, because that API answers 400 for a wrong one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime

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
from gonogo.server.http.client_address import client_address
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
    """Route whose errors are `{message}`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[object, None, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(request)
            except (ApiError, HTTPException, RequestValidationError) as error:
                refusal = as_api_error(error)
                return JSONResponse({"message": refusal.message}, status_code=refusal.status)

        return handle


router = APIRouter(route_class=ResultsRoute, redirect_slashes=False, include_in_schema=False)


@router.post("/auth/public/v1/login")
async def log_in(request: Request) -> dict[str, object]:
    """Signs in with the name and the password of the key in X-API-KEY; returns the session's token."""
    state = request.app.state
    now: datetime = state.clock()
    address = client_address(request)
    state.limits.check_redeem(address)
    account = access.account_of(request)
    try:
        raw = await read_body(request.receive, request.headers.get("content-length", ""), MAX_BODY)
        body = LoginRequest.model_validate(parse_json(raw) if raw else {})
    except (ValidationError, ApiError):
        raise _bad("username and api_password are required, as JSON text fields.") from None
    with state.store.write() as connection:
        login = access.log_in(connection, account, body, now)
        if login is not None:
            _audit_session(connection, request, account, now)
    if login is None:
        state.limits.redeem_failed(address)
        raise access.refused("The username or API password is wrong for this API key.")
    return login.model_dump()


@router.post("/api/v1/gonogo/results/session", status_code=201)
async def open_session(request: Request) -> dict[str, str]:
    """Opens a session for the key in X-API-KEY alone: an extension, for the workstation."""
    account = access.account_of(request)
    if account.key_id == access.EMBEDDED:
        raise _bad("The embedded workspace needs no token.")
    now: datetime = request.app.state.clock()
    with request.app.state.store.write() as connection:
        _audit_session(connection, request, account, now)
        return {"token": access.open_by_key(connection, account, now)}


@router.post("/auth/public/v1/testToken")
async def test_token(request: Request) -> dict[str, str]:
    """Checks the session; 401 without a live one."""
    _authenticate(request)
    return {"message": "The token is valid."}


@router.post("/auth/public/v1/refreshToken")
async def refresh_token(request: Request) -> dict[str, str]:
    """New token of the session; the previous one ends."""
    account = _authenticate(request)
    if account.key_id == access.EMBEDDED:
        raise _bad("The embedded workspace needs no token.")
    now: datetime = request.app.state.clock()
    with request.app.state.store.write() as connection:
        _audit_session(connection, request, account, now)
        return {"token": access.refresh(connection, request, account, now)}


@router.post("/auth/public/v1/logout")
async def log_out(request: Request) -> dict[str, str]:
    """Ends the session."""
    account = _authenticate(request)
    if account.key_id != access.EMBEDDED:
        now: datetime = request.app.state.clock()
        with request.app.state.store.write() as connection:
            access.end(connection, request, now)
            _audit_session(connection, request, account, now)
    return {"message": "Logged out."}


@router.get("/auth/public/v1/version")
@router.get("/results/public/v1/version")
async def version() -> dict[str, str]:
    """Version of this server."""
    return {"version": gonogo.__version__}


@router.get("/results/public/v1/list")
async def list_results(request: Request) -> Response:
    """Page of the cases of a task, in the order of their last change."""
    account = _authenticate(request)
    query = _case_query(request)
    store = request.app.state.store
    campaign = _campaign(store, account, _number(request, "task_id"))
    # In a thread, so that submits do not wait for a thousand cases.
    return await asyncio.to_thread(_page, store, campaign, query)


def _page(store: Store, campaign: ResultsCampaign, query: CaseQuery) -> Response:
    horizon = pages.committed_horizon(store, campaign.id)
    with pages.read_latest(store) as connection:
        return _json(pages.read_page(connection, campaign, query, horizon))


@router.get("/results/public/v1/get")
async def get_result(request: Request) -> Response:
    """One case of a task; 404 if there is none."""
    account = _authenticate(request)
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


def _audit_session(connection: Connection, request: Request, account: access.ResultsLogin, now: datetime) -> None:
    """Appends the audit row of a session that starts or ends."""
    action: str = request.scope["route"].name
    content = {"key_id": account.key_id}
    audit.append(
        connection, action, now, actor=account.principal.id, content=content, request_id=request.state.request_id
    )


def _authenticate(request: Request) -> access.ResultsLogin:
    """Returns the caller, with key and live session, and counts the request against the rate limits."""
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
    """The campaign with this number. Raises 404 if the key's organisation has none."""
    campaign = find_campaign(store, account.principal.org_id, number)
    if campaign is None:
        raise ApiError(404, ErrorCode.NOT_FOUND, f"There is no task {number}, or it is not visible to this key.")
    return campaign


def _case_query(request: Request) -> CaseQuery:
    """Filters of a page from the query string. Raises 400 for a wrong one."""
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
    """Query parameter, or `None`; an empty one, like `…&labeling_state=` in a pasted command, counts as left out."""
    return request.query_params.get(name) or None


def _number(request: Request, name: str, default: int | None = None) -> int:
    """Query parameter as a whole number, 0 or more; required without `default`."""
    text = _text(request, name)
    if text is None and default is not None:
        return default
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > MAX_NUMBER:
        raise _bad(f"{name} is required." if text is None else f"{name} is invalid: it must be a whole number.")
    return int(text)


def _flag(request: Request, name: str) -> bool:
    """Query parameter as `true` or `false` (the default)."""
    text = _text(request, name)
    if text is None:
        return False
    if text.lower() not in _KNOWN:
        raise _bad(f"{name} is invalid: it must be true or false.")
    return _KNOWN[text.lower()]


def _instant(request: Request, name: str) -> datetime | None:
    """Query parameter as an ISO 8601 time, in UTC where no zone is given."""
    text = _text(request, name)
    if text is None:
        return None
    try:
        # A plus sign in a query string arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _bad(f"{name} is invalid: give a time like 2022-07-14T12:00:00 (UTC where no zone is given).") from None


def _bad(message: str) -> ApiError:
    return ApiError(400, ErrorCode.BAD_REQUEST, message)
