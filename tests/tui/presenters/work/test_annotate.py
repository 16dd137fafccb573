"""Words of the annotate screen: the title of a drawing says how its text was turned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gonogo.sheets.models import PictureRequest
from gonogo.tui.presenters.work.annotate import sheet_title
from gonogo.tui.viewport import Viewport
from tests.tui.fake_services import fake_picture, task


@pytest.mark.parametrize(
    ("rotation", "words"), [(0, ""), (47, "turned 47°"), (90, "turned 90°"), (319, "turned −41°"), (180, "turned 180°")]
)
def test_the_title_says_how_far_the_drawing_is_turned(rotation: int, words: str) -> None:
    picture = fake_picture(task(1), PictureRequest(52, 24, rotation=rotation))
    title = sheet_title(task(1), picture, Viewport())
    assert title.endswith(words) if words else "turned" not in title


def test_the_title_says_that_the_angle_is_unsure_and_how_to_turn() -> None:
    picture = replace(fake_picture(task(1), PictureRequest(52, 24)), angle_is_sure=False)
    assert "angle unsure, o turns" in sheet_title(task(1), picture, Viewport())
