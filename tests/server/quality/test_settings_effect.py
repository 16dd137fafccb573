"""Settings that change in the middle: what is settled stays, what would change is counted first."""

from __future__ import annotations

import pytest

from gonogo.client.errors import ConflictError
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


async def test_more_votes_asked_of_what_is_settled_are_counted_as_open_again(bench: Bench) -> None:
    async with bench.api() as api:
        await api.update_settings(bench.campaign, CampaignSettings(votes=VotePolicy.BY_RISK, max_risk=1.0))
        for _ in range(6):
            await bench.vote(await bench.task(), ann="correct")
        n = (await statuses(api, bench)).count("resolved")
        effect = await api.preview_settings(bench.campaign, CampaignSettings(votes=VotePolicy.FIXED))
        assert n > 0
        assert (effect.n_settled, effect.n_resettled, effect.n_reopened, effect.n_not_kept) == (n, n, n, 0)
        await api.update_settings(bench.campaign, CampaignSettings(votes=VotePolicy.FIXED), resettle=True)
        assert await statuses(api, bench) == ["open"] * 6


async def test_a_unit_that_parts_settled_values_is_refused_unless_asked(bench: Bench) -> None:
    async with bench.api() as api:
        await api.update_settings(bench.campaign, CampaignSettings(unit="mm", max_risk=1.0))
        task = await bench.task(predicted_value={"text": "99"})
        await bench.vote(task, ann=("incorrect", "12,5"), bob=("incorrect", "12,5 mm"))
        assert await statuses(api, bench) == ["resolved"]
        other = CampaignSettings(unit="in")
        effect = await api.preview_settings(bench.campaign, other)
        assert (effect.n_settled, effect.n_resettled, effect.n_not_kept) == (1, 1, 1)
        with pytest.raises(ConflictError, match="1 settled task") as refused:
            await api.update_settings(bench.campaign, other)
        assert refused.value.details == {"reason": "settled_tasks", "n_not_kept": 1}
        assert (await api.campaign_detail(bench.campaign)).settings.unit == "mm"
        assert (await api.update_settings(bench.campaign, CampaignSettings(unit="mm"))).settings.unit == "mm"
        assert (await api.update_settings(bench.campaign, other, resettle=True)).settings.unit == "in"
        assert await statuses(api, bench) == ["in_review"]


async def test_a_unit_that_makes_values_equal_settles_what_waits_at_once(bench: Bench) -> None:
    async with bench.api() as api:
        task = await bench.task(predicted_value={"text": "99"})
        await bench.vote(task, ann=("incorrect", "12,5"), bob=("incorrect", "12,5 mm"))
        assert await statuses(api, bench) == ["in_review"]
        effect = await api.preview_settings(bench.campaign, CampaignSettings(unit="mm"))
        assert (effect.n_newly_settled, effect.n_not_kept) == (1, 0)
        await api.update_settings(bench.campaign, CampaignSettings(unit="mm"))
        assert await statuses(api, bench) == ["resolved"]
