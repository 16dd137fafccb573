"""Overlapped commits: nobody waits for the disk on behalf of another, and no writer is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gonogo.server.store.overlapped_commits import WRITERS, OverlappedCommits
from gonogo.server.store.schema import orgs
from tests.server.house import House

GATE = 4_711
"""An advisory lock that every commit of an organisation named `slow…` waits for."""


@pytest.fixture
def commits(postgres_house: House) -> Iterator[OverlappedCommits]:
    with postgres_house.store.write() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON orgs DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW WHEN (NEW.name LIKE 'slow%') EXECUTE FUNCTION wait_at_gate()"
            )
        )
    opened = OverlappedCommits(postgres_house.store)
    yield opened
    opened.close()


@contextmanager
def gate_closed(house: House) -> Iterator[Callable[[], object]]:
    """Holds the commits of slow organisations back until the given function is called."""
    with house.store.engine.connect() as gate:
        gate.execute(text(f"SELECT pg_advisory_lock({GATE})"))
        yield lambda: gate.execute(text(f"SELECT pg_advisory_unlock({GATE})"))


def adding(house: House, name: str) -> Callable[[Connection], str]:
    def job(connection: Connection) -> str:
        connection.execute(orgs.insert().values(id=name, name=name, created_at=house.now))
        return name

    return job


def names(house: House) -> set[str]:
    with house.store.read() as connection:
        return set(connection.execute(select(orgs.c.name)).scalars()) - {"local"}


async def test_a_job_is_durable_while_the_commit_of_another_waits(
    postgres_house: House, commits: OverlappedCommits
) -> None:
    house = postgres_house
    with gate_closed(house) as open_gate:
        slow = asyncio.ensure_future(commits.run(adding(house, "slow")))
        assert await commits.run(adding(house, "quick")) == "quick"
        assert names(house) == {"quick"}
        assert not slow.done()
        open_gate()
    assert await slow == "slow"
    assert names(house) == {"quick", "slow"}


async def test_a_cancelled_request_keeps_its_writer_until_the_commit_has_ended(
    postgres_house: House, commits: OverlappedCommits
) -> None:
    house = postgres_house
    with gate_closed(house) as open_gate:
        slow = [asyncio.ensure_future(commits.run(adding(house, f"slow {n}"))) for n in range(WRITERS)]
        waiting = asyncio.ensure_future(commits.run(adding(house, "next")))
        await asyncio.sleep(0)  # all have begun
        for request in slow:
            request.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert not waiting.done()
        open_gate()
    assert await waiting == "next"
    for n in range(2 * WRITERS):
        await commits.run(adding(house, f"later {n}"))
    await asyncio.to_thread(commits.close)
    assert names(house) >= {"next", *(f"slow {n}" for n in range(WRITERS))}


async def test_a_job_that_still_waits_when_all_is_closed_opens_no_connection(
    postgres_house: House, commits: OverlappedCommits
) -> None:
    house = postgres_house
    with gate_closed(house) as open_gate:
        slow = [asyncio.ensure_future(commits.run(adding(house, f"slow {n}"))) for n in range(WRITERS)]
        late = asyncio.ensure_future(commits.run(adding(house, "late")))
        await asyncio.sleep(0)  # all have begun
        open_gate()
    commits.close()
    with pytest.raises(PoolTimeout):
        await late
    await asyncio.gather(*slow)
    assert names(house) == {f"slow {n}" for n in range(WRITERS)}


async def test_a_commit_that_fails_fails_its_job_alone(postgres_house: House, commits: OverlappedCommits) -> None:
    house = postgres_house
    with house.store.write() as connection:
        connection.execute(text("ALTER TABLE orgs ADD CONSTRAINT once UNIQUE (name) DEFERRABLE INITIALLY DEFERRED"))

    def again(connection: Connection) -> None:
        connection.execute(orgs.insert().values(id="again", name="first", created_at=house.now))

    await commits.run(adding(house, "first"))
    for _turn in range(WRITERS + 1):
        with pytest.raises(IntegrityError):
            await commits.run(again)
    assert await commits.run(adding(house, "second")) == "second"
    assert names(house) == {"first", "second"}
