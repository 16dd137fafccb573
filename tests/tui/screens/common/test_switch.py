"""Switching: another campaign, review and back, another login; drafts and unsent answers are kept."""

from __future__ import annotations

from typing import cast

import pytest
from textual.widgets import Input

from gonogo.tui.app import GonogoApp
from gonogo.tui.screens.common.sign_in import SignInScreen
from gonogo.tui.screens.expert.adjudicate import AdjudicateScreen
from gonogo.tui.screens.work.annotate import AnnotateScreen
from tests.tui.screens.conftest import Room


def app_of(room: Room) -> GonogoApp:
    return cast(GonogoApp, room.pilot.app)


async def question(room: Room) -> AnnotateScreen:
    await room.until(lambda: isinstance(room.screen, AnnotateScreen) and room.screen.is_complete)
    return cast(AnnotateScreen, room.screen)


@pytest.mark.slow
async def test_one_key_goes_from_answering_to_review_and_back_with_the_draft(room: Room) -> None:
    await room.bench.task(prompt="Is this bore read right?")
    disputed = await room.bench.task(predicted_value={"text": "R0,2"}, predicted_confidence=0.9)
    await room.bench.vote(disputed, ana="correct", bob="incorrect")
    async with room.opened(start="auto"):
        screen = await question(room)
        await room.press("d", "end", "7")
        typed = screen.query_one("#fix", Input).value
        await room.press("ctrl+r")
        await room.sees("harm", "R0,2")
        await room.press("enter")
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen))
        await room.press("ctrl+r")
        screen = await question(room)
        assert len(app_of(room).screen_stack) == 2
        await room.press("d")
        assert screen.query_one("#fix", Input).value == typed


@pytest.mark.slow
async def test_an_answer_on_the_desk_goes_out_when_the_campaign_is_changed(room: Room) -> None:
    first = await room.bench.task(prompt="Is this bore read right?")
    other = await room.bench.web.campaign(name="The other batch", gold_fraction=0, target_redundancy=2)
    async with room.opened(start="auto"):
        await question(room)
        await room.press("a", "ctrl+o")
        await room.sees("The other batch", "Review queue of this campaign", "Another server or person")
        await room.press("enter")
        await room.until(lambda: app_of(room).navigator.campaign_id == other)
        await room.sees("no question is left")
        sent = [request.url.path for request in room.transport.seen if request.url.path.endswith("/submit")]
        assert sent == [f"/api/v1/parts/labeling/tasks/{first}/submit"]
        await room.press("ctrl+o")
        await room.sees("of 1 settled")
        await room.press("enter")
        await room.until(lambda: app_of(room).navigator.campaign_id == room.bench.campaign)


@pytest.mark.slow
async def test_esc_stays_and_with_the_server_away_the_other_ways_are_there(room: Room) -> None:
    await room.bench.task(prompt="Is this bore read right?")
    async with room.opened(start="auto"):
        screen = await question(room)
        room.transport.down = True
        await room.press("ctrl+o")
        await room.sees("Review queue of this campaign", "Another server or person", "Esc stays")
        await room.press("escape")
        assert room.screen is screen
        room.transport.down = False
        await room.press("ctrl+o", "end", "enter")
        await room.until(lambda: isinstance(room.screen, SignInScreen))
        await room.press("escape")
        await question(room)


@pytest.mark.slow
async def test_another_login_is_one_choice_away_and_so_is_the_way_back(room: Room) -> None:
    for number in range(8):  # one person holds five
        await room.bench.task(prompt=f"Is bore {number} read right?")
    invited = await room.bench.web.invite(room.bench.campaign, "dora@works.test", "annotator")
    async with room.opened(start="auto"):
        await question(room)
        await room.press("ctrl+o", "end", "enter")
        await room.until(lambda: isinstance(room.screen, SignInScreen))
        form = cast(SignInScreen, room.screen)
        form.link.value, form.server.value = invited["magic_link_token"], "http://embedded.localhost"
        await room.press("enter")
        await room.until(lambda: isinstance(room.screen, AnnotateScreen) or "Stay signed in" in room.text)
        if "Stay signed in" in room.text:
            await room.press("escape")
        await question(room)
        services = app_of(room).services
        signed = services.remembered()
        assert signed is not None
        assert signed.kind == "session"
        await room.press("ctrl+o")
        await room.sees("This computer's workspace")
        await room.press("end", "up", "enter")
        await room.until(lambda: (now := services.remembered()) is not None and now.kind == "embedded")
        await question(room)
        assert [login.kind for login in services.other_logins()] == ["session"]
