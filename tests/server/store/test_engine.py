"""The engine: files of the database, and transactions."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from gonogo.server.store.engine import Store
from gonogo.server.store.schema import orgs, projects
from tests.server.house import START, House


def test_an_acknowledged_write_is_on_disk_and_others_cannot_read_the_file(sqlite_house: House) -> None:
    with sqlite_house.store.write() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_fresh_database_is_private(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "new.db"
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    store.dispose()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_failed_savepoint_takes_back_only_itself(house: House) -> None:
    def add(connection: Connection, name: str) -> None:
        connection.execute(insert(orgs).values(id=name, name=name, created_at=house.now))

    with house.store.pinned(), house.store.write() as connection:
        add(connection, "kept")
        with pytest.raises(ValueError, match="dropped"), connection.begin_nested():  # noqa: PT012 - the block is tested
            add(connection, "dropped")
            raise ValueError("dropped")
    with house.store.read() as connection:
        names = set(connection.execute(select(orgs.c.name)).scalars())
    assert "kept" in names
    assert "dropped" not in names


def test_a_failed_transaction_leaves_nothing(house: House) -> None:
    with pytest.raises(ValueError, match="no"), house.store.pinned(), house.store.write() as connection:  # noqa: PT012
        connection.execute(insert(orgs).values(id="x", name="x", created_at=house.now))
        raise ValueError("no")
    with house.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(orgs)).scalar() == 1


def test_a_write_transaction_inside_another_is_a_bug_that_does_no_harm(house: House) -> None:
    with house.store.pinned():
        with house.store.write() as outer:
            outer.execute(insert(orgs).values(id="outer", name="outer", created_at=house.now))
            with pytest.raises(RuntimeError, match="already"), house.store.write():
                pass
        with house.store.read() as connection:
            assert connection.execute(select(func.count()).where(orgs.c.id == "outer")).scalar() == 1


def test_a_password_is_in_no_representation() -> None:
    assert "hunter2" not in repr(Store("postgresql://lead:hunter2@db/gonogo"))


def test_a_commit_that_fails_does_not_spoil_the_connection_a_thread_keeps(house: House) -> None:
    """As on a full disk: when there is room again, the next request is answered."""
    store = house.store
    orphan = {"id": "p1", "org_id": "nobody", "name": "x", "selection_policy": {}, "target_kinds": []}

    def write() -> None:
        with store.write() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")  # so that COMMIT is what fails
            connection.execute(insert(projects).values(**orphan, created_at=START))

    with store.pinned():
        for _ in range(2):
            with pytest.raises(IntegrityError):
                write()
        with store.write() as connection:
            connection.execute(insert(orgs).values(id="later", name="later", created_at=START))
    with store.read() as connection:
        assert connection.execute(select(func.count()).where(orgs.c.id == "later")).scalar() == 1
        assert connection.execute(select(func.count()).where(projects.c.id == "p1")).scalar() == 0


def test_a_connection_that_is_in_use_while_the_store_is_disposed_is_closed_on_its_return(house: House) -> None:
    with house.store.read() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        house.store.dispose()
        assert connection.execute(select(func.count()).select_from(orgs)).scalar() is not None
    with pytest.raises(Exception, match="closed"):
        driver.cursor().execute("SELECT 1")
