"""The order of settling where several transactions settle at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from gonogo.schemas.labeling import LabelSubmit
from gonogo.server.export.settled import settled_lines
from gonogo.server.queue import submissions
from gonogo.server.store.schema import campaigns
from tests.server.house import House, people
from tests.server.test_many_writers import WAIT, blocked

ANNA, BEN = people(2)


def task_ids(lines: bytes) -> list[str]:
    return [json.loads(line)["task_id"] for line in lines.splitlines()]


def test_a_task_that_commits_late_is_not_passed_by(postgres_house: House) -> None:
    """It drew its place first, and becomes visible after the next one: a reader that took that one would miss it."""
    house = postgres_house
    campaign = house.campaign(name="pmi")
    early, late, next_one = house.add(campaign, {}, {}, {})
    house.submit(campaign, early, ANNA)
    first = settled_lines(house.store, campaign, "pmi", 0, 10)
    assert task_ids(first) == [early]
    cursor = json.loads(first)["cursor"]
    with ThreadPoolExecutor(1) as pool, house.store.write() as settling:
        row = settling.execute(select(campaigns).where(campaigns.c.id == campaign)).one()
        submissions.submit(settling, row, late, ANNA, LabelSubmit(verdict="correct"), house.now)
        settling.execute(select(1))  # its statements travel together; now all of them have run
        assert settled_lines(house.store, campaign, "pmi", cursor, 10) == b"", "nothing is new: it waits for nobody"
        house.submit(campaign, next_one, BEN)
        reading = pool.submit(settled_lines, house.store, campaign, "pmi", cursor, 10)
        assert blocked(house), "the reader waits for what settled before"
        settling.commit()
        assert task_ids(reading.result(WAIT)) == [late, next_one]
