"""Campaign in words, for its lead."""

from __future__ import annotations

from datetime import UTC, datetime

from gonogo.schemas.labeling import LabelingCampaignPublic
from gonogo.tui.presenters.campaigns import average_pace


def test_the_expected_end_follows_from_what_was_settled() -> None:
    campaign = LabelingCampaignPublic(id="1", task_count=100, resolved_count=40, created_at="2026-01-01T00:00:00Z")
    assert "10 settled a day" in average_pace(campaign, datetime(2026, 1, 5, tzinfo=UTC))
    assert "2026-01-11" in average_pace(campaign, datetime(2026, 1, 5, tzinfo=UTC))
    assert "not known" in average_pace(
        campaign.model_copy(update={"resolved_count": 0}), datetime(2026, 1, 5, tzinfo=UTC)
    )
