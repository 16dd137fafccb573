"""Conflicts of a simulated crowd over real readings: how many find a group, and keys a conflict with and without.

The readings and their errors are those of three readers on four production drawings (`shared/drawings`), on six parts
each. Two voters notice a wrong reading with 0.9 and 0.55, and then type the right value (3 % mistype a digit); both
call 2 % of the right ones wrong. The server takes the votes and makes the queue. The expert knows the truth, rules each
conflict alone, or group by group: first item, `o`, Enter for a page, Space where the proposal is not the truth; what
the sheet leaves is ruled alone. Pages are those of a terminal of 120 × 40.

`python -m tests.benchmarks clusters` prints the numbers as JSON, `python -m tests.benchmarks.clusters 24` those of 24
parts each.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gonogo.desk.review.clusters import Cluster, Grouping, cluster_key, clustered
from gonogo.desk.review.example import Example, proposed
from gonogo.desk.review.models import QueueRow, ReviewFilters, Ruling
from gonogo.desk.review.server_adapter import ReviewServer
from gonogo.tui.layout.page_shape import PageShape, page_shape
from gonogo.tui.viewport import Viewport
from gonogo.values import equal
from tests.server.house import House
from tests.server.review.conftest import Bench
from tests.server.web import serving
from tests.shared_material import DRAWINGS
from tests.sqlite import fresh_database

N_PARTS = 6
NOTICES = {"ana": 0.9, "bob": 0.55}
MISTYPED, FALSE_ALARM = 0.03, 0.02
WIDTH, HEIGHT = 120, 37
"""Cells of a page of tiles in a terminal of 120 × 40."""


@dataclass
class Expert:
    """Keys of an expert who knows the right value of each task."""

    truths: dict[str, str]
    keys: int = 0
    screens: int = 0
    """Cases and pages that were looked at."""
    by_page: int = 0
    left: Counter[str] = field(default_factory=Counter)

    def a_conflict(self, n_rows: int) -> dict[str, float]:
        """Keys and screens a conflict."""
        return {
            "keys a conflict": round(self.keys / n_rows, 2),
            "screens a conflict": round(self.screens / n_rows, 2),
        }

    def ruling(self, row: QueueRow) -> Ruling:
        """The right ruling."""
        truth = self.truths[row.task.id]
        if equal(row.task.predicted_value, {"text": truth}).equal:
            return Ruling("correct")
        return Ruling("incorrect", {"text": truth})

    def rule_alone(self, row: QueueRow) -> None:
        """One key; a value that no voter gave is typed."""
        ruling = self.ruling(row)
        given = any(ruling.value and equal(answer.value, ruling.value).equal for answer in row.answers)
        self.screens += 1
        self.keys += 1 if ruling.value is None or given else len(self.truths[row.task.id]) + 2

    def rule_cluster(self, cluster: Cluster) -> None:
        """The ruling on the first item, `o`, the pages, Esc; then what is left alone: the next case is always there."""
        first, *others = cluster.rows
        example = self.ruling(first)
        self.rule_alone(first)
        rest = others
        if others:
            self.keys += 2
            rest = []
            while others:
                shape = page_shape([row.task for row in others], WIDTH, HEIGHT, Viewport(), 2)
                page, others = others[: shape.n_tiles], others[shape.n_tiles :]
                rest += self._confirm(page, Example(first, example, cluster.key), shape)
        for row in rest:
            self.rule_alone(row)

    def _confirm(self, page: Sequence[QueueRow], example: Example, shape: PageShape) -> list[QueueRow]:
        """Strikes what is wrong, each with the moves to it, and confirms; returns what waits."""
        self.keys += 1
        self.screens += 1
        waits, at = [], 0
        for place, row in enumerate(page):
            proposal, truth = proposed(row, example), self.ruling(row)
            right = proposal.ruling is not None and proposal.ruling.verdict == truth.verdict
            right = right and (truth.value is None or equal(proposal.ruling.value, truth.value).equal)  # type: ignore[union-attr]
            if proposal.waits:
                self.left[proposal.waits] += 1
                waits.append(row)
            elif right:
                self.by_page += 1
            else:
                self.keys += 1 + _moves(at, place, shape.columns)
                at = place
                self.left["struck"] += 1
                waits.append(row)
        return waits


def _moves(start: int, end: int, columns: int) -> int:
    return abs(start // columns - end // columns) + abs(start % columns - end % columns)


def run(n_parts: int = N_PARTS) -> dict[str, Any]:
    """Shares of the conflicts in a group, and keys a conflict: alone, by cause, by equal value."""
    if DRAWINGS is None:
        return {"skipped": "the shared drawings are not here"}
    lines = [json.loads(line) for line in (DRAWINGS / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    rows, truths = asyncio.run(_queue(lines, n_parts))
    result: dict[str, Any] = {"tasks": n_parts * len(lines), "conflicts": len(rows)}
    result["with a cause"] = round(sum(bool(row.cause) for row in rows) / len(rows), 3)
    alone = Expert(truths)
    for row in rows:
        alone.rule_alone(row)
    result["alone"] = alone.a_conflict(len(rows))
    for grouping in (Grouping.CAUSE, Grouping.VALUE):
        result[f"by {grouping}"] = _by(grouping, rows, truths)
    return result


def _by(grouping: Grouping, rows: Sequence[QueueRow], truths: dict[str, str]) -> dict[str, Any]:
    expert = Expert(truths)
    clusters = clustered(rows, [cluster_key(row, grouping) for row in rows])
    for cluster in clusters:
        if cluster.key:
            expert.rule_cluster(cluster)
        else:
            for row in cluster.rows:
                expert.rule_alone(row)
    grouped = sum(len(cluster.rows) for cluster in clusters if cluster.key)
    return {
        "groups": len([cluster for cluster in clusters if cluster.key]),
        "in a group": round(grouped / len(rows), 3),
        "ruled by a page": round(expert.by_page / len(rows), 3),
        **expert.a_conflict(len(rows)),
        "left": dict(expert.left.most_common()),
    }


async def _queue(lines: Sequence[dict[str, Any]], n_parts: int) -> tuple[list[QueueRow], dict[str, str]]:
    """The review queue of the crowd's votes on a whole server, and the truths by task."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder, House(fresh_database(Path(folder) / "server.db")) as house:
        async with serving(house) as web:
            bench = Bench(web, await web.campaign(gold_fraction=0, target_redundancy=len(NOTICES)))
            truths: dict[str, str] = {}
            for part in range(n_parts):
                ids = await web.add(bench.campaign, *(_task(line, part) for line in lines))
                truths |= dict(zip(ids, (line["truth"]["text"] for line in lines), strict=True))
                for task, line in zip(ids, lines, strict=True):
                    await _vote(bench, task, line, rng)
            async with bench.api() as api:
                server = ReviewServer(api)
                await server.discover_capabilities()
                return await _rows(server, bench.campaign), truths


