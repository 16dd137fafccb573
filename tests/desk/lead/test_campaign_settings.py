"""A draft of settings sends what was changed and nothing else, and nothing before it is saved."""

from __future__ import annotations

import httpx
import pytest

from gonogo.client.credential import ApiKey
from gonogo.client.errors import ConflictError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.desk.lead.campaign_settings import SettingsDraft, fetch_settings, preview_draft, save_draft
from gonogo.schemas.enums import VotePolicy
from tests.server.conftest import database
from tests.server.review.conftest import Bench, bench

__all__ = ["bench", "database"]


async def draft_of(api: GonogoClient, campaign_id: str) -> SettingsDraft:
    stored = await fetch_settings(api, campaign_id)
    assert stored is not None
    return SettingsDraft(stored)


async def test_a_draft_knows_its_changes_and_forgets_those_taken_back(bench: Bench) -> None:
    async with bench.api() as api:
        draft = await draft_of(api, bench.campaign)
        draft.change("max_risk", 0.1)
        draft.change("votes", VotePolicy.BY_RISK)
        draft.change("sample_rate", 0.2)
        assert draft.of_campaign().model_fields_set == {"max_risk", "votes"}
        assert draft.of_review().model_fields_set == {"sample_rate"}
        draft.change("max_risk", 0.05)  # as it is stored
        draft.forget("votes")
        assert dict(draft.changes) == {"sample_rate": 0.2}
        assert (draft.before("max_risk"), draft.has("guideline"), draft.has("gold_fraction")) == (0.05, True, False)


async def test_nothing_is_sent_before_it_is_saved_and_only_the_changes_then(bench: Bench) -> None:
    async with bench.api() as api:
        draft = await draft_of(api, bench.campaign)
        draft.change("max_risk", 0.3)
        draft.change("sample_rate", 0.2)
        effect = await preview_draft(api, draft)
        assert effect is not None
        assert (await draft_of(api, bench.campaign)).before("max_risk") == 0.05
        other = await draft_of(api, bench.campaign)  # another lead, meanwhile
        other.change("lease_minutes", 30)
        await save_draft(api, other, resettle=False)
        await save_draft(api, draft, resettle=False)
        now = await draft_of(api, bench.campaign)
        assert [now.before(name) for name in ("max_risk", "sample_rate", "lease_minutes")] == [0.3, 0.2, 30]


async def test_a_refused_draft_changes_nothing(bench: Bench) -> None:
    async with bench.api() as api:
        draft = await draft_of(api, bench.campaign)
        draft.change("max_risk", 0.3)
        draft.change("pass_mark", 0.9)  # there are no ruled tasks to practise on
        with pytest.raises(ConflictError):
            await save_draft(api, draft, resettle=False)
        assert (await draft_of(api, bench.campaign)).before("max_risk") == 0.05


async def test_a_plain_server_has_no_settings() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        body = {"error": {"code": "not_found", "message": "Not found.", "details": {}}}
        return httpx.Response(404, json=body, request=request)

    client = GonogoClient("http://plain.localhost", ApiKey("ak_live_x"), transport=httpx.MockTransport(answer))
    async with client as api:
        assert await fetch_settings(api, "some") is None
