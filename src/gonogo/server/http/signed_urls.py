"""Signed URLs: a drawing can be fetched without a credential, for a short time, by everyone who has its URL."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from gonogo.server.store.engine import Store
from gonogo.server.store.schema import server_secrets

_NAME = "drawing_urls"
_MAC_BYTES = 18


class UrlSigner:
    """Signer of tokens `<id>.<expiry>.<mac>`; its secret is the one in the settings, or the database's own."""

    def __init__(self, store: Store, secret: str | None = None) -> None:
        self._store = store
        self._secret = secret

    def __repr__(self) -> str:
        return "UrlSigner()"

    def sign(self, drawing_id: str, now: datetime, seconds: int) -> str:
        """Returns a token for one drawing, valid for `seconds`."""
        expires = int((now + timedelta(seconds=seconds)).timestamp())
        return f"{drawing_id}.{expires}.{self._mac(drawing_id, str(expires))}"

    def read(self, token: str, now: datetime) -> str | None:
        """Returns the drawing's id, or `None` for a token that is not ours, was changed, or has expired."""
        drawing_id, _, rest = token.partition(".")
        expires, _, mac = rest.partition(".")
        if not hmac.compare_digest(self._mac(drawing_id, expires).encode(), mac.encode()):
            return None
        return drawing_id if now.timestamp() < int(expires) else None

    def _mac(self, drawing_id: str, expires: str) -> str:
        if self._secret is None:
            self._secret = _database_secret(self._store)
        digest = hmac.digest(self._secret.encode(), f"{drawing_id}.{expires}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode()


def _database_secret(store: Store) -> str:
    stored = select(server_secrets.c.value).where(server_secrets.c.name == _NAME)
    with store.read() as connection:
        secret: str | None = connection.execute(stored).scalar()
    if secret is not None:
        return secret
    row = {"name": _NAME, "value": secrets.token_urlsafe(32)}
    with store.write() as connection:
        with suppress(IntegrityError), connection.begin_nested():  # another worker was first: its secret stays
            connection.execute(server_secrets.insert().values(row))
        return str(connection.execute(stored).scalar_one())
