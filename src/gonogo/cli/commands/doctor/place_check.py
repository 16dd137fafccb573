"""Check of `gonogo doctor`: the place of the drawings of the database on this machine, or of `GONOGO_DATABASE_URL`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from gonogo.cli.commands.doctor.check import Check
from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.transport import workspace_url
from gonogo.schemas.counted_nouns import counted
from gonogo.server.drawing_places.place import PlaceError
from gonogo.server.drawing_places.place_url import DATABASE_URL
from gonogo.server.drawing_places.remembered import DrawingPlaces, files_of
from gonogo.server.store import migrate
from gonogo.server.store.engine import Store

NAME = "drawing place"


def check_drawing_place() -> Iterator[Check]:
    """The place, if the database is there and names one outside of it; nothing is made."""
    try:
        store = Store(os.environ.get("GONOGO_DATABASE_URL") or workspace_url(AppPaths()))
    except ValueError:
        return  # `gonogo serve --check` says what is wrong with it
    if store.url.get_backend_name() == "sqlite" and not Path(str(store.url.database)).exists():
        return
    try:
        with store.read() as connection:
            if migrate.version(connection) != migrate.HEAD:
                return
            stored = files_of(connection)
        if stored.url == DATABASE_URL:
            return
        DrawingPlaces(store).require_reachable()
        yield Check(NAME, "ok", f"{counted(stored.number, 'drawing')} in {stored.url}")
    except PlaceError as error:
        yield Check(NAME, "bad", str(error), error.next_step)
    except (SQLAlchemyError, ImportError, OSError) as error:
        yield Check(
            NAME, "bad", f"the database can't be read ({type(error).__name__})", "Look with gonogo serve --check."
        )
    finally:
        store.dispose()
