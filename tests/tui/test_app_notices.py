"""Notices: one at a time, and never over what a person reads or presses."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.status_bar import StatusBar
from gonogo.tui.widgets.task.task_pane import TaskPane
from gonogo.tui.widgets.task.value_view import ValueView
from tests.tui.conftest import Running
from tests.tui.fake_services import FakeAnnotateSession, task
from tests.tui.screen_text import settle

LONG = "The server asks us to go slower, and this is a sentence that is longer than one line of a narrow terminal."


WIDE = {"value": {"text": "Edges ISO 13715: -0,3; radii R2 unless noted"}, "bbox": (100.0, 100.0, 900.0, 130.0)}


@pytest.mark.parametrize(
    ("size", "below"), [((80, 24), True), ((120, 40), False), ((120, 40), True), ((200, 60), False), ((200, 60), True)]
)
async def test_a_notice_covers_neither_status_nor_value_nor_keys(
    running: Running, size: tuple[int, int], below: bool
) -> None:
    first = task(1, **WIDE) if below else task(1)
    async with running(FakeAnnotateSession([first, task(2)]), size=size) as pilot:
        assert pilot.app.screen.query_one(TaskPane).has_class("-below") is below
        for text in ("One.", "Two.", LONG):
            pilot.app.show_notice(text, error=True)  # type: ignore[attr-defined]
        await pilot.pause()
        await settle(pilot)
        (toast,) = pilot.app.screen.query("Toast")  # the newest takes the place of those before
        for widget in (StatusBar, ValueView, KeyFooter):
            shown: Static = pilot.app.screen.query_one(widget)  # type: ignore[assignment]
            assert not toast.region.overlaps(shown.region), widget.__name__
