"""Every screen behind a real proxy that breaks one kind of its requests: it says so, and goes on when that is over.

The outcomes are those of a table (`SAYS`); what becomes of an answer under way is held by
`tests/desk/outbox/test_network_faults.py`.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from textual.widgets import Input

from gonogo.tui import workers
from gonogo.tui.navigation import Navigator
from gonogo.tui.screens.common.choose_campaign import ChooseCampaignScreen
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.screens.common.sign_in import SignInScreen
from gonogo.tui.screens.lead.campaign_settings import CampaignSettingsScreen
from gonogo.tui.screens.lead.quality import QualityScreen
from tests.server.review.conftest import Bench
from tests.tui.fake_services import Clock
from tests.tui.screens.behind_proxy import RoomBehindProxy
from tests.tui.screens.expert.test_contact_sheet import agreed
from tests.tui.screens.work.test_practice import known_items

CUT = ("cut before",)
SAYS: dict[str, tuple[str, ...]] = {
    "lost request": CUT,
    "reset": CUT,
    "half answer": CUT,
    "html 502": ("server failed",),
    "html": ("a page",),
    "empty 200": ("empty body",),
    "truncated JSON": ("broken JSON",),
    "302": ("redirected",),
    "401": ("did not accept", "has expired"),
    "429": ("go slower", "Too many requests"),
    "429 for a minute": ("go slower", "Too many requests"),
}
"""By fault the words that name it; one of them is read on the screen."""
NEXT = ("Press r", "r tries again", "r goes on", "ry again in", "rying again in", "next try in", "trying now", "Key r")
"""Words for the next step; one of them is read beside the fault."""


@dataclass(frozen=True)
class Place:
    """Screen: how it is reached, what it shows when all is well, and the kinds of requests it can do without."""

    enter: Callable[[RoomBehindProxy], Awaitable[None]]
    healthy: str
    dispensable: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Kinds of requests that are broken; by default all that come on the way."""


def navigator(room: RoomBehindProxy) -> Navigator:
    found: Navigator = room.pilot.app.navigator  # type: ignore[attr-defined]
    return found


async def _annotate(room: RoomBehindProxy) -> None:
    navigator(room).reviewing = False
    await navigator(room).open_campaign(room.signed, room.bench.campaign)


async def _chooser(room: RoomBehindProxy) -> None:
    navigator(room).reviewing = False
    room.pilot.app.push_screen(ChooseCampaignScreen(room.signed))


async def _review(room: RoomBehindProxy) -> None:
    await navigator(room).open_review(room.signed, room.bench.campaign)


def _from_queue(key: str) -> Callable[[RoomBehindProxy], Awaitable[None]]:
    async def enter(room: RoomBehindProxy) -> None:
        await _review(room)
        await room.until(lambda: "1 of" in room.words and not room.screen.has_class("-card"))
        await room.press(key)

    return enter


async def _quality(room: RoomBehindProxy) -> None:
    room.pilot.app.push_screen(QualityScreen(room.signed, room.bench.campaign, "a campaign"))


async def _people(room: RoomBehindProxy) -> None:
    navigator(room).show_annotators(room.signed, room.bench.campaign, "a campaign")


async def _gold(room: RoomBehindProxy) -> None:
    navigator(room).show_candidates(room.signed, room.bench.campaign, "a campaign")


async def _dashboard(room: RoomBehindProxy) -> None:
    navigator(room).show_campaigns()


async def _settings(room: RoomBehindProxy) -> None:
    room.pilot.app.push_screen(CampaignSettingsScreen(room.signed, room.bench.campaign, "a campaign"))


async def _switch(room: RoomBehindProxy) -> None:
    navigator(room).show_switch()


async def _practice(room: RoomBehindProxy) -> None:
    navigator(room).show_practice()


async def _results(room: RoomBehindProxy) -> None:
    navigator(room).show_results()
    await room.sees("Which task?")
    await room.press("1", "enter")


async def _case(room: RoomBehindProxy) -> None:
    await _results(room)
    await room.sees("1 of")
    await room.press("enter")


