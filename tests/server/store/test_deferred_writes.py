"""Deferred writes: sent together, in time for whoever reads them, and gone with their transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress

import pytest
from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.exc import IntegrityError

from gonogo.server.store.compiled_statements import CompiledStatement
from gonogo.server.store.schema import campaigns, orgs, users
from tests.server.house import House

ADD_ORG = CompiledStatement(orgs.insert(), ["id", "name", "created_at"])
ADD_USER = CompiledStatement(users.insert(), ["id", "org_id", "name", "created_at"])
RENAME = CompiledStatement(
    campaigns.update().where(campaigns.c.id == bindparam("campaign")).values(name=bindparam("new"))
)
NAMES = CompiledStatement(select(orgs.c.name).where(orgs.c.id.like("w%")).order_by(orgs.c.id))


@pytest.fixture(params=[True, False], ids=["pinned", "pooled"])
def connections(request: pytest.FixtureRequest, house: House) -> AbstractContextManager[None]:
    return house.store.pinned() if request.param else nullcontext()


def add(house: House, connection: Connection, *names: str) -> None:
    for name in names:
        ADD_ORG.later(connection, {"id": f"w{name}", "name": name, "created_at": house.now})


def names(house: House) -> list[str]:
    with house.store.read() as connection:
        return NAMES.scalars(connection, {})


def test_a_transaction_reads_what_it_wrote(house: House, connections: AbstractContextManager[None]) -> None:
    with connections, house.store.write() as connection:
        add(house, connection, "1", "2")
        assert NAMES.scalars(connection, {}) == ["1", "2"]
        add(house, connection, "3")
        by_sqlalchemy = select(func.count()).select_from(orgs).where(orgs.c.id.like("w%"))
        assert connection.execute(by_sqlalchemy).scalar() == 3
        add(house, connection, "4")
    assert names(house) == ["1", "2", "3", "4"]


def test_what_is_rolled_back_is_not_sent_later(house: House, connections: AbstractContextManager[None]) -> None:
    with connections:
        with suppress(ValueError), house.store.write() as connection:
            add(house, connection, "1")
            raise ValueError("undone")
        with house.store.write() as connection:
            add(house, connection, "2")
            with suppress(ValueError), connection.begin_nested():
                add(house, connection, "3")
                raise ValueError("undone")
            add(house, connection, "4")
    assert names(house) == ["2", "4"]


def test_a_write_that_fails_fails_its_transaction(house: House, connections: AbstractContextManager[None]) -> None:
    with connections:
        with house.store.write() as connection:
            add(house, connection, "1")
        with pytest.raises(IntegrityError), house.store.write() as connection:
            add(house, connection, "2", "1")
        with house.store.write() as connection:
            add(house, connection, "3")
    assert names(house) == ["1", "3"]


def test_writes_of_several_tables_are_one_statement(postgres_house: House) -> None:
    house, odd = postgres_house, "100 % %(name)s %s"
    campaign = house.campaign()
    with house.store.write() as connection:
        NAMES.all(connection, {})
        add(house, connection, odd)
        ADD_USER.later(connection, {"id": "u1", "org_id": house.lead.org_id, "name": odd, "created_at": house.now})
        RENAME.later(connection, {"campaign": campaign, "new": odd})
        add(house, connection, "next")
    written = "SELECT name, cmin::text::int FROM {} WHERE name LIKE '100 %%' OR name = 'next' ORDER BY 2"
    with house.store.read() as connection:
        rows = {
            table: connection.exec_driver_sql(written.format(table)).all() for table in ("orgs", "users", "campaigns")
        }
    together = rows["users"][0].cmin  # the number of the statement in its transaction
    assert rows["users"] == rows["campaigns"] == [(odd, together)]
    assert rows["orgs"][0] == (odd, together)
    assert rows["orgs"][1].cmin > together  # one statement may not write a table twice