async def _rows(server: ReviewServer, campaign: str) -> list[QueueRow]:
    rows: list[QueueRow] = []
    cursor: str | None = None
    while True:
        page = await server.page(campaign, ReviewFilters(), cursor, causes=True)
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            return rows


def _task(line: dict[str, Any], part: int) -> dict[str, Any]:
    return {
        "predicted_value": line["predicted_value"],
        "drawing_bbox": line["bbox"],
        "part_revision_id": f"{line['part']}-{part}",
    }


async def _vote(bench: Bench, task: str, line: dict[str, Any], rng: random.Random) -> None:
    """The answers of the crowd to one task."""
    truth = str(line["truth"]["text"])
    right = equal(line["predicted_value"], line["truth"]).equal
    for name, notices in NOTICES.items():
        wrong = rng.random() < (FALSE_ALARM if right else notices)
        mistyped = right or rng.random() < MISTYPED
        value = _mistyped(truth, rng) if mistyped else truth
        await bench.vote(task, **{name: ("incorrect", value) if wrong else "correct"})


def _mistyped(text: str, rng: random.Random) -> str:
    """The text with one digit wrong."""
    places = [place for place, character in enumerate(text) if character.isdigit()]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + str((int(text[at]) + rng.randint(1, 9)) % 10) + text[at + 1 :]


if __name__ == "__main__":
    print(json.dumps(run(*map(int, sys.argv[1:])), indent=2, ensure_ascii=False))