LABELING, OURS = "GET /api/v1/parts/labeling", "GET /api/v1/gonogo"
ME, CASE = f"{OURS}/me", f"{OURS}/tasks/*/review"
PLAIN = (f"{OURS}/capabilities", "401")
"""A plain ARCNM server may ask for a credential before it says that it has no such path."""
PLACES = {
    "annotate": Place(_annotate, "read right", (f"{OURS}/campaigns/*/queue",)),
    "chooser": Place(_chooser, "Enter opens", (ME,)),
    "review": Place(_review, "1 of", (f"{LABELING}/campaigns/*", CASE)),
    "adjudicate": Place(_from_queue("enter"), "undecidable", kinds=(CASE,)),
    "contact": Place(_from_queue("c"), "confirm page", (CASE,), kinds=(CASE,)),
    "quality": Place(_quality, "alpha"),
    "people": Place(_people, "ana"),
    "gold": Place(_gold, "No ruling is proposed"),
    "dashboard": Place(_dashboard, "settled", (f"{OURS}/campaigns/*/progress/stream",)),
    "settings": Place(_settings, "max risk"),
    "switch": Place(_switch, "second", (ME,)),
    "practice": Place(_practice, "guideline"),
    "results": Place(_results, "1 of"),
    "case": Place(_case, "qualified reads", kinds=("GET /results/public/v1/get",)),
}


@pytest.fixture
async def room(bench: Bench, home: Path) -> RoomBehindProxy:
    """A campaign with something for every screen."""
    room = RoomBehindProxy(bench, home, Clock())
    disputed = await bench.task()
    await bench.task()
    await bench.vote(disputed, ana="correct", bob="incorrect")
    await agreed(room, "17")
    await known_items(room)
    await bench.web.campaign(name="second")
    return room


async def leave(room: RoomBehindProxy) -> None:
    """Back to an empty review queue, with no session open."""
    while len(room.pilot.app.screen_stack) > 2:
        room.pilot.app.pop_screen()
    await navigator(room).close_session()
    room.pilot.app.clear_notifications()


async def is_well(room: RoomBehindProxy, place: Place) -> None:
    await room.until(lambda: place.healthy in room.words, 20)  # after a 429 a session asks once in six seconds


def tells(room: RoomBehindProxy, place: Place, kind: str, fault: str) -> bool:
    """Whether the screen says what is wrong and what comes next, or can do without what `kind` brings."""
    words = room.words
    if any(each in words for each in SAYS[fault]) and any(each in words for each in NEXT):
        return True
    goes_on = kind in place.dispensable or "offline" in words or "signed out" in words
    return (place.healthy in words and goes_on) or (kind, fault) == PLAIN


def faults_of(name: str) -> list[str]:
    """A quarter of the faults, other ones for each screen in turn; all of them, which takes minutes, if asked for."""
    if os.environ.get("GONOGO_ALL_FAULTS"):
        return list(SAYS)
    return list(SAYS)[list(PLACES).index(name) % 4 :: 4]


@pytest.mark.slow
@pytest.mark.parametrize("name", PLACES)
async def test_a_broken_request_is_said_and_r_goes_on(
    room: RoomBehindProxy, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "FIRST_PAUSE", 1000.0)  # what could not be read stays until the key
    place = PLACES[name]
    async with room.behind_proxy():
        await room.until(lambda: "1 of" in room.words)
        await leave(room)
        room.line.seen.clear()
        await place.enter(room)
        await is_well(room, place)
        kinds = dict.fromkeys(place.kinds or room.line.seen)
        assert kinds
        for kind in kinds:
            for fault in faults_of(name):
                await leave(room)
                room.line.break_requests(kind, fault)
                await place.enter(room)
                said = partial(tells, room, place, kind, fault)
                await room.until(lambda said=said: room.line.n_met and said(), 20)  # type: ignore[misc]
                room.line.heal()
                room.pilot.app.clear_notifications()
                await room.press("r")
                if isinstance(room.screen, SignInScreen):
                    assert fault == "401"
                    continue
                await is_well(room, place)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLACES)
