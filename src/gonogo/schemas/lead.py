"""Models of what only a lead does on our own server: keys, prediction runs, and generate-tasks without making any."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gonogo.schemas.base import Received, Timestamp


class KeyPublic(Received):
    """A key without its secret. `prefix` is how the key begins; `results_username` is set where it has a password."""

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
    """What signs in to the results API beside the key; the only time the password is shown."""

    username: str
    api_password: Annotated[str, Field(repr=False)]


class RunPublic(Received):
    """One imported prediction run; its id is what generate-tasks calls a `calculation_id`."""

    id: str
    run: str
    n_predictions: int
    created_at: Timestamp | None = None


class RunList(Received):
    count: int
    data: list[RunPublic]
    next_cursor: str | None = None


class GeneratePreview(Received):
    """What generate-tasks would make, as its own result says it."""

    n_candidates: int
    n_eligible: int
    n_skipped: int
    n_honeypots: int
    n_tasks: int


class AuditHead(Received):
    """Where the server's audit log stands: how many rows, in how many chains, and one SHA-256 over all their ends."""

    n_rows: int
    n_chains: int
    sha256: str


class AtWork(Received):
    """One person in a campaign: answers given (honeypots too), tasks held now, time of the last answer."""

    voter_id: str
    email: str | None = None
    name: str | None = None
    n_done: int
    n_held: int
    last_at: Timestamp | None = None


class CampaignProgress(Received):
    """How a campaign goes on. `n_held` of the `n_open` tasks are being worked on; honeypots are not counted.

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
    """Why a stream of changes is over: `closed`, `credential`, `stopping` or `unavailable`."""

    reason: str = ""
