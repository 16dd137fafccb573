"""Authentication: finds the caller behind an API key or a session token.

A caller is a `Principal`: a user with an API key (or the local lead of an embedded server), or an annotator with the
session of one assignment. An object outside the caller's organisation or campaign answers 404, exactly like an id that
does not exist; an operation inside that is not for the caller's role answers 403.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol

from sqlalchemy import Connection, bindparam, select

from gonogo.schemas.enums import AssignmentStatus, ErrorCode, KeyScope
from gonogo.server.auth import tokens
from gonogo.server.errors import forbidden, unauthorized
from gonogo.server.settings import ServerSettings
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.engine import Store
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import annotator_accounts, api_keys, assignments, orgs, sessions, users

Headers = Mapping[str, str]
SESSION_IDLE = timedelta(hours=12)
SESSION_ABSOLUTE = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)
"""Interval at which a session's last use is stored, instead of at each request."""


class Principal(NamedTuple):
    """Authenticated caller. `id` is the user's or annotator account's.

    Only annotators have `campaign_id` and `assignment_id`.
    """

    kind: Literal["user", "annotator"]
    id: str
    org_id: str
    role: Literal["lead", "reader", "reviewer", "annotator"]
    scopes: frozenset[str] = frozenset()
    campaign_id: str | None = None
    assignment_id: str | None = None
    name: str | None = None
    email: str | None = None


class ServerState(Protocol):
    """Parts of the app (its `state`) that authentication uses."""

    store: Store
    settings: ServerSettings
    local_lead: Principal

    def clock(self) -> datetime: ...


class Voter(NamedTuple):
    """Identity that claims and votes are booked on: an annotator account, or a user with an API key."""

    id: str
    kind: Literal["annotator", "user"]


def is_within(span: timedelta, since: datetime, now: datetime) -> bool:
    """True less than `span` after `since`, or before it: a clock that was ahead opens no window for longer."""
    return -span < now - since < span


def credential_of(headers: Headers) -> str:
    """Returns the credential exactly as it was sent; it is secret."""
    return headers.get("x-api-key") or headers.get("authorization", "")


def require(caller: Principal, *roles: str) -> Principal:
    """Returns `caller` if it has one of `roles`; else raises 403."""
    if caller.role not in roles:
        raise forbidden(f"This operation is not open to the role {caller.role!r}; it needs: {', '.join(roles)}.")
    return caller


def authenticate(state: ServerState, headers: Headers) -> Principal:
    """Returns the caller as the database has it now. Raises 401 `invalid_api_key` or `invalid_session`.

    `state` is the app's; `headers` have lower-case names.
    """
    key = headers.get("x-api-key")
    if key is not None:
        embedded = state.settings.embedded_token
        if embedded and tokens.same(key, embedded):
            return _local_lead(state)
        return by_api_key(state.store, key)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return by_session(state.store, token.strip(), state.clock())
    raise _bad_key()


def by_api_key(store: Store, key: str) -> Principal:
    """Returns the user of an API key. Raises 401 if it is unknown, malformed or revoked, 403 without a scope."""
    row = store.query_one(_KEY, {"prefix": tokens.api_key_prefix(key) or ""})
    if not tokens.same(tokens.digest(key), row.sha256 if row else "0" * 64) or row is None or row.revoked_at:
        raise _bad_key()
    scopes = frozenset(row.scopes)
    if not scopes & {KeyScope.READ, KeyScope.WRITE}:
        raise forbidden("This API key has neither parts:read nor parts:write: ask its owner for another one.")
    role: Literal["lead", "reader"] = "lead" if KeyScope.WRITE in scopes else "reader"
    return Principal("user", row.user_id, row.org_id, role, scopes, name=row.user_name, email=row.email)


