"""The workstation on a strict ARCNM server that is not ours, over a real uvicorn: sign in, annotate, rule, lead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from textual.pilot import Pilot

from gonogo.client.credential import ApiKey
from gonogo.client.gonogo_client import GonogoClient
from gonogo.desk.account.account_service import Account
from gonogo.desk.account.credentials import CredentialStore
from gonogo.desk.account.identity import SignedIn
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import ServerProfile, Settings
from gonogo.schemas.labeling import (
    CampaignAssignmentCreate,
    LabelingCampaignCreate,
    LabelingTaskCreate,
    LabelingTasksCreate,
    LabelSubmit,
)
from gonogo.tui.app import GonogoApp
from gonogo.tui.navigation import Start
from tests.client.arcnm_server import KEY
from tests.support.strict_arcnm import SIGN_IN_FIELD, SIGN_IN_PATH, Foreign, strict_arcnm, uuid_of
from tests.tui.screen_text import settle, text_of

pytestmark = pytest.mark.slow
SECONDS = 20.0


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    with strict_arcnm() as server:
        yield server


def lead_of(foreign: Foreign) -> GonogoClient:
    return GonogoClient(foreign.url, ApiKey(KEY))


async def campaign_with(foreign: Foreign, *values: str, name: str = "batch", redundancy: int = 2) -> str:
    """A campaign with one task for each value."""
    async with lead_of(foreign) as lead:
        made = await lead.create_campaign(LabelingCampaignCreate(name=name, target_redundancy=redundancy))
        tasks = [
            LabelingTaskCreate(
                target_kind="pmi",
                detail_kind="dimension",
                field_path="seat_bearing.diameter",
                predicted_value={"text": value, "kind": "dimension"},
                part_revision_id=uuid_of("bracket"),
                position=[1.0, 2.5, 30.0],
            )
            for value in values
        ]
        if tasks:
            await lead.create_tasks(made.id, LabelingTasksCreate(tasks=tasks))
    return made.id


async def vote(foreign: Foreign, campaign: str, address: str, *verdicts: str) -> None:
    """Votes of a person, in the order of the tasks."""
    async with GonogoClient(foreign.url, ApiKey(foreign.key_of(address))) as client:
        for verdict in verdicts:
            served = (await client.next_task(campaign)).task
            assert served is not None
            await client.submit(served.id, LabelSubmit(verdict=verdict))


class Seat:
    """The application in front of a person."""

    def __init__(self, pilot: Pilot[None], services: Account) -> None:
        self.pilot, self.services = pilot, services

    @property
    def text(self) -> str:
        return text_of(self.pilot.app.screen)

    async def until(self, holds: Callable[[], Any]) -> None:
        end = time.monotonic() + SECONDS
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"it did not come to hold; the screen says:\n{self.text}")
            await self.pilot.pause(0.05)
        await settle(self.pilot)

    async def sees(self, *words: str) -> None:
        await self.until(lambda: all(word in self.text for word in words))

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await settle(self.pilot)

    async def answers(self, key: str, done: Callable[[], bool]) -> None:
        """Presses a key of an answer, again where it came too soon after the paint to count."""
        end = time.monotonic() + SECONDS
        while not done():
            assert time.monotonic() < end, self.text
            await self.pilot.pause(0.3)
            await self.pilot.press(key)


@asynccontextmanager
async def seated(
    foreign: Foreign,
    home: Path,
    key: str = "",
    *,
    link: str = "",
    start: Start = "annotate",
    settings: Settings | None = None,
    size: tuple[int, int] = (120, 40),
) -> AsyncIterator[Seat]:
    """The application, signed in by `key` or `link`, with no session open yet but what `start` opens."""
    services = Account(AppPaths(home), settings or Settings(undo_seconds=0), vault=CredentialStore(list))
    signed: SignedIn = await (
        services.sign_in_link(link, foreign.url) if link else services.sign_in_key(key or KEY, foreign.url)
    )
    assert services.remembered() == signed
    app = GonogoApp(services, start=start)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Seat(pilot, services)
    await services.aclose()


async def test_an_annotator_chooses_answers_and_is_done(foreign: Foreign, home: Path) -> None:
    await campaign_with(foreign, "⌀16,5", "M8")
    await campaign_with(foreign, name="other")
    async with seated(foreign, home, foreign.key_of("ana@example.com")) as seat:
        await seat.sees("Which campaign?", "batch", "other")
        await seat.press("down", "enter")
        await seat.sees("Is this dimension read right?", "dimension · seat bearing, diameter")
        assert "part revision" not in seat.text
        assert uuid_of("bracket")[:8] not in seat.text
        votes = foreign.server.votes
        await seat.answers("a", lambda: len(votes) == 1)
        await seat.answers("s", lambda: len(votes) == 2)
        await seat.sees("You're done")
        assert "2 left" not in seat.text  # the campaign's own counts say nothing about this person
        assert "0 of 2" not in seat.text
    assert [vote["verdict"] for vote in votes] == ["correct", "incorrect"]
    assert foreign.server.complaints == []


async def test_a_link_of_another_server_signs_in(foreign: Foreign, home: Path) -> None:
    campaign = await campaign_with(foreign, "⌀16,5")
    async with lead_of(foreign) as lead:
        invited = await lead.create_assignment(campaign, CampaignAssignmentCreate(email="ana@example.com"))
    server = ServerProfile(foreign.url, "acme", redeem_path=SIGN_IN_PATH, redeem_field=SIGN_IN_FIELD)
    settings = Settings(undo_seconds=0, servers=(server,))
    async with seated(foreign, home, link=invited.magic_link_token, settings=settings) as seat:
        await seat.sees("Is this dimension read right?")  # the only campaign is opened at once
        await seat.answers("a", lambda: len(foreign.server.votes) == 1)
    assert foreign.server.votes[0]["by"] == "ana@example.com"


async def test_an_expert_sees_what_is_published_and_rules_in_the_servers_words(foreign: Foreign, home: Path) -> None:
    campaign = await campaign_with(foreign, "⌀16,5", "M8", "R2")
    await vote(foreign, campaign, "ana@example.com", "approve", "approve", "approve")
    await vote(foreign, campaign, "bo@example.com", "reject", "approve")
    words = {"correct": "approve", "incorrect": "reject", "fix": "amend", "unsure": "skip"}
    settings = Settings(undo_seconds=0, verdicts=words)
    async with seated(foreign, home, start="review", settings=settings) as seat:
        await seat.sees("1 of 1", "⌀16,5", "50%", "votes", "agree")
        await seat.sees("2 of 2 votes, 50% agree", "most say ✓ correct")
        assert "✓2" not in seat.text  # two votes, not two for the one that leads
        assert "m sample" not in seat.text
        await seat.press("t")
        await seat.sees("open tasks")
        await seat.press("t")
        await seat.sees("resolved tasks", "M8")
        await seat.press("x", "enter")
        await seat.sees("a right", "s wrong")
        assert "g gold" not in seat.text
        ruled = foreign.server.tasks
        task = next(task for task in ruled.values() if task["predicted_value"]["text"] == "⌀16,5")
        await seat.answers("s", lambda: task["status"] == "resolved")
        assert task["consensus_verdict"] == "reject"
        await seat.sees("No conflict is left in this list")
    assert foreign.server.complaints == []


async def test_a_lead_sees_people_and_counts_after_a_pause_of_the_server(foreign: Foreign, home: Path) -> None:
    campaign = await campaign_with(foreign, "⌀16,5", "M8", redundancy=1)
    await vote(foreign, campaign, "ana@example.com", "correct")
    async with lead_of(foreign) as lead:
        await lead.create_assignment(campaign, CampaignAssignmentCreate(email="ana@example.com"))
    async with seated(foreign, home) as seat:
        await seat.sees("read right?")  # the only campaign is open
        foreign.server.pauses = [3] * 2
        seat.pilot.app.navigator.show_campaigns()  # type: ignore[attr-defined]
        await seat.sees("asks us to go slower", "try again in 3 s")
        await seat.sees("batch", "active", "1 of 2 settled", "ana@example.com")


async def test_the_walk_needs_no_more_than_was_published(foreign: Foreign, home: Path) -> None:
    """Whatever the application asked for beyond the reference was refused, and nothing came of it."""
    async with httpx.AsyncClient(base_url=foreign.url) as http:
        refused = await http.get("/api/v1/gonogo/capabilities")
    assert refused.status_code == 401
    await asyncio.sleep(0)
