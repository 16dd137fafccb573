"""Sign-in of one browser: a link that works once, then a cookie. Pure; the clock is handed in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

LINK_SECONDS = 5 * 60
"""Life of a link that nobody opened."""
COOKIE_SECONDS = 12 * 60 * 60
"""Longest life of a browser's cookie; it ends earlier with the command."""
_TOKEN_BYTES = 32


class BrowserSignIn:
    """Sign-in of at most one browser. Tokens are random, 256 bits, and kept as SHA-256 digests.

    A new link ends the one before; an opened link ends the cookie of the browser before.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._link: tuple[bytes, float] | None = None
        self._cookie: tuple[bytes, float] | None = None

    def new_link(self) -> str:
        """Returns the token of a new link; the link before it, if nobody opened it, ends."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._link = (_digest(token), self._clock() + LINK_SECONDS)
        return token

    def open_link(self, token: str) -> str | None:
        """Returns a new cookie for the link's `token`; `None` when it was opened, replaced, or is too old."""
        if not self._matches(self._link, token):
            return None
        self._link = None
        cookie = secrets.token_urlsafe(_TOKEN_BYTES)
        self._cookie = (_digest(cookie), self._clock() + COOKIE_SECONDS)
        return cookie

    def knows(self, cookie: str) -> bool:
        """Returns whether `cookie` is that of the signed-in browser."""
        return self._matches(self._cookie, cookie)

    def _matches(self, kept: tuple[bytes, float] | None, token: str) -> bool:
        return kept is not None and self._clock() < kept[1] and secrets.compare_digest(kept[0], _digest(token))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
