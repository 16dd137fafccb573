"""Sign-in of the results API: checks key and password, and opens a session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import Connection, bindparam, select
from starlette.requests import Request

from gonogo.schemas.enums import ErrorCode, KeyScope
from gonogo.schemas.lead import ResultsPassword
from gonogo.schemas.results_api import Login, LoginRequest
from gonogo.server.auth import tokens
from gonogo.server.auth.principals import Principal, authenticate, is_within, local_lead
from gonogo.server.errors import ApiError, not_found
from gonogo.server.store import audit
from gonogo.server.store.compiled_statements import CompiledQuery
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import api_keys, results_passwords, results_sessions, users

IDLE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)
EMBEDDED = "embedded"


@dataclass(frozen=True)
class ResultsLogin:
    """Caller of the results API: the owner of an API key. `seen_at` is the last recorded use of the session."""

    key_id: str
    number: int
    principal: Principal
    seen_at: datetime | None = None

    def stale(self, now: datetime) -> bool:
        """True if the use of the session should be recorded again."""
        return self.seen_at is not None and not is_within(SEEN_EVERY, self.seen_at, now)


class _KeyRow(NamedTuple):
    """An API key, its owner, and the session of the request, if that is the key's."""

    id: str
    number: int
    sha256: str
    scopes: list[str]
    revoked_at: datetime | None
    user_id: str
    org_id: str
    user_name: str
    email: str | None
    session_seen_at: datetime | None
    session_ended_at: datetime | None


def account_of(request: Request) -> ResultsLogin:
    """The owner of the request's `X-API-KEY`; 401 without a valid one."""
    return _find(request)[0]


def session_of(request: Request, now: datetime) -> ResultsLogin:
    """The owner of the key, if it has a live session; 401 otherwise. The embedded lead needs no session."""
    account, row = _find(request)
    if row is None:
        return account
    if row.session_seen_at is None or row.session_ended_at or not is_within(IDLE, row.session_seen_at, now):
        raise refused("The session is missing, expired or ended: log in again.")
    return replace(account, seen_at=row.session_seen_at)


def _find(request: Request) -> tuple[ResultsLogin, _KeyRow | None]:
    """The account and the row of its key, by one query; no row for the embedded lead."""
    key = request.headers.get("x-api-key", "")
    embedded: str | None = request.app.state.settings.embedded_token
    if embedded and tokens.same(key, embedded):
        return ResultsLogin(EMBEDDED, 0, authenticate(request.app.state, request.headers)), None
    row: _KeyRow | None = request.app.state.store.query_one(
        _KEY, {"prefix": tokens.api_key_prefix(key) or "", "session": _bearer(request)}
    )
    if not tokens.same(tokens.digest(key), row.sha256 if row else "0" * 64) or row is None or row.revoked_at:
        raise refused("The API key in X-API-KEY is missing, unknown or revoked.")
    scopes = frozenset(row.scopes)
    role: Literal["lead", "reader"] = "lead" if KeyScope.WRITE in scopes else "reader"
    person = Principal("user", row.user_id, row.org_id, role, scopes, name=row.user_name, email=row.email)
    return ResultsLogin(row.id, row.number, person), row


def mark_seen(connection: Connection, request: Request, now: datetime) -> None:
    """Records the use of the request's session."""
    mine = results_sessions.c.sha256 == _bearer(request)
    connection.execute(results_sessions.update().where(mine).values(seen_at=now))


def log_in(connection: Connection, account: ResultsLogin, body: LoginRequest, now: datetime) -> Login | None:
    """A new session, or `None` when name or password are not those of this key."""
    mine = select(results_passwords).where(results_passwords.c.api_key_id == account.key_id)
    row = connection.execute(mine).first()
    right = tokens.same(tokens.digest(body.api_password), row.sha256 if row else "0" * 64)
    if row is None or not right or not tokens.same(body.username.casefold(), row.username.casefold()):
        return None
    person = account.principal
    return Login(
        token=_new_session(connection, account, now),
        id=account.number,
        email=person.email or row.username,
        role=person.role,
        name=person.name,
    )


def open_by_key(connection: Connection, account: ResultsLogin, now: datetime) -> str:
    """A new session for a key that was checked: it may read the same by the labeling API anyhow."""
    return _new_session(connection, account, now)


def refresh(connection: Connection, request: Request, account: ResultsLogin, now: datetime) -> str:
    """A new token; the old one is void."""
    end(connection, request, now)
    return _new_session(connection, account, now)


def end(connection: Connection, request: Request, now: datetime) -> None:
    """Ends the request's session."""
    mine = results_sessions.c.sha256 == _bearer(request)
    connection.execute(results_sessions.update().where(mine).values(ended_at=now))


def create_results_password(store: Store, key_id: str) -> ResultsPassword:
    """A password beside a key of the local lead, for the command line; the return value alone ever holds it."""
    now = datetime.now(UTC)
    with store.write() as connection:
        password = make_password(connection, local_lead(connection, now).org_id, key_id, now)
        audit.append(connection, "make_results_password", now, actor="command line", content={"key_id": key_id})
        return password


def make_password(connection: Connection, org_id: str, key_id: str, now: datetime) -> ResultsPassword:
    """A new password beside the key; ends the older one and its sessions. 404 for an unknown or revoked key."""
    query = select(api_keys.c.prefix).join(users).where(api_keys.c.id == key_id, users.c.org_id == org_id)
    prefix = connection.execute(query.where(api_keys.c.revoked_at.is_(None))).scalar()
    if prefix is None:
        raise not_found()
    password = tokens.new_secret("gp")
    username = f"key-{prefix}@results.localhost"
    connection.execute(results_passwords.delete().where(results_passwords.c.api_key_id == key_id))
    connection.execute(
        results_passwords.insert().values(
            api_key_id=key_id, username=username, sha256=tokens.digest(password), created_at=now
        )
    )
    open_ones = (results_sessions.c.api_key_id == key_id) & results_sessions.c.ended_at.is_(None)
    connection.execute(results_sessions.update().where(open_ones).values(ended_at=now))
    return ResultsPassword(username=username, api_password=password)


def refused(message: str) -> ApiError:
    """401 for a missing or wrong credential of the results API."""
    return ApiError(401, ErrorCode.INVALID_SESSION, message)


def _new_session(connection: Connection, account: ResultsLogin, now: datetime) -> str:
    token = tokens.new_secret("gr")
    row = {"sha256": tokens.digest(token), "api_key_id": account.key_id, "created_at": now, "seen_at": now}
    connection.execute(results_sessions.insert().values(row))
    return token


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return tokens.digest(token.strip()) if scheme.lower() == "bearer" else ""


_KEY = CompiledQuery(
    select(
        api_keys.c.id,
        api_keys.c.number,
        api_keys.c.sha256,
        api_keys.c.scopes,
        api_keys.c.revoked_at,
        api_keys.c.user_id,
        users.c.org_id,
        users.c.name.label("user_name"),
        users.c.email,
        results_sessions.c.seen_at.label("session_seen_at"),
        results_sessions.c.ended_at.label("session_ended_at"),
    )
    .join(users, users.c.id == api_keys.c.user_id)
    .outerjoin(
        results_sessions,
        (results_sessions.c.sha256 == bindparam("session")) & (results_sessions.c.api_key_id == api_keys.c.id),
    )
    .where(api_keys.c.prefix == bindparam("prefix")),
    row=_KeyRow,
)
