"""The desk and the real labeling server, over the wire they share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gonogo.client.credential import ApiKey
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.transport.shared_transport import UnclosableTransport
from gonogo.desk.account.account_service import Account
from gonogo.desk.account.credentials import CredentialStore
from gonogo.desk.account.identity import EmbeddedParts
from gonogo.desk.core.models import Decision, SendState, Stage
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import Settings
from gonogo.json_types import JsonObject
from gonogo.schemas.labeling import (
    CampaignAssignmentCreate,
    LabelingCampaignCreate,
    LabelingTaskCreate,
    LabelingTasksCreate,
)
from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from tests.sqlite import fresh_database
from tests.support.labeling_server import until

BASE = "http://embedded.localhost"
KEY = "embedded-token-for-tests"


@pytest.fixture
async def transport(tmp_path: Path) -> AsyncIterator[httpx.ASGITransport]:
    app = create_app(ServerSettings(database_url=fresh_database(tmp_path / "workspace.db"), embedded_token=KEY))
    async with app.router.lifespan_context(app):
        yield httpx.ASGITransport(app=app)


@pytest.fixture
async def lead(transport: httpx.ASGITransport) -> AsyncIterator[GonogoClient]:
    async with GonogoClient(BASE, ApiKey(KEY), transport=UnclosableTransport(lambda: transport)) as client:  # type: ignore[arg-type]
        yield client


async def campaign_of(lead: GonogoClient, count: int) -> str:
    campaign = await lead.create_campaign(LabelingCampaignCreate(name="PMI", gold_fraction=0.0, target_redundancy=1))
    tasks = [
        LabelingTaskCreate(target_kind="pmi", prompt=f"Right? {n}", predicted_value={"text": "⌀5"})
        for n in range(count)
    ]
    await lead.create_tasks(campaign.id, LabelingTasksCreate(tasks=tasks))
    return campaign.id


async def test_an_invited_person_answers_everything(
    lead: GonogoClient, transport: httpx.ASGITransport, tmp_path: Path
) -> None:
    campaign_id = await campaign_of(lead, 8)
    made = await lead.create_assignment(campaign_id, CampaignAssignmentCreate(email="ann@example.org"))
    services = Account(
        AppPaths(tmp_path / "home"), Settings(undo_seconds=0.05), vault=CredentialStore(list), transport=transport
    )
    signed = await services.sign_in_link(made.magic_link_token, BASE)
    assert (signed.campaign_id, signed.role) == (campaign_id, "annotator")
    desk = services.open_desk(signed, campaign_id)
    await desk.start()
    await until(lambda: desk.current and desk.state.total == 8)
    assert desk.state.campaign_name == "PMI"
    for number in range(8):
        await until(lambda: desk.current)
        desk.shown()
        desk.key()
        fix: JsonObject | None = {"text": f"⌀{number}"} if number % 2 else None
        desk.decide(Decision("incorrect" if fix else "correct", fix, 0.8))
    await until(lambda: desk.state.stage is Stage.DRAINED and desk.state.unsent == 0)
    await until(lambda: desk.state.done == 8)
    rows = desk.history()
    assert [row.state for row in rows] == [SendState.SENT] * 8
    await desk.close()
    stored = {one.task_id: one for one in (await lead.submissions(campaign_id)).data}
    assert len(stored) == 8
    for row in rows:
        one = stored[row.task.id]
        assert (one.verdict, one.corrected_value) == (row.decision.verdict, row.decision.corrected_value)
        assert one.duration_ms == row.decision.times.duration_ms
    await services.aclose()


async def test_the_workspace_inside_starts_where_it_was_left(
    lead: GonogoClient, transport: httpx.ASGITransport, tmp_path: Path
) -> None:
    campaign_id = await campaign_of(lead, 12)
    home, parts = AppPaths(tmp_path / "home"), EmbeddedParts(transport, KEY, BASE)
    services = Account(home, Settings(prefetch=2), vault=CredentialStore(list), embedded=lambda: parts)
    signed = await services.sign_in_embedded()
    desk = services.open_desk(signed, campaign_id)
    await desk.start()
    await until(lambda: desk.current and desk.state.ahead >= 2)
    desk.decide(Decision("correct"))
    await until(lambda: desk.state.ahead >= 2)
    shown = desk.current
    await desk.close()
    services = Account(home, Settings(), vault=CredentialStore(list), embedded=lambda: parts)
    again = services.remembered()
    assert again is not None
    desk = services.open_desk(again, campaign_id)
    await desk.start()
    assert desk.current == shown
    desk.shown()
    await until(lambda: desk.state.total == 12 and desk.state.done == 1)
    assert desk.current == shown
    desk.decide(Decision("correct"))
    await until(lambda: desk.state.ahead >= 2)  # the connection is there
    await desk.close()
    assert (await lead.submissions(campaign_id)).count == 2
    await services.aclose()


async def test_an_answer_after_the_close_is_kept_late(
    lead: GonogoClient, transport: httpx.ASGITransport, tmp_path: Path
) -> None:
    campaign_id = await campaign_of(lead, 3)
    made = await lead.create_assignment(campaign_id, CampaignAssignmentCreate(email="ann@example.org"))
    services = Account(
        AppPaths(tmp_path / "home"), Settings(undo_seconds=0.0), vault=CredentialStore(list), transport=transport
    )
    desk = services.open_desk(await services.sign_in_link(made.magic_link_token, BASE), campaign_id)
    await desk.start()
    await until(lambda: desk.current and desk.state.ahead == 2)
    await lead.close_campaign(campaign_id)
    desk.decide(Decision("correct"))
    desk.decide(Decision("correct"))
    await until(lambda: desk.state.recent[0].state is SendState.LATE)
    assert "uncounted" in desk.state.recent[0].detail
    await desk.close()
    await services.aclose()
