"""Request and response models of a lead's operations: keys, runs, task previews, progress, the audit log."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

from gonogo.schemas.base import Received, Timestamp


class KeyPublic(Received):
    """API key without its secret. `prefix` is its beginning; `results_username` is set where it has a password."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: Timestamp | None = None
    revoked_at: Timestamp | None = None
    results_username: str | None = None


class KeyList(Received):
    count: int
    data: list[KeyPublic]
    next_cursor: str | None = None


class ResultsPassword(Received):
    """Login of the results API, used beside the key; the only response that contains the password."""

    username: str
    api_password: Annotated[str, Field(repr=False)]


class RunPublic(Received):
    """Imported prediction run; its id is the `calculation_id` of generate-tasks."""

    id: str
    run: str
    n_predictions: int
    created_at: Timestamp | None = None


class RunList(Received):
    count: int
    data: list[RunPublic]
    next_cursor: str | None = None


class GeneratePreview(Received):
    """Numbers that generate-tasks would report."""

    n_candidates: int
    n_eligible: int
    n_skipped: int
    n_honeypots: int
    n_tasks: int
    n_accepted: int = 0
    n_audited: int = 0
    n_merged: int = 0


_PLACE_AND_HASH = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
ChainEnd = Annotated[
    tuple[int, str], WithJsonSchema({"type": "array", "items": _PLACE_AND_HASH, "minItems": 2, "maxItems": 2})
]
"""Place and hash of a chain's last row. Its schema is written here: OpenAPI tools take no `prefixItems`."""


class AuditHead(Received):
    """Head of the audit log: number of rows and chains, one SHA-256 over the ends of all chains, and these ends.

    `heads` has place and hash of the last row by chain, as `gonogo audit head` prints them.
    """

    n_rows: int
    n_chains: int
    sha256: str
    heads: dict[str, ChainEnd] = {}


class AtWork(Received):
    """Person in a campaign: answers given (with honeypots), tasks held now, time of the last answer."""

    voter_id: str
    email: str | None = None
    name: str | None = None
    n_done: int
    n_held: int
    last_at: Timestamp | None = None


class CampaignProgress(Received):
    """Progress of a campaign. `n_held` of the `n_open` tasks are claimed; honeypots are not counted.

    `votes_left` is what the open tasks need at most, `votes_per_hour` the pace of the newest votes; `None` without any.
    """

    campaign_id: str
    status: str
    n_tasks: int
    n_open: int
    n_held: int
    n_in_review: int
    n_resolved: int
    votes_left: int
    votes_per_hour: float | None = None
    people: list[AtWork] = []
    as_of: Timestamp | None = None


class StreamEnd(Received):
    """End of a progress stream; `reason` is `closed`, `credential`, `stopping` or `unavailable`."""

    reason: str = ""
