"""Idempotency keys: a repeated request has one effect, and gets the first reply again.

Key, reply and effect are one database transaction, so a crash at any instant leaves all or none, and a 5xx, which
rolls back, leaves the key free. SQLite lets one writer in at a time, so a concurrent twin waits and then gets the
replay; PostgreSQL refuses the twin with `idempotency_in_flight`.

A reply may carry a secret (a magic link, a new API key), which the database must not hold. So the stored reply is
sealed with a keystream that follows from the client's key, and of that key only a hash is stored.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_
from starlette.requests import Request
from starlette.responses import Response

from gonogo.schemas.enums import ErrorCode
from gonogo.server.auth.principals import Principal
from gonogo.server.errors import ApiError, invalid
from gonogo.server.store.compiled_statements import CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.schema import Instant
from gonogo.server.store.schema import idempotency_keys as keys

HEADER = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
METHODS = frozenset({"POST", "DELETE"})
NOT_STORED = frozenset({401, 429})
_SALT = 16

_mine = (keys.c.principal_id == bindparam("caller")) & (keys.c.key == bindparam("name"))
_OWN = CompiledStatement(select(keys).where(_mine))
_FORGET = CompiledStatement(delete(keys).where(_mine))
_INSERT = CompiledStatement(insert(keys), keys.c.keys())
_expired = (
    select(keys.c.principal_id, keys.c.key)
    .where(keys.c.expires_at <= bindparam("now", type_=Instant))
    .limit(200)
    .with_for_update(skip_locked=True)
)
_SWEEP = delete(keys).where(tuple_(keys.c.principal_id, keys.c.key).in_(_expired))


@dataclass(frozen=True, repr=False)
class IdempotentRequest:
    """Request with an idempotency key: its caller, the key's hash, and the fingerprint that a repeat must equal."""

    caller: Principal
    key: str
    name: str
    fingerprint: str


def keyed(request: Request, key: str | None, caller: Principal, body: bytes) -> IdempotentRequest | None:
    """Returns the request's key and fingerprint, or `None` without a key. Raises 422 for a malformed key."""
    if key is None or request.method not in METHODS:
        return None
    if not 1 <= len(key) <= 255 or not all("!" <= character <= "~" for character in key):
        message = "An idempotency key is 1 to 255 visible ASCII characters."
        raise invalid([{"loc": ["header", "Idempotency-Key"], "msg": message, "type": "idempotency_key"}])
    scope = request.scope
    query = scope["query_string"].decode("latin-1")
    target = f"{request.method}\0{scope['path']}?{query}\0{caller.id}\0{caller.org_id}\0"
    fingerprint = hashlib.sha256(target.encode("utf-8", "surrogatepass") + body).hexdigest()
    return IdempotentRequest(caller, key, hashlib.sha256(f"{caller.id}\0{key}".encode()).hexdigest(), fingerprint)


class KeyRefused(ApiError):
    """Refusal of the key itself: it belongs to another request, or to one that is still running."""


def idempotent(
    connection: Connection,
    request: IdempotentRequest | None,
    now: datetime,
    lifetime: timedelta,
    run: Callable[[], Response],
) -> Response:
    """The stored reply of `request`, or else that of `run`, stored in the same transaction as its effect.

    An exception of `run` must end the transaction. Raises `KeyRefused`.
    """
    if request is None:
        return run()
    if (stored := _find(connection, request, now)) is not None:
        return stored
    response = run()
    if _is_final(response):
        _store(connection, request, response, now, lifetime)
    return response


def sweep(connection: Connection, now: datetime) -> int:
    """Deletes expired replies, a few hundred at a time; returns how many."""
    return connection.execute(_SWEEP, {"now": now}).rowcount


def _is_final(response: Response) -> bool:
    return response.status_code < 500 and response.status_code not in NOT_STORED


def _find(connection: Connection, ask: IdempotentRequest, now: datetime) -> Response | None:
    _lock(connection, ask)
    mine = {"caller": ask.caller.id, "name": ask.name}
    row = _OWN.first(connection, mine)
    if row is None:
        return None
    if row.expires_at <= now:
        _FORGET.run(connection, mine)
        return None
    if row.fingerprint != ask.fingerprint:
        message = "This idempotency key was used for another request: use a new key for a new request."
        raise KeyRefused(409, ErrorCode.IDEMPOTENCY_CONFLICT, message)
    headers = json.loads(_unseal(ask.key, base64.b64decode(row.headers["sealed"])))
    return _restored(row.status_code, headers, _unseal(ask.key, row.body))


def _restored(status: int, headers: list[list[str]], body: bytes) -> Response:
    response = Response(body, status)
    response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    response.headers[REPLAYED] = "true"
    return response


def _store(
    connection: Connection, ask: IdempotentRequest, response: Response, now: datetime, lifetime: timedelta
) -> None:
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in response.raw_headers]
    sealed = base64.b64encode(_seal(ask.key, json.dumps(headers).encode())).decode()
    row: dict[str, Any] = {
        "principal_id": ask.caller.id,
        "key": ask.name,
        "fingerprint": ask.fingerprint,
        "status_code": response.status_code,
        "headers": {"sealed": sealed},
        "body": _seal(ask.key, bytes(response.body)),
        "created_at": now,
        "expires_at": now + lifetime,
    }
    _INSERT.later(connection, row)


def _lock(connection: Connection, ask: IdempotentRequest) -> None:
    number = int.from_bytes(bytes.fromhex(ask.name)[:8], signed=True)
    if not dialect_of(connection).try_lock(connection, number):
        message = "The first request with this idempotency key is still being worked on: try again in a moment."
        raise KeyRefused(409, ErrorCode.IDEMPOTENCY_IN_FLIGHT, message)


def _seal(key: str, plain: bytes) -> bytes:
    """Returns a fresh salt and `plain` XOR SHAKE-256(salt, key), which only the key's owner can read again."""
    salt = secrets.token_bytes(_SALT)
    return salt + _xor(key, salt, plain)


def _unseal(key: str, sealed: bytes) -> bytes:
    return _xor(key, sealed[:_SALT], sealed[_SALT:])


def _xor(key: str, salt: bytes, text: bytes) -> bytes:
    size = len(text)
    stream = hashlib.shake_256(salt + key.encode()).digest(size)
    return (int.from_bytes(text) ^ int.from_bytes(stream)).to_bytes(size)
