"""Compiled statements: part of their connection's transaction, with values that go there and back unchanged."""

from __future__ import annotations

from contextlib import nullcontext, suppress

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DataError, IntegrityError

from gonogo.server.store.compiled_statements import CompiledStatement
from gonogo.server.store.schema import orgs
from tests.server.house import House

ADD = CompiledStatement(orgs.insert(), ["id", "name", "created_at"])
NAMES = CompiledStatement(text("SELECT name FROM orgs WHERE id LIKE 'w%' ORDER BY id"))


def add(house: House, connection: Connection, *names: str) -> None:
    for name in names:
        ADD.run(connection, {"id": f"w{name}", "name": name, "created_at": house.now})


@pytest.mark.parametrize("pinned", [True, False])
def test_statements_share_the_transaction_of_their_connection(house: House, pinned: bool) -> None:
    with house.store.pinned() if pinned else nullcontext():
        with house.store.write() as connection:
            add(house, connection, "1", "2")
            assert NAMES.scalars(connection, {}) == ["1", "2"]
            by_sqlalchemy = connection.execute(select(orgs.c.name).where(orgs.c.id == "w2")).scalar()
            assert by_sqlalchemy == "2"
            with suppress(ValueError), connection.begin_nested():
                add(house, connection, "3")
                raise ValueError("undone")
            add(house, connection, "4")
        with house.store.write() as connection:
            add(house, connection, "5")
    with house.store.read() as connection:
        assert NAMES.scalars(connection, {}) == ["1", "2", "4", "5"]


@pytest.mark.parametrize("pinned", [True, False])
def test_a_statement_that_fails_fails_the_transaction(house: House, pinned: bool) -> None:
    def write(*names: str) -> None:
        with house.store.write() as connection:
            add(house, connection, *names)

    with house.store.pinned() if pinned else nullcontext():
        write("1")
        with pytest.raises(IntegrityError):
            write("2", "1", "3")
        write("4")
    with house.store.read() as connection:
        assert NAMES.scalars(connection, {}) == ["1", "4"]


def test_values_go_there_and_back_unchanged(postgres_house: House) -> None:
    given = {"text": "⌀8 % %(x)s $1 '\"\\", "whole": -(2**62), "part": 0.1, "yes": True, "raw": b"\0\xff", "none": None}
    casts = {"text": "text", "whole": "bigint", "part": "float8", "yes": "boolean", "raw": "bytea", "none": "text"}
    columns = ", ".join(f"CAST(:{name} AS {cast}) AS {name}" for name, cast in casts.items())
    query = CompiledStatement(text(f"SELECT {columns}"))
    with postgres_house.store.write() as connection:
        assert query.one(connection, given) == tuple(given.values())
        with pytest.raises(DataError, match="NUL"):
            query.one(connection, {**given, "text": "a\0b"})
