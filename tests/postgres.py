"""A throwaway PostgreSQL cluster made with this machine's own server binaries, one for a whole test run.

PostgreSQL refuses to run as root; then a user without rights runs it, in a folder of that user's.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from gonogo.server.store.engine import Store

_USERS = ("postgres", "nobody")
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "synchronous_commit": "on",
}
_FAST = {"fsync": "off", "full_page_writes": "off"}
"""For tests: nothing here has to survive a power cut."""


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`, the newest release first."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -int(p.parent.name.split(".")[0])):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class Cluster:
    """A running server; `database()` makes a fresh database with the schema in it."""

    def __init__(self, *, durable: bool = False) -> None:
        where = binaries()
        if where is None:
            raise FileNotFoundError("no PostgreSQL server binaries")
        self._bin = where
        self._user = _server_user()
        self.folder = Path(tempfile.mkdtemp(prefix="gonogo-pg-"))
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self._numbers = itertools.count()
        self._templates: set[str] = set()
        self._run(
            "initdb", "-D", self._data, "-U", "gonogo", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"
        )
        options = dict(_SETTINGS) | ({} if durable else _FAST) | {"unix_socket_directories": str(self.folder)}
        self._options = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        self.start()
        atexit.register(self.stop)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def url(self, name: str) -> str:
        return f"postgresql://gonogo@/{name}?host={self.folder}"

    def database(self) -> str:
        """The URL of a fresh database with the schema in it."""
        self._make_template()
        return self.bare(f"db{next(self._numbers)}", template="empty")

    def bare(self, name: str | None = None, template: str = "template0") -> str:
        """The URL of a fresh database with nothing in it, or a copy of another one."""
        name = name or f"bare{next(self._numbers)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    @contextmanager
    def database_in(self, folder: Path) -> Iterator[str]:
        """The URL of a fresh database with the schema in it, whose tables lie in `folder` while the block lasts.

        The folder must be within `self.folder`, or the server can't get at it.
        """
        name = f"db{next(self._numbers)}"
        if self._user is not None:
            shutil.chown(folder, self._user)
        self._execute(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
        self._make_template()
        self._execute(f"CREATE DATABASE {name} TEMPLATE empty TABLESPACE {name}")
        try:
            yield self.url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")
            self._execute(f"DROP TABLESPACE {name}")

    def start(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-l", str(self.folder / "log"), "-o", self._options, "start")

    def kill(self) -> None:
        """Stops the server as a power cut would, as far as it can tell."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make_template(self) -> None:
        """Makes the database `empty`, with the schema in it, which is copied."""
        if "empty" not in self._templates:
            self._templates.add("empty")
            store = Store(self.bare("empty"))
            store.upgrade()
            store.dispose()

    def _execute(self, statement: str) -> None:
        """Runs a statement that can't be in a transaction."""
        engine = create_engine(Store(self.url("postgres")).url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _run(self, name: str, *arguments: str, check: bool = True) -> None:
        command = [str(self._bin / name), *arguments]
        if self._user is not None:
            command = ["runuser", "-u", self._user, "--", *command]
        log = subprocess.DEVNULL
        done = subprocess.run(
            command, stdout=log, stderr=log, cwd="/", check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}
        )
        if check and done.returncode:
            written = (self.folder / "log").read_text() if (self.folder / "log").exists() else ""
            raise RuntimeError(f"{name} failed ({done.returncode}): {written}")


@functools.cache
def cluster() -> Cluster:
    """The run's cluster, started on first use; `FileNotFoundError` without server binaries."""
    return Cluster()


def _server_user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _USERS if name in known)
