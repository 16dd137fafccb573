"""`gonogo outbox` as a person at a shell uses it, against a real server."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gonogo.cli.commands.work.outbox import outbox as command
from gonogo.client.credential import ApiKey
from gonogo.client.gonogo_client import GonogoClient
from gonogo.desk.account.account_service import Account
from gonogo.desk.account.credentials import CredentialStore
from gonogo.desk.annotate.submit_request import submission_request
from gonogo.desk.core.models import Decision, DeskTask, SendState, Times
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import Settings
from gonogo.desk.outbox.outbox import Outbox
from gonogo.desk.outbox.rows import Address
from gonogo.schemas.labeling import LabelingCampaignCreate, LabelingTaskCreate, LabelingTasksCreate
from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from tests.server.live import uvicorn_serving
from tests.sqlite import fresh_database
from tests.support.crashing_annotators import stored_in

KEY = "embedded-token-for-tests"
DEAD = "http://127.0.0.1:9"  # the discard port: nobody listens


@dataclass
class Shell:
    """One person's home, signed in by the key of the environment at `base_url`; `tasks` are open on the server."""

    base_url: str
    annotator: str
    campaign_id: str
    tasks: list[str]
    database: Path
    file: Path

    def outbox(self) -> Outbox:
        return Outbox(self.file, alive=lambda mark: False)

    def put(self, task_id: str, verdict: str = "correct", **more: str) -> int:
        address = Address(more.get("base_url", self.base_url), more.get("annotator", self.annotator), self.campaign_id)
        decision = Decision(verdict, None, None, Times(1200, 300, 60_000, 40, True))
        box = self.outbox()
        task = DeskTask(task_id, self.campaign_id, "Is ⌀16,5\x1b[31m right?", {"text": "⌀16,5"})
        number = box.add(address, task, decision, submission_request(task_id, decision))
        box.requeue_owned()
        box.close()
        return number

    def state(self, number: int) -> SendState:
        box = self.outbox()
        row = box.get(number)
        box.close()
        assert row is not None
        return row.state

    def park(self, number: int) -> None:
        """The server has refused it for a reason that is gone by now."""
        box = self.outbox()
        while (row := box.claim(Address(self.base_url, self.annotator))) is not None:
            box.finish(row.id, SendState.PARKED if row.id == number else SendState.SENT, "refused")
        box.close()


Run = Callable[..., Result]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    database = tmp_path_factory.mktemp("server") / "server.db"
    app = create_app(ServerSettings(database_url=fresh_database(database), embedded_token=KEY))
    with uvicorn_serving(app) as port:
        yield f"http://127.0.0.1:{port}", database


