"""Tasks as the desk keeps them on its disk."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gonogo.desk.core.serialize import task_from_json, task_from_served, task_to_json
from gonogo.schemas.labeling import ServedTask

SERVED: dict[str, Any] = {"id": "t1", "target_kind": "pmi", "prompt": "Right?", "predicted_value": {"text": "⌀5"}}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"other_readings": [{"text": "Ø15"}, {"text": "15"}]}, ({"text": "Ø15"}, {"text": "15"})),
        ({"other_readings": None}, ()),
        ({}, ()),  # a plain ARCNM server
    ],
)
def test_other_readings_come_with_the_task_and_stay_with_it(given: dict[str, Any], kept: tuple[object, ...]) -> None:
    task = task_from_served(ServedTask.model_validate(SERVED | given).model_dump(), "c1")
    assert task.other_readings == kept
    assert task_from_json(json.loads(json.dumps(task_to_json(task)))) == task


def test_a_task_kept_by_an_earlier_version_has_none() -> None:
    kept = task_to_json(task_from_served(SERVED, "c1"))
    del kept["other_readings"]
    assert task_from_json(kept).other_readings == ()
