"""The model report over a whole server: known outcomes, groups, thresholds, audits, comparison, worst errors."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.schemas.model_report import ModelReport
from tests.server.review.conftest import Bench, bench
from tests.server.web import LABELING, OURS

__all__ = ["bench"]


class Runs:
    """A project with prediction runs."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.project = ""

    async def store(self, run: str, *predictions: dict[str, Any]) -> str:
        lead = self.bench.web.lead
        if not self.project:
            made = await lead.post(
                f"{LABELING}/projects", json={"name": "PMI", "selection_policy": {"strategy": "all"}}
            )
            self.project = made.json()["id"]
        rows = [
            {"id": f"{run}-{number}", "detail_kind": "dimension", **fields} for number, fields in enumerate(predictions)
        ]
        body = {"project_id": self.project, "run": run, "predictions": rows}
        answer = await lead.post(f"{OURS}/predictions", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["calculation_id"])

    async def report(self, **query: Any) -> ModelReport:
        answer = await self.bench.web.lead.get(f"{OURS}/projects/{self.project}/model-report", params=query)
        assert answer.status_code == 200, answer.text
        return ModelReport.model_validate(answer.json())

    async def generate(self, run: str, **extension: Any) -> dict[str, Any]:
        campaign = {"name": f"campaign of {run}", "gold_fraction": 0, "target_redundancy": 1}
        body = {"calculation_ids": [run], "campaign": campaign, **extension}
        answer = await self.bench.web.lead.post(f"{LABELING}/projects/{self.project}/generate-tasks", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture
def runs(bench: Bench) -> Runs:
    return Runs(bench)


def reading(text: str, truth: str | None = None, confidence: float | None = 0.9, **fields: Any) -> dict[str, Any]:
    known = {} if truth is None else {"truth": {"text": truth}}
    return {"predicted_value": {"text": text}, "predicted_confidence": confidence, **known, **fields}


async def test_imported_truths_judge_by_engineering_equality(runs: Runs) -> None:
    await runs.store(
        "first",
        reading("16,5", "16.5"),
        reading("⌀8", "8", source="qwen"),
        reading("M8", "M8", 0.99, source="qwen", detail_kind="thread"),
        reading("R3", None, 0.5),
    )
    report = await runs.report()
    assert (report.n_predictions, report.n_known, report.n_by_truth, report.n_by_task) == (4, 3, 3, 0)
    assert [(group.name, group.n, group.n_right) for group in report.by_kind] == [("dimension", 3, 1), ("thread", 1, 1)]
    assert [(group.name, group.n_known, group.n_right) for group in report.by_reader] == [("–", 1, 1), ("qwen", 2, 1)]
    (error,) = report.errors
    assert (error.prediction_id, error.predicted_value, error.truth) == ("first-1", {"text": "⌀8"}, {"text": "8"})
    assert error.reason


async def test_settled_tasks_judge_too_and_what_is_unsure_or_open_does_not(runs: Runs, bench: Bench) -> None:
    run = await runs.store("first", *(reading(f"{number},5") for number in range(5)))
    made = await runs.generate(run)
    listed = await bench.web.lead.get(f"{LABELING}/campaigns/{made['campaign']['id']}/tasks", params={"limit": 100})
    by_value = {task["predicted_value"]["text"]: task["id"] for task in listed.json()["data"]}
    rulings: list[tuple[str, dict[str, Any]]] = [
        ("0,5", {"verdict": "correct"}),
        ("1,5", {"verdict": "incorrect", "corrected_value": {"text": "1,8"}}),
        ("2,5", {"verdict": "incorrect"}),
        ("3,5", {"verdict": "unsure"}),
    ]
    for value, ruling in rulings:
        await bench.web.lead.post(f"{OURS}/tasks/{by_value[value]}/ruling", json=ruling)
    report = await runs.report()
    assert (report.n_known, report.n_by_task, report.n_by_truth, report.n_unsure) == (3, 3, 0, 1)
    assert report.accuracy == pytest.approx(1 / 3)
    assert [error.truth for error in report.errors] == [{"text": "1,8"}, None]
    assert report.errors[0].task_id == by_value["1,5"]
    assert "nobody typed" in report.errors[1].reason


async def test_sure_predictions_are_left_out_but_for_an_audit_and_the_report_follows_it(
    runs: Runs, bench: Bench
) -> None:
    run = await runs.store(
        "new", *(reading(f"{number}", confidence=0.99 if number < 40 else 0.5) for number in range(50))
    )
    preview = await bench.web.lead.post(
        f"{OURS}/projects/{runs.project}/generate-tasks/preview",
        json={"calculation_ids": [run], "accept_above": 0.9, "audit_fraction": 0.1},
    )
    assert {key: preview.json()[key] for key in ("n_tasks", "n_accepted", "n_audited")} == {
        "n_tasks": 14, "n_accepted": 40, "n_audited": 4,
    }  # fmt: skip
    made = await runs.generate(run, accept_above=0.9, audit_fraction=0.1, accept_bound=0.01)
    assert (made["n_tasks"], made["n_accepted"], made["n_audited"], made["n_skipped"]) == (14, 40, 4, 0)
    listed = await bench.web.lead.get(f"{LABELING}/campaigns/{made['campaign']['id']}/tasks", params={"limit": 100})
    sure = [task["id"] for task in listed.json()["data"] if task["predicted_confidence"] == 0.99]
    assert len(sure) == 4
    (audit,) = (await runs.report()).audits
    assert (audit.n_accepted, audit.n_audited, audit.n_known, audit.error, audit.interval) == (40, 4, 0, None, None)
    for number, task in enumerate(sure):
        verdict = "incorrect" if number == 0 else "correct"
        await bench.web.lead.post(f"{OURS}/tasks/{task}/ruling", json={"verdict": verdict})
    (audit,) = (await runs.report()).audits
    assert (audit.n_known, audit.n_wrong, audit.error, audit.bound) == (4, 1, 0.25, 0.01)
    assert audit.interval is not None
    assert audit.interval[0] < 0.25 < audit.interval[1]


async def test_two_readers_and_two_runs_are_compared_at_the_places_that_both_read(runs: Runs) -> None:
    place: dict[str, Any] = {"part_revision_id": "sheet", "field_name": "bore"}
    boxes: list[dict[str, Any]] = [
        {"drawing_bbox": [number / 10, 0, number / 10 + 0.05, 0.1], **place} for number in range(4)
    ]
    truths = ["1", "2", "3", "4"]
    first = [reading(text, truth, source="a", **box) for text, truth, box in zip("1239", truths, boxes, strict=True)]
    second = [reading(text, None, source="b", **box) for text, box in zip("1938", boxes, strict=True)]
    run = await runs.store("both", *first, *second)
    other = await runs.store("later", *(reading(text, None, **box) for text, box in zip("1234", boxes, strict=True)))
    found = (await runs.report(runs=run, reader="a", other_reader="b")).comparison
    assert found is not None
    cells = (found.n_pairs, found.n_both, found.n_first_only, found.n_second_only, found.n_neither)
    assert cells == (4, 2, 1, 0, 1)
    assert found.difference == pytest.approx(0.25)
    assert found.interval is not None
    assert found.interval[0] < 0 < found.interval[1]
    compared = (await runs.report(runs=other, against=run)).comparison
    assert compared is not None
    assert compared.n_pairs == 4


async def test_a_bound_gives_the_lowest_confidence_that_the_known_outcomes_carry(runs: Runs) -> None:
    sure = [reading(f"{number}", f"{number}", 0.95) for number in range(300)]
    weak = [reading(f"{number}", f"{number + number % 2}", 0.6) for number in range(300)]
    await runs.store("first", *sure, *weak)
    report = await runs.report(bound=0.02)
    assert report.accept is not None
    assert (report.accept.above, report.accept.n_accepted, report.accept.n_wrong) == (0.95, 300, 0)
    assert report.accept.upper <= 0.02
    assert (await runs.report(bound=0.001)).accept is None
    last = [each for each in report.thresholds if each.above == 0.9]
    assert [(each.n_accepted, each.n_wrong) for each in last] == [(300, 0)]
    assert report.calibration_error is not None


async def test_a_project_without_predictions_and_wrong_questions_are_answered(runs: Runs, bench: Bench) -> None:
    run = await runs.store("only", reading("1"))
    path = f"{OURS}/projects/{runs.project}/model-report"
    for query, status in (
        ({"runs": "nowhere"}, 404), ({"against": "nowhere"}, 404), ({"reader": "a"}, 422), ({"bound": "2"}, 422),
    ):  # fmt: skip
        assert (await bench.web.lead.get(path, params=query)).status_code == status
    report = await runs.report(runs=run)
    assert (report.n_known, report.accuracy, report.accuracy_interval, report.errors) == (0, None, None, [])
    made = await bench.web.lead.post(f"{LABELING}/projects", json={"name": "empty"})
    empty = await bench.web.lead.get(f"{OURS}/projects/{made.json()['id']}/model-report")
    assert (empty.status_code, empty.json()["n_predictions"]) == (200, 0)
