"""The model screen: a project's report, and its surest errors, each with its place on the drawing."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.tui.screens.lead.model import ModelScreen
from tests.server.web import LABELING, OURS
from tests.tui.screens.conftest import Room


async def campaign_of_a_project(room: Room) -> None:
    """The room's campaign becomes one of a project whose run has 40 right and two wrong predictions."""
    lead = room.bench.web.lead
    project = (await lead.post(f"{LABELING}/projects", json={"name": "PMI"})).json()["id"]
    rows: list[dict[str, Any]] = [
        {"id": f"p{n}", "predicted_value": {"text": f"{n},5"}, "truth": {"text": f"{n},5"}, "predicted_confidence": 0.9}
        for n in range(40)
    ]
    wrong = {"predicted_value": {"text": "⌀8"}, "truth": {"text": "⌀6"}, "part": "flange", "field_name": "bore"}
    rows += [
        {"id": "bad", "predicted_confidence": 0.97, **wrong},
        {**wrong, "id": "worse", "predicted_confidence": 0.5},
    ]
    stored = await lead.post(f"{OURS}/predictions", json={"project_id": project, "run": "new", "predictions": rows})
    assert stored.status_code == 201, stored.text
    body = {"calculation_ids": [stored.json()["calculation_id"]], "campaign": {"name": "PMI", "gold_fraction": 0}}
    made = await lead.post(f"{LABELING}/projects/{project}/generate-tasks", json=body)
    room.bench.campaign = made.json()["campaign"]["id"]


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_report_comes_first_then_the_surest_errors(room: Room, size: tuple[int, int]) -> None:
    await campaign_of_a_project(room)
    async with room.opened(size=size):
        await room.sees("find")
        await room.press("l")
        await room.sees("PMI", "quality")
        await room.press("m")
        await room.until(lambda: isinstance(room.screen, ModelScreen))
        await room.sees("model  PMI", "predictions  42 of new", "42 known: 42 by an imported truth", "⌀8 for ⌀6")
        await room.press("down")
        await room.sees("read", "⌀8", "right", "⌀6", "97%", "bore", "has no drawing")
        await room.press("down")
        await room.sees("sure    50%")
        await room.press("escape")
        await room.until(lambda: not isinstance(room.screen, ModelScreen))


@pytest.mark.slow
async def test_a_campaign_without_a_project_and_a_plain_server_say_so(room: Room) -> None:
    async with room.opened():
        await room.sees("find")
        await room.press("l")
        await room.sees("quality")
        await room.press("m")
        await room.sees("belongs to no project")
    async with room.opened(plain=True):
        await room.sees("find")
        await room.press("l")
        await room.sees("quality")
        await room.press("m")
        await room.sees("model report could not be read")
