"""Labeling client: one typed method for each of the 18 operations of the ARCNM Labeling API.

All raise `GonogoClientError` (see `errors` for the tree) and nothing else. Every POST and DELETE carries an
`Idempotency-Key`, made when none is given, and is tried again with the same key and the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from gonogo.client.base_client import BaseClient, body_of
from gonogo.client.transport.http_transport import RequestOptions
from gonogo.client.transport.requests import PreparedRequest, adjudicate_request, submit_request, url_path
from gonogo.client.transport.response_parsing import ApiResponse, parse, parse_or_null
from gonogo.schemas.labeling import (
    Adjudication,
    CampaignAssignmentCreate,
    CampaignAssignmentCreated,
    CampaignAssignmentList,
    CampaignAssignmentPublic,
    GenerateProjectTasks,
    GenerateProjectTasksResult,
    LabelingCampaignCreate,
    LabelingCampaignList,
    LabelingCampaignPublic,
    LabelingProjectCreate,
    LabelingProjectList,
    LabelingProjectPublic,
    LabelingTaskList,
    LabelingTaskPublic,
    LabelingTasksCreate,
    LabelSubmission,
    LabelSubmit,
    PromoteResult,
    QualityReport,
    ServedTask,
)

LABELING: Final = "/api/v1/parts/labeling"
SLOW: Final = RequestOptions(slow=True)
"""For what the server computes over a whole campaign."""


@dataclass(frozen=True, slots=True)
class Served:
    """Claimed task: the response of next-task; `task` is `None` when nothing is left for this annotator.

    `expires_in` is the rest of the claim in seconds on the server's clock, `None` where the server does not say.
    """

    task: ServedTask | None
    expires_in: float | None = None


class LabelingClient(BaseClient):
    """Client of any server of the Labeling API. See `BaseClient` for the constructor."""

    # --- campaigns ---

    async def list_campaigns(
        self, status: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> LabelingCampaignList:
        """Returns campaigns, newest first on our server; `count` is the total."""
        query = {"status": status, "limit": limit, "cursor": cursor}
        return await self.call(LabelingCampaignList, "GET", f"{LABELING}/campaigns", query=query)

    async def create_campaign(
        self, campaign: LabelingCampaignCreate, *, idempotency_key: str | None = None
    ) -> LabelingCampaignPublic:
        path = f"{LABELING}/campaigns"
        return await self.call(LabelingCampaignPublic, "POST", path, body=body_of(campaign), key=idempotency_key)

    async def get_campaign(self, campaign_id: str) -> LabelingCampaignPublic:
        return await self.call(LabelingCampaignPublic, "GET", url_path(f"{LABELING}/campaigns/{{}}", campaign_id))

    async def close_campaign(self, campaign_id: str, *, idempotency_key: str | None = None) -> LabelingCampaignPublic:
        """Closes a campaign and ends all claims; afterwards next-task returns nothing."""
        path = url_path(f"{LABELING}/campaigns/{{}}/close", campaign_id)
        return await self.call(LabelingCampaignPublic, "POST", path, key=idempotency_key)

    async def promote_campaign(
        self, campaign_id: str, force: bool = False, *, idempotency_key: str | None = None
    ) -> PromoteResult:
        """Copies resolved tasks to the golden dataset. `force` (extension): also below the acceptance threshold."""
        path = url_path(f"{LABELING}/campaigns/{{}}/promote", campaign_id)
        query = {"force": "true" if force else None}
        return await self.call(PromoteResult, "POST", path, query=query, key=idempotency_key, options=SLOW)

    async def campaign_quality(self, campaign_id: str) -> QualityReport:
        return await self.call(
            QualityReport, "GET", url_path(f"{LABELING}/campaigns/{{}}/quality", campaign_id), options=SLOW
        )

    # --- assignments ---

    async def list_assignments(self, campaign_id: str) -> CampaignAssignmentList:
        return await self.call(
            CampaignAssignmentList, "GET", url_path(f"{LABELING}/campaigns/{{}}/assignments", campaign_id)
        )

    async def create_assignment(
        self, campaign_id: str, assignment: CampaignAssignmentCreate, *, idempotency_key: str | None = None
    ) -> CampaignAssignmentCreated:
        """Invites a person; only this response holds the magic link token."""
        path = url_path(f"{LABELING}/campaigns/{{}}/assignments", campaign_id)
        return await self.call(CampaignAssignmentCreated, "POST", path, body=body_of(assignment), key=idempotency_key)

    async def revoke_assignment(
        self, campaign_id: str, assignment_id: str, *, idempotency_key: str | None = None
    ) -> CampaignAssignmentPublic:
        path = url_path(f"{LABELING}/campaigns/{{}}/assignments/{{}}", campaign_id, assignment_id)
        return await self.call(CampaignAssignmentPublic, "DELETE", path, key=idempotency_key)

    # --- tasks ---

    async def next_task(self, campaign_id: str, *, idempotency_key: str | None = None) -> Served:
        """Claims the next task. Returns `Served` with `task=None` when nothing is left.

        Each call has its own idempotency key; to fetch a lost response again, call with the same key.
        """
        path = url_path(f"{LABELING}/campaigns/{{}}/next-task", campaign_id)
        return self._served(await self.exchange(self.prepare("POST", path, key=idempotency_key)))

    def _served(self, response: ApiResponse) -> Served:
        if response.status == 204:
            return Served(None)
        task = parse_or_null(ServedTask, response, clean=self._clean)
        return Served(task, _seconds(response.headers.get("X-Claim-Expires-In")) if task else None)

    async def list_tasks(
        self, campaign_id: str, status: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> LabelingTaskList:
        """Returns tasks as the lead sees them, newest first on our server; `count` is the total."""
        query = {"status": status, "limit": limit, "cursor": cursor}
        return await self.call(
            LabelingTaskList, "GET", url_path(f"{LABELING}/campaigns/{{}}/tasks", campaign_id), query=query
        )

    async def create_tasks(
        self, campaign_id: str, tasks: LabelingTasksCreate, *, idempotency_key: str | None = None
    ) -> LabelingTaskList:
        path = url_path(f"{LABELING}/campaigns/{{}}/tasks", campaign_id)
        return await self.call(LabelingTaskList, "POST", path, body=body_of(tasks), key=idempotency_key)

    async def adjudicate(
        self, task_id: str, ruling: Adjudication, *, idempotency_key: str | None = None
    ) -> LabelingTaskPublic:
        """Resolves a task by the decision of an expert."""
        request = adjudicate_request(
            task_id, ruling.verdict, corrected_value=ruling.corrected_value, idempotency_key=idempotency_key
        )
        return parse(LabelingTaskPublic, await self.exchange(request), clean=self._clean)

    async def submit(self, task_id: str, label: LabelSubmit, *, idempotency_key: str | None = None) -> LabelSubmission:
        """Sends a verdict."""
        prepared = self.prepare_submit(task_id, label, idempotency_key=idempotency_key)
        return parse(LabelSubmission, await self.exchange(prepared), clean=self._clean)

    def prepare_submit(
        self, task_id: str, label: LabelSubmit, *, idempotency_key: str | None = None
    ) -> PreparedRequest:
        """Returns the verdict as exact bytes, to be stored before it is sent. Nothing is sent."""
        return submit_request(
            task_id,
            label.verdict,
            corrected_value=label.corrected_value,
            confidence=label.confidence,
            duration_ms=label.duration_ms,
            idempotency_key=idempotency_key,
        )

    async def send(self, prepared: PreparedRequest) -> LabelSubmission:
        """Sends a prepared verdict once, byte for byte. The caller decides about retries.

        Waits first while the server has asked this client to pause (429).
        """
        return parse(LabelSubmission, await self.exchange(prepared, once=True), clean=self._clean)

    # --- projects ---

    async def list_projects(self, limit: int | None = None, cursor: str | None = None) -> LabelingProjectList:
        query = {"limit": limit, "cursor": cursor}
        return await self.call(LabelingProjectList, "GET", f"{LABELING}/projects", query=query)

    async def create_project(
        self, project: LabelingProjectCreate, *, idempotency_key: str | None = None
    ) -> LabelingProjectPublic:
        path = f"{LABELING}/projects"
        return await self.call(LabelingProjectPublic, "POST", path, body=body_of(project), key=idempotency_key)

    async def get_project(self, project_id: str) -> LabelingProjectPublic:
        return await self.call(LabelingProjectPublic, "GET", url_path(f"{LABELING}/projects/{{}}", project_id))

    async def generate_tasks(
        self, project_id: str, request: GenerateProjectTasks, *, idempotency_key: str | None = None
    ) -> GenerateProjectTasksResult:
        """Creates tasks from imported prediction runs, by the project's selection policy."""
        path = url_path(f"{LABELING}/projects/{{}}/generate-tasks", project_id)
        body = body_of(request)
        return await self.call(GenerateProjectTasksResult, "POST", path, body=body, key=idempotency_key, options=SLOW)


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text) if text and text.isascii() else math.nan
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
