"""Place URLs: parse `database:`, `file:///folder` and `s3://bucket/prefix?endpoint=…`, and spell each in one way.

A URL holds no credentials: it stands in argv, in the database and in messages. Those of an object store come from
`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or from the machine's role.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

DATABASE_URL: Final = "database:"
_FORMS = "database:, file:///folder or s3://bucket/prefix"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[A-Za-z0-9-]{1,40}")
_SWITCH = {"yes": True, "no": False}
_OPTIONS = ("endpoint", "region", "sign", "virtual_host")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """The database itself."""

    def __str__(self) -> str:
        return DATABASE_URL


@dataclass(frozen=True, slots=True)
class FolderUrl:
    """A folder by its absolute path."""

    path: str

    def __str__(self) -> str:
        return f"file://{quote(self.path)}"


@dataclass(frozen=True, slots=True)
class BucketUrl:
    """A bucket of an object store, and a prefix in it (may be empty).

    `endpoint`: address of a store that is not Amazon's. `sign`: whether drawings are read from the store directly.
    `virtual_host`: whether the bucket is part of the host's name.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    sign: bool = True
    virtual_host: bool = False

    def __str__(self) -> str:
        options = [("endpoint", self.endpoint), ("region", self.region)]
        options += [("sign", None if self.sign else "no"), ("virtual_host", "yes" if self.virtual_host else None)]
        query = urlencode([(name, value) for name, value in options if value is not None], safe=":/[]")
        return f"s3://{self.bucket}{'/' if self.prefix else ''}{quote(self.prefix)}{'?' if query else ''}{query}"


PlaceUrl = DatabaseUrl | FolderUrl | BucketUrl


def parse_place_url(text: str) -> PlaceUrl:
    """The place that a URL names. Raises `ValueError` with a sentence that does not repeat the URL."""
    if text == DATABASE_URL:
        return DatabaseUrl()
    try:
        parts = urlsplit(text)
        hidden = parts.username is not None or parts.password is not None
    except ValueError:
        raise ValueError(f"This is no URL of a place for drawings: write {_FORMS}.") from None
    if hidden:
        raise ValueError(
            "Credentials don't belong in the URL of the drawings: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if any(ord(character) < 32 or ord(character) == 127 for character in unquote(text)):
        raise ValueError("The URL of the drawings has a control character in it.")
    if parts.scheme == "file":
        return _folder(parts)
    if parts.scheme == "s3":
        return _bucket(parts)
    raise ValueError(f"This is no URL of a place for drawings: write {_FORMS}.")


def is_loopback_host(host: str) -> bool:
    """True for this machine by its name alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _folder(parts: SplitResult) -> FolderUrl:
    path = unquote(parts.path, errors="strict")
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment or not path.startswith("/"):
        raise ValueError("A folder for drawings is written with three slashes and its whole path: file:///srv/drawings")
    path = "/" + posixpath.normpath(path).lstrip("/")
    if path == "/":
        raise ValueError("The root folder can't hold drawings: name a folder of its own, like file:///srv/drawings")
    return FolderUrl(path)


def _bucket(parts: SplitResult) -> BucketUrl:
    if _BUCKET.fullmatch(parts.netloc) is None:
        raise ValueError("The URL of the object store names no bucket: write s3://bucket/prefix")
    prefix = unquote(parts.path, errors="strict").strip("/")
    if any(name in ("", ".", "..") for name in prefix.split("/")) and prefix:
        raise ValueError("The prefix in the bucket may have no empty part, no . and no ..")
    given: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _OPTIONS or name in given:
            raise ValueError(
                f"An object store's URL takes {', '.join(_OPTIONS)}, each once. Credentials come from"
                " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        given[name] = value
    if parts.fragment:
        raise ValueError("The URL of the object store has a # in it: write it as %23.")
    region = given.get("region")
    if region is not None and _REGION.fullmatch(region) is None:
        raise ValueError("The region of the object store is a name like eu-central-1.")
    sign, virtual_host = (_switch(given, name, default) for name, default in (("sign", True), ("virtual_host", False)))
    return BucketUrl(parts.netloc, prefix, _endpoint(given.get("endpoint")), region, sign, virtual_host)


def _switch(given: dict[str, str], name: str, default: bool) -> bool:
    value = given.get(name)
    if value is None:
        return default
    if value not in _SWITCH:
        raise ValueError(f"{name} of the object store is yes or no.")
    return _SWITCH[value]


def _endpoint(text: str | None) -> str | None:
    if text is None:
        return None
    problem = ValueError("The endpoint of the object store is its address alone, like https://minio.example.com:9000")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise problem from None
    extra = parts.query or parts.fragment or parts.path.strip("/") or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or extra:
        raise problem
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}"
