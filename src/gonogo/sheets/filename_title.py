"""Titles of drawings: derives a readable title from a file name or a header. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote

from gonogo.schemas.sanitize import REPLACEMENT, clean_text

_MOST = 60
_SUFFIXES = re.compile(r"\.(?:png|jpe?g|tiff?|pdf|dxf|svg)$", re.IGNORECASE)
_OPAQUE = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{16,}|[\w-]{32,}", re.IGNORECASE)
_NOTHING = {"drawing", "download", "file", "document", "sheet", "untitled"}
# RFC 6266: `filename*` (RFC 8187: charset, language, percent-encoded) is preferred to `filename`.
_EXTENDED = re.compile(r"filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)", re.IGNORECASE)
_PLAIN = re.compile(r"filename\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^;\s]+))", re.IGNORECASE)


def title_from_filename(filename: str) -> str | None:
    """Returns the name without folder and suffix, cleaned, at most 60 characters; `None` for ids and generic names."""
    name = re.split(r"[/\\]", filename)[-1]
    title = " ".join(clean_text(_SUFFIXES.sub("", name)).replace(REPLACEMENT, "").split())
    if not title or _OPAQUE.fullmatch(title) or title.casefold() in _NOTHING:
        return None
    return title if len(title) <= _MOST else title[: _MOST - 1] + "…"


def title_from_header(disposition: str) -> str | None:
    """Returns the title that a `Content-Disposition` header names."""
    if match := _EXTENDED.search(disposition):
        return title_from_filename(unquote(match[2], match[1], "replace"))
    if match := _PLAIN.search(disposition):
        return title_from_filename(re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2])
    return None
