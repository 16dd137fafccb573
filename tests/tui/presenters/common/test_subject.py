"""Subjects of tasks in people's words."""

from __future__ import annotations

import pytest

from gonogo.tui.presenters.common.subject import field_text, kind_text, sheet_text, subject_text
from tests.tui.fake_services import task


@pytest.mark.parametrize(
    ("target", "detail", "text"),
    [
        ("pmi", "dimension", "dimension"),
        ("pmi", "surface_finish", "surface finish"),
        ("pmi", "", ""),
        ("title_block", "", "title block"),
        ("pmi", "gdt", "tolerance frame"),
        ("dfmIssue", "", "dfm issue"),
    ],
)
def test_a_kind_is_said_in_words(target: str, detail: str, text: str) -> None:
    assert kind_text(task(target_kind=target, detail_kind=detail)) == text


@pytest.mark.parametrize(
    ("path", "name", "text"),
    [
        ("seat_bearing.diameter", "", "seat bearing, diameter"),
        ("", "upperTolerance", "upper tolerance"),
        ("holes[2].depth", "", "holes 3, depth"),
        ("holes.0.depth", "", "holes 1, depth"),
        ("", "dimension", ""),
        ("datum.A", "", "datum, A"),
        ("..", "", ""),
    ],
)
def test_a_field_is_said_in_words(path: str, name: str, text: str) -> None:
    assert field_text(task(field_path=path, field_name=name)) == text


def test_kind_and_field_stand_on_one_line() -> None:
    assert subject_text(task(field_path="seat_bearing.diameter")) == "dimension · seat bearing, diameter"


def test_a_sheet_is_named_where_it_is_not_the_first() -> None:
    assert sheet_text(task(), "LIU0010") == "LIU0010"
    assert sheet_text(task(bbox=(0, 0, 1, 1, 3)), "LIU0010") == "LIU0010, sheet 3"
    assert sheet_text(task(), "") == ""