@pytest.fixture
def shell(server: tuple[str, Path], home: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    base_url, database = server
    monkeypatch.setenv("GONOGO_API_KEY", KEY)
    monkeypatch.setenv("GONOGO_BASE_URL", base_url)
    annotator, campaign_id, tasks = asyncio.run(_prepare(base_url))
    return Shell(base_url, annotator, campaign_id, tasks, database, AppPaths().outbox_file())


async def _prepare(base_url: str) -> tuple[str, str, list[str]]:
    services = Account(AppPaths(), Settings(), vault=CredentialStore(list))
    signed = await services.sign_in_key(KEY, base_url)
    await services.aclose()
    async with GonogoClient(base_url, ApiKey(KEY)) as lead:
        name = f"PMI {time.monotonic_ns()}"
        made = await lead.create_campaign(LabelingCampaignCreate(name=name, gold_fraction=0.0, target_redundancy=2))
        tasks = [LabelingTaskCreate(target_kind="pmi", prompt=f"{n}?", predicted_value={}) for n in range(4)]
        await lead.create_tasks(made.id, LabelingTasksCreate(tasks=tasks))
        claimed = [(await lead.next_task(made.id)).task for _ in range(4)]
    return signed.annotator, made.id, [task.id for task in claimed if task is not None]


@pytest.fixture
def run() -> Run:
    def invoke(*arguments: str, code: int = 0, answer: str | None = None) -> Result:
        done = CliRunner().invoke(command, arguments, input=answer)
        assert done.exit_code == code, done.output
        return done

    return invoke


def test_without_an_outbox_nothing_is_made(run: Run, home: Path) -> None:
    assert "empty" in run("list").stderr
    assert "empty" in run("send").stderr
    assert not home.exists()


def test_send_delivers_and_says_so(shell: Shell, run: Run) -> None:
    numbers = [shell.put(task) for task in shell.tasks]
    waiting = json.loads(run("list", "--json").stdout)
    assert sorted(one["id"] for one in waiting) == numbers
    assert "4 sent." in run("send").stderr
    assert {task: ["correct"] for task in shell.tasks}.items() <= stored_in(shell.database).items()
    assert "Nothing waits" in run("list").stderr
    assert "Nothing waits" in run("send").stderr
    assert len(json.loads(run("list", "--all", "--json").stdout)) == 4


@pytest.mark.slow
def test_a_dead_server_is_exit_5_and_keeps_everything(shell: Shell, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONOGO_BASE_URL", DEAD)
    number = shell.put(shell.tasks[0], base_url=DEAD, annotator=_annotator())
    told = run("send", code=5).stderr
    assert "1 still wait" in told
    assert "The answers are kept" in told
    assert shell.state(number) is SendState.QUEUED


def _annotator() -> str:
    services = Account(AppPaths(), Settings(), vault=CredentialStore(list))
    signed = services.remembered()
    asyncio.run(services.aclose())
    assert signed is not None
    return signed.annotator


def test_nobody_signed_in_or_a_bad_key_is_exit_3(shell: Shell, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    number = shell.put(shell.tasks[0])
    monkeypatch.delenv("GONOGO_API_KEY")
    assert "nobody is signed in" in run("send", code=3).stderr
    monkeypatch.setenv("GONOGO_API_KEY", "gk_wrong")
    shell.put(shell.tasks[1], annotator=_annotator())
    run("send", code=3)
    assert shell.state(number) is SendState.QUEUED


def test_another_persons_answers_are_never_sent(shell: Shell, run: Run) -> None:
    shell.put(shell.tasks[0])
    other = shell.put(shell.tasks[1], annotator="bob")
    told = run("send").stderr
    assert "1 sent" in told
    assert "1 for another login" in told
    assert shell.state(other) is SendState.QUEUED


def test_a_refused_answer_is_kept_and_can_be_tried_again(shell: Shell, run: Run) -> None:
    number = shell.put("00000000-0000-4000-8000-000000000000")
    told = run("send", code=4).stderr
    assert f"Answer {number} was refused and is kept" in told
    assert shell.state(number) is SendState.PARKED
    good = shell.put(shell.tasks[0])
    shell.park(good)
    key = json.loads(run("export").stdout.splitlines()[-1])["request"]["idempotency_key"]
    run("requeue", str(good))
    assert json.loads(run("export").stdout.splitlines()[-1])["request"]["idempotency_key"] != key
    assert "1 sent" in run("send").stderr
    assert shell.state(good) is SendState.SENT
    assert "was not refused" in run("requeue", str(good), code=1).stderr
    assert "no answer 999" in run("requeue", "999", code=1).stderr


def test_a_second_answer_to_a_question_is_not_called_sent(shell: Shell, run: Run) -> None:
    shell.put(shell.tasks[0], "correct")
    run("send")
    number = shell.put(shell.tasks[0], "unsure")
    assert "1 kept late by the server, uncounted" in run("send").stderr
    assert shell.state(number) is SendState.LATE


def test_history_and_export_say_where_the_time_went(shell: Shell, run: Run) -> None:
    shell.put(shell.tasks[0])
    newest = json.loads(run("history", "--json").stdout)[0]
    split = {"looking": 1200, "editing": 300, "idle": 60_000, "waiting": 40, "focus_known": True}
    assert newest["times_ms"] == split
    head, line = run("history", "--limit", "1").stdout.splitlines()
    row = dict(zip(head.split("\t"), line.split("\t"), strict=True))
    assert (row["looking"], row["editing"], row["idle"]) == ("1.2", "0.3", "60.0")
    assert "\x1b" not in line
    exported = json.loads(run("export").stdout)
    assert exported["decision"]["times"] == split
    assert json.loads(exported["request"]["body"]) == {"verdict": "correct", "duration_ms": 1500}


def test_drop_asks_and_deletes_one(shell: Shell, run: Run) -> None:
    number = shell.put(shell.tasks[0])
    assert "nobody is there" in run("drop", str(number), code=2).stderr
    assert "the answer is lost" in run("drop", str(number), "--dry-run").stderr
    assert shell.state(number) is SendState.QUEUED
    run("drop", str(number), "--yes")
    assert "Nothing waits" in run("list").stderr
    run("drop", str(number), code=1)
