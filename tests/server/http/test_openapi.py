"""OpenAPI of the server: every operation is described, and the model says what the server demands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case

from tests.server.http.fuzzing import DOCUMENT, OPERATIONS, Server, point_at_what_exists, send, serving
from tests.sqlite import fresh_database

KEYWORDS = {
    *("$ref", "additionalProperties", "allOf", "anyOf", "const", "contains", "contentMediaType", "default"),
    *("description", "discriminator", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "items"),
    *("maxItems", "maxLength", "maximum", "minItems", "minLength", "minProperties", "minimum", "oneOf", "pattern"),
    *("prefixItems", "properties", "propertyNames", "required", "title", "type"),
}
"""Of JSON Schema 2020-12; another one says nothing to a reader of the document."""
BEYOND_JSON_SCHEMA = {
    "json_string": "the character NUL",
    "json_number": "an integer beyond 64 bits",
    "json_too_deep": "more than 32 levels",
    "int_type": "5.0, which JSON Schema calls an integer",
    "string_blank": "a name of which nothing shows",
    "cursor": "a cursor is what an answer gave, and nothing else",
    "drawing_bbox": "an empty box",
    "gold_answer": "the JSON text of an answer",
    "url": "an address that messages are sent to",
    "datetime": "a time of the calendar",
}
"""Types of errors in a request that keeps to the document, and what they are about."""


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            yield operation["operationId"], operation


def test_every_operation_has_a_tag_that_is_explained_and_words_of_its_own() -> None:
    explained = [tag["name"] for tag in DOCUMENT["tags"]]
    assert all(tag["description"] for tag in DOCUMENT["tags"])
    assert {
        name: operation.get("tags") for name, operation in operations() if len(operation.get("tags", ())) != 1
    } == {}
    assert {operation["tags"][0] for _name, operation in operations()} == set(explained)
    wordless = [name for name, operation in operations() if len(operation.get("description", "")) < 15]
    assert wordless == []


def test_every_parameter_and_answer_is_described() -> None:
    silent = [
        (name, parameter["name"])
        for name, operation in operations()
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ]
    assert silent == []
    shapeless = [
        (name, status, media)
        for name, operation in operations()
        for status, answer in operation["responses"].items()
        for media, content in answer.get("content", {}).items()
        if media == "application/json" and not content.get("schema")
    ]
    assert shapeless == []


def test_schemas_use_only_words_of_json_schema() -> None:
    """pydantic writes a limit behind a validator under a name of its own (`ge`), which nobody else reads."""
    parameters = [p["schema"] for _, operation in operations() for p in operation.get("parameters", ())]
    strange = {
        word for schema in (*DOCUMENT["components"]["schemas"].values(), *parameters) for word in words_of(schema)
    }
    assert strange <= KEYWORDS, strange - KEYWORDS


def words_of(schema: dict[str, Any]) -> Iterator[str]:
    for word, value in schema.items():
        yield word
        if word == "properties":
            for part in value.values():
                yield from words_of(part)
        elif isinstance(value, dict) and word not in ("default", "const", "discriminator"):
            yield from words_of(value)
        elif word in ("anyOf", "allOf", "oneOf", "prefixItems"):
            for part in value:
                yield from words_of(part)


def test_a_task_needs_a_prompt_or_a_field_name_and_the_document_says_so() -> None:
    asked = DOCUMENT["components"]["schemas"]["LabelingTaskCreate"]["anyOf"]
    assert [part["required"] for part in asked] == [["prompt"], ["field_name"]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(fresh_database(tmp_path_factory.mktemp("openapi") / "x.db")) as running:
        yield running


WITH_JSON = [
    operation.as_strategy()
    for operation in OPERATIONS
    if "application/json" in operation.definition.raw.get("requestBody", {"content": ()})["content"]
]


@pytest.mark.slow
@given(case=st.one_of(WITH_JSON))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_a_body_that_keeps_to_the_document_is_understood(server: Server, case: Case[Any]) -> None:
    point_at_what_exists(server, case)
    answer = server.run(send(server, case, server.credentials["lead"]))
    assert answer.status_code != 400, (case.as_curl_command(), answer.text)
    if answer.status_code == 422:
        types = {error["type"] for error in answer.json()["error"]["details"]["errors"]}
        assert types <= set(BEYOND_JSON_SCHEMA), (case.as_curl_command(), answer.text)


@pytest.mark.slow
@given(case=next(o for o in OPERATIONS if o.definition.raw["operationId"] == "create_labeling_tasks").as_strategy())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_tasks_that_keep_to_the_document_are_made(server: Server, case: Case[Any]) -> None:
    case.path_parameters = {"campaign_id": server.ids["campaign_id"]}
    answer = server.run(send(server, case, server.credentials["lead"]))
    if answer.status_code == 422:
        types = {error["type"] for error in answer.json()["error"]["details"]["errors"]}
        assert types <= set(BEYOND_JSON_SCHEMA), (case.as_curl_command(), answer.text)
    else:
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    "task",
    [
        {"target_kind": "pmi"},
        {"target_kind": "pmi", "prompt": "", "field_name": ""},
        {"target_kind": "pmi", "prompt": None, "field_name": None},
    ],
)
def test_a_task_that_asks_nothing_is_refused(server: Server, task: dict[str, Any]) -> None:
    path = f"/api/v1/parts/labeling/campaigns/{server.ids['campaign_id']}/tasks"
    asked = server.http.post(path, json={"tasks": [task]}, headers=server.credentials["lead"])
    answer = server.run(asked)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["errors"][0]["msg"] == "A task needs a prompt or a field_name."


def test_the_document_is_not_needed_to_serve(tmp_path: Path) -> None:
    from gonogo.server.app import create_app
    from gonogo.server.settings import ServerSettings

    app = create_app(ServerSettings(database_url=f"sqlite:///{tmp_path}/x.db", docs=False))
    assert not {route.path for route in app.routes if hasattr(route, "path")} & {"/docs", "/openapi.json"}
