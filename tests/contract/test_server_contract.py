"""Our server's own OpenAPI against the published labeling reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from tests.contract.conftest import OPERATIONS, load_copy, load_reference
from tests.contract.openapi import OpenApi

EXTENSIONS = {"query:cursor": "string", "query:force": "boolean", "query:limit": "integer"}
BODY_EXTENSIONS = {
    **{"role": "string", "reason": "string", "note": "string", "group_size": "integer"},
    **{"accept_above": "number", "accept_bound": "number", "audit_fraction": "number", "merge_readings": "boolean"},
}
ENVELOPE = {"error", "request_id"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> OpenApi:
    folder: Path = tmp_path_factory.mktemp("contract")
    return OpenApi(create_app(ServerSettings(database_url=f"sqlite:///{folder}/unused.db")).openapi())


def test_the_copy_says_what_the_reference_says() -> None:
    reference = load_reference()
    if reference is None:
        pytest.skip("the published reference is not on this machine")
    assert load_copy() == reference


def test_all_operations_are_there(facts: dict[str, Any], api: OpenApi) -> None:
    assert len(facts["operations"]) == 18
    assert [key for key in facts["operations"] if api.operation(key) is None] == []


@pytest.mark.parametrize("key", OPERATIONS)
def test_credentials(key: str, api: OpenApi) -> None:
    named = api.document["components"]["securitySchemes"]
    either = [named[name] for item in (api.operation(key) or {})["security"] for name in item]
    assert [item.get("name") or item["scheme"] for item in either] == ["X-API-Key", "bearer"]


@pytest.mark.parametrize("key", OPERATIONS)
def test_parameters(key: str, facts: dict[str, Any], api: OpenApi) -> None:
    ours = api.params(api.operation(key) or {})
    extra = {name: kind for name, kind in ours.items() if name not in facts["operations"][key]["params"]}
    assert {name: kind for name, kind in ours.items() if name not in extra} == facts["operations"][key]["params"]
    assert extra.items() <= EXTENSIONS.items()


@pytest.mark.parametrize("key", OPERATIONS)
def test_request_body(key: str, facts: dict[str, Any], api: OpenApi) -> None:
    wanted = facts["operations"][key]["body"]
    schema = api.body(api.operation(key) or {})
    if wanted is None:
        assert schema is None
        return
    assert schema is not None
    _same_fields(api, schema, wanted, facts["models"], flags=True)


@pytest.mark.parametrize("key", OPERATIONS)
def test_success(key: str, facts: dict[str, Any], api: OpenApi) -> None:
    wanted = facts["operations"][key]
    operation = api.operation(key) or {}
    assert [status for status in operation["responses"] if status[0] in "23"] == [str(wanted["success"])]
    answer = facts["models"][wanted["answer"]] if isinstance(wanted["answer"], str) else wanted["answer"]
    _same_fields(api, api.answer(operation, wanted["success"]), answer, facts["models"], flags=False)


@pytest.mark.parametrize("key", OPERATIONS)
def test_errors_are_documented_with_the_envelope(key: str, facts: dict[str, Any], api: OpenApi) -> None:
    operation = api.operation(key) or {}
    wanted = {*facts["operations"][key]["errors"], "422"}
    documented = {status for status in operation["responses"] if status[0] in "45"}
    assert wanted <= documented
    assert documented - wanted <= {"413"}
    for status in documented:
        schema = api.answer(operation, status)
        assert set(schema["properties"]) == ENVELOPE
        assert {"code", "message", "details"} <= set(api.inner(schema, "error")["properties"])


def test_every_error_of_every_route_has_the_envelope(api: OpenApi) -> None:
    for path, operations in api.document["paths"].items():
        for method, operation in operations.items():
            for status in operation["responses"]:
                if status[0] in "45":
                    assert set(api.answer(operation, status)["properties"]) == ENVELOPE, (method, path, status)


def _same_fields(
    api: OpenApi, schema: dict[str, Any], wanted: dict[str, str], models: dict[str, Any], *, flags: bool
) -> None:
    """All wanted fields with their types; with `flags` the required ones too, and no others but known extensions."""
    ours = api.fields(schema)
    for name, kind in wanted.items():
        model = kind.rstrip("![]")
        if model in models:
            assert name in ours
            is_list, ours_is_list = "[]" in kind, "[]" in ours[name]
            assert is_list == ours_is_list, name
            if flags:
                assert kind.endswith("!") == ours[name].endswith("!"), name
            _same_fields(
                api, api.inner(schema, name), models[model], models, flags=flags and model != "LabelingTaskCreate"
            )
        else:
            assert (ours[name] if flags else ours[name].rstrip("!")) == kind, name
    if flags:
        extra = {name: kind for name, kind in ours.items() if name not in wanted}
        assert extra.items() <= BODY_EXTENSIONS.items()
