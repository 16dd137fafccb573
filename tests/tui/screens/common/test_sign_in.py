"""Getting in: link, key, the workspace on this computer; errors in words."""

from __future__ import annotations

import pytest
from textual.events import Paste
from textual.widgets import Input

from gonogo.client.errors import AuthenticationError, NetworkError
from gonogo.tui.screens.work.annotate import AnnotateScreen
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, FakeCampaign, task
from tests.tui.screen_text import press, settle, text_of


async def test_a_pasted_link_opens_the_first_question(running: Running, clock: Clock) -> None:
    async with running(FakeAnnotateSession([task(1)]), signed=None) as pilot:
        pilot.app.screen.query_one("#link", Input).value = " https://labels.example/#token=gml_abc "
        await press(pilot, clock, "enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, AnnotateScreen)
        calls = pilot.app.services.calls  # type: ignore[attr-defined]
        assert calls[:2] == [("link", "https://labels.example/#token=gml_abc", ""), ("open", "campaign-1")]


MAIL = "Hello Ana,\nyour link:\nhttps://labels.example/#tok\nen=gml_secret\n\nGreetings\nThe lead"


@pytest.mark.parametrize("focused", [True, False])
@pytest.mark.parametrize("pasted", [MAIL, "https://labels.example/#token=gml_secret"])
async def test_a_pasted_link_signs_in_at_once(running: Running, focused: bool, pasted: str) -> None:
    async with running(FakeAnnotateSession([task(1)]), signed=None) as pilot:
        if not focused:
            pilot.app.screen.set_focus(None)
        pilot.app.post_message(Paste(pasted))
        await settle(pilot)
        assert isinstance(pilot.app.screen, AnnotateScreen)
        calls = pilot.app.services.calls  # type: ignore[attr-defined]
        assert calls[0] == ("link", "https://labels.example/#token=gml_secret", "")


@pytest.mark.parametrize("focused", [True, False])
async def test_a_pasted_token_waits_for_enter_and_never_shows(running: Running, focused: bool) -> None:
    async with running(FakeAnnotateSession([task(1)]), signed=None) as pilot:
        if not focused:
            pilot.app.screen.set_focus(None)
        pilot.app.post_message(Paste(" gml_secret\n"))
        await settle(pilot)
        assert pilot.app.screen.query_one("#link", Input).value == "gml_secret"
        assert "gml_secret" not in text_of(pilot.app.screen)


async def test_an_api_key_needs_its_server_and_never_shows(running: Running, clock: Clock) -> None:
    async with running(FakeAnnotateSession([task(1)]), signed=None) as pilot:
        key, server = pilot.app.screen.query_one("#key", Input), pilot.app.screen.query_one("#server", Input)
        key.value, server.value = "ak_live_secret", ""
        await press(pilot, clock, "enter")
        assert "needs its server" in text_of(pilot.app.screen)
        assert "ak_live_secret" not in text_of(pilot.app.screen)
        server.value = "https://labels.example"
        await press(pilot, clock, "enter")
        await settle(pilot)
        assert pilot.app.services.calls[0] == ("key", "ak_live_secret", "https://labels.example")  # type: ignore[attr-defined]


async def test_a_refusal_says_what_happened_and_what_to_do(running: Running, clock: Clock) -> None:
    refusal = AuthenticationError("This link is unknown, used or expired.", next_step="Ask for a new one.")
    async with running(FakeAnnotateSession([]), signed=None, refuses=refusal) as pilot:
        await press(pilot, clock, "x", "enter")
        shown = text_of(pilot.app.screen)
        assert "unknown, used or expired" in shown
        assert "Ask for a new one." in shown
        assert pilot.app.screen.query_one("#link", Input).value == "x"


async def test_nothing_typed_says_what_is_missing(running: Running, clock: Clock) -> None:
    async with running(FakeAnnotateSession([]), signed=None) as pilot:
        await press(pilot, clock, "enter")
        assert "nothing to sign in with" in text_of(pilot.app.screen)


async def test_try_it_here(running: Running, clock: Clock) -> None:
    async with running(FakeAnnotateSession([task(1)]), signed=None) as pilot:
        await pilot.click("#here")
        await settle(pilot)
        assert pilot.app.services.calls[0] == ("embedded",)  # type: ignore[attr-defined]
        assert isinstance(pilot.app.screen, AnnotateScreen)


async def test_several_campaigns_are_a_choice_and_one_is_none(running: Running, clock: Clock) -> None:
    listed = [FakeCampaign("one", "First"), FakeCampaign("two", "Second"), FakeCampaign("old", "Old", status="closed")]
    async with running(FakeAnnotateSession([task(1)]), signed=None, listed=listed) as pilot:
        await press(pilot, clock, "x", "enter")
        await settle(pilot)
        assert "Second" in text_of(pilot.app.screen)
        assert "Old" not in text_of(pilot.app.screen)
        await press(pilot, clock, "down", "down", "enter")
        await settle(pilot)
        assert ("open", "two") in pilot.app.services.calls  # type: ignore[attr-defined]


async def test_signing_out_forgets_and_closes(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    async with running(session) as pilot:
        await pilot.app.run_action("sign_out")
        await settle(pilot)
        assert "You are signed out." in text_of(pilot.app.screen)
        assert "close" in session.calls


async def test_signing_in_survives_a_dead_server(running: Running, clock: Clock) -> None:
    refusal = NetworkError("labels.example did not answer.", next_step="Check the address and the network.")
    async with running(FakeAnnotateSession([]), signed=None, refuses=refusal) as pilot:
        await press(pilot, clock, "x", "enter")
        assert "did not answer" in text_of(pilot.app.screen)
        pilot.app.services.refuses = None  # type: ignore[attr-defined]
        await press(pilot, clock, "enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, AnnotateScreen)
