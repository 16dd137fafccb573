"""Every statement on the way of the work carries `campaign_id`, by which tables can be partitioned or distributed.

What the real server sends is captured while it serves claims, votes, queues, the review and a refresh.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store import compiled_statements
from tests.server.http.conftest import TOKEN
from tests.server.live import uvicorn_serving
from tests.server.store.distribution import undistributed
from tests.server.web import LABELING, OURS

WAIT = 60
LOOKUPS = ("SELECT tasks.number, tasks.id, tasks.campaign_id", "SELECT tasks.campaign_id")
"""Beginnings of the statements that find the campaign of a task by its id, which is all that its URL has."""
TASK = {"target_kind": "pmi", "field_name": "nominal"}


class Work:
    """People of one campaign at a real server, and the statements that it sends for them."""

    def __init__(self, url: str, sent: list[str]) -> None:
        self.url, self.sent = url, sent
        self.clients: list[httpx.Client] = []
        self.lead = self.client({"X-API-Key": TOKEN})
        body = {"name": "c", "target_redundancy": 2, "gold_fraction": 0.3}
        self.campaign = self.ok(self.lead.post(f"{LABELING}/campaigns", json=body))["id"]
        gold = {**TASK, "is_gold": True, "gold_answer": "correct"}
        wanted = [{**TASK, "prompt": str(number)} for number in range(12)] + [gold] * 4
        self.ok(self.lead.post(f"{LABELING}/campaigns/{self.campaign}/tasks", json={"tasks": wanted}))
        self.people = [self.session(f"{name}@example.com", "annotator") for name in "abc"]
        self.reviewer = self.session("r@example.com", "reviewer")

    def client(self, headers: dict[str, str]) -> httpx.Client:
        client = httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=WAIT)
        self.clients.append(client)
        return client

    def session(self, email: str, role: str) -> httpx.Client:
        invited = f"{LABELING}/campaigns/{self.campaign}/assignments"
        token = self.ok(self.lead.post(invited, json={"email": email, "role": role}))["magic_link_token"]
        redeem = {"magic_link_token": token, "client_nonce": f"a nonce of {email}"}
        session = self.ok(httpx.post(f"{self.url}{OURS}/sessions", json=redeem, trust_env=False, timeout=WAIT))
        return self.client({"Authorization": f"Bearer {session['session_token']}"})

    @staticmethod
    def ok(answer: httpx.Response) -> Any:
        assert answer.is_success, answer.text
        return answer.json()

    def claim(self, person: int) -> str | None:
        task = self.ok(self.people[person].post(f"{LABELING}/campaigns/{self.campaign}/next-task"))
        return None if task is None else str(task["id"])

    def vote(self, person: int, task: str, verdict: str) -> None:
        self.ok(self.people[person].post(f"{LABELING}/tasks/{task}/submit", json={"verdict": verdict}))

    def disagree(self) -> None:
        """All tasks claimed and answered, many of them differently."""
        for person in range(len(self.people)):
            for verdict in ("correct", "incorrect", "unsure") * 10:
                task = self.claim(person)
                if task is None:
                    break
                self.vote(person, task, verdict)

    def statements(self, work: Callable[[], object]) -> list[str]:
        """What the server sends for `work`, each text once."""
        self.sent.clear()
        work()
        return list(dict.fromkeys(self.sent))


@pytest.fixture
def work(database: str) -> Iterator[Work]:
    app = create_app(ServerSettings(database_url=database, embedded_token=TOKEN, upkeep_seconds=3600.0))
    sent: list[str] = []

    def remember(statement: str, _values: object) -> None:
        sent.append(statement)

    compiled_statements.watchers.append(remember)
    try:
        with uvicorn_serving(app) as port:
            event.listen(app.state.store.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
            running = Work(f"http://127.0.0.1:{port}", sent)
            yield running
            for client in running.clients:
                client.close()
    finally:
        compiled_statements.watchers.remove(remember)


def without_key(statements: list[str]) -> list[tuple[list[str], str]]:
    found = [(undistributed(text), text) for text in statements if not text.startswith(LOOKUPS)]
    return [(tables, text) for tables, text in found if tables]


def test_work_queue_review_and_refresh_name_their_campaign(work: Work) -> None:
    paths = {
        "claims and votes": work.disagree,
        "queue": lambda: work.ok(work.people[0].get(f"{OURS}/campaigns/{work.campaign}/queue")),
        "review queue": lambda: work.ok(work.reviewer.get(f"{OURS}/campaigns/{work.campaign}/review?causes=true")),
        "consensus refresh": lambda: work.ok(work.lead.get(f"{LABELING}/campaigns/{work.campaign}/quality")),
        "progress": lambda: work.ok(work.lead.get(f"{OURS}/campaigns/{work.campaign}/progress")),
    }
    for name, path in paths.items():
        statements = work.statements(path)
        assert any("tasks" in text for text in statements), name
        assert without_key(statements) == [], name


def test_releasing_and_renewing_name_their_campaign(work: Work) -> None:
    task = work.claim(0)

    def renew_and_release() -> None:
        work.ok(work.people[0].post(f"{OURS}/tasks/{task}/renew"))
        work.ok(work.people[0].post(f"{OURS}/tasks/{task}/release"))

    assert without_key(work.statements(renew_and_release)) == []


def test_a_page_of_equal_values_names_its_campaign(work: Work) -> None:
    equal = [{**TASK, "predicted_value": {"text": "M8"}}] * 6
    work.ok(work.lead.post(f"{LABELING}/campaigns/{work.campaign}/tasks", json={"tasks": equal}))
    work.ok(work.lead.patch(f"{OURS}/campaigns/{work.campaign}/settings", json={"grouping": True}))
    sizes = []

    def claim_pages() -> None:
        for _page in range(20):
            group = work.ok(work.people[0].post(f"{OURS}/campaigns/{work.campaign}/next-group", json={}))
            sizes.append(len(group["tasks"]))

    assert without_key(work.statements(claim_pages)) == []
    assert max(sizes) > 1


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT * FROM tasks WHERE tasks.id = ?", ["tasks"]),
        ("SELECT * FROM tasks WHERE tasks.campaign_id = ? AND tasks.id = ?", []),
        ("SELECT * FROM tasks AS own WHERE tasks.campaign_id = ?", ["own"]),
        ("SELECT 1 FROM tasks JOIN campaigns ON campaigns.id = tasks.campaign_id WHERE campaigns.id = %(c)s", []),
        ("SELECT 1 FROM tasks JOIN campaigns ON campaigns.id = tasks.campaign_id WHERE tasks.id = ?", ["tasks"]),
        (
            "SELECT 1 FROM tasks WHERE tasks.campaign_id = ? AND EXISTS (SELECT * FROM submissions WHERE"
            " submissions.task_id = tasks.id)",
            ["submissions"],
        ),
        (
            "SELECT 1 FROM tasks WHERE tasks.campaign_id = ? AND EXISTS (SELECT * FROM submissions WHERE"
            " submissions.campaign_id = tasks.campaign_id)",
            [],
        ),
        ("UPDATE tasks SET rank = NULL WHERE tasks.id = ?", ["tasks"]),
        ("UPDATE voters SET cursor=? WHERE voters.campaign_id = ? AND voters.voter_id = ?", []),
        ("INSERT INTO submissions (id, task_id) VALUES (?, ?)", ["submissions"]),
        ("INSERT INTO submissions (id, campaign_id) VALUES (?, ?)", []),
        ("SELECT * FROM users WHERE users.id = ?", []),
    ],
)
def test_a_statement_without_the_key_is_seen(sql: str, tables: list[str]) -> None:
    assert undistributed(sql) == tables
