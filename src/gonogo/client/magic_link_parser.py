"""Magic link parser: finds the token in pasted text, a bare token or a link that carries one."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from gonogo.client.errors import InvalidInputError

_WRAPPING: Final = " \t\r\n\"'`<>()[]“”‘’«»„,;"
_LINK: Final = re.compile(r"https?://[^\s\"'`<>“”«»]+", re.IGNORECASE)
_BREAK: Final = re.compile(r"[ \t]*(?:\r\n|\r|\n)[ \t]*(?=[^\s\"'`<>“”«»]+[\"'`<>“”«»()\[\],.;]*[ \t]*(?:[\r\n]|$))")
"""End of a line before a line without blanks: a terminal or a mail program breaks long links there."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{6,500}")
_NAMES: Final = ("token", "magic_link_token")


def magic_token(text: str) -> tuple[str, str | None]:
    """Returns the token in `text`, and the origin (`https://host[:port]`) of its link, `None` for a bare token.

    Understands `?token=…`, `#token=…` and the last path segment, with quotes, brackets, words or blanks around,
    and a link that a terminal broke over two lines.

    Raises:
        InvalidInputError: there is no token in it.
    """
    link = link_in(text)
    token, base = _from_link(link) if link else (text.strip(_WRAPPING), None)
    if token.startswith(("ak_live_", "ak_test_")):
        raise InvalidInputError("This is an API key, not an invitation.", next_step="Sign in with the API key instead.")
    if not _TOKEN.fullmatch(token):
        raise InvalidInputError(
            "There is no invitation token in this text.",
            next_step="Paste the whole link from the invitation, or the token alone.",
        )
    return token, base


def link_in(text: str) -> str | None:
    """Returns the first web address in `text` on one line, `None` if there is none."""
    start = re.search(r"https?://", text, re.IGNORECASE)
    link = _LINK.match(_BREAK.sub("", text[start.start() :].strip(_WRAPPING))) if start else None
    return link[0].rstrip(_WRAPPING + ".") if link else None


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
