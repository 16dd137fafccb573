"""Causes of conflicts in the queue: what the voters' values have in common against the reading."""

from __future__ import annotations

import pytest

from tests.server.review.conftest import Bench

REVISION = "11111111-1111-4111-8111-111111111111"


async def causes(bench: Bench) -> dict[str, str | None]:
    return {item["task"]["id"]: item["cause"] for item in (await bench.queue(causes="true"))["data"]}


async def test_a_conflict_names_the_cause_that_its_votes_show(bench: Bench) -> None:
    lost_sign = await bench.task(predicted_value={"text": "165"})
    await bench.vote(lost_sign, ann="correct", bob=("incorrect", "16,5"))
    twice = await bench.task(predicted_value={"text": "165"})
    await bench.vote(twice, ann=("incorrect", "16,5"), bob=("incorrect", "1,65"))
    unlike = await bench.task(predicted_value={"text": "165"})
    await bench.vote(unlike, ann=("incorrect", "16,5"), bob=("incorrect", "⌀165"))
    no_value = await bench.task(predicted_value={"text": "165"})
    await bench.vote(no_value, ann="correct", bob="incorrect")
    expected = {lost_sign: "decimal_sign", twice: "decimal_sign", unlike: "", no_value: ""}
    assert await causes(bench) == expected
    assert {item["cause"] for item in (await bench.queue())["data"]} == {None}, "named on request alone"


@pytest.fixture
async def row_of_boxes(bench: Bench) -> tuple[Bench, list[str]]:
    """Twelve boxes in a row on a sheet; the number of its place was read at each."""
    tasks = [
        await bench.task(
            predicted_value={"text": f"{place}1{place}"},
            drawing_bbox=[place * 100.0, 0.0, place * 100.0 + 50, 20.0],
            part_revision_id=REVISION,
        )
        for place in range(1, 13)
    ]
    return bench, tasks


async def test_the_value_of_a_box_near_on_the_sheet_is_a_neighbours(row_of_boxes: tuple[Bench, list[str]]) -> None:
    bench, tasks = row_of_boxes
    await bench.vote(tasks[0], ann="correct", bob=("incorrect", "212"))  # read at the next box
    await bench.vote(tasks[1], ann="correct", bob=("incorrect", "12112"))  # read eleven boxes away
    far = await bench.task(predicted_value={"text": "77"}, part_revision_id="22222222-2222-4222-8222-222222222222")
    await bench.vote(far, ann="correct", bob=("incorrect", "212"))  # read on another sheet
    assert await causes(bench) == {tasks[0]: "neighbour", tasks[1]: "", far: ""}
