"""A plain ARCNM server: campaign and tasks go in, what is missing is said, nothing goes in twice."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gonogo.client.credential import ApiKey
from gonogo.client.errors import IncompleteListError, InvalidInputError, ServerError, UnsupportedError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.transport.retry import ONCE
from gonogo.transfer.exporting.export_campaign import export_campaign
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.spool import ImportOptions
from tests.client.scripted_server import Got, Reply, ScriptedServer, envelope
from tests.transfer.importing.conftest import WriteLines, reading

ROOT = "/api/v1/parts/labeling"


class Plain:
    """The few operations an import needs, strict about the published request fields."""

    def __init__(self) -> None:
        self.campaign: dict[str, Any] | None = None
        self.tasks: list[dict[str, Any]] = []
        self.fail_after: int | None = None

    def __call__(self, got: Got) -> Reply:
        if not got.path.startswith(ROOT):
            return Reply(404, envelope("not_found"))
        match got.method, got.path.removeprefix(ROOT).split("/")[1:]:
            case "GET", ["campaigns"]:
                known = [self.shown()] if self.campaign else []
                return Reply(200, {"count": len(known), "data": known})
            case "GET", ["campaigns", "c1"]:
                return Reply(200, self.shown())
            case "POST", ["campaigns"]:
                assert set(got.json) == {"name"}
                self.campaign = got.json
                return Reply(201, self.shown())
            case "POST", ["campaigns", "c1", "tasks"]:
                return self.take(got.json["tasks"])
            case "GET", ["campaigns", "c1", "tasks"]:
                return Reply(200, {"count": len(self.tasks), "data": self.tasks[:500]})
        return Reply(404, envelope("not_found"))

    def shown(self) -> dict[str, Any]:
        return {"id": "c1", "status": "open", "task_count": len(self.tasks), **(self.campaign or {})}

    def take(self, tasks: list[dict[str, Any]]) -> Reply:
        if self.fail_after is not None and len(self.tasks) >= self.fail_after:
            return Reply(500, envelope("internal_error"))
        foreign = {"id", "part", "truth", "source", "drawing", "bbox"}
        assert all(task["target_kind"] and not foreign & set(task) for task in tasks)
        made = [{**task, "id": f"t{len(self.tasks) + n}"} for n, task in enumerate(tasks)]
        self.tasks += made
        return Reply(201, {"count": len(made), "data": made})


@pytest.fixture
def server() -> Plain:
    return Plain()


@pytest.fixture
async def plain(server: Plain) -> AsyncIterator[GonogoClient]:
    async with (
        ScriptedServer(server) as socket,
        GonogoClient(socket.url, ApiKey("ak_test_0a1b2c3d_x"), retry=ONCE) as client,
    ):
        yield client


async def test_tasks_go_in_and_what_is_missing_is_said(plain: GonogoClient, server: Plain, write: WriteLines) -> None:
    result = await import_file(plain, ImportOptions(write(reading(id="1"), reading(id="2", page=2)), "pmi"))
    assert (result.imported, result.campaign_new, result.n_tasks, result.project) == (True, True, 2, None)
    assert [task["drawing_bbox"] for task in server.tasks] == [[10, 20, 110, 60], [10, 20, 110, 60, 2]]
    assert server.tasks[0]["prompt"] == "Is this dimension read right?"
    said = " ".join(result.sentences())
    assert "no drawings" in said
    assert "second import" in said


async def test_readings_of_one_place_are_not_merged_there(
    plain: GonogoClient, server: Plain, write: WriteLines
) -> None:
    """The wish is refused before anything is made, and without it nothing hints at the wish."""
    path = write(reading(id="1", source="ocr"), reading(id="2", source="gpt"))
    with pytest.raises(UnsupportedError, match="--merge-readings can't be done: this is a plain ARCNM server"):
        await import_file(plain, ImportOptions(path, "pmi", merge_readings=True))
    assert server.campaign is None
    result = await import_file(plain, ImportOptions(path, "pmi"))
    assert (result.n_tasks, result.merge_hint()) == (2, "")


async def test_predictions_alone_are_not_taken(plain: GonogoClient, server: Plain, write: WriteLines) -> None:
    with pytest.raises(InvalidInputError, match="stores no predictions"):
        await import_file(plain, ImportOptions(write(reading()), None, project="pmi"))
    assert server.campaign is None


async def test_gold_is_judged_here_and_a_share_only(plain: GonogoClient, server: Plain, write: WriteLines) -> None:
    lines = [reading(id=f"{n}", truth={"text": "Ø16.5" if n % 2 else "⌀99"}) for n in range(40)]
    result = await import_file(plain, ImportOptions(write(*lines), "pmi", gold_from_truth=True))
    assert (result.n_tasks, result.n_gold) == (36, 4)
    answers = [task.get("gold_answer") for task in server.tasks]
    assert [bool(answer) for answer in answers] == [task.get("is_gold", False) for task in server.tasks]
    assert all(answer in (None, "correct" if n % 2 else "incorrect") for n, answer in enumerate(answers))


async def test_lines_without_truth_are_never_gold(plain: GonogoClient, server: Plain, write: WriteLines) -> None:
    result = await import_file(plain, ImportOptions(write(reading()), "pmi", gold_from_truth=True))
    assert (result.n_tasks, result.n_gold) == (1, 0)


async def test_a_second_run_is_refused_because_it_would_double(
    plain: GonogoClient, server: Plain, write: WriteLines
) -> None:
    options = ImportOptions(write(reading()), "pmi")
    await import_file(plain, options)
    with pytest.raises(InvalidInputError, match="already has tasks"):
        await import_file(plain, options)
    assert len(server.tasks) == 1


async def test_a_break_in_the_middle_says_how_far_it_came(
    plain: GonogoClient, server: Plain, write: WriteLines
) -> None:
    server.fail_after = 1000
    path = write(*(reading(id=f"{n}") for n in range(1500)))
    with pytest.raises(ServerError) as caught:
        await import_file(plain, ImportOptions(path, "pmi"))
    assert "1000 of 1500 tasks are in" in caught.value.next_step


async def test_export_has_the_same_form_and_says_what_is_not_there(plain: GonogoClient, server: Plain) -> None:
    server.campaign = {"name": "pmi"}
    server.tasks = [{"id": f"t{n}", "status": "open", "target_kind": "pmi", "is_gold": False} for n in range(600)]
    out = io.BytesIO()
    with pytest.raises(IncompleteListError, match="500 of 600"):
        await export_campaign(plain, await plain.get_campaign("c1"), out)
    assert out.getvalue() == b""
    del server.tasks[500:]
    done = await export_campaign(plain, await plain.get_campaign("c1"), out)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert done.n_tasks == len(found) == 500
    assert found[0]["task_id"] == "t0"
    assert found[0]["campaign"] == "pmi"
    assert found[0]["submissions"] == []
    assert any("no votes" in note for note in done.notes)
