"""API keys of a database on this machine: the first key of a server, which nobody could create over its API."""

from __future__ import annotations

from typing import Any

from gonogo.cli.support.database import with_store
from gonogo.schemas.gonogo_api import KeyCreate
from gonogo.server.auth.api_keys import create_key
from gonogo.server.results.auth import create_results_password
from gonogo.server.store.engine import Store


def create_in_database(database: str, body: KeyCreate, results_password: bool) -> dict[str, Any]:
    """Creates a key, and on request its password for the results API; returns what is shown once.

    Brings the database up to the present schema first.
    """

    def create(store: Store) -> dict[str, Any]:
        store.upgrade()
        key = create_key(store, body.name, body.scopes).model_dump()
        return key | (create_results_password(store, key["id"]).model_dump() if results_password else {})

    return with_store(database, create, create=True)
