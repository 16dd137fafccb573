"""Status widgets: the line of the last answers, the pace."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from gonogo.desk.core.models import Decided, Decision, SendState
from gonogo.tui.widgets.status_bar import History, pace_text
from tests.tui.fake_services import task

ANSWERS = [Decided(task(n, {"text": f"{n}0,25 +0,1 0"}), Decision("correct"), SendState.SENT) for n in range(1, 9)]


class OneLine(App[None]):
    CSS = "History { height: 1; }"

    def compose(self) -> ComposeResult:
        yield History()


@pytest.mark.parametrize("width", range(10, 90, 7))
async def test_answers_that_do_not_fit_are_cut_with_an_ellipsis(width: int) -> None:
    app = OneLine()
    async with app.run_test(size=(width, 3)):
        history = app.query_one(History)
        history.show_recent(ANSWERS)
        line = history.render().plain
        assert line.startswith("✓ 80,25 +"[: width - 1])
        assert line.endswith("…")
        assert len(line) <= width
        history.show_recent(ANSWERS[:1])
        assert history.render().plain.endswith("…") == (width < 17)


@pytest.mark.parametrize(
    ("pace", "left", "words"),
    [(None, None, ""), (4.24, None, "4.2 s each"), (14.2, 600.0, "14 s each, 10 min left")],
)
def test_the_pace_in_words(pace: float | None, left: float | None, words: str) -> None:
    assert pace_text(pace, left) == words
