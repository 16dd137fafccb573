"""Evidence of a case: what each reader read in the place."""

from __future__ import annotations

from gonogo.desk.review.models import Case, Draft, QueueRow
from gonogo.schemas.labeling import LabelingTaskPublic
from gonogo.schemas.review import ReviewDetail, Standing
from gonogo.schemas.review_readings import ReviewReading
from gonogo.tui.presenters.expert.rulings import evidence, other_readings
from tests.tui.fake_services import task

READINGS = [
    ReviewReading(source="edocr", value={"text": "⌀5"}, asked=True),
    ReviewReading(source="gpt", value={"text": "Ø15"}),
    ReviewReading(value={"text": "15 [b]\x1b[31m"}),
]


def case_with(readings: list[ReviewReading]) -> Case:
    standing = Standing(status="in_review", posterior={"correct": 0.4})
    detail = ReviewDetail(task=LabelingTaskPublic(id="t"), harm=0.5, why="tie", now=standing, readings=readings)
    return Case(QueueRow(task(1)), detail)


def test_readers_stand_beside_their_readings_and_the_asked_one_is_marked() -> None:
    lines = [line.plain for line in evidence(case_with(READINGS), None, Draft(), 40)]
    at = lines.index("read by")
    assert lines[at + 1 : at + 4] == ["edocr  ⌀5  asked", "gpt    Ø15", "–      15 [b]<U+001B>[31m"]
    assert other_readings(case_with(READINGS).detail) == (("Ø15", "gpt"), ("15 [b]<U+001B>[31m", "–"))


def test_a_case_of_one_reading_names_no_reader() -> None:
    assert "read by" not in [line.plain for line in evidence(case_with([]), None, Draft(), 40)]
    assert other_readings(None) == ()
