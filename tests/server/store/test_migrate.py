"""Migrations: they make the tables of the schema, and know which databases they can upgrade."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from gonogo.server.store.engine import Store
from gonogo.server.store.errors import SchemaError
from gonogo.server.store.migrate import FIRST, HEAD, SQUASHED, is_older, version
from gonogo.server.store.schema import campaigns, metadata, orgs, tasks
from tests.postgres import cluster
from tests.server.conftest import needs_postgresql
from tests.server.house import House


def test_the_migrations_make_the_schema_that_the_tables_say(house: House) -> None:
    with house.store.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    assert differences == []


def test_head_names_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "gonogo.server.store:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


@pytest.mark.slow
def test_a_current_database_is_opened_without_alembic(house: House) -> None:
    program = (
        "import sys; from gonogo.server.store.engine import Store; Store(sys.argv[1]).upgrade();"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, house.store.url.render_as_string()], check=True)


def test_a_database_of_a_newer_release_is_left_alone(house: House) -> None:
    with house.store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match="newer release"):
        house.store.upgrade()
    with house.store.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"


def _first_schema(connection: Connection) -> None:
    """The empty database with the tables of the first migration."""
    config = Config()
    config.set_main_option("script_location", "gonogo.server.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, FIRST)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgresql)])
def old_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of the first schema, under the name of the last development version."""
    on_sqlite = request.param == "sqlite"
    store = Store(f"sqlite:///{tmp_path / 'old.db'}" if on_sqlite else cluster().bare())
    with store.write() as connection:
        _first_schema(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = :old"), {"old": SQUASHED})
        connection.execute(text("INSERT INTO orgs (id, name, created_at) VALUES ('old', 'old', 0)"))
    yield store
    store.dispose()


def test_a_database_of_the_last_development_version_is_upgraded_and_loses_nothing(old_store: Store) -> None:
    old_store.upgrade()
    with old_store.read() as connection:
        assert version(connection) == HEAD
        assert connection.execute(select(orgs.c.name).where(orgs.c.id == "old")).scalar() == "old"


def test_early_stop_becomes_votes_by_risk_and_what_was_settled_stays_settled(old_store: Store) -> None:
    with old_store.write() as connection:
        for name, early in (("early", True), ("plain", False)):
            connection.execute(
                text(
                    "INSERT INTO campaigns (id, org_id, name, consensus_method, target_redundancy, gold_fraction,"
                    " acceptance_alpha, created_at, early_stop)"
                    " VALUES (:name, 'old', :title, 'majority', 3, 0.1, 0.8, 0, :early)"
                ),
                {"name": name, "title": name, "early": early},
            )
        connection.execute(
            text(
                "INSERT INTO tasks (id, campaign_id, target_kind, n_required, created_at, sheet_seq, place, status,"
                " consensus_verdict, agreement, posterior, submission_count)"
                " VALUES ('t', 'early', 'pmi', 3, 0, 1, 'a', 'resolved', 'correct', 0.7, 0.85, 3)"
            )
        )
    old_store.upgrade()
    with old_store.read() as connection:
        rows = connection.execute(select(campaigns.c.id, campaigns.c.votes, campaigns.c.min_votes)).all()
        assert {tuple(row) for row in rows} == {("early", "by_risk", 2), ("plain", "fixed", 1)}
        kept = connection.execute(select(tasks.c.settled_max_risk, tasks.c.settled_votes)).one()
        assert tuple(kept) == (0.2, 3)


@pytest.mark.parametrize("revision", ["0001", "0050"])
def test_a_database_of_an_older_development_version_is_refused_in_words(house: House, revision: str) -> None:
    with house.store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :old"), {"old": revision})
    assert not is_older(revision)
    with pytest.raises(SchemaError, match=r"development version before 0\.1\.0\. Nothing was changed\. Install"):
        house.store.upgrade()
    with house.store.read() as connection:
        assert version(connection) == revision
