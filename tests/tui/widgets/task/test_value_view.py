"""Value view on the annotate screen: letters as large as the panel allows."""

from __future__ import annotations

from gonogo.tui.lettering.layout import letter_rows
from gonogo.tui.widgets.task.value_view import ValueView
from tests.tui.conftest import Running
from tests.tui.fake_services import FakeAnnotateSession, task
from tests.tui.screen_text import text_of


async def test_a_value_below_a_wide_text_keeps_its_letters_beside_the_exact_reading(running: Running) -> None:
    wide = task(1, {"text": "Ø25 +0,015 +0,002"}, bbox=(100.0, 100.0, 900.0, 130.0))
    async with running(FakeAnnotateSession([wide]), size=(110, 32)) as pilot:
        view = pilot.app.screen.query_one(ValueView)
        assert letter_rows(wide.predicted_value, *view.content_size) >= 3
        assert "read: Ø25 +0,015 +0,002" in text_of(pilot.app.screen)
