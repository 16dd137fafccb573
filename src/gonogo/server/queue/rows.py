"""Row types of the task queue: campaign, voter's cursor, held task and claimable task, as its modules share them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from gonogo.json_types import JsonValue
from gonogo.schemas.labeling import ServedTask
from gonogo.server.store.schema import tasks
from gonogo.server.store.typed_rows import AnyColumn


class QueueCampaign(Protocol):
    """What a claim or a vote reads of a campaign: a whole row, or these columns of it."""

    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def lease_minutes(self) -> int: ...
    @property
    def insert_round(self) -> str: ...
    @property
    def n_gold_items(self) -> int: ...
    @property
    def votes(self) -> str: ...
    @property
    def grouping(self) -> bool: ...
    @property
    def trailing_zeros_matter(self) -> bool: ...
    @property
    def unit(self) -> str | None: ...


class VoterCursor(NamedTuple):
    """A voter's position in a campaign, with the columns of `leases.cursor_columns`.

    Attributes:
        cursor: Rank of the last task served, or "" before the first.
        any_expired: Whether any claim in the campaign has run out.
    """

    cursor: str
    any_expired: bool


class HeldTask(NamedTuple):
    """A task with its holder."""

    id: str
    holder_id: str | None


class ServedRow(NamedTuple):
    """A task as `serialize.served_task` reads it: `SERVED_COLUMNS`."""

    id: str
    campaign_id: str
    status: str
    target_kind: str
    detail_kind: str | None
    field_name: str | None
    field_path: str | None
    prompt: str | None
    predicted_value: JsonValue
    drawing_bbox: list[float] | None
    position: list[float] | None
    calculation_id: str | None
    part_revision_id: str | None
    pmi_id: str | None
    feature_id: str | None
    dfm_issue_id: str | None
    face_uuid: str | None
    other_readings: list[JsonValue] | None
    n_required: int


class QueuedTask(NamedTuple):
    """A task that may be claimed, gold or not: `SERVED_COLUMNS`, its place in the order, and the voter's claims.

    Attributes:
        rank: Its rank.
        first_rank: First rank of ordinary work ahead of the voter, locked by others or not; `None` with one writer at a
            time.
        n_held: Claims that the voter holds in the campaign.
    """

    id: str
    campaign_id: str
    status: str
    target_kind: str
    detail_kind: str | None
    field_name: str | None
    field_path: str | None
    prompt: str | None
    predicted_value: JsonValue
    drawing_bbox: list[float] | None
    position: list[float] | None
    calculation_id: str | None
    part_revision_id: str | None
    pmi_id: str | None
    feature_id: str | None
    dfm_issue_id: str | None
    face_uuid: str | None
    other_readings: list[JsonValue] | None
    n_required: int
    rank: str
    first_rank: str | None
    n_held: int


SERVED_COLUMNS: list[AnyColumn] = [tasks.c[name] for name in ServedTask.model_fields]
"""The columns of a served task; its `status` is then replaced by the constant `open`."""