async def test_it_goes_on_by_itself(room: RoomBehindProxy, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = PLACES[name]
    async with room.behind_proxy():
        await room.until(lambda: "1 of" in room.words)
        await leave(room)
        room.line.seen.clear()
        await place.enter(room)
        await is_well(room, place)
        kind = (*place.kinds, *room.line.seen)[0]
        await leave(room)
        monkeypatch.setattr(workers, "FIRST_PAUSE", 0.2)
        room.line.break_requests(kind, "html 502")
        await place.enter(room)
        await room.until(lambda: room.line.n_met and tells(room, place, kind, "html 502"), 20)
        room.line.heal()
        await is_well(room, place)


@pytest.mark.slow
async def test_an_address_and_a_reason_stay_typed_until_they_have_arrived(room: RoomBehindProxy) -> None:
    async with room.behind_proxy():
        await room.until(lambda: "1 of" in room.words)
        await _people(room)
        await room.until(lambda: "ana" in room.words)
        room.line.break_requests("POST /api/v1/parts/labeling/campaigns/*/assignments", "lost request")
        await room.press("i", *"new@works.test", "enter")
        await room.until(lambda: "What does" in room.words)
        await room.press("enter")
        await room.until(lambda: "cut before" in room.words)
        assert "look before you do it again" in room.words
        room.line.heal()
        await room.press("i")
        await room.until(lambda: "new@works.test" in room.words)
        await room.press("enter")
        await room.until(lambda: "What does" in room.words)
        await room.press("enter")
        await room.until(lambda: "It is shown this once" in room.words)
        await room.press("escape", "i")
        await room.until(lambda: isinstance(room.screen, ConfirmScreen))
        assert room.screen.query_one(Input).value == ""
        await room.press("escape")

        await _people(room)
        await room.until(lambda: "ana" in room.words)
        acting = "POST /api/v1/gonogo/campaigns/*/annotators/*/actions"
        room.line.break_requests(acting, "html 502")
        await room.press("p")
        await room.until(lambda: "Why?" in room.words)
        await room.press(*"slow", "enter")
        await room.until(lambda: "server failed" in room.words)
        room.line.heal()
        await room.press("p")
        await room.until(lambda: "Why?" in room.words and "slow" in room.words)


@pytest.mark.slow
async def test_what_was_changed_is_not_changed_again_because_reading_fails(room: RoomBehindProxy) -> None:
    reading = f"{OURS}/campaigns/*/annotators"
    async with room.behind_proxy():
        await room.until(lambda: "1 of" in room.words)
        await _people(room)
        await room.until(lambda: "ana" in room.words)
        await room.press("p")
        await room.until(lambda: "Why?" in room.words)
        room.line.break_requests(reading, "429")
        room.line.seen.clear()
        await room.press(*"slow", "enter")
        await room.until(lambda: room.line.n_met)
        room.line.heal()
        await room.press("r")
        await room.until(lambda: room.line.seen.count(reading) >= 2 and "paused" in room.words)
        assert len([kind for kind in room.line.seen if kind.startswith("POST")]) == 1


@pytest.mark.slow
async def test_a_screen_that_is_left_while_it_reads_ends_nothing(room: RoomBehindProxy) -> None:
    async with room.behind_proxy():
        await room.until(lambda: "1 of" in room.words)
        for kind in (f"{LABELING}/campaigns", f"{LABELING}/campaigns/*", f"{LABELING}/campaigns/*/quality"):
            room.line.break_requests(kind, "slow")
            await _dashboard(room)
            await room.until(lambda: room.line.n_met)
            await room.press("escape")
            await room.pilot.pause(room.line.proxy.stall_seconds)
        await room.until(lambda: "1 of" in room.words)


@pytest.mark.slow
@pytest.mark.parametrize("fault", SAYS)
async def test_a_sign_in_that_fails_keeps_what_was_typed(room: RoomBehindProxy, fault: str) -> None:
    invited = await room.bench.web.invite(room.bench.campaign, "new@works.test")
    async with room.behind_proxy(start="sign_in", campaign=False, sign_in=False):
        await room.until(lambda: isinstance(room.screen, SignInScreen))
        screen = room.screen
        assert isinstance(screen, SignInScreen)
        screen.link.value, screen.server.value = invited["magic_link_token"], room.line.url
        room.line.break_requests("POST /api/v1/gonogo/sessions", fault)
        await room.press("enter")
        await room.until(lambda: room.line.n_met and any(each in room.words for each in (*SAYS[fault], "link")))
        await room.until(lambda: "Signing in" not in room.words)
        assert screen.link.value == invited["magic_link_token"]
        room.line.heal()
        await room.press("enter")
        await room.until(lambda: "Stay signed in on this computer?" in room.words or "read right" in room.words)
