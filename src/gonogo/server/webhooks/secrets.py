"""Secrets of endpoints: sealed in the database (AES-256-GCM), because a signature needs the secret itself.

The key lies in the database, too (`server_secrets`), so that all workers agree: a list, a log or a copy of the table
of endpoints gives nothing away; a backup of the whole database does.
"""

from __future__ import annotations

import base64
import secrets
from contextlib import suppress
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from gonogo.server.store.schema import server_secrets

_NAME: Final = "webhooks"
_NONCE: Final = 12
_STORED: Final = select(server_secrets.c.value).where(server_secrets.c.name == _NAME)


class SecretChangedError(Exception):
    """A sealed secret that does not fit its endpoint, or the database's key; or that key is gone."""


def seal(connection: Connection, webhook_id: str, secret: str) -> bytes:
    """A nonce, and the secret encrypted; the endpoint's id is authenticated with it."""
    nonce = secrets.token_bytes(_NONCE)
    key = _key(connection) or _new_key(connection)
    return nonce + _cipher(key).encrypt(nonce, secret.encode(), webhook_id.encode())


def unseal(connection: Connection, webhook_id: str, sealed: bytes) -> str:
    """The secret; a read transaction is enough. Raises `SecretChangedError`."""
    key = _key(connection)
    if key is None:
        raise SecretChangedError(webhook_id)
    try:
        return _cipher(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], webhook_id.encode()).decode()
    except (InvalidTag, ValueError):
        raise SecretChangedError(webhook_id) from None


def _cipher(key: str) -> AESGCM:
    return AESGCM(base64.b64decode(key))


def _key(connection: Connection) -> str | None:
    key: str | None = connection.execute(_STORED).scalar()
    return key


def _new_key(connection: Connection) -> str:
    """Makes the database's key, in a write transaction, or returns the one that another worker made first."""
    row = {"name": _NAME, "value": base64.b64encode(secrets.token_bytes(32)).decode()}
    with suppress(IntegrityError), connection.begin_nested():
        connection.execute(server_secrets.insert().values(row))
    return str(connection.execute(_STORED).scalar_one())
