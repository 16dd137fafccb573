"""Outbox rows: one answer with the exact request that will travel, its address and its delivery state."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gonogo.client.transport.requests import PreparedRequest, RequestKind, request_kind
from gonogo.desk.core.models import Decided, Decision, DeskTask, SendState
from gonogo.desk.core.serialize import decision_from_json, task_from_json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Address:
    """Login and server of a row: one login's rows are never sent under another. `campaign_id` `None`: any campaign."""

    base_url: str
    annotator: str
    campaign_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One row. `decided_at` and `settled_at` are seconds since 1970; `attempts` counts the one under way.

    `response`: of a refused one the reason's code, where another answer would change nothing; of a replaced one the
    number of the row that came instead.
    """

    id: int
    address: Address
    task_id: str
    request: PreparedRequest = field(repr=False)
    task: DeskTask
    decision: Decision
    decided_at: float
    state: SendState
    detail: str
    attempts: int
    settled_at: float | None
    response: str | None = None

    @property
    def kind(self) -> RequestKind:
        """Submission or ruling: an annotator's verdict, or an expert's from another screen and other evidence."""
        return request_kind(self.request)

    def decided(self) -> Decided:
        """Returns the row as a line of the history."""
        final = self.state is not SendState.PARKED or bool(self.response) or self.kind is not RequestKind.SUBMISSION
        return Decided(self.task, self.decision, self.state, self.detail, self.id, final)


def row_from_sql(row: sqlite3.Row) -> OutboxRow:
    """Returns the row of a `SELECT *`; task and decision are stand-ins where their bytes are damaged."""
    return OutboxRow(
        id=row["id"],
        address=Address(row["base_url"], row["annotator"], row["campaign_id"]),
        task_id=row["task_id"],
        request=PreparedRequest(
            row["method"], row["path"], bytes(row["body"]), row["idempotency_key"], row["content_type"]
        ),
        task=_or(DeskTask(row["task_id"], row["campaign_id"], "", None), task_from_json, row["task"]),
        decision=_or(Decision("?"), decision_from_json, row["decision"]),
        decided_at=row["decided_at"],
        state=SendState(row["state"]),
        detail=row["detail"],
        attempts=row["attempts"],
        settled_at=row["settled_at"],
        response=row["response"],
    )


def _or(instead: T, read: Callable[[dict[str, Any]], T], text: str) -> T:
    """Returns the parsed JSON text; `instead` when its bytes are damaged (the request may still be whole)."""
    try:
        return read(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError):
        return instead
