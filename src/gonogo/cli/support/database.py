"""Database of a command: the `--database` option, and the store it opens, with errors as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy.exc import SQLAlchemyError

from gonogo.cli.support.exit_codes import fail
from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.transport import workspace_url
from gonogo.server.drawing_places.place import PlaceError
from gonogo.server.store.engine import Store
from gonogo.server.store.errors import BackupError, SchemaError

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


def database_option(command: F) -> F:
    """`--database`, or the workspace on this machine."""
    return click.option(
        "--database",
        envvar="GONOGO_DATABASE_URL",
        show_envvar=True,
        metavar="URL",
        help="The server's database; default: the workspace on this machine.",
    )(command)


def workspace() -> str:
    """URL of the database of the workspace on this machine; makes its folder."""
    home = AppPaths()
    home.make(home.data())
    return workspace_url(home)


def with_store(database: str | None, work: Callable[[Store], T], *, create: bool = False) -> T:
    """Runs `work` on the database (default: the workspace on this machine); its errors become one sentence.

    Without `create` a database that is a file must be there: looking at one makes none.
    """
    url = database or (workspace() if create else workspace_url(AppPaths()))
    if not create:
        _require_file(url)
    with open_store(url) as store:
        return work(store)


def _require_file(url: str) -> None:
    kind, _, path = url.partition(":///")
    file = path.partition("?")[0]
    if kind.startswith("sqlite") and file and not Path(file).exists():
        fail(
            f"there is no database at {file}",
            "Name the server's with --database or GONOGO_DATABASE_URL; `gonogo db upgrade` makes one.",
        )


@contextmanager
def open_store(database: str, *, replica: str | None = None) -> Iterator[Store]:
    """Opens the store of this URL for the block; errors of the database become one sentence."""
    try:
        store = Store(database, replica=replica)
        try:
            store.url.get_dialect().import_dbapi()  # raises ImportError when the driver is absent
            yield store
        finally:
            store.dispose()
    except (SchemaError, BackupError) as error:
        fail(str(error))
    except PlaceError as error:
        fail(str(error), error.next_step)
    except ImportError as error:
        fail(
            f"the database's driver is not installed ({error.name})",
            'For PostgreSQL: pip install "psycopg[binary]". gonogo works with PostgreSQL and SQLite only.',
        )
    except (SQLAlchemyError, OSError, ValueError) as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        fail(
            f"the database cannot be used: {reason}",
            "Look at --database, or GONOGO_DATABASE_URL. `gonogo serve --check` says more.",
        )
