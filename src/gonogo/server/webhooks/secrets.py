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
    """A sealed secret that does not fit its endpoint, or the database's key."""


def seal(connection: Connection, webhook_id: str, secret: str) -> bytes:
    """A nonce, and the secret encrypted; the endpoint's id is authenticated with it."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(connection).encrypt(nonce, secret.encode(), webhook_id.encode())


def unseal(connection: Connection, webhook_id: str, sealed: bytes) -> str:
    """The secret. Raises `SecretChangedError`."""
    try:
        return _cipher(connection).decrypt(sealed[:_NONCE], sealed[_NONCE:], webhook_id.encode()).decode()
    except (InvalidTag, ValueError):
        raise SecretChangedError(webhook_id) from None


def _cipher(connection: Connection) -> AESGCM:
    """The database's cipher; a write transaction makes its key if there is none."""
    key: str | None = connection.execute(_STORED).scalar()
    if key is None:
        row = {"name": _NAME, "value": base64.b64encode(secrets.token_bytes(32)).decode()}
        with suppress(IntegrityError), connection.begin_nested():  # another worker was first: its key stays
            connection.execute(server_secrets.insert().values(row))
        key = str(connection.execute(_STORED).scalar_one())
    return AESGCM(base64.b64decode(key))
