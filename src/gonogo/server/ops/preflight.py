"""Preflight checks of `gonogo serve --check`: addresses, schema, database, replica, webhooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gonogo.schemas.counted_nouns import counted
from gonogo.server.drawing_places.place import PlaceError
from gonogo.server.drawing_places.place_url import DATABASE_URL
from gonogo.server.drawing_places.remembered import DrawingPlaces, describe, files_of, lies_elsewhere
from gonogo.server.serialize import instant
from gonogo.server.store import migrate
from gonogo.server.store.dialects import CheckLevel, dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.webhooks.endpoints import read_troubled


@dataclass(frozen=True)
class PreflightFinding:
    """Finding of a check: `ok`, `warning` (works, but …) or `problem` (do not start), with the next step in `text`."""

    level: CheckLevel
    text: str


def run_checks(
    store: Store, public_url: str | None, host: str, drawings_url: str | None = None
) -> list[PreflightFinding]:
    """All findings. Changes nothing and creates nothing."""
    findings = list(_addresses(public_url, host))
    if store.url.get_backend_name() == "sqlite" and not Path(str(store.url.database)).exists():
        return [*findings, *_new_file(Path(str(store.url.database)))]
    try:
        with store.read() as connection:
            findings += _schema(connection)
            checks = dialect_of(connection).preflight(connection)
            findings += [PreflightFinding(level, sentence) for level, sentence in checks]
    except (SQLAlchemyError, OSError) as error:
        findings.append(_closed("database", error))
        return findings
    findings += _drawings(store, drawings_url)
    findings += _webhooks(store)
    if store.replica_url is not None:
        findings += _replica(store)
    return findings


def _drawings(store: Store, drawings_url: str | None) -> Iterator[PreflightFinding]:
    """The place of the drawings, if the schema knows of it."""
    places = DrawingPlaces(store)
    with store.read() as connection:
        if migrate.version(connection) != migrate.HEAD:
            return
        stored = files_of(connection)
    try:
        url = stored.url if drawings_url is None else places.open(drawings_url).url
        if url != stored.url and stored.number == 0:
            yield PreflightFinding("ok", f"{url} becomes the place of the drawings with the first start.")
            return
        if url != stored.url:
            raise lies_elsewhere(stored.url, url)
        places.require_reachable()
    except PlaceError as error:
        yield PreflightFinding("problem", describe(error))
    else:
        size = f"{counted(stored.number, 'drawing')}, {stored.size / 1e6:.1f} MB"
        yield PreflightFinding("ok", f"Drawings lie in {'the database' if url == DATABASE_URL else url} ({size}).")


def _webhooks(store: Store) -> Iterator[PreflightFinding]:
    """Endpoints that get nothing, if the schema knows of them; their host alone, because a path may be a secret."""
    with store.read() as connection:
        if migrate.version(connection) != migrate.HEAD:
            return
        troubled = read_troubled(connection)
    for row in troubled:
        host = urlsplit(row.url).hostname
        why = row.disabled_reason or f"it fails since {instant(row.failing_since)}: {row.last_error}"
        step = f"`gonogo webhooks enable {row.id}`" if row.disabled_reason else "`gonogo webhooks list`"
        yield PreflightFinding("warning", f"The webhook to {host} is {row.state}: {why}. {step}")


def _closed(what: str, error: Exception) -> PreflightFinding:
    kind = type(getattr(error, "orig", None) or error).__name__
    return PreflightFinding("problem", f"The {what} cannot be opened ({kind}): check its URL, and that it runs.")


def _new_file(path: Path) -> Iterator[PreflightFinding]:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if os.access(folder, os.W_OK | os.X_OK):
        yield PreflightFinding("warning", f"{path} is not there yet; `gonogo db upgrade`, or a start, makes it.")
    else:
        yield PreflightFinding(
            "problem", f"{path} is not there, and {folder} cannot be written to: name another place."
        )


def _replica(store: Store) -> Iterator[PreflightFinding]:
    try:
        with store.report() as connection:
            revision = migrate.version(connection)
            follows = dialect_of(connection).is_standby(connection)
    except (SQLAlchemyError, OSError) as error:
        yield _closed("read replica", error)
        return
    if revision != migrate.HEAD:
        yield PreflightFinding(
            "problem", f"The read replica has schema {revision or 'none'}: is it a replica of this database?"
        )
    elif follows:
        yield PreflightFinding("ok", "The read replica follows, with this release's schema.")
    else:
        yield PreflightFinding("warning", "The read database is no standby: it must hold what the database holds.")


def _addresses(public_url: str | None, host: str) -> Iterator[PreflightFinding]:
    local = host in ("127.0.0.1", "::1", "localhost")
    if public_url is None and not local:
        yield PreflightFinding("warning", "Without --public-url, magic links name the listening address: set it.")
    if public_url is not None and public_url.startswith("http://") and not local:
        yield PreflightFinding("warning", "The public URL is http: credentials travel in clear; put TLS in front.")


def _schema(connection: Connection) -> Iterator[PreflightFinding]:
    version = migrate.version(connection)
    if version == migrate.HEAD:
        yield PreflightFinding("ok", f"The schema is this release's ({version}).")
    elif version is None or migrate.is_older(version):
        yield PreflightFinding(
            "warning", f"The schema is {version or 'not there yet'}; `gonogo db upgrade`, or a start, brings it up."
        )
    else:
        yield PreflightFinding(
            "problem",
            f"The schema ({version}) is a newer release's, or a development version's before 0.1.0: "
            "install that release.",
        )
