"""A strict ARCNM server for `ScriptedServer`: the 18 published operations and drawing-url, and nothing else.

It knows no extension, takes no field and no parameter that the published reference does not have (`complaints` keeps
them), answers errors in the published envelope without Retry-After, replays by Idempotency-Key, and serves the same
task again until it is answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from tests.client.scripted_server import Got, Reply, envelope
from tests.contract.conftest import load_copy

ROOT = "/api/v1/parts/labeling"
KEY = "ak_live_0a1b2c3d_secret"
WHEN = "2026-05-01T08:00:00Z"
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
}


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.reply = Reply(status, envelope(code, message, "req_1", **details), {"X-Request-ID": "req_1"})


class Arcnm:
    """One organisation's campaigns in memory; `predictions` is how many calculation `calc-1` has."""

    def __init__(self, predictions: int = 6) -> None:
        facts = load_copy()
        self._models = facts["models"]
        self._operations = [
            (
                method,
                re.compile(re.sub(r"\{\w+\}", "([^/]+)", path.removeprefix(ROOT)) + "$"),
                path,
                facts["operations"][key],
            )
            for key in facts["operations"]
            for method, path in [key.split(" ")]
        ]
        self.predictions = predictions
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.projects: dict[str, dict[str, Any]] = {}
        self.campaigns: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.assignments: dict[str, dict[str, Any]] = {}
        self.votes: list[dict[str, Any]] = []
        self.golden: set[str] = set()
        self.longest_page = 10_000
        self._answered: dict[str, tuple[bytes, Reply]] = {}

    def __call__(self, got: Got) -> Reply:
        try:
            return self._answer(got)
        except Refused as refusal:
            return refusal.reply

    def _answer(self, got: Got) -> Reply:
        if got.headers.get("x-api-key") != KEY:
            raise Refused(401, "invalid_api_key", "The API key is missing or unknown.")
        drawing = re.fullmatch(r"/api/v1/parts/geometry/([^/]+)/drawing-url", got.path)
        if drawing and got.method == "GET":
            return Reply(200, {"url": None, "status": "no_dataset", "content_type": None})
        for method, pattern, path, facts in self._operations:
            found = pattern.fullmatch(got.path.removeprefix(ROOT)) if got.path.startswith(ROOT) else None
            if found and method == got.method:
                self.asked.append(f"{method} {path.removeprefix(ROOT)}")
                return self._once(got, lambda p=path, m=method, f=found, x=facts: self._do(got, m, p, f.groups(), x))  # type: ignore[misc]
        raise Refused(404, "not_found", "There is no such resource.")

    def _once(self, got: Got, work: Callable[[], Reply]) -> Reply:
        if got.key is None:
            if got.method != "GET":
                self.complaints.append(f"{got.method} {got.path} without Idempotency-Key")
            return work()
        known = self._answered.get(got.key)
        if known is not None:
            if known[0] != got.body:
                raise Refused(409, "idempotency_conflict", "This key was used for another request.")
            return known[1]
        reply = work()
        self._answered[got.key] = (got.body, reply)
        return reply

    def _do(self, got: Got, method: str, path: str, ids: tuple[str, ...], facts: dict[str, Any]) -> Reply:
        query = dict(parse_qsl(got.query))
        for name in query:
            if f"query:{name}" not in facts["params"]:
                self._complain(f"{method} {path}: parameter {name}")
        body = json.loads(got.body) if got.body else None
        if (body is None) != (facts["body"] is None):
            self._complain(f"{method} {path}: body {body!r}")
        if facts["body"] is not None:
            self._check(f"{method} {path}", body, facts["body"])
        name = "_".join([method.lower(), *re.sub(r"\{\w+\}", "one", path.removeprefix(ROOT)).strip("/").split("/")])
        result = getattr(self, name.replace("-", "_"))(
            *ids, **({"query": query} if method == "GET" else {"body": body})
        )
        return Reply(facts["success"], result)

    def _check(self, where: str, given: Any, wanted: dict[str, str]) -> None:
        if not isinstance(given, dict):
            self._complain(f"{where}: not an object")
        for field in [name for name, kind in wanted.items() if kind.endswith("!") and name not in given]:
            self._complain(f"{where}: no {field}")
        for field, value in given.items():
            kind = wanted.get(field, "").removesuffix("!")
            inner = kind.removesuffix("[]")
            values = value if kind.endswith("[]") and isinstance(value, list) else [value]
            if not kind:
                self._complain(f"{where}: field {field}")
            for item in values:
                if inner in self._models:
                    self._check(f"{where}.{field}", item, self._models[inner])
                elif not isinstance(item, _TYPES[inner]):
                    self._complain(f"{where}: {field} is {value!r}")

    def _complain(self, what: str) -> None:
        self.complaints.append(what)
        raise Refused(422, "validation_error", what)

    # --- the operations, named by method and path ---

    def post_projects(self, body: Any) -> Any:
        made = self._model("LabelingProjectPublic", id=f"p{len(self.projects) + 1}", status="active", **body)
        self.projects[made["id"]] = made
        return made

    def get_projects(self, query: Any) -> Any:
        return self._listed(self.projects.values(), query)

    def get_projects_one(self, project: str, query: Any) -> Any:
        return self._found(self.projects, project)

    def post_projects_one_generate_tasks(self, project: str, body: Any) -> Any:
        found = self._found(self.projects, project)
        if body["calculation_ids"] != ["calc-1"]:
            raise Refused(404, "not_found", "There is no such calculation.")
        campaign = self.post_campaigns({"name": found["name"], **(body.get("campaign") or {})})
        campaign["project_id"] = project
        limit = (found["selection_policy"] or {}).get("limit", self.predictions)
        wanted = [self._prediction(number) for number in range(min(limit, self.predictions))]
        self.post_campaigns_one_tasks(campaign["id"], {"tasks": wanted})
        counts = {"n_candidates": self.predictions, "n_eligible": len(wanted), "n_skipped": 0, "n_honeypots": 0}
        return {"campaign": self._counted(campaign), **counts, "n_tasks": len(wanted)}

    def _prediction(self, number: int) -> dict[str, Any]:
        value = {"text": f"⌀{number + 10}"}
        return {"target_kind": "pmi", "prompt": "Is it right?", "predicted_value": value, "part_revision_id": "r1"}

    def post_campaigns(self, body: Any) -> Any:
        if any(one["name"] == body["name"] for one in self.campaigns.values()):
            raise Refused(409, "conflict", "A campaign of this name exists.")
        usual = {"target_redundancy": 1, "acceptance_alpha": 0.8, "gold_fraction": 0.1, "created_at": WHEN}
        fields = {**usual, **body, "id": f"c{len(self.campaigns) + 1}", "status": "open"}
        made = self._model("LabelingCampaignPublic", **fields)
        self.campaigns[made["id"]] = made
        return self._counted(made)

    def get_campaigns(self, query: Any) -> Any:
        found = [
            self._counted(one) for one in self.campaigns.values() if query.get("status", one["status"]) == one["status"]
        ]
        return self._listed(found, query)

    def get_campaigns_one(self, campaign: str, query: Any) -> Any:
        return self._counted(self._found(self.campaigns, campaign))

    def post_campaigns_one_close(self, campaign: str, body: Any) -> Any:
        self._found(self.campaigns, campaign)["status"] = "closed"
        return self.get_campaigns_one(campaign, {})

    def post_campaigns_one_promote(self, campaign: str, body: Any) -> Any:
        report = self.get_campaigns_one_quality(campaign, {})
        new = {one["id"] for one in self._of(campaign) if one["status"] == "resolved"} - self.golden
        if report["accepted"]:
            self.golden |= new
        promoted = len(new) if report["accepted"] else 0
        return {"accepted": report["accepted"], "forced": False, "alpha": report["alpha"], "promoted": promoted}

    def get_campaigns_one_quality(self, campaign: str, query: Any) -> Any:
        done = all(one["status"] == "resolved" for one in self._of(campaign))
        wanted = self._found(self.campaigns, campaign)["acceptance_alpha"]
        who = self._model("AnnotatorQuality", annotator_user_id="u1", n_submissions=len(self.votes), reliability=0.9)
        alpha = {"alpha": 0.9 if done else 0.1, "acceptance_alpha": wanted, "accepted": done}
        return {**alpha, "n_submissions": len(self.votes), "n_tasks": len(self._of(campaign)), "annotators": [who]}

    def post_campaigns_one_assignments(self, campaign: str, body: Any) -> Any:
        fields = {"id": f"a{len(self.assignments) + 1}", "campaign_id": campaign, "annotator_email": body["email"]}
        made = self._model("CampaignAssignmentPublic", status="invited", annotator_account_id="x", **fields)
        self.assignments[made["id"]] = made
        return {"assignment": made, "magic_link_token": f"mlt-{made['id']}"}

    def get_campaigns_one_assignments(self, campaign: str, query: Any) -> Any:
        return self._listed([one for one in self.assignments.values() if one["campaign_id"] == campaign], query)

    def delete_campaigns_one_assignments_one(self, campaign: str, assignment: str, body: Any) -> Any:
        self._found(self.assignments, assignment)["status"] = "revoked"
        return self.assignments[assignment]

    def post_campaigns_one_tasks(self, campaign: str, body: Any) -> Any:
        usual = {"is_gold": False, "n_required": 1, "campaign_id": campaign, "status": "open", "submission_count": 0}
        first = len(self.tasks)
        made = [
            self._model("LabelingTaskPublic", **{**usual, **one}, id=f"t{number}")
            for number, one in enumerate(body["tasks"], first)
        ]
        self.tasks |= {one["id"]: one for one in made}
        return {"count": len(made), "data": made}

    def get_campaigns_one_tasks(self, campaign: str, query: Any) -> Any:
        found = [one for one in self._of(campaign) if query.get("status", one["status"]) == one["status"]]
        return self._listed(found, query)

    def post_campaigns_one_next_task(self, campaign: str, body: Any) -> Any:
        voted = {vote["task_id"] for vote in self.votes}
        left = [one for one in self._of(campaign) if one["status"] == "open" and one["id"] not in voted]
        fields = next(facts["answer"] for method, _, path, facts in self._operations if path.endswith("next-task"))
        return {name: left[0].get(name) for name in fields} if left else None

    def post_tasks_one_submit(self, task: str, body: Any) -> Any:
        found = self._found(self.tasks, task)
        if any(vote["task_id"] == task for vote in self.votes):
            raise Refused(409, "conflict", "Already submitted.")
        usual = {"corrected_value": None, "confidence": None, "duration_ms": None}
        vote = {**usual, **body, "id": f"s{len(self.votes)}", "task_id": task, "created_at": WHEN}
        self.votes.append(vote)
        found |= {"submission_count": 1, "consensus_verdict": body["verdict"]}
        found["status"] = "in_review" if body["verdict"] == "unsure" else "resolved"
        return vote

    def post_tasks_one_adjudicate(self, task: str, body: Any) -> Any:
        found = self._found(self.tasks, task)
        found |= {
            "status": "resolved",
            "consensus_verdict": body["verdict"],
            "consensus_value": body.get("corrected_value"),
        }
        return found

    # --- helpers ---

    def _model(self, model: str, **fields: Any) -> dict[str, Any]:
        return {name: fields.get(name) for name in self._models[model]}

    def _counted(self, campaign: dict[str, Any]) -> dict[str, Any]:
        mine = self._of(campaign["id"])
        done = sum(one["status"] == "resolved" for one in mine)
        return {**campaign, "task_count": len(mine), "resolved_count": done}

    def _of(self, campaign: str) -> list[dict[str, Any]]:
        self._found(self.campaigns, campaign)
        return [one for one in self.tasks.values() if one["campaign_id"] == campaign]

    def _found(self, where: dict[str, dict[str, Any]], key: str) -> dict[str, Any]:
        if key not in where:
            raise Refused(404, "not_found", "There is no such resource.")
        return where[key]

    def _listed(self, found: Any, query: dict[str, str]) -> dict[str, Any]:
        items = list(found)
        size = min(int(query.get("limit", "100")), self.longest_page)
        return {"count": len(items), "data": items[:size]}
