"""Texts of the review queue and the contact sheet."""

from __future__ import annotations

import pytest

from gonogo.tui.presenters.expert.review_queue import too_small_hint


@pytest.mark.parametrize(
    ("room", "hint"),
    [
        (25, "too small: o opens it"),
        (26, "too small here: o opens it"),
        (20, "too small: o"),
        (3, "o"),
    ],
)
def test_the_hint_of_a_crop_too_small_to_read_is_never_cut(room: int, hint: str) -> None:
    assert too_small_hint("o", room) == hint
    assert len(hint) <= room
