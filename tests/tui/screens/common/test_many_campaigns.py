"""A login with 700 campaigns on a real server, whose `/me` lists the newest 500: all are there, and one is found."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from gonogo.server.store.schema import campaigns
from gonogo.tui.screens.common.choose_campaign import ChooseCampaignScreen
from gonogo.tui.screens.common.switch import SwitchScreen
from gonogo.tui.screens.lead.campaign_dashboard import CampaignDashboardScreen
from gonogo.tui.screens.work.annotate import AnnotateScreen
from tests.server.review.conftest import Bench
from tests.tui.fake_services import Clock
from tests.tui.screens.behind_proxy import RoomBehindProxy

N = 700


@pytest.fixture
def room(bench: Bench, home: Path) -> RoomBehindProxy:
    with bench.web.house.store.write() as connection:
        one = dict(connection.execute(select(campaigns)).mappings().one())
        rows = [{**one, "id": str(uuid.uuid4()), "name": f"Batch {n:03d}"} for n in range(N - 1)]
        for row in rows:
            row.pop("number", None)
        connection.execute(insert(campaigns), rows)
    return RoomBehindProxy(bench, home, Clock())


@pytest.mark.slow
async def test_one_of_700_campaigns_is_chosen_and_switched_to(room: RoomBehindProxy) -> None:
    await room.bench.task()
    async with room.behind_proxy(start="annotate", campaign=False):
        await room.until(lambda: f"/ finds one of {N}" in room.words, 20)
        screen = room.screen
        assert isinstance(screen, ChooseCampaignScreen)
        assert len(screen.campaigns.records) == N
        await room.press("slash", *"batch 123")
        assert [campaign.name for campaign in screen.campaigns.records] == ["Batch 123"]
        await room.press("escape")
        assert len(screen.campaigns.records) == N
        await room.press("slash", *"batch 123", "enter", "enter")
        await room.until(lambda: isinstance(room.screen, AnnotateScreen))
        await room.press("ctrl+o")
        await room.until(lambda: f"/ finds one of {N - 1}" in room.words, 20)
        assert isinstance(room.screen, SwitchScreen)
        await room.press("slash", *"batch 007", "enter", "enter")
        await room.until(lambda: isinstance(room.screen, AnnotateScreen) and "Batch 007" in room.words)


@pytest.mark.slow
async def test_the_leads_list_has_all_700(room: RoomBehindProxy) -> None:
    async with room.behind_proxy():
        await room.until(lambda: "is in conflict now" in room.words)
        room.pilot.app.navigator.show_campaigns()  # type: ignore[attr-defined]
        await room.until(lambda: isinstance(room.screen, CampaignDashboardScreen))
        screen = room.screen
        assert isinstance(screen, CampaignDashboardScreen)
        await room.until(lambda: len(screen.records.records) == N, 20)
        await room.press("end")
        await room.until(lambda: screen.campaign is screen.records.records[-1])
        await room.press("slash", *"batch 123")
        assert [campaign.name for campaign in screen.records.records] == ["Batch 123"]
