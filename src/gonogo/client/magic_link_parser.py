"""Magic link parser: finds the token in pasted text, a bare token or a link that carries one."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from gonogo.client.errors import InvalidInputError

_WRAPPING: Final = " \t\r\n\"'`<>()[]“”‘’«»„,;"
_LINK: Final = re.compile(r"https?://[^\s\"'`<>“”«»]+", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{6,500}")
_NAMES: Final = ("token", "magic_link_token")


def magic_token(text: str) -> tuple[str, str | None]:
    """Returns the token in `text`, and the origin (`https://host[:port]`) of its link, `None` for a bare token.

    Understands `?token=…`, `#token=…` and the last path segment, with quotes, brackets, words or blanks around,
    and a link that a terminal broke over two lines.

    Raises:
        InvalidInputError: there is no token in it.
    """
    text = text.strip(_WRAPPING)
    if text[:8].lower().startswith(("http://", "https://")):
        text = re.sub(r"\s*[\r\n]+\s*", "", text)
    link = _LINK.search(text)
    token, base = _from_link(link[0].rstrip(_WRAPPING + ".")) if link else (text, None)
    if token.startswith(("ak_live_", "ak_test_")):
        raise InvalidInputError("This is an API key, not an invitation.", next_step="Sign in with the API key instead.")
    if not _TOKEN.fullmatch(token):
        raise InvalidInputError(
            "There is no invitation token in this text.",
            next_step="Paste the whole link from the invitation, or the token alone.",
        )
    return token, base


def _from_link(link: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(link)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "", None
    if not host:
        return "", None
    shown = f"[{host}]" if ":" in host else host
    base = f"{parts.scheme.lower()}://{shown}" + (f":{port}" if port else "")
    for query in (parts.query, parts.fragment):
        named = parse_qs(query.replace("+", "%2B"))  # a plus is part of a token, not a blank
        for name in _NAMES:
            if named.get(name):
                return named[name][0], base
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    return (segments[-1] if segments else ""), base
