"""A large campaign, put straight into a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gonogo.schemas.verdicts import VERDICT_CLASSES
from gonogo.server.store.engine import Store
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import campaigns, orgs, submissions, tasks
from tests.server.consensus.simulate import simulate

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fill(store: Store, n_votes: int, n_annotators: int, *, per_task: int = 3) -> str:
    """A campaign of `n_votes` counted votes, a value with every wrong one; no task is settled yet. Its id."""
    votes, _ = simulate(2, n_tasks=n_votes // per_task, n_annotators=n_annotators, n_classes=3, per_task=per_task)
    org_id, campaign_id = new_id(), new_id()
    task_ids = [new_id() for _ in range(votes.n_tasks)]
    voter_ids = [new_id() for _ in range(n_annotators)]
    task_rows = [
        {
            "id": task_id,
            "campaign_id": campaign_id,
            "target_kind": "pmi",
            "n_required": per_task,
            "submission_count": per_task,
            "created_at": NOW,
            "sheet_seq": 0,
            "place": f"{index:010d}",
        }
        for index, task_id in enumerate(task_ids)
    ]
    cells = zip(votes.task.tolist(), votes.annotator.tolist(), votes.label.tolist(), strict=True)
    vote_rows = [
        {
            "id": new_id(),
            "task_id": task_ids[task],
            "campaign_id": campaign_id,
            "voter_id": voter_ids[voter],
            "voter_kind": "annotator",
            "verdict": VERDICT_CLASSES[label],
            "corrected_value": {"text": f"⌀{task % 40},5"} if VERDICT_CLASSES[label] == "incorrect" else None,
            "duration_ms": 2000 + task % 1000,
            "claimed_at": NOW + timedelta(seconds=index - 4),
            "created_at": NOW + timedelta(seconds=index),
        }
        for index, (task, voter, label) in enumerate(cells)
    ]
    with store.write() as connection:
        connection.execute(orgs.insert().values(id=org_id, name="works", created_at=NOW))
        connection.execute(
            campaigns.insert().values(
                id=campaign_id,
                org_id=org_id,
                name="large",
                consensus_method="dawid_skene",
                target_redundancy=per_task,
                gold_fraction=0.1,
                acceptance_alpha=0.8,
                created_at=NOW,
            )
        )
        connection.execute(tasks.insert(), task_rows)
        connection.execute(submissions.insert(), vote_rows)
    return campaign_id
