"""Secrets in text: takes keys, tokens and links out of a message that repeats what was typed.

An argument that was a secret stands in the shell's history already; an error message must not carry it on into logs.
"""

from __future__ import annotations

import re

PLACEHOLDER = "(a secret)"
_SECRETS = re.compile(
    r"ak_(?:live|test)_[\w-]+"  # API keys
    r"|[^\s'\"`]*[?#&](?:magic_link_)?token=[^\s'\"`]+"  # links
    r"|(?<![\w/.\\-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{32,}(?![\w/\\-]|\.\w)"  # tokens; ids have one case
)


def without_secrets(text: str) -> str:
    """Returns `text` with everything that looks like a key, a token or a link with one replaced."""
    return _SECRETS.sub(PLACEHOLDER, text)
