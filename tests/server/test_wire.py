"""Statements that wait for the next one, on PostgreSQL: in order, and none is lost or left behind."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DataError, IntegrityError

from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.schema import orgs
from tests.server.house import House

ADD = CompiledStatement(orgs.insert(), ["id", "name", "created_at"])
NAMES = CompiledStatement(text("SELECT name FROM orgs WHERE id LIKE 'w%' ORDER BY id"))


def add(house: House, connection: object, *names: str) -> None:
    for name in names:
        ADD.later(connection, {"id": f"w{name}", "name": name, "created_at": house.now})  # type: ignore[arg-type]


def test_what_waits_is_there_for_every_later_statement_and_after_the_end(postgres_house: House) -> None:
    house = postgres_house
    with house.store.pinned():
        with house.store.write() as connection:
            add(house, connection, "1", "2")
            assert NAMES.scalars(connection, {}) == ["1", "2"]
            add(house, connection, "3")
            found = connection.execute(select(orgs.c.name).where(orgs.c.id == "w3")).scalar()  # another way to send
            assert found == "3"
            add(house, connection, "4")
        with house.store.write() as connection:
            add(house, connection, "5")
        with house.store.write() as connection:
            with suppress(ValueError), connection.begin_nested():
                add(house, connection, "6")
                raise ValueError("undone")
            add(house, connection, "7")
    with house.store.read() as connection:
        assert NAMES.scalars(connection, {}) == ["1", "2", "3", "4", "5", "7"]


@pytest.mark.parametrize("kept", [True, False])
def test_what_waited_and_failed_fails_the_transaction(postgres_house: House, kept: bool) -> None:
    house = postgres_house

    def write(*names: str) -> None:
        with house.store.write() as connection:
            add(house, connection, *names)

    def both() -> None:
        write("1")
        with pytest.raises(IntegrityError):
            write("2", "1", "3")
        write("4")

    if kept:
        with house.store.pinned():
            both()
    else:
        both()
    with house.store.read() as connection:
        assert NAMES.scalars(connection, {}) == ["1", "4"]


def test_values_go_there_and_back_unchanged(postgres_house: House) -> None:
    given = {"text": "⌀8 % %(x)s $1 '\"\\", "whole": -(2**62), "part": 0.1, "yes": True, "raw": b"\0\xff", "none": None}
    casts = {"text": "text", "whole": "bigint", "part": "float8", "yes": "boolean", "raw": "bytea", "none": "text"}
    columns = ", ".join(f"CAST(:{name} AS {cast}) AS {name}" for name, cast in casts.items())
    query = CompiledStatement(text(f"SELECT {columns}"))
    with postgres_house.store.write() as connection:
        assert query.one(connection, given)._asdict() == given
        with pytest.raises(DataError, match="NUL"):
            query.one(connection, {**given, "text": "a\0b"})
