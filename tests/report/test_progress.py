"""Progress of a campaign in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gonogo.report.progress import pace_text, person_text, queue_text, time_left
from gonogo.schemas.lead import AtWork, CampaignProgress


def progress(**fields: Any) -> CampaignProgress:
    defaults = {"n_tasks": 10, "n_open": 6, "n_held": 2, "n_in_review": 1, "n_resolved": 3, "votes_left": 12}
    return CampaignProgress.model_validate({"campaign_id": "c", "status": "open", **defaults, **fields})


def test_the_expected_end_follows_from_the_votes_that_are_missing() -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert queue_text(progress()) == "6 left (2 of them held) · 1 in review · 3 done"
    assert time_left(progress(votes_per_hour=6)) == timedelta(hours=2)
    assert "12 votes to go · at that pace done on 2026-06-0" in pace_text(progress(votes_per_hour=0.25), now)
    assert "pace unknown" in pace_text(progress(), now)
    assert pace_text(progress(votes_left=0), now) == "No votes are missing. 1 in review, for an expert."
    assert "no more questions" in pace_text(progress(status="closed"), now)
    person = AtWork(voter_id="v", n_done=3, n_held=1, last_at="2026-06-01T11:50:00Z")
    assert person_text(person, now) == "3 done, 1 held, 10 min ago"
