"""Pictures for an ML backend: the three ways in which a task of Label Studio names one.

`url` is what every backend takes that is built on Label Studio's SDK: its `get_local_path` downloads http addresses.
The pictures come from a small server in this process, each under an address that nobody can guess, as long as the
import runs. `inline` (a `data:` URI) needs no way back to this machine, but that SDK can't open it. `local-files` names
a file below the backend's own `LOCAL_FILES_DOCUMENT_ROOT`.
"""

from __future__ import annotations

import base64
import contextlib
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from gonogo.transfer.importing.drawings_folder import media_type_of

WAYS: Final = ("url", "inline", "local-files")


class Pictures(Protocol):
    """Pictures that a backend can get at."""

    def value(self, path: Path) -> str:
        """Value of a task's field for the picture of this file. Raises `OSError`."""

    def hint(self, path: Path) -> str:
        """Next step where the backend failed at this picture; `""` if none is known."""


@contextmanager
def open_pictures(way: str, folder: Path, backend_url: str) -> Iterator[Pictures]:
    """The pictures below `folder`, in one of the `WAYS`. Raises `OSError` where no server can be opened."""
    if way == "inline":
        yield _InlinePictures()
    elif way == "local-files":
        yield _LocalFiles(folder)
    else:
        with _serving(_address_towards(backend_url)) as server:
            yield server


class _InlinePictures:
    """Pictures inside the request, as `data:` URIs."""

    def value(self, path: Path) -> str:
        data = path.read_bytes()
        return f"data:{media_type_of(data[:1024], path.suffix)};base64,{base64.b64encode(data).decode()}"

    def hint(self, path: Path) -> str:
        return "A backend built on Label Studio's SDK can't open inline pictures; try --pictures url."


class _LocalFiles:
    """Pictures that the backend has below its LOCAL_FILES_DOCUMENT_ROOT."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def value(self, path: Path) -> str:
        return f"/data/local-files/?d={path.relative_to(self._folder).as_posix()}"

    def hint(self, path: Path) -> str:
        return "Its LOCAL_FILES_DOCUMENT_ROOT must be a folder with the same files."


def _address_towards(url: str) -> str:
    """Address of this machine on the way to the server at `url`; nothing is sent to learn it."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"


@contextmanager
def _serving(address: str) -> Iterator[Pictures]:
    """Serves files from a thread; only those that were named, under addresses with a random part."""
    server = _PictureServer(address)
    run = partial(server.serve_forever, poll_interval=0.05)
    thread = threading.Thread(target=run, name="pictures for the backend", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _PictureServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: str) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), _PictureHandler)
        host = f"[{address}]" if ":" in address else address
        self._home = f"http://{host}:{self.server_port}"
        self._secret = secrets.token_urlsafe(24)
        self.files: dict[str, Path] = {}
        self.fetched: set[Path] = set()

    def value(self, path: Path) -> str:
        target = f"/{self._secret}/{len(self.files)}/{quote(path.name)}"
        self.files[target] = path
        return self._home + target

    def hint(self, path: Path) -> str:
        if path in self.fetched:
            return ""
        return f"It didn't fetch the picture from {self._home}; if it can't, try --pictures inline or local-files."


class _PictureHandler(BaseHTTPRequestHandler):
    server: _PictureServer

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        path = self.server.files.get(self.path)
        try:
            data = path.read_bytes() if path is not None else None
        except OSError:
            data = None
        if path is None or data is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", media_type_of(data[:1024], path.suffix))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.server.fetched.add(path)
        if with_body:
            with contextlib.suppress(OSError):  # the backend hung up
                self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: standard error belongs to the command."""
