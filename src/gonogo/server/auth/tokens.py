"""Tokens and API keys: 256 random bits each, shown once, stored only as SHA-256.

A plain hash is enough, because nobody chooses these secrets: there is no dictionary to try.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

KEY_PREFIX_LENGTH = 8
KEY_START = "ak_live_"


def digest(secret: str) -> str:
    """Returns the stored form of a secret: SHA-256, hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(a: str, b: str) -> bool:
    """Compares two secrets in a time that does not depend on where they differ."""
    return hmac.compare_digest(a.encode("utf-8", "surrogatepass"), b.encode("utf-8", "surrogatepass"))


def new_secret(kind: str) -> str:
    """`<kind>_` and 43 URL-safe characters."""
    return f"{kind}_{secrets.token_urlsafe(32)}"


def new_api_key() -> tuple[str, str]:
    """Returns a key `ak_live_<prefix>_<secret>` and its public prefix."""
    prefix = secrets.token_hex(KEY_PREFIX_LENGTH // 2)
    return f"{KEY_START}{prefix}_{secrets.token_urlsafe(32)}", prefix


def api_key_prefix(key: str) -> str | None:
    """Returns the public prefix of a well-formed key, else `None`."""
    rest = key.removeprefix(KEY_START)
    if rest == key or rest[KEY_PREFIX_LENGTH : KEY_PREFIX_LENGTH + 1] != "_" or len(rest) > 200:
        return None
    return rest[:KEY_PREFIX_LENGTH]


def session_secret(magic_token: str, client_nonce: str) -> str:
    """Returns the session token derived from a magic link and the nonce of the client that redeems it.

    Derived, not stored: the same client asking again within the grace period gets the same token, and the
    database still holds nothing that could be used to sign in. Both secrets are needed to compute it.
    """
    mac = hmac.new(
        magic_token.encode("utf-8", "surrogatepass"), client_nonce.encode("utf-8", "surrogatepass"), "sha256"
    )
    return f"gs_{mac.hexdigest()}"
