"""Campaign in words, for its lead."""

from __future__ import annotations

from datetime import UTC, datetime

from gonogo.desk.lead.campaign_snapshot import CampaignSnapshot
from gonogo.schemas.labeling import CampaignAssignmentPublic, LabelingCampaignPublic
from gonogo.schemas.lead import AtWork, CampaignProgress
from gonogo.tui.presenters.lead.campaigns import average_pace, details


def test_the_expected_end_follows_from_what_was_settled() -> None:
    campaign = LabelingCampaignPublic(id="1", task_count=100, resolved_count=40, created_at="2026-01-01T00:00:00Z")
    assert "10 settled a day" in average_pace(campaign, datetime(2026, 1, 5, tzinfo=UTC))
    assert "2026-01-11" in average_pace(campaign, datetime(2026, 1, 5, tzinfo=UTC))
    assert "not known" in average_pace(
        campaign.model_copy(update={"resolved_count": 0}), datetime(2026, 1, 5, tzinfo=UTC)
    )


def test_what_a_person_did_stands_near_their_name_on_a_wide_terminal() -> None:
    person = AtWork(voter_id="v", email="ana@works.example", n_done=32, n_held=0)
    progress = CampaignProgress(
        campaign_id="1",
        status="open",
        n_tasks=6,
        n_open=5,
        n_held=0,
        n_in_review=0,
        n_resolved=1,
        votes_left=0,
        people=[person],
    )
    invited = CampaignAssignmentPublic(id="a", annotator_email="ana@works.example", status="active")
    snapshot = CampaignSnapshot(LabelingCampaignPublic(id="1"), None, progress, None, (invited,), ())
    for width in (40, 180):
        (row,) = (line for line in details(snapshot, width).plain.splitlines() if "ana@" in line)
        assert "32 done" in row
        assert len(row) <= min(width, 90)
