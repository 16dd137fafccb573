"""Transactions on PostgreSQL whose ends are awaited while the loop goes on: all durable, none in another's way."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store import audit, postgres_commit
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.group_commit import GroupCommit
from gonogo.server.store.schema.campaigns import orgs, tasks
from tests.server.house import House
from tests.server.storm import signed_in
from tests.server.web import LABELING

ADD = CompiledStatement(orgs.insert(), ["id", "name", "created_at"])
TOUCH = CompiledStatement(text("UPDATE orgs SET name = name || :more WHERE id = 'lane'"))
BACKEND = CompiledStatement(text("SELECT pg_backend_pid() AS number"))
NAMES = CompiledStatement(text("SELECT name FROM orgs WHERE id LIKE 'lane%' ORDER BY id"))
MANY = 3 * postgres_commit.MOST


def adding(house: House, name: str) -> Callable[[Connection], int]:
    """A job that adds a row which nobody waits for, and tells who served it."""

    def job(connection: Connection) -> int:
        ADD.later(connection, {"id": f"lane{name}", "name": name, "created_at": house.now})
        audit.append(connection, "add", house.now, actor=name)
        found: int = BACKEND.scalar(connection, {})
        return found

    return job


def names(house: House) -> list[str]:
    with house.store.read() as connection:
        return NAMES.scalars(connection, {})


async def test_transactions_that_come_together_go_on_together_and_are_all_there(postgres_house: House) -> None:
    house, batch = postgres_house, GroupCommit(postgres_house.store)
    with batch.resident():
        wanted = [f"{number:02}" for number in range(MANY)]
        served = await asyncio.gather(*(batch.do(adding(house, name)) for name in wanted))
        assert names(house) == wanted
    assert len(set(served)) == postgres_commit.MOST
    with house.store.read() as connection:
        assert audit.verify(connection).broken is None


async def test_what_fails_at_its_end_fails_alone(postgres_house: House) -> None:
    house, batch = postgres_house, GroupCommit(postgres_house.store)

    def twice(connection: Connection) -> int:
        adding(house, "b")(connection)
        ADD.later(connection, {"id": "lanea", "name": "again", "created_at": house.now})  # fails with the COMMIT
        return 0

    def refused(connection: Connection) -> int:
        adding(house, "c")(connection)
        raise ValueError("refused")

    with batch.resident():
        await batch.do(adding(house, "a"))
        jobs = [twice, adding(house, "d"), refused, adding(house, "e"), twice, adding(house, "f")]
        found = await asyncio.gather(*(batch.do(job) for job in jobs), return_exceptions=True)
        kinds = [type(each) for each in found]
        assert kinds == [IntegrityError, int, ValueError, int, IntegrityError, int]
        assert names(house) == ["a", "d", "e", "f"]
        for name in "ghijk":  # every connection is of use again
            await batch.do(adding(house, name))
        assert names(house) == [*"adefghijk"]
    with house.store.read() as connection:
        assert audit.verify(connection).broken is None


async def test_one_that_waits_for_the_lock_of_another_gets_it(postgres_house: House) -> None:
    house, batch = postgres_house, GroupCommit(postgres_house.store)

    def touch(connection: Connection) -> int:
        TOUCH.later(connection, {"more": "."})
        return TOUCH.run(connection, {"more": "."})

    with batch.resident():
        await batch.do(lambda connection: ADD.run(connection, {"id": "lane", "name": "", "created_at": house.now}))
        await asyncio.gather(*(batch.do(touch) for _number in range(MANY)))
    assert names(house) == ["." * 2 * MANY]


async def test_a_request_given_up_at_its_end_is_done_and_leaves_its_connection_in_order(postgres_house: House) -> None:
    house, batch = postgres_house, GroupCommit(postgres_house.store)
    with batch.resident():
        await batch.do(adding(house, "a"))  # the first one opens the connection's chain, and waits for that itself
        for name in "bcdef":
            given_up = asyncio.ensure_future(batch.do(adding(house, name)))
            await asyncio.sleep(0)  # its COMMIT is on its way
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
        await batch.do(adding(house, "g"))
        assert names(house) == [*"abcdefg"]


async def test_when_connections_broke_one_request_is_told_and_all_are_opened_again(postgres_house: House) -> None:
    house, batch = postgres_house, GroupCommit(postgres_house.store)
    numbers = itertools.count(10)

    async def many() -> list[Any]:
        jobs = (batch.do(adding(house, str(next(numbers)))) for _lane in range(postgres_commit.MOST))
        return await asyncio.gather(*jobs, return_exceptions=True)

    with batch.resident():
        while (
            len(backends := set(await many())) < postgres_commit.MOST
        ):  # each opens a chain, and waits for that itself
            pass
        with house.store.write() as connection:
            for backend in backends:
                connection.execute(text("SELECT pg_terminate_backend(:backend, 5000)"), {"backend": backend})
        found = await many()
        assert sorted(type(each).__name__ for each in found) == [
            "OperationalError",
            *["int"] * (postgres_commit.MOST - 1),
        ]
        assert all(isinstance(each, int) for each in await many())
        assert len(names(house)) == next(numbers) - 10 - 1


async def test_a_connection_that_breaks_while_its_end_is_awaited_tells_the_request(postgres_house: House) -> None:
    house, batch = postgres_house, GroupCommit(postgres_house.store)

    def last_words(connection: Connection) -> int:
        ADD.later(connection, {"id": "lane", "name": "", "created_at": house.now})
        END_OWN.later(connection, {})
        return 0

    with batch.resident():
        with pytest.raises(OperationalError):
            await batch.do(last_words)
        await batch.do(adding(house, "a"))
        assert names(house) == ["a"]


END_OWN = CompiledStatement(text("SELECT pg_terminate_backend(pg_backend_pid())"))


async def test_a_vote_that_is_ended_by_a_deadlock_is_begun_again(postgres_house: House) -> None:
    house = postgres_house
    campaign = house.campaign()
    house.add(campaign, {})
    (token,) = signed_in(house, campaign, 1)
    with house.store.write() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '2s'"))
    house.store.dispose()
    app = create_app(ServerSettings(database_url="unused"), store=house.store, clock=lambda: house.now)
    transport, bearer = httpx.ASGITransport(app), {"Authorization": f"Bearer {token}"}
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, headers=bearer) as client:
        task = (await client.post(f"http://t{LABELING}/campaigns/{campaign}/next-task")).json()
        locked = threading.Event()
        rival = asyncio.ensure_future(asyncio.to_thread(_lock_the_other_way_round, house, task["id"], locked))
        await asyncio.to_thread(locked.wait, 30)
        answer = await client.post(f"http://t{LABELING}/tasks/{task['id']}/submit", json={"verdict": "correct"})
        await rival
    assert answer.status_code == 201
    with house.store.read() as connection:
        assert connection.execute(select(tasks.c.submission_count)).scalars().all() == [1]


def _lock_the_other_way_round(house: House, task_id: str, locked: threading.Event) -> None:
    with house.store.engine.begin() as connection:
        connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # so that it is the other one who is ended
        connection.execute(text("SELECT 1 FROM tasks WHERE id = :task FOR UPDATE"), {"task": task_id})
        locked.set()
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        end = time.monotonic() + 30
        while not connection.execute(waiting).scalar() and time.monotonic() < end:
            connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        connection.execute(text("SELECT 1 FROM voters FOR UPDATE"))
