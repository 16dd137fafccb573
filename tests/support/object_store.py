"""A real object store on loopback: moto's S3 server in a thread, with a bucket and keys that only tests know."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest
from moto.server import ThreadedMotoServer

KEY, SECRET = "AKIATESTKEYOFGONOGO0", "the-secret-that-no-message-may-show"
_NUMBERS = count()


@dataclass
class S3Server:
    """A running server. It keeps its address when it stops and starts again; its objects stay."""

    port: int
    bucket: str = field(default_factory=lambda: f"drawings-{next(_NUMBERS)}")
    _server: ThreadedMotoServer | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The URL of a place for drawings in the bucket."""
        return f"s3://{self.bucket}/a/prefix?endpoint={self.endpoint}&region=eu-central-1"

    def start(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
        self._server = None

    def refuse_keys(self, refused: bool) -> None:
        """From now on refuses every key, or lets everybody in again."""
        self._send("POST", "moto-api/reset-auth", b"0" if refused else b"inf")

    def forget(self) -> None:
        """Empties the bucket."""
        self._send("POST", "moto-api/reset", b"")
        self.make_bucket()

    def make_bucket(self) -> None:
        self._send("PUT", self.bucket, b"")

    def _send(self, method: str, path: str, body: bytes) -> None:
        headers = {"Content-Type": "text/plain"}
        request = urllib.request.Request(f"{self.endpoint}/{path}", method=method, data=body, headers=headers)
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A server with an empty bucket, and the keys for it in the environment."""
    for name, value in (("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET), ("NO_PROXY", "127.0.0.1")):
        monkeypatch.setenv(name, value)
    server = S3Server(0)
    server.start()
    try:
        server.make_bucket()
        yield server
    finally:
        server.stop()
