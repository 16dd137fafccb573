"""Requests one after the other, each about what those before it made: campaigns filled, worked on, reviewed, closed.

What is sent, and which of the known things it is about, is drawn before anything is sent; so a chain that breaks a
promise can be sent again, and shrinks.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from schemathesis import Case

from tests.server.http.fuzzing import OPERATIONS, SCHEMAS, Server, promised, send
from tests.server.http.work import GONOGO, LABELING, PREDICTION, task_bodies

LINKS: dict[str, dict[str, str]] = {
    f"POST {LABELING}/campaigns": {"campaign_id": "id"},
    f"POST {LABELING}/campaigns/{{campaign_id}}/tasks": {"task_id": "data.0.id"},
    f"POST {LABELING}/campaigns/{{campaign_id}}/assignments": {
        "assignment_id": "assignment.id",
        "magic_link_token": "magic_link_token",
    },
    f"POST {GONOGO}/sessions": {"session_token": "session_token", "campaign_id": "campaign_id"},
    f"POST {LABELING}/campaigns/{{campaign_id}}/next-task": {"task_id": "id"},
    f"GET {LABELING}/campaigns/{{campaign_id}}/tasks": {"task_id": "data.0.id"},
    f"POST {GONOGO}/tasks/{{task_id}}/ruling": {"ruling_id": "ruling.id"},
    f"GET {GONOGO}/campaigns/{{campaign_id}}/annotators": {"voter_id": "data.0.voter_id"},
    f"POST {LABELING}/projects": {"project_id": "id"},
    f"POST {GONOGO}/predictions": {"calculation_id": "calculation_id"},
    f"POST {GONOGO}/projects/{{project_id}}/campaigns": {"campaign_id": "id"},
    f"POST {LABELING}/projects/{{project_id}}/generate-tasks": {"campaign_id": "id"},
    f"POST {GONOGO}/drawings": {"part_revision_id": "part_revision_id"},
    f"POST {GONOGO}/keys": {"key_id": "id"},
}
"""What an answer names that later requests can be about, and where in its body it stands; first a campaign's life."""

_LINKED = {name for made in LINKS.values() for name in made}
_CONTENT = {"scopes": ["parts:read"], "tasks": task_bodies(3), "predictions": [PREDICTION]}

Step = tuple[Case[Any], int, bool]
"""A request, which of the things it could be about, and whether somebody invited sends it."""
Thing = dict[str, str]
"""The ids of one thing, and of what it belongs to."""


@st.composite
def chains(draw: st.DrawFn, length: int) -> list[Step]:
    """Up to `length` requests; what they are about is made before, if all goes well."""
    known: set[str] = set()
    steps: list[Step] = []
    for _step in range(draw(st.integers(length // 2, length))):
        able = [operation for operation in OPERATIONS if _wanted(operation) <= known]
        new = [operation for operation in able if _made(operation) - known]
        new.sort(key=lambda operation: list(LINKS).index(_label(operation)))
        operation = draw(
            st.one_of(st.sampled_from(able), st.sampled_from(new[:1] or able), st.sampled_from(new or able))
        )
        known |= _made(operation)
        steps.append((draw(operation.as_strategy()), draw(st.integers(0, 2)), draw(st.booleans())))
    return steps


def follow(server: Server, chain: Sequence[Step]) -> Counter[int]:
    """Sends the chain; answers how often each status was answered, all of them documented."""
    seen: Counter[int] = Counter()
    things: list[Thing] = []
    for case, which, as_person in chain:
        about = _about(things, case, which)
        _fill_in(case, about, shorten=which > 0)
        credential = {"Authorization": f"Bearer {about['session_token']}"} if "session_token" in about else None
        answer = server.run(send(server, case, credential if as_person and credential else server.credentials["lead"]))
        promised(case, answer)
        seen[answer.status_code] += 1
        if answer.is_success and _label(case.operation) in LINKS:
            made = {name: _at(json.loads(answer.content), path) for name, path in LINKS[_label(case.operation)].items()}
            things.append(about | {name: value for name, value in made.items() if value is not None})
    return seen


def _about(things: list[Thing], case: Case[Any], which: int) -> Thing:
    """One of the things that have most of the ids the request wants, the newest first."""
    wanted = set(case.path_parameters) | (set(case.body) if isinstance(case.body, dict) else set())
    best = max((len(wanted & set(thing)) for thing in things), default=0)
    fitting = [thing for thing in things if len(wanted & set(thing)) == best]
    return fitting[-1 - which % len(fitting)] if fitting else {}


def _fill_in(case: Case[Any], about: Thing, *, shorten: bool) -> None:
    """Ids of the thing, and what it takes to make another one; `shorten` leaves out what need not be said."""
    case.path_parameters = {name: about.get(name, value) for name, value in case.path_parameters.items()}
    if isinstance(case.body, dict):
        fresh = uuid.uuid4().hex
        known = {"name": fresh, "email": f"{fresh}@b", "run": fresh, "verdict": "incorrect", **_CONTENT, **about}
        body: dict[str, Any] = dict(case.body)
        if shorten:
            body = {name: body[name] for name in _model(case.operation).get("required", ()) if name in body}
        case.body = {name: known.get(name, value) for name, value in body.items()}


def _made(operation: Any) -> set[str]:
    return set(LINKS.get(_label(operation), ()))


def _wanted(operation: Any) -> set[str]:
    """The ids in the operation's address and body."""
    raw = operation.definition.raw
    named = {parameter["name"] for parameter in raw.get("parameters", ()) if parameter["in"] == "path"}
    return (named | set(_model(operation).get("properties", ()))) & _LINKED


def _model(operation: Any) -> dict[str, Any]:
    """The JSON schema of the operation's body; empty where there is none."""
    content = operation.definition.raw.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    return SCHEMAS.get(reference.rpartition("/")[2], {})


def _at(body: Any, path: str) -> str | None:
    """What stands at the path, if it is there."""
    for name in path.split("."):
        if isinstance(body, list):
            body = body[int(name)] if int(name) < len(body) else None
        else:
            body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, str) else None


def _label(operation: Any) -> str:
    return f"{operation.method.upper()} {operation.path}"
