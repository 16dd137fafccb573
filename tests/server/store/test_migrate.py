"""Migrations: they make the tables of the schema, and know which databases they can upgrade."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text

from gonogo.server.store.errors import SchemaError
from gonogo.server.store.migrate import HEAD, SQUASHED, is_older, version
from gonogo.server.store.schema import metadata, orgs
from tests.server.house import House


def test_the_migrations_make_the_schema_that_the_tables_say(house: House) -> None:
    with house.store.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    assert differences == []


def test_head_names_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "gonogo.server.store:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


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


def test_a_database_of_the_last_development_version_is_renamed_and_loses_nothing(house: House) -> None:
    with house.store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :old"), {"old": SQUASHED})
        connection.execute(insert(orgs).values(id="old", name="old", created_at=house.now))
    house.store.upgrade()
    with house.store.read() as connection:
        assert version(connection) == HEAD
        assert connection.execute(select(orgs.c.name).where(orgs.c.id == "old")).scalar() == "old"


@pytest.mark.parametrize("revision", ["0001", "0050"])
def test_a_database_of_an_older_development_version_is_refused_in_words(house: House, revision: str) -> None:
    with house.store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :old"), {"old": revision})
    assert not is_older(revision)
    with pytest.raises(SchemaError, match=r"development version before 0\.1\.0\. Nothing was changed\. Install"):
        house.store.upgrade()
    with house.store.read() as connection:
        assert version(connection) == revision
