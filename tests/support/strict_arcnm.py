"""A labeling server that is not ours: the published reference on a real uvicorn, and not a word beyond it.

    with strict_arcnm() as foreign:
        …  # foreign.url, foreign.server

It has statuses of its own (a campaign is `active`, a task `open` until it is `resolved`), pages of at most 100 that a
larger `limit` doesn't change, UUIDs for every id, one task at a time that is served again until it is answered, keys of
people, a sign-in by link at a path of its own, and pauses (429) with and without Retry-After. It knows no review queue,
no votes of others, no project for a campaign that was made alone, and drawings only where `drawings` has some.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from gonogo.server.run import bind
from tests.client.arcnm_server import KEY, ROOT, WHEN, Arcnm, Refused
from tests.client.scripted_server import Got, Reply, envelope

LATER = "2026-05-01T08:30:00Z"
SIGN_IN_PATH = "/api/v1/annotators/sign-in"
SIGN_IN_FIELD = "token"
_IDS = ("part_revision_id", "calculation_id", "pmi_id", "feature_id", "dfm_issue_id", "face_uuid")
_GEOMETRY = re.compile(r"/api/v1/parts/geometry/([^/]+)/drawing-url")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def uuid_of(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


class StrictArcnm(Arcnm):
    """The reference with statuses and page sizes of its own.

    Attributes:
        pauses: Answers of 429 that come before the next ordinary ones: seconds of Retry-After, `None` without.
        page: Longest page, `None` for any.
        drawings: Bytes of drawings by part revision; `None`: the server has no drawing-url at all.
        person: Who asks, by credential; the lead's key is `KEY`.
    """

    def __init__(self, *, page: int | None = 100, drawings: dict[str, bytes] | None = None) -> None:
        super().__init__()
        self.page = page
        self.longest_page = page or 10_000
        self.drawings = drawings
        self.pauses: list[int | None] = []
        self.person = {KEY: "lead"}
        self.url = ""
        self._links: dict[str, str] = {}
        self._asking = "lead"

    def _answer(self, got: Got) -> Reply:
        if got.path == SIGN_IN_PATH and got.method == "POST":
            return self._sign_in(got)
        if got.path.startswith("/files/"):
            return Reply(200, (self.drawings or {})[got.path.rpartition("/")[2]], {"Content-Type": "image/png"})
        if self.pauses and got.path.startswith(ROOT):
            seconds = self.pauses.pop(0)
            headers = {"X-Request-ID": "req_9"} | ({} if seconds is None else {"Retry-After": str(seconds)})
            return Reply(429, envelope("rate_limited", "Per-key rate limit exceeded.", "req_9"), headers)
        credential = got.headers.get("x-api-key") or got.headers.get("authorization", "").removeprefix("Bearer ")
        if credential not in self.person:
            raise Refused(401, "invalid_api_key", "Missing, malformed, or revoked API key.")
        self._asking = self.person[credential]
        geometry = _GEOMETRY.fullmatch(got.path)
        if geometry and got.method == "GET" and self.drawings is not None:
            return Reply(200, self._drawing_url(geometry[1]))
        if geometry:
            raise Refused(404, "not_found", "A referenced resource doesn't exist.")
        lead = Got(got.method, got.target, {**got.headers, "x-api-key": KEY}, got.body, got.raw)
        return super()._answer(lead)

    def _sign_in(self, got: Got) -> Reply:
        body = json.loads(got.body)
        address = self._links.pop(str(body.get(SIGN_IN_FIELD)), None)
        if address is None:
            raise Refused(401, "invalid_token", "The token is unknown.")
        token = f"person-{hashlib.sha256(address.encode()).hexdigest()[:24]}"
        self.person[token] = address
        return Reply(200, {"access_token": token, "token_type": "bearer"})

    def _drawing_url(self, revision: str) -> dict[str, Any]:
        if revision not in (self.drawings or {}):
            return {"url": None, "status": "no_dataset", "content_type": None}
        return {"url": f"{self.url}/files/{revision}", "status": "ready", "content_type": "image/png"}

    # --- the operations, where they differ ---

    def post_projects(self, body: Any) -> Any:
        made = super().post_projects(body)
        del self.projects[made["id"]]
        made |= {"id": uuid_of(f"project {made['name']}"), "created_at": WHEN}
        self.projects[made["id"]] = made
        return made

    def post_campaigns(self, body: Any) -> Any:
        made = super().post_campaigns({"target_redundancy": 2, **body})
        campaign = self.campaigns.pop(made["id"])
        campaign |= {"id": uuid_of(f"campaign {campaign['name']}"), "status": "active"}
        self.campaigns[campaign["id"]] = campaign
        return self._counted(campaign)

    def post_campaigns_one_close(self, campaign: str, body: Any) -> Any:
        closed = super().post_campaigns_one_close(campaign, body)
        self.campaigns[campaign] |= {"status": "archived", "closed_at": LATER}
        return {**closed, "status": "archived", "closed_at": LATER}

    def post_campaigns_one_assignments(self, campaign: str, body: Any) -> Any:
        created = super().post_campaigns_one_assignments(campaign, body)
        assignment = self.assignments.pop(created["assignment"]["id"])
        key = f"{campaign} {body['email']} {len(self.assignments)}"
        account = uuid_of(body["email"])
        assignment |= {"id": uuid_of(key), "status": "pending", "annotator_account_id": account, "invited_at": WHEN}
        self.assignments[assignment["id"]] = assignment
        token = f"mlt-{hashlib.sha256(key.encode()).hexdigest()[:20]}"
        self._links[token] = body["email"]
        return {"assignment": assignment, "magic_link_token": token}

    def post_campaigns_one_tasks(self, campaign: str, body: Any) -> Any:
        for task in body["tasks"]:
            for field in _IDS:
                if task.get(field) is not None and not _is_uuid(task[field]):
                    self._complain(f"tasks.{field} is no UUID: {task[field]!r}")
        redundancy = self._found(self.campaigns, campaign)["target_redundancy"]
        made = super().post_campaigns_one_tasks(campaign, body)["data"]
        for task, given in zip(made, body["tasks"], strict=True):
            del self.tasks[task["id"]]
            own = {"id": uuid_of(f"{campaign} {task['id']}"), "created_at": WHEN}
            task |= own | {"n_required": given.get("n_required") or redundancy}
            self.tasks[task["id"]] = task
        return {"count": len(made), "data": made}

    def get_campaigns_one_tasks(self, campaign: str, query: Any) -> Any:
        statuses = {task["status"] for task in self._of(campaign)} | {"open", "resolved"}
        if "status" in query and query["status"] not in statuses:
            raise Refused(422, "validation_error", f"Unknown status {query['status']!r}.")
        return super().get_campaigns_one_tasks(campaign, query)

    def post_campaigns_one_next_task(self, campaign: str, body: Any) -> Any:
        mine = {vote["task_id"] for vote in self.votes if vote["by"] == self._asking}
        left = [task for task in self._of(campaign) if self._wanted(task) and task["id"] not in mine]
        if not left or self.campaigns[campaign]["status"] != "active":
            return None
        left[0] |= {"claimed_by_annotator_account_id": uuid_of(self._asking), "claim_expires_at": LATER}
        fields = next(facts["answer"] for _, _, path, facts in self._operations if path.endswith("next-task"))
        return {name: left[0].get(name) for name in fields}

    def _wanted(self, task: dict[str, Any]) -> bool:
        return bool(task["status"] == "open" and task["submission_count"] < task["n_required"])

    def post_tasks_one_submit(self, task: str, body: Any) -> Any:
        wanted = self._found(self.tasks, task)
        votes = [vote for vote in self.votes if vote["task_id"] == task]
        if any(vote["by"] == self._asking for vote in votes) or wanted["status"] != "open":
            raise Refused(409, "conflict", "A conflicting change.")
        usual = {"corrected_value": None, "confidence": None, "duration_ms": None}
        name = uuid_of(f"vote {len(self.votes)}")
        vote = {**usual, **body, "id": name, "task_id": task, "created_at": WHEN, "by": self._asking}
        self.votes.append(vote)
        votes.append(vote)
        verdicts = [each["verdict"] for each in votes]
        likely = max(verdicts, key=verdicts.count)
        agreement = verdicts.count(likely) / len(verdicts)
        wanted |= {"submission_count": len(votes), "agreement": agreement, "consensus_verdict": likely}
        if len(votes) >= wanted["n_required"] and agreement == 1:
            wanted |= {"status": "resolved", "resolved_at": LATER}
        return {name: value for name, value in vote.items() if name != "by"}

    def post_tasks_one_adjudicate(self, task: str, body: Any) -> Any:
        return super().post_tasks_one_adjudicate(task, body) | {"resolved_at": LATER, "agreement": 1.0}

    def get_campaigns_one_quality(self, campaign: str, query: Any) -> Any:
        report = super().get_campaigns_one_quality(campaign, query)
        people = dict.fromkeys(vote["by"] for vote in self.votes)
        counts = {who: sum(vote["by"] == who for vote in self.votes) for who in people}
        model = "AnnotatorQuality"
        report["annotators"] = [
            self._model(model, annotator_user_id=uuid_of(who), n_submissions=count) for who, count in counts.items()
        ]
        return report


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


@dataclass(frozen=True)
class Foreign:
    """The server on its port; `env` makes the command line talk to it as its lead."""

    server: StrictArcnm
    url: str

    @property
    def env(self) -> dict[str, str]:
        return {"GONOGO_BASE_URL": self.url, "GONOGO_API_KEY": KEY}

    def key_of(self, address: str) -> str:
        """A new API key of a person."""
        key = f"ak_live_{hashlib.sha256(address.encode()).hexdigest()[:8]}_{'s' * 32}"
        self.server.person[key] = address
        return key


@contextmanager
def strict_arcnm(*, page: int | None = 100, drawings: dict[str, bytes] | None = None) -> Iterator[Foreign]:
    """Serves a `StrictArcnm` by uvicorn, on a free port of this machine."""
    server = StrictArcnm(page=page, drawings=drawings)
    with bind("127.0.0.1", 0) as listener:  # connections wait until the server is up
        config = uvicorn.Config(_asgi(server), log_level="error", access_log=False, ws="none", lifespan="off")
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, args=([listener],), daemon=True)
        thread.start()
        server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield Foreign(server, server.url)
        finally:
            running.should_exit = True
            thread.join(timeout=20)


def _asgi(server: StrictArcnm) -> Callable[[dict[str, Any], Receive, Send], Awaitable[None]]:
    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        target = scope["path"] + (f"?{query}" if query else "")
        reply = server(Got(scope["method"], target, headers, body, body))
        kinds = {"Content-Type": "application/json", "X-API-Version": "2026-04-24", **reply.headers}
        sent = [(name.lower().encode(), value.encode()) for name, value in kinds.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": sent})
        await send({"type": "http.response.body", "body": reply.data()})

    return app
