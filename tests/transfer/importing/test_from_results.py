"""Results of another annotation, brought home: what is flagged or disputed becomes a campaign here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gonogo.schemas.results_api import CaseResult
from gonogo.transfer.importing.from_results import needs_second_look
from tests.cli.conftest import Gonogo
from tests.client.scripted_server import Got, Reply, ScriptedServer, Step

CASES: list[dict[str, Any]] = [
    {
        "case_id": 1,
        "labeling_state": "Flagged",
        "majority_label": "crack",
        "patch": "POLYGON ((10 20, 30 20, 30 40, 10 40))",
    },
    {"case_id": 2, "labeling_state": "Labeled", "agreement": 0.6, "majority_label": "none"},
    {"case_id": 3, "labeling_state": "Labeled", "agreement": 0.95, "majority_label": "crack"},
    {"case_id": 4, "labeling_state": "Ready"},
    {"case_id": 2, "labeling_state": "Labeled", "agreement": 0.6, "majority_label": "none"},
]


def centaur(got: Got) -> Step:
    if got.path.endswith("/login"):
        return Reply(200, {"token": "t"})
    return Reply(200, {"payload": CASES})


@pytest.fixture
def gonogo() -> Gonogo:
    from click.testing import CliRunner

    return Gonogo(CliRunner())


async def test_flagged_and_disputed_cases_become_a_campaign(gonogo: Gonogo) -> None:
    import asyncio

    async with ScriptedServer(centaur) as server:
        env = {"CENTAUR_API_KEY": "k", "CENTAUR_USERNAME": "u@example.com", "CENTAUR_API_PASSWORD": "p"}
        command = ["import", "--from", "centaur", "--task", "12", "--results-url", server.url, "--campaign", "again"]
        made = await asyncio.to_thread(lambda: gonogo(*command, env=env))
        assert "2 of 4 cases" in made.stderr
        twice = await asyncio.to_thread(lambda: gonogo(*command, env=env))
        assert "0 new tasks" in twice.stderr
        listing = ["results", "list", "--source", "centaur", "--base-url", server.url, "--task", "12", "--jsonl"]
        shown = await asyncio.to_thread(lambda: gonogo(*listing, env=env))
    assert [json.loads(line)["case_id"] for line in shown.stdout.splitlines()] == [1, 2, 3, 4, 2]
    lines = [
        json.loads(line) for line in (await asyncio.to_thread(lambda: gonogo("export", "again"))).stdout.splitlines()
    ]
    assert [(line["prediction_id"], line["predicted_value"]) for line in lines] == [
        ("centaur-12-1", {"text": "crack"}),
        ("centaur-12-2", {"text": "none"}),
    ]
    assert lines[0]["drawing_bbox"] == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_without_credentials_the_command_says_where_they_come_from(gonogo: Gonogo) -> None:
    done = gonogo("results", "list", "--source", "centaur", "--base-url", "http://127.0.0.1:9", "--task", "1", code=3)
    assert "gonogo results login" in done.stderr


def test_the_workspace_is_read_without_a_sign_in(gonogo: Gonogo) -> None:
    gonogo("campaign", "create", "empty")
    number = gonogo.json("campaign", "show", "empty")["number"]
    assert gonogo.json("results", "list", str(number)) == gonogo.json("results", "list", "empty") == []
    assert gonogo("results", "list", "--task", str(number), "--jsonl").stdout == ""
    assert "no task 99" in gonogo("results", "get", "--task", "99", "--case", "1", code=4).stderr


@pytest.mark.parametrize(
    ("case", "wanted"),
    [
        ({"labeling_state": "Flagged"}, True),
        ({"labeling_state": "Labeled", "agreement": 0.8}, False),
        ({"labeling_state": "Labeled", "agreement": "low"}, False),
        ({"labeling_state": "Labeled", "agreement": None}, False),
        ({"labeling_state": None, "agreement": 0.1}, False),
    ],
)
def test_what_is_worth_a_second_look(case: dict[str, Any], wanted: bool) -> None:
    assert needs_second_look(CaseResult.model_validate(case), 0.8) is wanted
