"""Team server record: stores the address of the `gonogo serve` that serves this computer's workspace, for links.

Commands and the app work on the workspace without that server, but the links that they make must lead to it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from gonogo.desk.core.paths import AppPaths, private_file
from gonogo.desk.outbox.owner import is_running, process_id


def team_server_url(home: AppPaths) -> str | None:
    """Returns the address that people reach the workspace's server by; `None` if no server is known.

    A public address is remembered after the server has stopped, any other is known only while the server runs.
    """
    try:
        record = json.loads(_file(home).read_text(encoding="utf-8"))
        url, public, owner = str(record["url"]), record["public"] is True, str(record["owner"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if public or is_running(owner) else None


@contextlib.contextmanager
def recorded(home: AppPaths, url: str, *, public: bool) -> Iterator[None]:
    """Records the address while a server runs; a `public` one also afterwards. Never raises for a full disk."""
    path = _file(home)
    with contextlib.suppress(OSError):
        fresh = private_file(path.with_suffix(".new"))
        record = {"url": url, "public": public, "owner": process_id()}
        fresh.write_text(json.dumps(record), encoding="utf-8")
        fresh.replace(path)
    try:
        yield
    finally:
        if not public:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _file(home: AppPaths) -> Path:
    return home.state() / "team-server.json"
