"""Group commit: jobs that wait together share one transaction, and fail alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from gonogo.server.store import audit
from gonogo.server.store.compiled_statements import CompiledStatement
from gonogo.server.store.group_commit import GroupCommit
from gonogo.server.store.schema import audit_log, orgs
from tests.server.house import House


async def test_jobs_that_wait_together_commit_together_and_one_that_fails_takes_back_only_itself(house: House) -> None:
    store, commits = house.store, GroupCommit(house.store)

    async def add(name: str) -> str:
        def job(connection: Any) -> str:
            connection.execute(orgs.insert().values(id=name, name=name, created_at=house.now))
            if name == "bad":
                raise ValueError(name)
            return name

        return await commits.run(job)

    found = await asyncio.gather(*(add(name) for name in ("one", "bad", "two")), return_exceptions=True)
    assert [str(item) for item in found] == ["one", "bad", "two"]
    assert isinstance(found[1], ValueError)
    with pytest.raises(ValueError, match="bad"):
        await add("bad")
    with store.read() as connection:
        assert set(connection.execute(select(orgs.c.name)).scalars()) == {"local", "one", "two"}


async def test_the_chain_of_the_audit_log_stays_whole_when_jobs_and_transactions_are_taken_back(house: House) -> None:
    store, commits = house.store, GroupCommit(house.store)

    async def note(name: str) -> str:
        def job(connection: Any) -> str:
            audit.append(connection, name, house.now, actor="somebody")
            if name == "bad":
                raise ValueError(name)
            return name

        return await commits.run(job)

    with store.pinned():
        await asyncio.gather(*(note(name) for name in ("one", "bad", "two")), return_exceptions=True)
        with pytest.raises(ValueError, match="bad"):
            await note("bad")
        await note("three")
        with store.write() as tx:
            with suppress(ValueError), tx.begin_nested():
                audit.append(tx, "inner", house.now, actor="somebody")
                raise ValueError("inner")
            audit.append(tx, "four", house.now, actor="somebody")
    with store.read() as connection:
        actions = connection.execute(select(audit_log.c.action).order_by(audit_log.c.number)).scalars().all()
        assert [action for action in actions if action != "open_chain"] == ["one", "two", "three", "four"]
        assert audit.verify(connection).broken is None


def adding(house: House, name: str) -> Callable[[Connection], int]:
    """A job that adds a row which nobody waits for, and tells who served it."""

    def job(connection: Connection) -> int:
        ADD.run(connection, {"id": f"job{name}", "name": name, "created_at": house.now})
        audit.append(connection, "add", house.now, actor=name)
        found: int = BACKEND.scalar(connection, {})
        return found

    return job


def names(house: House) -> list[str]:
    with house.store.read() as connection:
        return NAMES.scalars(connection, {})


async def test_a_job_that_fails_with_its_commit_fails_alone(postgres_house: House) -> None:
    house, commits = postgres_house, GroupCommit(postgres_house.store)

    def twice(connection: Connection) -> int:
        adding(house, "b")(connection)
        ADD.run(connection, {"id": "joba", "name": "again", "created_at": house.now})  # fails with the COMMIT
        return 0

    def refused(connection: Connection) -> int:
        adding(house, "c")(connection)
        raise ValueError("refused")

    with commits.pinned():
        await commits.run(adding(house, "a"))
        jobs = [twice, adding(house, "d"), refused, adding(house, "e"), twice, adding(house, "f")]
        found = await asyncio.gather(*(commits.run(job) for job in jobs), return_exceptions=True)
        kinds = [type(each) for each in found]
        assert kinds == [IntegrityError, int, ValueError, int, IntegrityError, int]
        assert names(house) == ["a", "d", "e", "f"]
        for name in "ghijk":  # every connection is of use again
            await commits.run(adding(house, name))
        assert names(house) == [*"adefghijk"]
    with house.store.read() as connection:
        assert audit.verify(connection).broken is None


async def test_a_connection_that_breaks_fails_the_job_and_is_opened_again(postgres_house: House) -> None:
    house, commits = postgres_house, GroupCommit(postgres_house.store)

    def last_words(connection: Connection) -> int:
        ADD.run(connection, {"id": "job", "name": "", "created_at": house.now})
        END_OWN.run(connection, {})
        return 0

    with commits.pinned():
        with pytest.raises(OperationalError):
            await commits.run(last_words)
        await commits.run(adding(house, "a"))
        assert names(house) == ["a"]


ADD = CompiledStatement(orgs.insert(), ["id", "name", "created_at"])
BACKEND = CompiledStatement(text("SELECT pg_backend_pid() AS number"))
NAMES = CompiledStatement(text("SELECT name FROM orgs WHERE id LIKE 'job%' ORDER BY id"))
END_OWN = CompiledStatement(text("SELECT pg_terminate_backend(pg_backend_pid())"))
