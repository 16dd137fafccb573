"""The choice of a campaign: each on a line of its own that says how far it is, and a way on where there is none."""

from __future__ import annotations

import pytest

from gonogo.client.errors import NetworkError
from gonogo.tui import workers
from tests.tui.conftest import Running
from tests.tui.fake_services import FakeAnnotateSession, FakeCampaign, FakeSignedIn
from tests.tui.screen_text import appears, settle, text_of


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_campaign_is_one_line_and_its_count_is_no_part_of_its_name(
    running: Running, size: tuple[int, int]
) -> None:
    listed = [FakeCampaign(f"{n}", f"Batch {n:03d}", resolved_count=7) for n in range(200)]
    listed[1] = FakeCampaign("1", "A name that goes on " * 20, resolved_count=7)
    async with running(
        FakeAnnotateSession([]), signed=FakeSignedIn(campaign_id=None), listed=listed, size=size
    ) as pilot:
        await settle(pilot)
        shown = [line.rstrip() for line in text_of(pilot.app.screen).splitlines()]
        assert "Batch 000   7 of 100 settled" in shown
        (long,) = [line for line in shown if line.startswith("A name")]
        assert long.endswith("…   7 of 100 settled")
        assert shown[-1] == "Enter opens it. / finds one of 200."
        await pilot.press("end")
        await settle(pilot)
        assert "Batch 199   7 of 100 settled" in text_of(pilot.app.screen)


@pytest.mark.parametrize(("kind", "said"), [("session", "who invited you"), ("key", "gonogo import")])
async def test_where_there_is_none_the_way_on_is_said(running: Running, kind: str, said: str) -> None:
    closed = [FakeCampaign("1", "done", status="closed")]
    async with running(
        FakeAnnotateSession([]), signed=FakeSignedIn(kind=kind, campaign_id=None), listed=closed
    ) as pilot:
        await settle(pilot)
        assert said in text_of(pilot.app.screen)


@pytest.mark.parametrize("key", [None, "r"])
async def test_a_list_that_could_not_be_read_is_read_again(
    running: Running, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "FIRST_PAUSE", 0.05 if key is None else 1000.0)
    listed = [FakeCampaign("1", "Batch 001"), FakeCampaign("2", "Batch 002")]
    refusal = NetworkError("No connection.", next_step="Look at the network.", transient=True)
    async with running(
        FakeAnnotateSession([]), signed=FakeSignedIn(campaign_id=None), listed=listed, refuses=refusal
    ) as pilot:
        await appears(pilot, "We keep trying")
        pilot.app.services.refuses = None  # type: ignore[attr-defined]
        if key is not None:
            await pilot.press(key)
        await appears(pilot, "Batch 002")
