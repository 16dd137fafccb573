"""A store with one organisation, a clock that only tests move, and campaigns to claim from."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gonogo.server.store.engine import Store
from tests.server.house import House
from tests.server.web import Web, serving


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the schema and nothing in it; copying it is faster than migrating again."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    store.dispose()
    return path


@pytest.fixture
def house(empty_database: Path, tmp_path: Path) -> Iterator[House]:
    path = tmp_path / "server.db"
    shutil.copy(empty_database, path)
    with House(path) as opened:
        yield opened


@pytest.fixture
async def web(house: House) -> AsyncIterator[Web]:
    async with serving(house) as opened:
        yield opened
