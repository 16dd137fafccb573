"""Object store place: objects in a bucket of Amazon S3, MinIO or another store that speaks S3, through obstore.

obstore's messages repeat what the store answered, key ids among it, so none of them is shown: each becomes a sentence.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gonogo.server.drawing_places.place import MARKER_NAME, FileStat, PlaceAwayError, PlaceError, file_name
from gonogo.server.drawing_places.place_url import BucketUrl, is_loopback_host

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config, S3Store

PIECE: Final = 8_000_000
"""More than of a file: each piece is a request."""
_RIGHTS = "s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket"
_SETUP = "Look at the URL, the AWS_… variables and GONOGO_CA_FILE."
_STATUS = re.compile(r"status code: (\d{3})")
_ROLE_SERVICES = ("/latest/api/token", "/latest/meta-data/", "//169.254.170.")
"""Parts of the addresses of a machine's role, which obstore asks where the environment has no credentials."""


class ObjectStorePlace:
    """Place of a bucket. Raises `PlaceError` if obstore, the extra `objects`, is not installed."""

    piece_bytes = PIECE

    def __init__(self, url: BucketUrl) -> None:
        self.url = str(url)
        self._bucket = url
        self._files = _open(url, seconds=120)
        self._quick = _open(url, seconds=5)  # for what carries no drawing: a health check waits for it

    def put(self, sha256: str, content: bytes, content_type: str) -> None:
        import obstore

        # A browser that opens the URL saves the file: a script in an SVG runs nowhere.
        attributes = {"Content-Type": content_type, "Content-Disposition": "attachment"}
        with self._errors("write"):
            # One request: a multipart upload that is cut off leaves invisible parts, which cost money.
            obstore.put(self._files, file_name(sha256), content, attributes=attributes, use_multipart=False)

    def stat(self, sha256: str) -> FileStat | None:
        import obstore

        with self._errors("read"):
            try:
                found = obstore.head(self._quick, file_name(sha256))
            except FileNotFoundError:
                return None
        return FileStat(found["size"], found["e_tag"] or str(found["last_modified"]))

    def read(self, sha256: str, start: int, size: int) -> bytes:
        import obstore

        with self._errors("read"):
            try:
                return bytes(obstore.get_range(self._files, file_name(sha256), start=start, length=size))
            except FileNotFoundError:
                return b""

    def delete(self, sha256: str) -> None:
        import obstore

        with self._errors("delete"), contextlib.suppress(FileNotFoundError):
            obstore.delete(self._quick, file_name(sha256))

    def sign(self, sha256: str, seconds: int, base_url: str) -> str | None:
        import obstore

        if not self._bucket.sign:
            return None
        with self._errors("read"):
            url = obstore.sign(self._quick, "GET", file_name(sha256), timedelta(seconds=seconds))
        return url if _is_reachable(url, base_url) else None

    def read_marker(self) -> str | None:
        import obstore

        with self._errors("read"):
            try:
                content = bytes(obstore.get(self._quick, MARKER_NAME).bytes())
            except FileNotFoundError:
                return None
        return content.decode("ascii", errors="replace").partition("\n")[0]

    def write_marker(self, marker: str) -> None:
        import obstore

        with self._errors("write"):
            obstore.put(self._quick, MARKER_NAME, f"{marker}\n".encode("ascii"), use_multipart=False)

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError) as error:
            raise self._sentence(what, error) from None  # its text may hold a key's id

    def _sentence(self, what: str, error: Exception) -> PlaceError:
        from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

        where, text = f"s3://{self._bucket.bucket}", str(error)
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
            return PlaceAwayError(
                f"The object store doesn't let the server {what} in {where}.",
                f"Is the key right? It needs {_RIGHTS} there.",
            )
        if isinstance(error, FileNotFoundError):
            return PlaceAwayError(f"There is no bucket {where}.", "Make it, or name another one.")
        if any(sign in text for sign in _ROLE_SERVICES):
            return PlaceAwayError(
                f"The server has no credentials for {where}.",
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in its environment.",
            )
        at = self._bucket.endpoint or "amazonaws.com"
        if "certificate" in text.lower():
            return PlaceAwayError(
                f"The certificate of the object store at {at} isn't trusted.",
                "Name the file of your house's certificates: GONOGO_CA_FILE.",
            )
        if status := _STATUS.search(text):
            return PlaceAwayError(f"The object store at {at} answers with status {status[1]}.")
        return PlaceAwayError(f"The object store at {at} can't be reached.", "Does it run, and is its address right?")


def _is_reachable(url: str, base_url: str) -> bool:
    """True if a client that reaches the server at `base_url` may read `url`: by https, or all on one machine."""
    parts = urlsplit(url)
    if is_loopback_host(parts.hostname or ""):
        return is_loopback_host(urlsplit(base_url).hostname or "")
    return parts.scheme == "https"


def _open(url: BucketUrl, *, seconds: int) -> S3Store:
    """A client; no request is made yet. Credentials come from the environment."""
    try:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store  # the extra `objects`, which few servers have
    except ImportError:
        raise PlaceError("Drawings in an object store need the package obstore.", "pip install obstore") from None
    config: S3Config = {"checksum_algorithm": "sha256", "disable_bulk_delete": True}
    if url.endpoint is not None:
        config["endpoint"] = url.endpoint
    if url.region is not None:
        config["region"] = url.region
    config["virtual_hosted_style_request"] = url.virtual_host
    client: ClientConfig = {"timeout": f"{seconds}s", "connect_timeout": "3s"}
    client["allow_http"] = bool(url.endpoint and url.endpoint.startswith("http://"))
    ca_file = os.environ.get("GONOGO_CA_FILE")
    if ca_file:
        client["root_certificate"] = _certificates(ca_file)
    try:
        return S3Store(
            url.bucket,
            prefix=url.prefix or None,
            config=config,
            client_options=client,
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        )
    except (BaseError, ValueError):
        raise PlaceError(f"No connection to s3://{url.bucket} can be set up.", _SETUP) from None


def _certificates(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise PlaceError(f"{file}, named by GONOGO_CA_FILE, can't be read ({error.strerror}).") from None
