"""Values in lines of words; nested fields without braces; ids on demand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.tui.presenters.common.value_lines import MAX_LINES, field_lines, value_content
from gonogo.tui.screens.work.full_question import SubjectDetails, full_question
from tests.tui.fake_services import task

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=40,
)


def lines(fields: dict[str, Any], *, ids: bool = False) -> list[str]:
    return [" ".join(line.plain.split()) for line in field_lines(fields, ids=ids)]


def test_fields_are_named_in_words_and_ids_are_left_out() -> None:
    fields = {"task_id": "81de", "n_reads": 2, "readStats": {"agree": 0.5, "case_id": 7}, "empty": None, "sure": True}
    assert lines(fields) == ["reads 2", "read stats", "agree 0.5", "sure yes"]
    assert lines(fields, ids=True)[0] == "task id 81de"


def test_a_list_of_records_is_numbered() -> None:
    reads = {"reads": [{"verdict": "correct"}, {"verdict": "incorrect", "value": {"text": "6,3"}}], "tags": ["a", "b"]}
    assert lines(reads) == ["reads 1", "verdict correct", "reads 2", "verdict incorrect", "value 6,3", "tags a, b"]


def test_a_value_is_shown_as_the_drawing_has_it_then_its_parts() -> None:
    shown = value_content({"text": "⌀16,5 +0,1 0", "kind": "dimension", "upper": 0.1}).plain.splitlines()
    assert shown[0] == "⌀16,5 +0,1 0"
    assert [" ".join(line.split()) for line in shown[1:]] == ["kind dimension", "upper 0.1"]


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=12), JSON, max_size=6))
def test_any_fields_give_single_lines_of_a_bounded_number(fields: dict[str, Any]) -> None:
    shown = field_lines(fields, ids=True)
    assert len(shown) <= MAX_LINES + 1
    assert not any("\n" in line.plain for line in shown)


@pytest.mark.parametrize("ids", [False, True])
def test_a_question_in_full_has_ids_only_on_demand(ids: bool) -> None:
    question = task(field_path="seat_bearing.diameter", position=(1.0, 2.5, 30.0))
    record = (("claimed by", "ann-7"), ("claim ends", "2026-05-01T08:30:00Z"), ("created", "2026-05-01T08:00:00Z"))
    text = full_question(question, None, details=SubjectDetails(record=record, ids=ids)).plain
    for words in ("LIU0010", "seat bearing, diameter", "1, 2.5, 30", "2026-05-01 08:30 UTC"):
        assert words in text
    for machine in ("task-0", "7a31f7ce", "ann-7", "seat_bearing.diameter"):
        assert (machine in text) is ids
    assert '{"' not in text