def by_session(store: Store, token: str, now: datetime) -> Principal:
    """Returns the annotator of a session. Raises 401 if it is unknown, ended, too old, or its assignment is revoked."""
    row = store.query_one(_SESSION, {"sha256": tokens.digest(token)})
    if row is None or row.ended_at or row.status == AssignmentStatus.REVOKED or _too_old(row, now):
        message = "This session has ended: sign in again with a new link from the lead of your campaign."
        raise unauthorized(ErrorCode.INVALID_SESSION, message)
    if not is_within(SEEN_EVERY, row.seen_at, now):
        with store.write() as connection:
            _SEEN.run(connection, {"session": row.sha256, "now": now})
    role: Literal["reviewer", "annotator"] = "reviewer" if row.role == "reviewer" else "annotator"
    return Principal(
        "annotator",
        row.account_id,
        row.org_id,
        role,
        campaign_id=row.campaign_id,
        assignment_id=row.assignment_id,
        name=row.display_name or row.email,
        email=row.email,
    )


def local_lead(connection: Connection, now: datetime) -> Principal:
    """Returns the one user of a server that nobody else manages; creates it and its organisation when missing.

    The embedded workspace acts as this user, and keys made on the command line belong to it.
    """
    row = connection.execute(select(users).order_by(users.c.created_at, users.c.id).limit(1)).first()
    if row is not None:
        return Principal("user", row.id, row.org_id, "lead", frozenset(KeyScope), name=row.name, email=row.email)
    org_id, user_id = new_id(), new_id()
    connection.execute(orgs.insert().values(id=org_id, name="local", created_at=now))
    connection.execute(users.insert().values(id=user_id, org_id=org_id, name="local lead", created_at=now))
    return Principal("user", user_id, org_id, "lead", frozenset(KeyScope), name="local lead")


class _KeyRow(NamedTuple):
    """An API key and its owner."""

    sha256: str
    scopes: list[str]
    revoked_at: datetime | None
    user_id: str
    org_id: str
    user_name: str
    email: str | None


class _SessionRow(NamedTuple):
    """A session, its assignment, and the annotator."""

    sha256: str
    assignment_id: str
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    campaign_id: str
    role: str
    status: str
    account_id: str
    org_id: str
    email: str
    display_name: str | None


_person = annotator_accounts.c
_KEY = CompiledQuery(
    select(api_keys.c.sha256, api_keys.c.scopes, api_keys.c.revoked_at, api_keys.c.user_id)
    .add_columns(users.c.org_id, users.c.name.label("user_name"), users.c.email)
    .join(users)
    .where(api_keys.c.prefix == bindparam("prefix")),
    _KeyRow,
)
_SESSION = CompiledQuery(
    select(sessions.c.sha256, sessions.c.assignment_id, sessions.c.created_at, sessions.c.seen_at, sessions.c.ended_at)
    .add_columns(assignments.c.campaign_id, assignments.c.role, assignments.c.status)
    .add_columns(_person.id.label("account_id"), _person.org_id, _person.email, _person.display_name)
    .join(assignments, assignments.c.id == sessions.c.assignment_id)
    .join(annotator_accounts, _person.id == assignments.c.annotator_account_id)
    .where(sessions.c.sha256 == bindparam("sha256")),
    _SessionRow,
)
_SEEN = CompiledStatement(
    sessions.update().where(sessions.c.sha256 == bindparam("session")).values(seen_at=bindparam("now"))
)


def _local_lead(state: ServerState) -> Principal:
    cached: Principal | None = getattr(state, "local_lead", None)
    if cached is None:
        with state.store.write() as connection:
            cached = local_lead(connection, state.clock())
        state.local_lead = cached
    return cached


def _too_old(session: _SessionRow, now: datetime) -> bool:
    return not (is_within(SESSION_IDLE, session.seen_at, now) and is_within(SESSION_ABSOLUTE, session.created_at, now))


def _bad_key() -> Exception:
    message = "The API key is missing, malformed, unknown or revoked: send a valid one in X-API-Key."
    return unauthorized(ErrorCode.INVALID_API_KEY, message)
