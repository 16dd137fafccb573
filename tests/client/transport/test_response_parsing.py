"""Response parsing: any bytes become a model or `UnexpectedAnswerError`, never another exception."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from gonogo.client.errors import GonogoClientError, UnexpectedAnswerError
from gonogo.client.transport.response_parsing import ApiResponse, error_from, load, parse
from gonogo.schemas.gonogo_api import CampaignDetail, QueueView, SessionCreated, SubmissionList
from gonogo.schemas.labeling import (
    GenerateProjectTasksResult,
    LabelingCampaignList,
    LabelingProjectPublic,
    LabelingTaskList,
    LabelSubmission,
    QualityReport,
    ServedTask,
)
from gonogo.schemas.sanitize import clean_text

MODELS: list[type[BaseModel]] = [
    ServedTask,
    LabelingTaskList,
    LabelingCampaignList,
    LabelSubmission,
    LabelingProjectPublic,
    GenerateProjectTasksResult,
    QualityReport,
    QueueView,
    SessionCreated,
    SubmissionList,
    CampaignDetail,
]

_NAMES = sorted({name for model in MODELS for name in model.model_fields} | {"error", "details", "code", "message"})
_LEAF = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=[]), max_size=8)
    | st.sampled_from([10**400, -(10**30), 1e308, "1e999", "nan", "", "\ud800"])
)
ANY_JSON = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=3), inner),
    max_leaves=25,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(value=ANY_JSON, model=st.sampled_from(MODELS), clean=st.booleans())
def test_any_json_is_a_model_or_an_unexpected_answer(value: Any, model: type[BaseModel], clean: bool) -> None:
    answer = ApiResponse(200, {}, json.dumps(value).encode())
    with contextlib.suppress(UnexpectedAnswerError):
        parse(model, answer, clean=clean)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(body=st.binary() | ANY_JSON.map(lambda value: json.dumps(value).encode()), status=st.integers(100, 999))
def test_any_body_of_an_error_is_an_error_in_words(body: bytes, status: int) -> None:
    error = error_from(ApiResponse(status, {}, body))
    assert isinstance(error, GonogoClientError)
    assert isinstance(error.details, dict)
    assert str(error)
    assert clean_text(str(error)) == str(error)
    assert len(error.message) < 1000
    assert error.next_step


@settings(deadline=None)  # shared machines stall
@given(filler=ANY_JSON)
def test_unknown_fields_are_ignored_and_missing_ones_are_none(filler: Any) -> None:
    task = parse(ServedTask, ApiResponse(200, {}, json.dumps({"id": "t", "zzz_new": filler}).encode()))
    assert task == ServedTask(id="t")


@settings(deadline=None)  # shared machines stall
@given(value=ANY_JSON)
def test_a_predicted_value_may_be_any_json(value: Any) -> None:
    answer = ApiResponse(200, {}, json.dumps({"id": "t", "predicted_value": value}).encode())
    assert parse(ServedTask, answer).id == "t"


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_json_cannot_hold_are_absent(literal: str) -> None:
    assert load(f'{{"a": [{literal}, 1.5]}}'.encode()) == {"a": [None, 1.5]}
    number = load(b"1e308")
    assert isinstance(number, float)
    assert math.isfinite(number)


@pytest.mark.parametrize("depth", [63, 64, 65, 500, 100_000])
def test_depth_is_no_way_to_crash(depth: int) -> None:
    body = b'{"id": "t", "predicted_value": ' + b"[" * depth + b"]" * depth + b"}"
    with contextlib.suppress(UnexpectedAnswerError):
        assert parse(ServedTask, ApiResponse(200, {}, body)).id == "t"
    with contextlib.suppress(UnexpectedAnswerError):
        assert parse(ServedTask, ApiResponse(200, {}, body), clean=False).id == "t"


def test_a_misshapen_answer_never_shows_its_content() -> None:
    body = json.dumps({"session_token": "s3cr3t-token", "annotator": "s3cr3t-token", "campaign_id": 5}).encode()
    with pytest.raises(UnexpectedAnswerError) as caught:
        parse(SessionCreated, ApiResponse(200, {}, body))
    assert "s3cr3t" not in str(caught.value)
    assert "annotator" in str(caught.value)


def test_errors_and_credentials_are_light() -> None:
    """The desk and the command line import them on the way to the first frame."""
    code = (
        "import sys, gonogo.client.errors, gonogo.client.credential, gonogo.client.transport.requests;"
        "import gonogo.client.magic_link_parser;"
        "print([name for name in ('httpx', 'pydantic', 'asyncio', 'ssl') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("body", [b'{"data": 7, "status": "up"}', b'{"html": "<p>sign in</p>"}'])
def test_another_object_is_no_empty_answer(body: bytes) -> None:
    """Each field of a report may be missing; an object of some other program must not look like a report of zeros."""
    with pytest.raises(UnexpectedAnswerError, match="no QualityReport: none of its fields"):
        parse(QualityReport, ApiResponse(200, {}, body))
    assert parse(QualityReport, ApiResponse(200, {}, b'{"n_tasks": 3, "new_field": 1}')).n_tasks == 3
