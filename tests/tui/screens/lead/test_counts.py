"""Counts of one campaign are the same wherever a lead reads them; gold is named beside them, to leads alone."""

from __future__ import annotations

import io
import json

from gonogo.client.lead_client import progress_of
from gonogo.desk.lead.campaign_snapshot import fetch_snapshot
from gonogo.report.progress import queue_text
from gonogo.report.quality import report_lines
from gonogo.transfer.exporting.export_campaign import export_campaign
from gonogo.tui.presenters.lead import campaigns
from tests.server.review.conftest import Bench
from tests.server.web import LABELING, OURS
from tests.tui.screens.conftest import Room


async def worked_on(bench: Bench) -> None:
    """Seven tasks: two settled, one in review, one held, one skipped, two untouched; and two gold ones."""
    right, ruled, split, *_ = [await bench.task(predicted_value={"text": f"{n},5"}) for n in range(5)]
    for text in ("70", "80"):
        await bench.task(predicted_value={"text": text})
    for text in ("M8", "M10"):
        await bench.task(predicted_value={"text": text}, is_gold=True, gold_answer="correct")
    await bench.vote(split, ana="correct", bob="incorrect")
    for task in (right, ruled):
        answer = await bench.web.lead.post(f"{LABELING}/tasks/{task}/adjudicate", json={"verdict": "correct"})
        assert answer.status_code == 200, answer.text
    ana = await bench.person("ana")
    for _ in range(2):
        claimed = await ana.post(f"{LABELING}/campaigns/{bench.campaign}/next-task")
        assert claimed.status_code == 200, claimed.text
    # the first one stays held, the second is skipped
    given_back = claimed.json()["id"]
    assert (await ana.post(f"{OURS}/tasks/{given_back}/release")).is_success


async def test_counts_agree_everywhere(room: Room) -> None:
    bench = room.bench
    await worked_on(bench)
    async with bench.api() as api:
        (listed,) = (await api.list_campaigns()).data
        shown = await api.campaign_detail(bench.campaign)
        progress = await progress_of(api, bench.campaign)
        report = (await api.campaign_quality(bench.campaign)).model_dump()
        snapshot = await fetch_snapshot(api, bench.campaign)
        stream = io.BytesIO()
        export = await export_campaign(api, listed, stream)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    work = [line["status"] for line in lines if not line["is_gold"]]
    assert [listed.task_count, shown.task_count, progress.n_tasks, report["n_tasks"], len(work)] == [7] * 5
    assert [listed.resolved_count, shown.resolved_count, progress.n_resolved, work.count("resolved")] == [2] * 4
    assert [progress.n_in_review, work.count("in_review")] == [1] * 2
    assert [progress.n_open, work.count("open")] == [4] * 2
    assert [shown.n_gold, snapshot.n_gold, export.n_gold, len(lines) - len(work)] == [2] * 4
    assert export.n_tasks == len(lines) == 9
    assert queue_text(progress).endswith("left (1 of them held) · 1 in review · 2 done") or progress.n_held == 0
    screen = campaigns.details(snapshot, 100).plain
    for words in ("7 tasks", "2 gold beside them", "2 of 7 settled", queue_text(progress)):
        assert words in screen
    assert "on 7 tasks" in "\n".join(report_lines(report, {}, 100))


async def test_gold_is_counted_for_leads_alone(room: Room) -> None:
    bench = room.bench
    await worked_on(bench)
    for role in ("annotator", "reviewer"):
        person = await bench.person(f"curious-{role}", role)
        told = ""
        for path in (f"{OURS}/campaigns/{bench.campaign}", f"{OURS}/campaigns/{bench.campaign}/progress"):
            told += (await person.get(path)).text
        told += (await person.get(f"{OURS}/me")).text
        assert "n_gold" not in told
