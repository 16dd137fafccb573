"""What each answer of a server means for a verdict."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.client.errors import (
    AuthenticationError,
    ConflictError,
    GonogoClientError,
    InvalidRequestError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from gonogo.desk.core.models import SendState
from gonogo.desk.outbox.outcome import DeliveryOutcome, from_error, from_receipt
from gonogo.json_types import JsonValue
from gonogo.schemas.labeling import LabelSubmission


def conflict(code: str = "conflict", **details: Any) -> ConflictError:
    return ConflictError("refused", status=409, code=code, details=details)


CASES: list[tuple[GonogoClientError, int, SendState]] = [
    (NetworkError("away"), 1, SendState.QUEUED),
    (ServerError("broken"), 9, SendState.QUEUED),
    (UnexpectedAnswerError("html"), 1, SendState.QUEUED),
    (RateLimitedError("slow down"), 1, SendState.QUEUED),
    (AuthenticationError("who?"), 1, SendState.QUEUED),
    (PermissionDeniedError("no"), 1, SendState.PARKED),
    (NotFoundError("gone"), 1, SendState.PARKED),
    (InvalidRequestError("bad"), 1, SendState.PARKED),
    (conflict("idempotency_in_flight"), 1, SendState.QUEUED),
    (conflict("idempotency_conflict"), 1, SendState.PARKED),
    (conflict(reason="already_submitted"), 1, SendState.PARKED),  # another window's answer stands
    (conflict(reason="already_submitted"), 2, SendState.SENT),  # ours: its receipt was lost
    (conflict(reason="campaign_closed", receipt_id="r"), 1, SendState.LATE),
    (conflict(reason="task_resolved", receipt_id="r"), 1, SendState.LATE),
    (conflict(reason="task_resolved"), 1, SendState.PARKED),  # no receipt: the server does not have it
    (conflict("something_new"), 1, SendState.PARKED),
]


@pytest.mark.parametrize(("error", "attempts", "state"), CASES)
def test_each_error_has_its_fate(error: GonogoClientError, attempts: int, state: SendState) -> None:
    found = from_error(error, attempts)
    assert found.state is state
    assert found.detail
    if state is SendState.PARKED and error.next_step:
        assert found.detail != str(error)


def test_a_refusal_that_may_pass_is_tried_again_in_half_a_minute() -> None:
    assert from_error(NotFoundError("not yet", transient=True), 1) == DeliveryOutcome(SendState.QUEUED, "not yet", 30.0)


def test_the_fields_a_server_rejects_are_named() -> None:
    errors: list[JsonValue] = [{"loc": ["body", "confidence"], "msg": "must be at most 1", "type": "less_than_equal"}]
    found = from_error(InvalidRequestError("rejected", details={"errors": errors}), 1)
    assert "body.confidence: must be at most 1" in found.detail


def test_only_a_receipt_for_this_verdict_delivers_it() -> None:
    assert from_receipt(LabelSubmission(id="s", task_id="t", verdict="correct"), "t", "correct").state is SendState.SENT
    assert from_receipt(LabelSubmission(id="s"), "t", "correct").state is SendState.SENT
    assert from_receipt(LabelSubmission(id="s", task_id="u"), "t", "correct").state is SendState.PARKED
    assert from_receipt(LabelSubmission(id="s", verdict="incorrect"), "t", "correct").state is SendState.PARKED
