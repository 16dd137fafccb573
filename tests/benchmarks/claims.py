"""What a claim and a submit cost: with few and with a million tasks, for a newcomer and after 20,000 own answers.

Run alone: `python -m tests.benchmarks.claims`. A pair is two transactions on SQLite with `synchronous=FULL`, as the
server makes them. The cases take turns, so that whatever else the machine does hits all of them alike.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, text

from gonogo.server.auth.principals import Voter
from gonogo.server.store.engine import Store
from tests.server.house import House

FEW, MANY, OWN = 1_000, 1_000_000, 20_000
PAIRS, TURN, WARM_UP = 400, 20, 20
WHO = Voter("00000000-0000-4000-8000-000000000001", "annotator")

_UUID = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'"
    " || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)
_TASKS = f"""
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
INSERT INTO tasks (id, campaign_id, target_kind, detail_kind, field_name, prompt, predicted_value,
    predicted_confidence, drawing_bbox, part_revision_id, n_required, created_at, sheet_seq, place, rank)
SELECT {_UUID}, :campaign, 'pmi', 'dimension', 'nominal', 'Is this dimension read right?', '{{"text": "⌀16,5 +0,1 0"}}',
    0.5, '[0.1, 0.1, 0.2, 0.2]', 'part-' || (i / 50), 3, 0, i / 50,
    printf('%08x.050000.%010d', i / 50, i), printf('00000000.%08x.050000.%010d', i / 50, i)
FROM n
"""
_OWN = [
    f"""INSERT INTO submissions (id, task_id, campaign_id, voter_id, voter_kind, verdict, created_at)
    SELECT {_UUID}, id, campaign_id, :voter, 'annotator', 'correct', 0 FROM tasks
    WHERE campaign_id = :campaign ORDER BY rank LIMIT :own""",
    """UPDATE tasks SET submission_count = 1, rank = '00000001.' || place
    WHERE id IN (SELECT task_id FROM submissions)""",
    """INSERT INTO voters (campaign_id, voter_id, cursor, n_served, n_done)
    SELECT :campaign, :voter, max('00000000.' || place), :own, :own FROM tasks WHERE submission_count = 1""",
    "UPDATE campaigns SET insert_round = '00000001', n_tasks = :count",
]


class Case:
    """One database, and the times of its pairs in milliseconds."""

    def __init__(self, folder: Path, name: str, count: int, own: int = 0) -> None:
        self.name = name
        path = folder / f"{name}.db"
        store = Store(f"sqlite:///{path}")
        store.upgrade()
        store.dispose()
        self.house = House(path)
        self.campaign = self.house.campaign(target_redundancy=3)
        self.times: list[float] = []
        with self.house.store.write() as connection:
            _fill(connection, {"campaign": self.campaign, "voter": WHO.id, "count": count, "own": own})
        with self.house.store.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self.take_turn(WARM_UP)
        self.times.clear()

    def take_turn(self, pairs: int = TURN) -> None:
        for _pair in range(pairs):
            started = time.perf_counter()
            claim = self.house.next(self.campaign, WHO)
            assert claim is not None
            self.house.submit(self.campaign, claim.task.id, WHO)
            self.times.append((time.perf_counter() - started) * 1000)

    def p50(self) -> float:
        return median(self.times)


def run(few: int = FEW, many: int = MANY, own: int = OWN) -> dict[str, Any]:
    """Milliseconds a pair (p50), and the two ratios that must stay near one."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        cases = [
            Case(here, "few", few),
            Case(here, "many", many),
            Case(here, "newcomer", 3 * own),
            Case(here, "veteran", 3 * own, own),
        ]
        for _turn in range(PAIRS // TURN):
            for case in cases:
                case.take_turn()
        p50 = {case.name: case.p50() for case in cases}
        for case in cases:
            case.house.store.dispose()
    return {
        "tasks": {"few": few, "many": many},
        "own_votes": own,
        "pair_p50_ms": {name: round(value, 3) for name, value in p50.items()},
        "many_over_few": round(p50["many"] / p50["few"], 2),
        "veteran_over_newcomer": round(p50["veteran"] / p50["newcomer"], 2),
    }


def _fill(connection: Connection, values: dict[str, Any]) -> None:
    """Bulk insert; the indexes are made afterwards, which is several times faster."""
    indexes = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'tasks' AND type = 'index'")
    )
    made = [(name, sql) for name, sql in indexes if sql is not None]
    for name, _sql in made:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    connection.execute(text(_TASKS), values)
    for statement in _OWN if values["own"] else ():
        connection.execute(text(statement), values)
    for _name, sql in made:
        connection.exec_driver_sql(sql)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
