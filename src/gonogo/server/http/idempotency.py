"""Idempotency keys: a repeated request has one effect, and gets the first reply again.

Key, reply and effect are one database transaction, so a crash at any instant leaves all or none, and a 5xx, which
rolls back, leaves the key free. SQLite lets one writer in at a time, so a concurrent twin waits and then gets the
replay; PostgreSQL refuses the twin with `idempotency_in_flight`.

A replay is a reply like any other: the fingerprint holds the caller's role and scopes, and the caller's rights are
checked before a stored reply is given out.

A reply may carry a secret (a magic link, a new API key), which the database must not hold. So the stored reply is
sealed (AES-256-GCM) with a key that follows from the client's key, and of that key only a hash is stored.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_
from starlette.requests import Request
from starlette.responses import Response

from gonogo.schemas.enums import ErrorCode
from gonogo.server.auth.principals import Principal
from gonogo.server.errors import ApiError, invalid
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.schema import Instant
from gonogo.server.store.schema import idempotency_keys as keys

HEADER = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
METHODS = frozenset({"POST", "DELETE"})
NOT_STORED = frozenset({401, 429})
_RIGHTS_REFUSED = frozenset({403, 404})
_SALT: Final = 16
_NONCE: Final = 12


class _StoredReply(NamedTuple):
    fingerprint: str
    status_code: int
    body: bytes
    expires_at: datetime


_mine = (keys.c.principal_id == bindparam("caller")) & (keys.c.key == bindparam("name"))
_OWN = CompiledQuery(
    select(keys.c.fingerprint, keys.c.status_code, keys.c.body, keys.c.expires_at).where(_mine),
    _StoredReply,
)
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
    who = f"{caller.id}\0{caller.org_id}\0{caller.role}\0{','.join(sorted(caller.scopes))}\0"
    target = f"{request.method}\0{scope['path']}?{query}\0{who}"
    fingerprint = hashlib.sha256(target.encode("utf-8", "surrogatepass") + body).hexdigest()
    return IdempotentRequest(caller, key, hashlib.sha256(f"{caller.id}\0{key}".encode()).hexdigest(), fingerprint)


class KeyRefused(ApiError):
    """Refusal of the key itself: it belongs to another request, to one still running, or to a right that is gone."""


def idempotent(
    connection: Connection,
    request: IdempotentRequest,
    now: datetime,
    lifetime: timedelta,
    run: Callable[[], Response],
    check_rights: Callable[[], None],
) -> Response:
    """The stored reply of `request`, or else that of `run`, stored in the same transaction as its effect.

    `check_rights` raises what refuses the caller; it is asked before a stored reply, as `run` asks by itself.
    An exception of `run` must end the transaction. Raises `KeyRefused`.
    """
    if (row := _live_row(connection, request, now)) is not None:
        return _replay(request, row, check_rights)
    response = run()
    if _is_final(response):
        _store(connection, request, response, now, lifetime)
    return response


def sweep(connection: Connection, now: datetime) -> int:
    """Deletes expired replies, a few hundred at a time; returns how many."""
    return connection.execute(_SWEEP, {"now": now}).rowcount


def _is_final(response: Response) -> bool:
    return response.status_code < 500 and response.status_code not in NOT_STORED


def _live_row(connection: Connection, ask: IdempotentRequest, now: datetime) -> _StoredReply | None:
    """Stored row of the key (columns of its table), `None` if there is none or it has expired."""
    _lock(connection, ask)
    mine = {"caller": ask.caller.id, "name": ask.name}
    row = _OWN.first(connection, mine)
    if row is not None and row.expires_at <= now:
        _FORGET.run(connection, mine)
        return None
    return row


def _replay(ask: IdempotentRequest, row: _StoredReply, check_rights: Callable[[], None]) -> Response:
    if row.status_code not in _RIGHTS_REFUSED:  # such a reply tells nothing that the check would not
        try:
            check_rights()
        except ApiError as error:
            raise KeyRefused(error.status, error.code, error.message, error.details) from None
    if row.fingerprint != ask.fingerprint:
        message = "This idempotency key was used for another request: use a new key for a new request."
        raise KeyRefused(409, ErrorCode.IDEMPOTENCY_CONFLICT, message)
    head, _, body = _unseal(ask, row.body).partition(b"\n")
    return _restored(row.status_code, json.loads(head), body)


def _restored(status: int, headers: list[list[str]], body: bytes) -> Response:
    response = Response(body, status)
    response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    response.headers[REPLAYED] = "true"
    return response


def _store(
    connection: Connection, ask: IdempotentRequest, response: Response, now: datetime, lifetime: timedelta
) -> None:
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in response.raw_headers]
    row = {
        "principal_id": ask.caller.id,
        "key": ask.name,
        "fingerprint": ask.fingerprint,
        "status_code": response.status_code,
        "headers": {},  # sealed with the body
        "body": _seal(ask, json.dumps(headers).encode() + b"\n" + bytes(response.body)),
        "created_at": now,
        "expires_at": now + lifetime,
    }
    _INSERT.later(connection, row)


def _lock(connection: Connection, ask: IdempotentRequest) -> None:
    number = int.from_bytes(bytes.fromhex(ask.name)[:8], signed=True)
    if not dialect_of(connection).try_lock(connection, number):
        message = "The first request with this idempotency key is still being worked on: try again in a moment."
        raise KeyRefused(409, ErrorCode.IDEMPOTENCY_IN_FLIGHT, message)


def _seal(ask: IdempotentRequest, plain: bytes) -> bytes:
    """Returns a fresh salt, a nonce, and `plain` encrypted; only the key's owner can read it again.

    The row's fingerprint is authenticated with it, so that no reply can be moved to the row of another request.
    """
    random = secrets.token_bytes(_SALT + _NONCE)
    return random + _cipher(ask, random).encrypt(random[_SALT:], plain, ask.fingerprint.encode())


def _unseal(ask: IdempotentRequest, sealed: bytes) -> bytes:
    """Raises `KeyRefused` for a reply that was changed in the database: it is not what the server answered."""
    nonce = sealed[_SALT : _SALT + _NONCE]
    try:
        return _cipher(ask, sealed).decrypt(nonce, sealed[_SALT + _NONCE :], ask.fingerprint.encode())
    except (InvalidTag, ValueError):
        message = "The stored answer to this idempotency key was changed, so it isn't given out: use a new key."
        raise KeyRefused(409, ErrorCode.IDEMPOTENCY_CONFLICT, message) from None


def _cipher(ask: IdempotentRequest, random: bytes) -> AESGCM:
    return AESGCM(hashlib.sha256(random[:_SALT] + ask.key.encode()).digest())
