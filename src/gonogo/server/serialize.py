"""API models from database rows: converts tasks, campaigns, votes and other rows to response models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, Self, cast, overload

from sqlalchemy import Connection, false, func, select

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.gonogo_api import CampaignDetail, CampaignSettings
from gonogo.schemas.labeling import (
    CampaignAssignmentPublic,
    LabelingCampaignPublic,
    LabelingProjectPublic,
    LabelingTaskPublic,
    LabelSubmission,
    ServedTask,
)
from gonogo.server.store.compiled_statements import Columns
from gonogo.server.store.schema import annotator_accounts, assignments, campaigns, projects, tasks
from gonogo.server.store.schema.rows import CampaignRow, ProjectRow, TaskRow


@overload
def instant(moment: datetime) -> str: ...
@overload
def instant(moment: datetime | None) -> str | None: ...
def instant(moment: datetime | None) -> str | None:
    """ISO 8601 text of a moment: UTC, milliseconds, with `Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_resolved = (
    select(func.count())
    .where(tasks.c.campaign_id == campaigns.c.id, tasks.c.status == TaskStatus.RESOLVED, tasks.c.is_gold == false())
    .scalar_subquery()
)
CAMPAIGN = [*campaigns.c, _resolved.label("resolved_count")]
"""Columns of `CountedCampaign`; honeypots count neither as tasks nor as resolved."""

_n_campaigns = select(func.count()).where(campaigns.c.project_id == projects.c.id).scalar_subquery()
PROJECT = [*projects.c, _n_campaigns.label("campaign_count")]
"""Columns of `CountedProject`."""

ASSIGNMENT = [*assignments.c, annotator_accounts.c.email, annotator_accounts.c.org_id]
"""Columns of `AssignmentRow`, over `assignments` joined with `annotator_accounts`."""


class CountedCampaign(NamedTuple):
    """Campaign with its number of resolved tasks."""

    campaign: CampaignRow
    resolved_count: int

    @classmethod
    def of(cls, columns: Columns) -> Self:
        """From a row of `CAMPAIGN`."""
        *campaign, resolved_count = columns
        return cls(CampaignRow._make(campaign), cast("int", resolved_count))


class CountedProject(NamedTuple):
    """Project with its number of campaigns."""

    project: ProjectRow
    campaign_count: int

    @classmethod
    def of(cls, columns: Columns) -> Self:
        """From a row of `PROJECT`."""
        *project, campaign_count = columns
        return cls(ProjectRow._make(project), cast("int", campaign_count))


class AssignmentRow(NamedTuple):
    """Row of `ASSIGNMENT`."""

    number: int
    id: str
    campaign_id: str
    annotator_account_id: str
    role: str
    status: str
    invited_at: datetime
    revoked_at: datetime | None
    email: str
    org_id: str


def campaign_public(counted: CountedCampaign, *, counts: bool = True) -> LabelingCampaignPublic:
    """Campaign of the published API. Annotators get it without `counts`, which would give gold away: it moves none."""
    return LabelingCampaignPublic(**_campaign(counted, counts))


def campaign_detail(counted: CountedCampaign) -> CampaignDetail:
    """Campaign with its number and its settings."""
    return CampaignDetail(
        **_campaign(counted, True),
        number=counted.campaign.number,
        n_gold=counted.campaign.n_gold_items,
        settings=campaign_settings(counted.campaign),
    )


def campaign_settings(campaign: CampaignRow) -> CampaignSettings:
    """Settings of a campaign."""
    return CampaignSettings(**{name: getattr(campaign, name) for name in CampaignSettings.model_fields})


def _campaign(counted: CountedCampaign, counts: bool) -> dict[str, Any]:
    campaign = counted.campaign
    return {
        **{name: getattr(campaign, name) for name in _CAMPAIGN_AS_IS},
        "created_at": instant(campaign.created_at),
        "closed_at": instant(campaign.closed_at),
        "task_count": campaign.n_tasks if counts else None,
        "resolved_count": counted.resolved_count if counts else None,
    }


def read_campaign(connection: Connection, campaign_id: str) -> CountedCampaign:
    """The campaign with its count. Raises `NoResultFound` if it does not exist."""
    return CountedCampaign.of(connection.execute(select(*CAMPAIGN).where(campaigns.c.id == campaign_id)).one())


def project_public(counted: CountedProject) -> LabelingProjectPublic:
    """Project of the published API."""
    project = counted.project
    values = {name: getattr(project, name) for name in _PROJECT_AS_IS}
    created_at = instant(project.created_at)
    return LabelingProjectPublic(**values, campaign_count=counted.campaign_count, created_at=created_at)


def assignment_public(row: AssignmentRow) -> CampaignAssignmentPublic:
    """Assignment of the published API."""
    return CampaignAssignmentPublic(
        id=row.id,
        org_id=row.org_id,
        campaign_id=row.campaign_id,
        annotator_account_id=row.annotator_account_id,
        annotator_email=row.email,
        status=row.status,
        invited_at=instant(row.invited_at),
    )


def served_task(row: object) -> ServedTask:
    """Task as an annotator sees it; `row` has the fields of `ServedTask` as attributes.

    `status` is constant, because a gold task may be resolved and must look like any other.
    """
    values = {name: getattr(row, name) for name in ServedTask.model_fields}
    return ServedTask(**{**values, "status": TaskStatus.OPEN.value})


def task_public(row: TaskRow, now: datetime) -> LabelingTaskPublic:
    """Task as its lead sees it; an expired claim is left out."""
    live = row.claim_expires_at is not None and row.claim_expires_at > now
    holder = row.holder_id if live else None
    return LabelingTaskPublic(
        **{name: getattr(row, name) for name in _TASK_AS_IS},
        created_at=instant(row.created_at),
        resolved_at=instant(row.resolved_at),
        claimed_at=instant(row.claimed_at) if live else None,
        claim_expires_at=instant(row.claim_expires_at) if live else None,
        claimed_by_user_id=holder if row.holder_kind == "user" else None,
        claimed_by_annotator_account_id=holder if row.holder_kind == "annotator" else None,
    )


class _Created(Protocol):
    @property
    def created_at(self) -> datetime: ...


def submission_public(row: _Created) -> LabelSubmission:
    """Submission of the published API; `row` has the columns of `submissions` as attributes."""
    values = {name: getattr(row, name) for name in LabelSubmission.model_fields if name != "created_at"}
    return LabelSubmission(**values, created_at=instant(row.created_at))


_CAMPAIGN_AS_IS = [
    name
    for name in LabelingCampaignPublic.model_fields
    if name not in {"created_at", "closed_at", "task_count", "resolved_count"}
]
_PROJECT_AS_IS = [name for name in LabelingProjectPublic.model_fields if name not in {"created_at", "campaign_count"}]
_TASK_AS_IS = [
    name
    for name in LabelingTaskPublic.model_fields
    if name not in {"created_at", "resolved_at"} and not name.startswith("claim")
]
