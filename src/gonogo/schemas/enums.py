"""Enumerations: list the values that our own server allows where the published contract says only "string".

The client never treats these as closed: a response may carry any string (contract, versioning rule).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

LARGEST_GROUP: Final = 24
"""Most tasks of one page of equal values."""


class Role(StrEnum):
    """Role of an invited person in one campaign."""

    ANNOTATOR = "annotator"
    REVIEWER = "reviewer"


class KeyScope(StrEnum):
    """Scope of an API key."""

    READ = "parts:read"
    WRITE = "parts:write"


class CampaignStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    PROMOTED = "promoted"


class AssignmentStatus(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    REVOKED = "revoked"


class TaskStatus(StrEnum):
    """Status of a task: `open` needs submissions; `in_review` has no safe consensus; `resolved` is finished."""

    OPEN = "open"
    IN_REVIEW = "in_review"
    RESOLVED = "resolved"


class ConsensusMethod(StrEnum):
    DAWID_SKENE = "dawid_skene"
    ONE_COIN = "one_coin"
    MAJORITY = "majority"
    WEIGHTED_MAJORITY = "weighted_majority"


class VotePolicy(StrEnum):
    """How many votes the tasks of a campaign get: each the same number, or more where the risk is."""

    FIXED = "fixed"
    BY_RISK = "by_risk"


class ErrorCode(StrEnum):
    """Values of `error.code`, the only part of an error to branch on."""

    BAD_REQUEST = "bad_request"
    INVALID_API_KEY = "invalid_api_key"
    INVALID_MAGIC_LINK = "invalid_magic_link"
    INVALID_SESSION = "invalid_session"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    IDEMPOTENCY_IN_FLIGHT = "idempotency_in_flight"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    VALIDATION_ERROR = "validation_error"
    RATE_LIMITED = "rate_limited"
    TOO_MANY_REQUESTS = "too_many_requests"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"


class ConflictReason(StrEnum):
    """Values of `error.details.reason` of a `conflict` from our server."""

    ALREADY_SUBMITTED = "already_submitted"
    NOT_SUBMITTED = "not_submitted"
    ALREADY_INVITED = "already_invited"
    TASK_RESOLVED = "task_resolved"
    CAMPAIGN_CLOSED = "campaign_closed"
    ASSIGNMENT_REVOKED = "assignment_revoked"
    BELOW_ACCEPTANCE = "below_acceptance"
    OWN_VOTE = "own_vote"
    NAME_TAKEN = "name_taken"
    SETTLED_TASKS = "settled_tasks"
    AUDITED = "audited"
    MERGED_READINGS = "merged_readings"


class DrawingStatus(StrEnum):
    READY = "ready"
    NO_DATASET = "no_dataset"
