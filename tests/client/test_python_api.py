"""Python API: on our server over a real socket, on a strict ARCNM one, in threads and in a running event loop."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from gonogo.client import AsyncLabeling, GonogoClientError, Labeling
from gonogo.client.errors import InvalidInputError, NetworkError, NotFoundError
from gonogo.server.app import create_app
from gonogo.server.auth.api_keys import create_key
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from tests.client.arcnm_server import KEY, Arcnm
from tests.client.scripted_server import ScriptedServer
from tests.server.live import uvicorn_serving
from tests.sqlite import fresh_database

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


class Served(NamedTuple):
    url: str
    key: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    database = fresh_database(tmp_path_factory.mktemp("server") / "server.db")
    store = Store(database)
    key = create_key(store, "program", ["parts:read", "parts:write"]).key
    store.dispose()
    with uvicorn_serving(create_app(ServerSettings(database_url=database))) as port:
        yield Served(f"http://127.0.0.1:{port}", key)


@pytest.fixture
def api(served: Served) -> Iterator[Labeling]:
    with Labeling(served.url, served.key) as api:
        yield api


def some_tasks(count: int) -> list[dict[str, object]]:
    return [
        {"target_kind": "pmi", "prompt": f"Is {n} read right?", "predicted_value": {"text": f"⌀{n}"}}
        for n in range(count)
    ]


def test_a_campaign_s_life_from_a_script(api: Labeling) -> None:
    campaign = api.create_campaign("life", target_redundancy=1)
    created = api.create_tasks("life", some_tasks(1_205))  # two requests, and several pages back
    assert len(created) == 1_205
    assert {task.id for task in api.tasks("life")} == {task.id for task in created}
    task = api.next_task(campaign.id)
    assert task is not None
    assert api.submit(task.id, "correct", duration_ms=1_200).verdict == "correct"
    assert [task.id for task in api.tasks("life", status="resolved")] == [task.id]
    assert api.adjudicate(created[-1].id, "incorrect").status == "resolved"
    assert sum(record["status"] == "resolved" for record in api.export("life")) == 2
    assert api.assign("life", "ana@example.com").magic_link_token
    assert [person.annotator_email for person in api.assignments("life")] == ["ana@example.com"]
    assert api.quality("life").alpha is None
    assert "life" in [row.name for row in api.campaigns(status="open")]
    assert api.close_campaign("life").status == "closed"


def test_nothing_is_sent_that_the_api_does_not_know(api: Labeling) -> None:
    api.create_campaign("refusals")
    with pytest.raises(InvalidInputError, match="no field 'redundancy'"):
        api.create_campaign("other", redundancy=3)
    with pytest.raises(InvalidInputError, match="target_redundancy"):
        api.create_campaign("other", target_redundancy=0)
    with pytest.raises(InvalidInputError, match="no field 'n'"):
        api.create_tasks("refusals", [*some_tasks(2), {"prompt": "Is this right?", "n": 1}])
    assert list(api.tasks("refusals")) == []
    with pytest.raises(NotFoundError, match="no campaign 'refusal'") as error:
        api.campaign("refusal")
    assert "refusals" in error.value.next_step


def test_a_server_that_is_away_and_a_closed_connection_are_errors_of_the_api() -> None:
    with Labeling("http://127.0.0.1:9", "ak_x") as api:
        quick = api.api.client.list_campaigns(limit=1)
        with pytest.raises(NetworkError):
            api.run(quick)
    with pytest.raises(GonogoClientError, match="closed"):
        api.campaign("any")
    api.close()


def test_a_list_outlives_its_connection_without_a_trace(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    with Labeling(served.url, served.key) as api:
        api.create_campaign("cut short")
        api.create_tasks("cut short", some_tasks(120))
        lists = [api.tasks("cut short"), api.export("cut short")]
        for items in lists:
            next(items)
    with pytest.raises(InvalidInputError, match="closed"):
        list(lists[0])
    del items, lists
    gc.collect()
    assert capsys.readouterr().err == ""  # nor an "Exception ignored in"


async def test_the_blocking_api_works_inside_a_running_loop(served: Served) -> None:
    """As in a notebook, whose cells run in an event loop."""
    with Labeling(served.url, served.key) as api:
        api.create_campaign("notebook")
        assert api.campaign("notebook").name == "notebook"


async def test_a_strict_arcnm_server_is_enough() -> None:
    arcnm = Arcnm()
    async with ScriptedServer(arcnm) as server, AsyncLabeling(server.url, KEY) as api:
        await api.create_campaign("plain", target_redundancy=1)
        await api.create_tasks("plain", some_tasks(4))
        assert len([task async for task in api.tasks("plain")]) == 4
        task = await api.next_task("plain")
        assert task is not None
        await api.submit(task.id, "correct")
    assert arcnm.complaints == []


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_each_example_of_the_manual_runs(number: int, served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    with Labeling(served.url, served.key) as api:
        if not any(row.name == "batch 12" for row in api.campaigns()):
            api.create_campaign("batch 12", target_redundancy=1)
            api.create_tasks("batch 12", some_tasks(3))
    code = compile(EXAMPLES[number], f"{PAGE.name}, example {number + 1}", "exec")
    exec(code, {"base_url": served.url, "api_key": served.key})
    capsys.readouterr()
