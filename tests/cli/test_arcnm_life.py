"""A campaign's whole life by the command line and the client only: on a strict ARCNM server, and on ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gonogo.cli.support.api_client import open_client
from gonogo.client.credential import ApiKey
from gonogo.client.lead_client import LeadClient
from gonogo.schemas.labeling import Adjudication, LabelSubmit
from tests.cli.conftest import Gonogo
from tests.client.arcnm_server import KEY, Arcnm
from tests.client.scripted_server import ScriptedServer

Connect = Callable[[], AbstractAsyncContextManager[LeadClient]]


@pytest.fixture
def gonogo() -> Gonogo:
    return Gonogo(CliRunner())


@pytest.fixture
async def plain() -> AsyncIterator[tuple[Arcnm, dict[str, str]]]:
    arcnm = Arcnm()
    async with ScriptedServer(arcnm) as server:
        yield arcnm, {"GONOGO_BASE_URL": server.url, "GONOGO_API_KEY": KEY}


def ask(gonogo: Gonogo, env: dict[str, str]) -> Callable[..., Awaitable[Result]]:
    """The command line in a thread of its own, as a program of its own would be."""

    async def cli(*command: str, code: int = 0) -> Result:
        return await asyncio.to_thread(lambda: gonogo(*command, code=code, env=env))

    return cli


async def labelled(connected: Connect, campaign_id: str) -> int:
    """Every task gets one vote, the first an unsure one; a task is served again until it has it."""
    n_votes = 0
    async with connected() as client:
        while (served := await client.next_task(campaign_id)).task is not None:
            verdict = "unsure" if n_votes == 0 else "correct"
            await client.submit(served.task.id, LabelSubmit(verdict=verdict, duration_ms=900))
            n_votes += 1
    return n_votes


@pytest.mark.slow
async def test_the_whole_life_on_a_strict_arcnm_server(gonogo: Gonogo, plain: tuple[Arcnm, dict[str, str]]) -> None:
    arcnm, env = plain
    cli = ask(gonogo, env)

    def connected() -> LeadClient:
        return LeadClient(env["GONOGO_BASE_URL"], ApiKey(KEY))

    await cli("project", "create", "pmi", "--policy", '{"strategy": "uncertainty", "limit": 4, "seed": 1}')
    assert [one["name"] for one in json.loads((await cli("project", "list", "--json")).stdout)] == ["pmi"]
    wanted = ["--redundancy", "1", "--gold-fraction", "0", "--campaign", "batch"]
    made = json.loads((await cli("project", "generate", "pmi", "--run", "calc-1", *wanted, "--json")).stdout)
    assert (made["n_tasks"], made["campaign"]["name"]) == (4, "batch")
    link = await cli("assign", "batch", "ana@example.com")
    assert link.stdout == "mlt-a1\n"
    assert "pasted into" in link.stderr
    assert "in batch already" in (await cli("assign", "batch", "ana@example.com", "--dry-run")).stderr
    assert json.loads((await cli("campaign", "show", "batch", "--json")).stdout)["task_count"] == 4

    async with connected() as client:
        first, again = [(await client.next_task(made["campaign"]["id"])).task for _ in range(2)]
        assert first is not None
        assert first == again
    assert await labelled(connected, made["campaign"]["id"]) == 4
    assert "1 of 4" not in (await cli("campaign", "watch", "batch", "--once")).stdout
    refused = await cli("campaign", "promote", "batch", code=1)
    assert "below acceptance" in refused.stderr
    assert "There is no --force here" in (await cli("campaign", "promote", "batch", "--force", code=4)).stderr
    async with connected() as client:
        (doubtful,) = (await client.list_tasks(made["campaign"]["id"], status="in_review")).data
        await client.adjudicate(doubtful.id, Adjudication(verdict="incorrect", corrected_value={"text": "⌀11"}))
    assert json.loads((await cli("campaign", "quality", "batch", "--json")).stdout)["accepted"]
    assert "4 tasks promoted" in (await cli("campaign", "promote", "batch")).stderr
    assert "promoted before" in (await cli("campaign", "promote", "batch")).stderr
    lines = [json.loads(line) for line in (await cli("export", "batch")).stdout.splitlines()]
    assert {line["status"] for line in lines} == {"resolved"}
    await cli("revoke", "batch", "ana@example.com", "--yes")
    await cli("campaign", "close", "batch", "--yes")
    assert json.loads((await cli("campaign", "list", "--status", "closed", "--json")).stdout)[0]["name"] == "batch"
    assert arcnm.complaints == []


async def test_what_a_plain_server_cannot_do_is_said(gonogo: Gonogo, plain: tuple[Arcnm, dict[str, str]]) -> None:
    arcnm, env = plain
    cli = ask(gonogo, env)
    await cli("project", "create", "pmi")
    assert "Give their ids with --run" in (await cli("project", "generate", "pmi", code=4)).stderr
    preview = await cli("project", "generate", "pmi", "--run", "calc-1", "--dry-run", code=4)
    assert "plain ARCNM server" in preview.stderr
    for command in (
        ("keys", "list"),
        ("keys", "create", "--name", "x"),
        ("keys", "revoke", "x"),
        ("campaign", "create", "c", "--max-risk", "0.1"),
        ("campaign", "create", "c", "--project", "pmi"),
        ("assign", "c", "chief@example.com", "--role", "reviewer"),
        ("campaign", "promote", "c", "--force"),
        ("campaign", "settings", "c", "--max-risk", "0.1"),
    ):
        assert "plain ARCNM server" in (await cli(*command, code=4)).stderr
    assert arcnm.campaigns == arcnm.assignments == {}
    assert arcnm.complaints == []


@pytest.mark.slow
async def test_the_same_life_on_our_server(gonogo: Gonogo, readings: Path) -> None:
    cli = ask(gonogo, {})
    policy = '{"strategy": "uncertainty", "max_confidence": 0.95, "seed": 1}'
    await cli("project", "create", "pmi", "--policy", policy)
    missing = await cli("project", "generate", "pmi", code=4)
    assert "no prediction runs" in missing.stderr
    stored = await cli("import", str(readings), "--project", "pmi")
    assert "4 new predictions, 0 already known" in stored.stderr
    assert "gonogo projects generate pmi" in stored.stderr
    assert json.loads((await cli("campaign", "list", "--json")).stdout) == []  # stored, and asked of nobody yet
    again = await cli("import", str(readings), "--project", "pmi", "--json")
    assert json.loads(again.stdout)["n_predictions_known"] == 4
    preview = await cli("project", "generate", "pmi", "--gold-fraction", "0.25", "--dry-run", "--json")
    plan = json.loads(preview.stdout)
    assert (plan["n_tasks"], plan["n_honeypots"]) == (3, 1)
    wanted = ["--redundancy", "1", "--gold-fraction", "0", "--campaign", "all of them"]
    await cli("project", "generate", "pmi", *wanted)
    campaign = json.loads((await cli("campaign", "show", "all of them", "--json")).stdout)
    assert await labelled(lambda: open_client(None), campaign["id"]) == 4
    async with open_client(None) as client:
        waiting = (await client.list_tasks(campaign["id"], status="in_review")).data
        for task in waiting:
            await client.adjudicate(task.id, Adjudication(verdict="incorrect", corrected_value={"text": "⌀11"}))
    shown = json.loads((await cli("campaign", "watch", "all of them", "--once", "--json")).stdout)
    assert (shown["task_count"], shown["in_review"]) == (4, 0)
    assert json.loads((await cli("campaign", "quality", "all of them", "--json")).stdout)["n_submissions"] == 4
    promoted = json.loads((await cli("campaign", "promote", "all of them", "--force", "--yes", "--json")).stdout)
    assert (promoted["forced"], promoted["promoted"]) == (True, 4)
    golden = (await cli("export", "all of them", "--golden")).stdout.splitlines()
    assert len(golden) == 4
