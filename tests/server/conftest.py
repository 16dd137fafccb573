"""A store with one organisation, a clock that only tests move, and campaigns to claim from; on both databases."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gonogo.server.store.engine import Store
from tests.postgres import binaries, cluster
from tests.server.house import House
from tests.server.web import Web, serving

DATABASES = ("sqlite", "postgresql")
needs_postgresql = pytest.mark.skipif(binaries() is None, reason="no PostgreSQL server binaries on this machine")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the schema and nothing in it; copying it is faster than migrating again."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    store.dispose()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgresql)])
def database(request: pytest.FixtureRequest, empty_database: Path, tmp_path: Path) -> str:
    """The URL of a fresh database with the schema, once on each of the two."""
    if request.param == "postgresql":
        return cluster().database()
    path = tmp_path / "server.db"
    shutil.copy(empty_database, path)
    return f"sqlite:///{path}"


@pytest.fixture
def house(database: str) -> Iterator[House]:
    with House(database) as opened:
        yield opened


@pytest.fixture
def sqlite_house(empty_database: Path, tmp_path: Path) -> Iterator[House]:
    path = tmp_path / "server.db"
    shutil.copy(empty_database, path)
    with House(path) as opened:
        yield opened


@pytest.fixture
def postgres_house() -> Iterator[House]:
    if binaries() is None:
        pytest.skip("no PostgreSQL server binaries on this machine")
    with House(cluster().database()) as opened:
        yield opened


@pytest.fixture
async def web(house: House) -> AsyncIterator[Web]:
    async with serving(house) as opened:
        yield opened
