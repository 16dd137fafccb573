"""Lead client: API keys, prediction runs, task previews, progress and the audit log of a gonogo server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gonogo.client.base_client import BaseClient, body_of
from gonogo.client.gonogo_client import GONOGO, GonogoClient
from gonogo.client.labeling_api import LABELING, SLOW
from gonogo.client.page_reader import read_all
from gonogo.client.transport.requests import as_bytes, url_path
from gonogo.schemas.gonogo_api import DrawingsStored
from gonogo.schemas.labeling import CampaignAssignmentList, CampaignAssignmentPublic, GenerateProjectTasks
from gonogo.schemas.lead import (
    AuditHead,
    CampaignProgress,
    GeneratePreview,
    KeyList,
    KeyPublic,
    ResultsPassword,
    RunList,
)
from gonogo.schemas.model_report import ModelReport


class LeadClient(GonogoClient):
    """Client with the operations of a lead; on a plain ARCNM server these raise `NotFoundError`."""

    async def list_keys(self, limit: int | None = None, cursor: str | None = None) -> KeyList:
        """Returns the keys of the caller's organisation, newest first; never a secret."""
        return await self.call(KeyList, "GET", f"{GONOGO}/keys", query={"limit": limit, "cursor": cursor})

    async def revoke_key(self, key_id: str, *, idempotency_key: str | None = None) -> KeyPublic:
        """Revokes a key at once; a second time changes nothing."""
        return await self.call(KeyPublic, "DELETE", url_path(f"{GONOGO}/keys/{{}}", key_id), key=idempotency_key)

    async def results_password(self, key_id: str) -> ResultsPassword:
        """Creates a password of a key for the results API; an earlier one is void."""
        return await self.call(ResultsPassword, "POST", url_path(f"{GONOGO}/keys/{{}}/results-password", key_id))

    async def assignments(
        self, campaign_id: str, limit: int | None = None, cursor: str | None = None
    ) -> CampaignAssignmentList:
        """Returns assignments like `list_assignments`, in pages of our server; a plain server ignores `limit`."""
        return await _assignments(self, campaign_id, limit, cursor)

    async def list_runs(self, project_id: str, limit: int | None = None, cursor: str | None = None) -> RunList:
        """Returns the prediction runs imported into a project, newest first."""
        path = url_path(f"{GONOGO}/projects/{{}}/runs", project_id)
        return await self.call(RunList, "GET", path, query={"limit": limit, "cursor": cursor})

    async def preview_tasks(self, project_id: str, request: GenerateProjectTasks) -> GeneratePreview:
        """Returns the numbers that `generate_tasks` would report; creates nothing."""
        path = url_path(f"{GONOGO}/projects/{{}}/generate-tasks/preview", project_id)
        return await self.call(GeneratePreview, "POST", path, body=body_of(request), options=SLOW)

    async def model_report(
        self,
        project_id: str,
        runs: Sequence[str] = (),
        *,
        against: str | None = None,
        readers: tuple[str, str] | None = None,
        bound: float | None = None,
    ) -> ModelReport:
        """Returns how far the predictions of runs (ids; default: all) can be trusted alone.

        `against` is a run to compare with, `readers` two readers; `bound` asks for a threshold with at most this error.
        """
        reader, other = readers or (None, None)
        query = {"runs": ",".join(runs) or None, "against": against, "reader": reader, "other_reader": other}
        query["bound"] = None if bound is None else repr(bound)
        return await model_report_of(self, project_id, query)

    async def audit_head(self) -> AuditHead:
        """Returns the head of the audit log; two equal heads mean that nothing changed between them."""
        return await self.call(AuditHead, "GET", f"{GONOGO}/audit/head")

    async def progress(self, campaign_id: str) -> CampaignProgress:
        """Returns the progress of a campaign: open work, people and pace."""
        return await progress_of(self, campaign_id)


async def progress_of(client: BaseClient, campaign_id: str) -> CampaignProgress:
    """Returns the progress of a campaign with any client of our server."""
    return await client.call(CampaignProgress, "GET", url_path(f"{GONOGO}/campaigns/{{}}/progress", campaign_id))


async def model_report_of(
    client: BaseClient, project_id: str, query: Mapping[str, str | None] | None = None
) -> ModelReport:
    """Returns the model report of a project with any client of our server."""
    path = url_path(f"{GONOGO}/projects/{{}}/model-report", project_id)
    return await client.call(ModelReport, "GET", path, query=query, options=SLOW)


async def all_assignments_of(client: BaseClient, campaign_id: str) -> list[CampaignAssignmentPublic]:
    """Returns all assignments of a campaign, newest first, with the revoked ones; follows pages where there are any."""
    # The published operation takes no limit, so a list that it cuts stays cut.
    return await read_all(lambda limit, cursor: _assignments(client, campaign_id, limit if cursor else None, cursor))


async def store_drawings(
    client: BaseClient, drawings: Sequence[tuple[str, str, bytes]], *, idempotency_key: str | None = None
) -> DrawingsStored:
    """Stores several drawings (part, file name, bytes) by one request, all or none; at most 1,000.

    Only where `capabilities` has `drawings_batch` among its extensions.
    """
    heads = [{"part": part, "filename": name, "size_bytes": len(data)} for part, name, data in drawings]
    body = b"".join((as_bytes(heads), b"\n", *(data for _, _, data in drawings)))
    path, kind = f"{GONOGO}/drawings/batch", "application/octet-stream"
    return await client.call(
        DrawingsStored, "POST", path, body=body, key=idempotency_key, content_type=kind, options=SLOW
    )


async def _assignments(
    client: BaseClient, campaign_id: str, limit: int | None, cursor: str | None
) -> CampaignAssignmentList:
    path = url_path(f"{LABELING}/campaigns/{{}}/assignments", campaign_id)
    return await client.call(CampaignAssignmentList, "GET", path, query={"limit": limit, "cursor": cursor})
