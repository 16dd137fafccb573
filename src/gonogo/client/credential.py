"""Credentials: API keys and session tokens, masked in `repr` and `str`."""

from __future__ import annotations

import re
from typing import Final

from gonogo.client.errors import InvalidInputError

_VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,4096}")
_KEY_WITH_PREFIX: Final = re.compile(r"(ak_(?:live|test)_[A-Za-z0-9]{1,16})_.+")


class Secret:
    """Secret string of visible ASCII, as HTTP headers require; masked when printed."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        value = value.strip()
        if not _VISIBLE.fullmatch(value):
            raise InvalidInputError(
                "This credential is empty or has characters that no key or token has.",
                next_step="Copy it again, whole and without quotes or line breaks.",
            )
        self._value = value

    @property
    def secret(self) -> str:
        """Clear text, for the keyring and the header only."""
        return self._value

    def _hint(self) -> str:
        return "…"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._hint()!r})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._value))


class ApiKey(Secret):
    """API key of a user, sent as `X-API-Key`. Its public prefix is not masked, as lists of keys show it."""

    __slots__ = ()

    def headers(self) -> dict[str, str]:
        return {"X-API-Key": self._value}

    def _hint(self) -> str:
        known = _KEY_WITH_PREFIX.fullmatch(self._value)
        return f"{known[1]}_…" if known else "…"


class SessionToken(Secret):
    """Session token of an invited person, sent as `Authorization: Bearer`."""

    __slots__ = ()

    @property
    def token(self) -> str:
        """Alias of `secret`."""
        return self._value

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._value}"}


Credential = ApiKey | SessionToken
