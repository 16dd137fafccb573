"""Settings that change in the middle: what is settled stays, what would change is counted first."""

from __future__ import annotations

from gonogo.client.gonogo_client import GonogoClient
from gonogo.schemas.enums import VotePolicy
from gonogo.schemas.gonogo_api import CampaignSettings
from tests.server.review.conftest import Bench, bench

__all__ = ["bench"]


async def statuses(api: GonogoClient, bench: Bench) -> list[str]:
    return sorted(task.status or "" for task in (await api.list_tasks(bench.campaign)).data)


async def test_a_lower_limit_is_counted_first_and_holds_for_what_is_settled_only_when_asked(bench: Bench) -> None:
    for _ in range(4):
        await bench.vote(await bench.task(), ann="correct", bob="correct")
    async with bench.api() as api:
        await api.update_settings(bench.campaign, CampaignSettings(max_risk=0.5))
        assert await statuses(api, bench) == ["resolved"] * 4
        stricter = CampaignSettings(max_risk=0.0)
        effect = await api.preview_settings(bench.campaign, stricter)
        assert (effect.n_settled, effect.n_resettled, effect.n_newly_settled) == (4, 4, 0)
        assert await statuses(api, bench) == ["resolved"] * 4
        await api.update_settings(bench.campaign, stricter)
        await api.campaign_quality(bench.campaign)
        assert await statuses(api, bench) == ["resolved"] * 4
        detail = await api.update_settings(bench.campaign, CampaignSettings(), resettle=True)
        assert detail.settings.max_risk == 0.0
        assert await statuses(api, bench) == ["in_review"] * 4


async def test_a_higher_limit_settles_what_waits(bench: Bench) -> None:
    await bench.vote(await bench.task(), ann="correct", bob="correct")
    async with bench.api() as api:
        await api.update_settings(bench.campaign, CampaignSettings(max_risk=0.0), resettle=True)
        assert await statuses(api, bench) == ["in_review"]
        effect = await api.preview_settings(bench.campaign, CampaignSettings(max_risk=1.0))
        assert (effect.n_settled, effect.n_resettled, effect.n_newly_settled) == (0, 0, 1)
        await api.update_settings(bench.campaign, CampaignSettings(max_risk=1.0))
        assert await statuses(api, bench) == ["resolved"]


async def test_from_votes_by_risk_to_fixed_nothing_settled_is_opened(bench: Bench) -> None:
    async with bench.api() as api:
        await api.update_settings(bench.campaign, CampaignSettings(votes=VotePolicy.BY_RISK, max_risk=1.0))
        tasks = [await bench.task() for _ in range(6)]
        for task in tasks:
            await bench.vote(task, ann="correct")
        before = await statuses(api, bench)
        assert "resolved" in before
        await api.update_settings(bench.campaign, CampaignSettings(votes=VotePolicy.FIXED))
        await api.campaign_quality(bench.campaign)
        assert await statuses(api, bench) == before
