"""The claim never scans: the plans of all statements of a claim, a vote and a release."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from gonogo.server.ops.maintenance import delete_unused_drawings
from gonogo.server.store import compiled_statements
from gonogo.server.tasks.drawings import DrawingUpload, store_drawings
from gonogo.server.tasks.updating.records import read_asked
from tests.server.house import House, people


def plans_of(sqlite_house: House, work: Any) -> dict[str, list[str]]:
    """The query plan of each statement that `work` sends."""
    sent: list[tuple[str, Any]] = []

    def remember(statement: str, parameters: Any) -> None:
        if statement.split(" ", 1)[0] in {"SELECT", "UPDATE", "INSERT", "DELETE"}:
            sent.append((statement, parameters))

    def remember_core(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        remember(statement, parameters)

    event.listen(sqlite_house.store.engine, "before_cursor_execute", remember_core)
    compiled_statements.watchers.append(remember)
    work()
    compiled_statements.watchers.remove(remember)
    event.remove(sqlite_house.store.engine, "before_cursor_execute", remember_core)
    plans = {}
    with sqlite_house.store.read() as connection:
        for statement, parameters in sent:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans[statement] = [row.detail for row in rows]
    return plans


def test_no_statement_of_the_queue_scans_or_sorts_tasks(sqlite_house: House) -> None:
    campaign = sqlite_house.campaign(target_redundancy=2, gold_fraction=0.5)
    sqlite_house.add(campaign, *[{"part_revision_id": "a"}] * 6, *[{"is_gold": True, "gold_answer": "correct"}] * 3)
    first, second = people(2)

    def work() -> None:
        claim = sqlite_house.next(campaign, first)
        assert claim is not None
        sqlite_house.release(claim.task.id, first)
        assert sqlite_house.next(campaign, second) is not None
        sqlite_house.pass_time(minutes=20)  # the next claim sweeps
        sqlite_house.work_off(campaign, first)
        sqlite_house.work_off(campaign, second)

    plans = plans_of(sqlite_house, work)
    assert plans
    for statement, plan in plans.items():
        for step in plan:
            # "near" are the few items of gold that a search looks at.
            assert not step.startswith("SCAN") or step in {"SCAN CONSTANT ROW", "SCAN near"}, (statement, plan)
            # The few votes of one task are sorted, tasks never.
            assert "TEMP B-TREE" not in step or "FROM submissions" in statement, (statement, plan)


def test_a_page_of_equal_values_scans_and_sorts_nothing(sqlite_house: House) -> None:
    campaign = sqlite_house.campaign(grouping=True, gold_fraction=0.5)
    value = {"predicted_value": {"text": "M8"}}
    gold = {**value, "is_gold": True, "gold_answer": "correct"}
    sqlite_house.add(campaign, *[value] * 6, *[gold] * 3)
    pages: list[int] = []
    plans = plans_of(sqlite_house, lambda: pages.append(len(sqlite_house.next_group(campaign, people(1)[0], 5))))
    assert pages == [5]
    steps = [step for plan in plans.values() for step in plan]
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step]
    windows = [plan[0] for statement, plan in plans.items() if "AS value" in statement]
    assert windows == ["SEARCH tasks USING INDEX ix_tasks_available (campaign_id=? AND rank>? AND rank<?)"]


def test_the_next_task_comes_from_the_partial_index(sqlite_house: House) -> None:
    campaign = sqlite_house.campaign()
    sqlite_house.add(campaign, {}, {})
    plans = plans_of(sqlite_house, lambda: sqlite_house.next(campaign, people(1)[0]))
    claims = [plan for statement, plan in plans.items() if "ORDER BY tasks.rank" in statement]
    assert len(claims) == 1
    assert claims[0][0] == "SEARCH tasks USING INDEX ix_tasks_available (campaign_id=? AND rank>? AND rank<?)"


def test_an_update_of_predictions_reads_the_tasks_of_its_own_sheets_alone(sqlite_house: House) -> None:
    campaign = sqlite_house.campaign()
    with sqlite_house.store.write() as connection:
        plans = plans_of(
            sqlite_house, lambda: [read_asked(connection, campaign, ["a"], on_revisions=way) for way in (True, False)]
        )
    by_sheet, by_own_id = plans.values()
    assert by_sheet[0] == "SEARCH predictions USING INDEX ix_predictions_part_revision (part_revision_id=?)"
    assert "(calculation_id=? AND external_id=?)" in by_own_id[0]
    for plan in (by_sheet, by_own_id):
        assert plan[-1] == "SEARCH tasks USING INDEX ix_tasks_prediction (prediction_id=?)"


def test_that_no_other_drawing_has_a_file_is_looked_up(sqlite_house: House) -> None:
    with sqlite_house.store.write() as connection:
        given = [DrawingUpload("left", "a.png", b"one"), DrawingUpload("right", "a.png", b"one")]
        store_drawings(connection, sqlite_house.lead.org_id, given, sqlite_house.now)
    sqlite_house.pass_time(days=1)
    store, now = sqlite_house.store, sqlite_house.now
    plans = plans_of(sqlite_house, lambda: delete_unused_drawings(store, now, now))
    (plan,) = (plan for statement, plan in plans.items() if "WHERE drawings.sha256 IN" in statement)
    assert plan == ["SEARCH drawings USING COVERING INDEX ix_drawings_sha256 (sha256=?)"]
