"""Every number and boolean of every operation takes its own JSON type alone: read from the OpenAPI, sent over HTTP."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.server.house import House
from tests.server.operations import OPERATIONS, Stage, routes_by_name, set_stage
from tests.server.web import LABELING, OURS, Web, serving

NO_NUMBERS = [True, False, "1", "0.5", "1e0", [1], {}]
NO_TEXT = {
    "boolean": ["yes", "on", "1", "0", "True", "t", ""],
    "integer": ["1.0", " 1", "+1", "1_0", "١", ""],
}
NO_BOOLEANS = [0, 1, 1.0, "true", "yes", "on", [], {}]


@pytest.fixture
async def web(sqlite_house: House) -> Any:
    async with serving(sqlite_house) as opened:
        yield opened


Place = tuple[str | int, ...]


def scalars(known: dict[str, Any], schema: dict[str, Any], at: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every place of a schema that holds a number, an integer or a boolean; lists at their first item."""
    if "$ref" in schema:
        yield from scalars(known, known[schema["$ref"].rsplit("/", 1)[1]], at)
    for choice in schema.get("anyOf", ()):
        yield from scalars(known, choice, at)
    kind = schema.get("type")
    if kind in ("number", "integer", "boolean"):
        yield at, kind
    if kind == "array":
        yield from scalars(known, schema.get("items", {}), (*at, 0))
    for name, field in schema.get("properties", {}).items():
        yield from scalars(known, field, (*at, name))


def with_value(body: Any, at: Place, value: Any) -> Any:
    """`body` with `value` at one place; what leads there is made where it is missing."""
    body = copy.deepcopy(body)
    inner = body
    for step, following in itertools.pairwise(at):
        fresh: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if not inner:
                inner.append(fresh)
        elif not inner.get(step):
            inner[step] = fresh
        inner = inner[step]
    if isinstance(at[-1], int):
        inner[:] = [value, 0.2, 0.3, 0.4]
    else:
        inner[at[-1]] = value
    return body


@pytest.mark.slow
async def test_no_body_takes_another_type_for_a_number_or_a_boolean(web: Web) -> None:
    stage = await set_stage(web)
    asked = 0
    for name, path, schema in bodies(web):
        valid = OPERATIONS[name].body(stage.ids)
        for at, kind in scalars(web.app.openapi()["components"]["schemas"], schema):
            for wrong in NO_BOOLEANS if kind == "boolean" else NO_NUMBERS:
                method = routes_by_name(web.app)[name].method
                answer = await web.lead.request(method, path.format_map(stage.ids), json=with_value(valid, at, wrong))
                assert answer.status_code == 422, (name, at, wrong, answer.text)
                places = [error["loc"] for error in answer.json()["error"]["details"]["errors"]]
                assert ["body", *at] in places, (name, at, wrong, places)
                asked += 1
    assert asked > 150


def bodies(web: Web) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in web.app.openapi()["paths"].items():
        for definition in methods.values():
            content = definition.get("requestBody", {}).get("content", {})
            if "application/json" in content and definition["operationId"] in OPERATIONS:
                yield definition["operationId"], path, content["application/json"]["schema"]


async def test_no_query_takes_another_spelling(web: Web) -> None:
    stage: Stage = await set_stage(web)
    asked = 0
    for path, methods in web.app.openapi()["paths"].items():
        for method, definition in methods.items():
            for parameter in definition.get("parameters", ()):
                if parameter["in"] != "query" or definition["operationId"] not in OPERATIONS:
                    continue
                for text in NO_TEXT.get(parameter["schema"].get("type"), []):
                    sent: dict[str, Any] = {"params": {parameter["name"]: text}}
                    if "requestBody" in definition:
                        sent["json"] = OPERATIONS[definition["operationId"]].body(stage.ids)
                    answer = await web.lead.request(method, path.format_map(stage.ids), **sent)
                    assert answer.status_code == 422, (path, parameter["name"], text, answer.text)
                    asked += 1
    assert asked > 60


async def test_the_right_types_are_taken(web: Web) -> None:
    campaign = await web.campaign(target_redundancy=2, gold_fraction=0, acceptance_alpha=1)  # whole numbers are numbers
    (task,) = await web.add(campaign, {"predicted_confidence": 1, "drawing_bbox": [0, 0, 1, 1], "is_gold": False})
    vote: dict[str, Any] = {"verdict": "correct", "confidence": 1, "duration_ms": 5}
    assert (await web.lead.post(f"{LABELING}/tasks/{task}/submit", json=vote)).status_code == 201
    for query in ("true", "false"):
        assert (await web.lead.get(f"{OURS}/tasks/{task}/review?names={query}")).status_code == 200
    changed = {"max_risk": 0, "lease_minutes": 3, "votes": "by_risk", "trailing_zeros_matter": True}
    answer: httpx.Response = await web.lead.patch(f"{OURS}/campaigns/{campaign}/settings", json=changed)
    assert answer.status_code == 200, answer.text


async def test_a_selection_policy_is_strict_too(web: Web) -> None:
    for policy in (
        {"max_confidence": True},
        {"min_confidence": "0.5"},
        {"limit": "3"},
        {"limit": True},
        {"limit": 1.5},
        {"random_fraction": False},
        {"seed": "1"},
        {"seed": True},
        {"kinds": "pmi"},
    ):
        body = {"name": f"p {policy}", "selection_policy": policy}
        answer = await web.lead.post(f"{LABELING}/projects", json=body)
        assert answer.status_code == 422, (policy, answer.text)
