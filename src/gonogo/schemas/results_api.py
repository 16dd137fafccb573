"""Request and response models of the results API (Centaur's), which our server serves and our client reads.

Only what is documented has a type of its own; every other field is kept unchanged (`extra="allow"`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gonogo.json_types import JsonObject, JsonValue

STATES = ("Ready", "Active", "Labeled", "Gold Standard", "Canceled", "Flagged")
"""Values of `labeling_state`, exactly as they are written."""


class Open(BaseModel):
    """Base model that keeps unknown fields."""

    model_config = ConfigDict(extra="allow", frozen=True)


class LoginRequest(BaseModel):
    model_config = ConfigDict(strict=True)

    username: Annotated[str, Field(min_length=1, max_length=254)]
    api_password: Annotated[str, Field(min_length=1, max_length=500, repr=False)]


class Login(Open):
    token: Annotated[str, Field(repr=False)]
    id: int | None = None
    email: str | None = None
    role: str | None = None
    name: str | None = None
    organization_id: int | None = None
    organization: str | None = None
    created_at: str | None = None


class Token(Open):
    token: Annotated[str, Field(repr=False)]


class Message(Open):
    message: str | None = None


class CaseResult(Open):
    """Case with its labels, which are verdicts on our server and may be any JSON on another."""

    task_id: int | None = None
    task_name: str | None = None
    project_id: int | None = None
    project_name: str | None = None
    case_id: int | None = None
    task_type: str | None = None
    content_type: str | None = None
    labeling_state: str | None = None
    qualified_reads: JsonValue = None
    patch: JsonValue = None
    content_metadata: list[JsonValue] | None = None
    agreement: JsonValue = None
    difficulty: JsonValue = None
    correct_label: JsonValue = None
    majority_label: JsonValue = None
    read_stats: JsonValue = None
    gonogo: JsonObject | None = None  # ours alone: what joins a case to its task, drawing and value


class ResultPage(Open):
    """Page of cases. Continue only while `has_next` is true and `last_sequence_id` is there; both may be absent."""

    payload: list[CaseResult]
    has_next: bool | None = None
    last_sequence_id: int | None = None
    limit: int | None = None
