"""The lead's screen: progress, people, closing and promoting with their consequences in words."""

from __future__ import annotations

import httpx
import pytest

from gonogo.server.progress.stream import ProgressHub
from gonogo.tui.screens.lead import campaign_dashboard
from gonogo.tui.screens.lead.campaign_dashboard import CampaignDashboardScreen
from tests.server.web import LABELING
from tests.tui.screens.conftest import Room, Watched


async def on_the_screen(room: Room) -> None:
    await room.sees("find")
    await room.press("l")
    await room.until(lambda: isinstance(room.screen, CampaignDashboardScreen))
    await room.sees("settled", "alpha", "Nobody is invited")


@pytest.mark.slow
async def test_a_person_is_invited_and_revoked(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await on_the_screen(room)
        await room.press("i", *"nobody", "enter")
        await room.sees("no e-mail address")
        for _ in range(6):
            await room.press("backspace")
        await room.press(*"ana@works.test", "enter")
        await room.sees("What does ana@works.test do?", "reviewer: rules on conflicts")
        await room.press("r", "enter")
        await room.sees("Link for ana@works.test", "shown this once and works once")
        (line,) = [line for line in room.text.splitlines() if "#token=" in line]
        link = line.strip()
        assert " " not in link  # the whole link stands on one line
        await room.press("c")
        await room.sees("Sent to the clipboard")
        assert room.pilot.app.clipboard == link
        await room.press("w")
        await room.sees("Written to")
        (file,) = room.home.rglob("invitation-link.txt")
        assert file.read_text(encoding="utf-8").strip() == link
        assert file.stat().st_mode & 0o777 == 0o600
        await room.press("escape")
        await room.sees("people (1)", "ana@works.test")


@pytest.mark.slow
async def test_people_are_chosen_from_the_list(room: Room) -> None:
    await room.bench.vote(await room.bench.task(), ana="correct", bob="correct")
    async with room.opened():
        await room.sees("Nothing to review")
        await room.press("l")
        await room.sees("people (2)")
        await room.press("d")
        await room.sees("ana@works.test", "bob@works.test", "x remove", "a new link")
        await room.press("down", "a")
        await room.sees("Give bob@works.test a new link?", "sessions end at once")
        await room.press(*"yes", "enter", "enter")
        await room.sees("Link for bob@works.test")
        await room.press("escape", "x")
        await room.until(lambda: "Remove" in room.text)
        shown = room.text
        await room.press(*"yes", "enter")
        name = "bob" if "Remove bob" in shown else "ana"
        await room.sees("revoked")
        people = (await room.bench.web.lead.get(f"{LABELING}/campaigns/{room.bench.campaign}/assignments")).json()
        assert next(row["status"] for row in people["data"] if row["annotator_email"].startswith(name)) == "revoked"


class NoNewLinks(Watched):
    """The server, which makes no assignments while `refuses` is set and cannot be reached then."""

    refuses = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.refuses and request.method == "POST" and request.url.path.endswith("/assignments"):
            raise httpx.ConnectError("refused", request=request)
        return await super().handle_async_request(request)


@pytest.mark.slow
async def test_a_new_link_that_fails_half_way_says_so_and_is_made_by_the_next_try(room: Room) -> None:
    await room.bench.vote(await room.bench.task(), ana="correct", bob="correct")
    async with room.opened(transport=NoNewLinks):
        await room.sees("Nothing to review")
        await room.press("l")
        await room.sees("people (2)")
        await room.press("d")
        await room.sees("bob@works.test", "a new link")
        assert isinstance(room.transport, NoNewLinks)
        room.transport.refuses = True
        await room.press("down", "a")
        await room.sees("Give bob@works.test a new link?")
        await room.press(*"yes", "enter", "enter")
        await room.sees("bob@works.test has no link now", "wasn't made", "Press a to make it")
        room.transport.refuses = False
        await room.press("a", *"yes", "enter", "enter")
        await room.sees("Link for bob@works.test")
        ended = [request for request in room.transport.seen if request.method == "DELETE"]
        assert len(ended) == 1


@pytest.mark.slow
async def test_closing_says_what_it_means_and_asks_for_a_yes(room: Room) -> None:
    await room.bench.task()
    async with room.opened(size=(80, 24)):
        await on_the_screen(room)
        await room.press("c")
        await room.sees("1 of 1 task not settled", "not counted", "Type yes")
        await room.press("escape")
        assert await status(room) == "open"
        await room.press("c", *"yes", "enter")
        await room.sees("closed")
        assert await status(room) == "closed"


@pytest.mark.slow
async def test_promoting_below_acceptance_is_refused_in_words_and_force_is_explained(room: Room) -> None:
    task = await room.bench.task()
    await room.bench.vote(task, ana="correct", bob="correct")
    async with room.opened():
        await room.sees("Nothing to review")
        await room.press("l")
        await room.sees("not enough votes yet", "people (2)", "next 10 gold tasks, half of them wrong")
        await room.press("p")
        await room.sees("Refused as it stands", "forced below acceptance")
        await room.press(*"yes", "enter")
        await room.sees("Type force, or press Esc")
        for _ in range(3):
            await room.press("backspace")
        await room.press(*"force", "enter")
        await room.sees("1 task promoted below acceptance")


@pytest.mark.slow
async def test_queue_pace_and_what_each_person_did_are_told(room: Room) -> None:
    first, _second = await room.bench.task(), await room.bench.task()
    await room.bench.vote(first, ana="correct", bob="incorrect")
    async with room.opened():
        await room.sees("find")
        await room.press("l")
        await room.sees("1 left", "1 in review", "0 done", "votes an hour", "votes to go", "1 done, now")
        await room.sees("next 1 ruling by an expert on what votes left in doubt")
        await room.bench.vote(_second, ana="correct", bob="correct")
        await room.sees("0 left", "No votes are missing", "2 done, now", "1/2")  # told by the server


async def test_a_line_that_drops_is_said_and_taken_up_again(room: Room) -> None:
    task = await room.bench.task()
    async with room.opened():
        await on_the_screen(room)
        await room.until(lambda: streams(room) == 1)
        watching: ProgressHub = room.bench.web.app.state.watching
        room.transport.down = True
        watching.stop()
        await room.sees("Trying again in", "1 left")
        room.bench.web.app.state.watching = ProgressHub(room.bench.web.house.store, 20, 0.05)
        room.transport.down = False
        await room.bench.vote(task, ana="correct", bob="correct")
        await room.sees("for leads", "0 left", "1 done, now")


@pytest.mark.slow
async def test_where_no_stream_is_to_be_had_it_is_looked_at_again_and_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_dashboard, "POLL_SECONDS", 0.2)
    room.bench.web.app.state.watching = ProgressHub(room.bench.web.house.store, 0, 0.05)
    task = await room.bench.task()
    async with room.opened():
        await on_the_screen(room)
        await room.bench.vote(task, ana="correct", bob="correct")
        await room.sees("0 left", "1 done, now", "for leads")
        assert streams(room)


def streams(room: Room) -> int:
    return len([request for request in room.transport.seen if request.url.path.endswith("/progress/stream")])


async def status(room: Room) -> str:
    response = await room.bench.web.lead.get(f"{LABELING}/campaigns/{room.bench.campaign}")
    return str(response.json()["status"])
