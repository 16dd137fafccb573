"""Which task a newer prediction belongs to, for any mixture of ids, places and readers."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gonogo.server.tasks.updating.records import AskedTask, PredictedSubject, match

READERS = st.sampled_from([None, "edocr", "gpt", "qwen"])


def prediction(number: int, run: str, own_id: str, sheet: str, place: int, reader: str | None) -> PredictedSubject:
    return PredictedSubject(
        number=number,
        id=f"{run}-{number}",
        calculation_id=run,
        external_id=own_id,
        source=reader,
        truth=None,
        target_kind="pmi",
        detail_kind="dimension",
        field_name="diameter",
        field_path=None,
        prompt=None,
        predicted_value={"text": str(number)},
        predicted_confidence=None,
        drawing_bbox=[0.1, place / 10, 0.2, place / 10 + 0.05],
        position=None,
        part_revision_id=sheet,
        pmi_id=None,
        feature_id=None,
        dfm_issue_id=None,
        face_uuid=None,
    )


def asked(item: PredictedSubject, gold_item: str | None = None) -> AskedTask:
    task = f"task of {item.id} {gold_item}"
    return AskedTask(item.number, task, gold_item, None, item.predicted_value, "open", 0, 0, None, item)


Lines = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from("ab"), st.integers(0, 3), READERS),
    max_size=12,
    unique_by=lambda line: line[0],
)


def run_of(name: str, lines: list[tuple[int, str, int, str | None]]) -> list[PredictedSubject]:
    return [prediction(n, name, f"{own_id}", sheet, place, by) for n, (own_id, sheet, place, by) in enumerate(lines)]


@given(Lines, Lines)
def test_a_prediction_gets_one_record_of_its_sheet_and_a_record_one_prediction(
    first: list[tuple[int, str, int, str | None]], second: list[tuple[int, str, int, str | None]]
) -> None:
    old, new = run_of("old", first), run_of("new", second)
    matches = match(new, map(asked, old))
    assert max(Counter(item.id for item, _record in matches.pairs).values(), default=1) == 1
    assert max(Counter(record.tasks[0].id for _item, record in matches.pairs).values(), default=1) == 1
    assert not matches.unclear & {item.id for item, _record in matches.pairs}
    for item, record in matches.pairs:
        (task,) = record.tasks
        assert task.prediction.sheet == item.sheet
        assert task.prediction.external_id == item.external_id or task.prediction.place == item.place


@given(Lines)
def test_a_run_that_reads_the_same_again_finds_every_task_in_any_order(
    lines: list[tuple[int, str, int, str | None]],
) -> None:
    old, new = run_of("old", lines), run_of("new", lines)
    matches = match(new[::-1], map(asked, old))
    assert {(item.number, record.tasks[0].number) for item, record in matches.pairs} == {
        (item.number, item.number) for item in new
    }
    assert matches.unclear == set()


def test_copies_of_a_gold_item_are_one_record() -> None:
    (old,), (new,) = run_of("old", [(1, "a", 0, None)]), run_of("new", [(2, "a", 0, "gpt")])
    ((item, record),) = match([new], [asked(old, "item"), asked(old, "item")]).pairs
    assert (item, len(record.tasks), record.is_gold) == (new, 2, True)
