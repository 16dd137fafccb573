"""The settings screen: each field checked as it is typed, the effect counted first, nothing changed unasked."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from gonogo.tui import workers
from gonogo.tui.screens.lead.campaign_dashboard import CampaignDashboardScreen
from gonogo.tui.screens.lead.campaign_settings import CampaignSettingsScreen
from tests.server.web import OURS
from tests.tui.screens.conftest import Room, Watched

pytestmark = pytest.mark.slow


async def stored(room: Room) -> dict[str, Any]:
    detail = await room.bench.web.lead.get(f"{OURS}/campaigns/{room.bench.campaign}")
    settings: dict[str, Any] = detail.json()["settings"]
    return settings


async def open_settings(room: Room, *sees: str) -> None:
    await room.until(lambda: room.screen.query("#keys"))
    await room.press("l")
    await room.until(lambda: isinstance(room.screen, CampaignDashboardScreen))
    await room.sees("settled", "alpha")
    await room.press("s")
    await room.until(lambda: isinstance(room.screen, CampaignSettingsScreen))
    await room.sees(*(sees or ("max risk", "Chosen when it was made")))


async def retype(room: Room, text: str) -> None:
    await room.press("end", *["backspace"] * 6, *text)


class Held(Watched):
    """Server whose answers to requests of one method wait; `answered` lists the methods of the others."""

    method = ""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        super().__init__(inner)
        self.waiting, self.free = asyncio.Event(), asyncio.Event()
        self.answered: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if request.method == self.method:
            self.waiting.set()
            await self.free.wait()
        self.answered.append(request.method)
        return answer


async def settled_tasks(room: Room, n: int) -> None:
    await room.bench.web.lead.patch(f"{OURS}/campaigns/{room.bench.campaign}/settings", json={"max_risk": 0.5})
    for _ in range(n):
        await room.bench.vote(await room.bench.task(), ana="correct", bob="correct")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_each_setting_stands_with_its_meaning_and_value(room: Room, size: tuple[int, int]) -> None:
    await room.bench.task()
    async with room.opened(size=size):
        await open_settings(room)
        await room.sees("0.05", "0.05 is 1 in 20", "● the same for all", "○ by risk", "up to 2 votes a task")
        assert max(map(len, room.text.splitlines())) <= size[0]
        for _ in range(10):
            await room.press("tab")  # the last ones scroll into view
        await room.sees("guideline", "Markdown")


async def test_the_effect_is_counted_while_typing_and_settled_tasks_stay(room: Room) -> None:
    await settled_tasks(room, 3)
    async with room.opened():
        await open_settings(room)
        await retype(room, "0")
        await room.sees("was 0.5", "3 of 3 settled tasks are not safe by these settings, and stay settled", "3 go to")
        await room.press("ctrl+s")
        await room.sees("max risk 0.5 → 0", "Type yes to change them and leave what is settled")
        await room.press(*"no", "enter")
        await room.sees("Type yes or resettle, or press Esc")
        await room.press("escape")
        assert (await stored(room))["max_risk"] == 0.5
        await room.press("ctrl+s", *"yes", "enter")
        await room.sees("The settings are saved", "Chosen when it was made")
        assert (await stored(room))["max_risk"] == 0
        await room.press("escape")
        await room.sees("3 of 3 settled")


async def test_what_is_settled_is_decided_again_when_asked(room: Room) -> None:
    await settled_tasks(room, 2)
    async with room.opened():
        await open_settings(room)
        await retype(room, "0")
        await room.press("ctrl+s")
        await room.sees("Type yes to change")
        await room.press(*"resettle", "enter")
        await room.sees("The settings are saved")
        await room.press("escape")
        await room.sees("0 of 2 settled")


async def test_a_value_that_is_none_is_said_as_it_is_typed_and_not_saved(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await open_settings(room)
        await retype(room, "1.5")
        await room.sees("! a number from 0 to 1")
        await room.press("ctrl+s")
        await room.sees("max risk: a number from 0 to 1.")
        assert isinstance(room.screen, CampaignSettingsScreen)
        assert (await stored(room))["max_risk"] == 0.05


async def test_choices_are_chosen_by_arrows_and_the_first_votes_by_number(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await open_settings(room)
        await retype(room, "2%")
        await room.press("down", "right", "tab")
        await room.sees("● by risk", "was the same for all")
        await room.press("backspace", "7", "7")
        await room.sees("! a whole number from 1 to 50")
        await room.press("backspace", "down", "right")
        await room.sees("● mm", "was none assumed")
        await room.press("ctrl+s")
        await room.sees("votes the same for all → by risk", "first votes 1 → 7", "unit none assumed → mm")
        await room.press(*"yes", "enter")
        await room.sees("The settings are saved")
        now = await stored(room)
        assert (now["max_risk"], now["votes"], now["min_votes"], now["unit"]) == (0.02, "by_risk", 7, "mm")


async def test_review_settings_and_the_guideline_are_saved_with_the_others(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await open_settings(room)
        for _ in range(5):
            await room.press("tab")
        await retype(room, "0,1")  # the sample
        await room.press("tab", *"0.8", *["tab"] * 5, *"Look", "enter", *"twice")
        await room.sees("was 0.05", "was none", "changed")
        await room.press("ctrl+s")
        await room.sees("sample 0.05 → 0.1", "pass mark none → 0.8", "guideline: 0 → 10 characters")
        await room.press(*"yes", "enter")
        await room.sees("A qualification of 20 items needs as many rulings")
        assert (await stored(room))["guideline"] is None  # refused as a whole
        for _ in range(5):
            await room.press("shift+tab")
        await room.press("end", *["backspace"] * 3, "ctrl+s")
        await room.sees("sample 0.05 → 0.1")
        await room.press(*"yes", "enter")
        await room.sees("The settings are saved")
        assert (await stored(room))["guideline"] == "Look\ntwice"
        review = await room.bench.web.lead.get(f"{OURS}/campaigns/{room.bench.campaign}/review-settings")
        assert (review.json()["sample_rate"], review.json()["pass_mark"]) == (0.1, None)


async def test_esc_asks_about_unsaved_changes_before_it_drops_them(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await open_settings(room)
        await retype(room, "0.2")
        await room.press("escape")
        await room.sees("1 change isn't saved", "Esc again drops it")
        assert isinstance(room.screen, CampaignSettingsScreen)
        await room.press("escape")
        await room.until(lambda: isinstance(room.screen, CampaignDashboardScreen))
        assert (await stored(room))["max_risk"] == 0.05


async def test_nothing_changed_is_said(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await open_settings(room)
        await room.press("ctrl+s")
        await room.sees("Nothing is changed")
        await room.press("escape")
        await room.until(lambda: isinstance(room.screen, CampaignDashboardScreen))


async def test_a_refusal_keeps_what_was_typed(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await open_settings(room)
        await retype(room, "0.2")
        await room.sees("No task changes by this")
        await room.press("ctrl+s")
        await room.sees("Type yes")
        room.transport.down = True
        await room.press(*"yes", "enter")
        await room.sees("! ", "0.2", "was 0.05")
        room.transport.down = False
        await room.press("ctrl+s", *"yes", "enter")
        await room.sees("The settings are saved")
        assert (await stored(room))["max_risk"] == 0.2


@pytest.mark.parametrize("method", ["PATCH", "GET"])
async def test_what_is_typed_while_the_server_saves_or_is_read_again_stays(room: Room, method: str) -> None:
    await room.bench.task()
    async with room.opened(transport=Held):
        transport = room.transport
        assert isinstance(transport, Held)
        await open_settings(room)
        await retype(room, "0.2")
        await room.press("ctrl+s")
        await room.sees("Type yes")
        transport.method = method
        await room.press(*"yes", "enter")
        await room.until(transport.waiting.is_set)
        await retype(room, "0.31")
        n = len(transport.answered)
        transport.free.set()
        await room.until(lambda: "GET" in transport.answered[n:])
        await room.sees("0.31", "The settings are saved")
        assert (await stored(room))["max_risk"] == 0.2


@pytest.mark.parametrize("key", [None, "r"])
async def test_settings_that_could_not_be_read_are_read_again(
    room: Room, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "FIRST_PAUSE", 0.05 if key is None else 1000.0)
    await room.bench.task()
    async with room.opened():
        await room.until(lambda: room.screen.query("#keys"))
        await room.press("l")
        await room.sees("settled", "alpha")
        room.transport.down = True
        await room.press("s")
        await room.sees("The settings could not be read", "We keep trying. Press r to try now.")
        room.transport.down = False
        if key is not None:
            await room.press(key)
        await room.sees("max risk", "0.05", "when a task settles", "Chosen when it was made")


async def test_a_plain_server_has_none_and_a_sentence_says_so(room: Room) -> None:
    await room.bench.task()
    async with room.opened(plain=True):
        await open_settings(room, "This server has no such settings", "plain ARCNM server", "Esc goes back")
        await room.press("ctrl+s", "escape")
        await room.until(lambda: isinstance(room.screen, CampaignDashboardScreen))


async def test_the_palette_opens_it(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await room.until(lambda: room.screen.query("#keys"))
        await room.press("l")
        await room.sees("settled", "alpha")
        await room.press("ctrl+p", *"settings")
        await room.sees("When tasks settle, votes, unit")
        await room.press("enter")
        await room.until(lambda: isinstance(room.screen, CampaignSettingsScreen))
