"""API keys: made here, shown once, kept as a hash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection

from gonogo.server import tokens
from gonogo.server.auth import local_lead
from gonogo.server.errors import ApiError
from gonogo.server.store.engine import Store
from gonogo.server.store.tables import api_keys, new_id
from gonogo.wire.extensions import KeyCreated
from gonogo.wire.vocabulary import ErrorCode, Scope


def create_key(store: Store, name: str, scopes: Iterable[str]) -> KeyCreated:
    """A new key of the local lead; the answer is the only place that ever holds the key itself.

    Unknown scopes are dropped; `ApiError` 400 `bad_request` when none is left.
    """
    now = datetime.now(UTC)
    with store.write() as connection:
        return make_key(connection, local_lead(connection, now).id, name, scopes, now)


def make_key(connection: Connection, user_id: str, name: str, scopes: Iterable[str], now: datetime) -> KeyCreated:
    """The same for any user."""
    known = sorted({str(scope) for scope in scopes} & set(Scope))
    if not known:
        allowed = ", ".join(Scope)
        message = f"None of the scopes is known: {allowed}."
        raise ApiError(400, ErrorCode.BAD_REQUEST, message, {"allowed": list(Scope)})
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
