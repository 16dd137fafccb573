"""API keys: creates and revokes them; a key is shown once and stored as a hash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from gonogo.schemas.enums import ErrorCode, KeyScope
from gonogo.schemas.gonogo_api import KeyCreated
from gonogo.schemas.lead import KeyPublic
from gonogo.server.auth import tokens
from gonogo.server.auth.principals import local_lead
from gonogo.server.errors import ApiError, not_found
from gonogo.server.serialize import instant
from gonogo.server.store import audit
from gonogo.server.store.engine import Store
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import api_keys, results_passwords, users
from gonogo.server.store.typed_rows import fetch_first, fetch_one


def create_key(store: Store, name: str, scopes: Iterable[str]) -> KeyCreated:
    """A new key of the local lead; the answer is the only place that ever holds the key itself.

    Unknown scopes are dropped; `ApiError` 400 `bad_request` when none is left.
    """
    now = datetime.now(UTC)
    with store.write() as connection:
        created = make_key(connection, local_lead(connection, now).id, name, scopes, now)
        audit.append(connection, "create_key", now, actor="command line", content={"id": created.id})
        return created


def make_key(connection: Connection, user_id: str, name: str, scopes: Iterable[str], now: datetime) -> KeyCreated:
    """The same for any user."""
    known = sorted({str(scope) for scope in scopes} & set(KeyScope))
    if not known:
        allowed = ", ".join(KeyScope)
        message = f"None of the scopes is known: {allowed}."
        raise ApiError(400, ErrorCode.BAD_REQUEST, message, {"allowed": list(KeyScope)})
    key, prefix = tokens.new_api_key()
    row = {
        "id": new_id(),
        "user_id": user_id,
        "name": name,
        "prefix": prefix,
        "sha256": tokens.digest(key),
        "scopes": known,
        "created_at": now,
    }
    connection.execute(api_keys.insert().values(row))
    return KeyCreated(id=str(row["id"]), name=name, key=key, scopes=known)


class KeyRow(NamedTuple):
    """Row of `KEYS`."""

    number: int
    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None
    results_username: str | None


def key_public(row: KeyRow) -> KeyPublic:
    """A key as its owner sees it later: without the secret."""
    return KeyPublic(
        id=row.id,
        name=row.name,
        prefix=f"{tokens.KEY_START}{row.prefix}",
        scopes=row.scopes,
        created_at=instant(row.created_at),
        revoked_at=instant(row.revoked_at),
        results_username=row.results_username,
    )


def revoke_key(connection: Connection, org_id: str, key_id: str, now: datetime) -> KeyPublic:
    """Voids a key of the organisation; 404 when it has none of this id."""
    mine = KEYS.where(api_keys.c.id == key_id, users.c.org_id == org_id)
    row = fetch_first(connection, mine, KeyRow)
    if row is None:
        raise not_found()
    if row.revoked_at is None:
        connection.execute(api_keys.update().where(api_keys.c.id == key_id).values(revoked_at=now))
    return key_public(fetch_one(connection, mine, KeyRow))


KEYS = (
    select(api_keys.c.number, api_keys.c.id, api_keys.c.name, api_keys.c.prefix, api_keys.c.scopes)
    .add_columns(api_keys.c.created_at, api_keys.c.revoked_at)
    .add_columns(results_passwords.c.username.label("results_username"))
    .join(users, users.c.id == api_keys.c.user_id)
    .outerjoin(results_passwords, results_passwords.c.api_key_id == api_keys.c.id)
)
