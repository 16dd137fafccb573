"""A store with one organisation, a clock that only tests move, and campaigns to claim from; on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.postgres import binaries, cluster
from tests.server.house import House
from tests.server.web import Web, serving
from tests.sqlite import fresh_database

DATABASES = ("sqlite", "postgresql")
needs_postgresql = pytest.mark.skipif(binaries() is None, reason="no PostgreSQL server binaries on this machine")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh database with the schema, once on each of the two."""
    if request.param == "postgresql":
        return cluster().database()
    return fresh_database(tmp_path / "server.db")


@pytest.fixture
def house(database: str) -> Iterator[House]:
    with House(database) as opened:
        yield opened


@pytest.fixture
def sqlite_house(tmp_path: Path) -> Iterator[House]:
    with House(fresh_database(tmp_path / "server.db")) as opened:
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
