"""Client of a gonogo server: signs in, claims tasks, and transfers drawings, predictions and exports.

Ask `capabilities()` first: `None` means a plain ARCNM server, where the rest answers `NotFoundError`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from gonogo.client.base_client import body_of
from gonogo.client.credential import Secret
from gonogo.client.errors import AuthenticationError, InvalidRequestError, NotFoundError, PermissionDeniedError
from gonogo.client.labeling_api import SLOW
from gonogo.client.review_client import ReviewClient
from gonogo.client.transport.http_transport import RequestOptions
from gonogo.client.transport.requests import PreparedRequest, as_bytes, url_path
from gonogo.client.transport.response_parsing import parse
from gonogo.schemas.gonogo_api import (
    CampaignDetail,
    CampaignSettings,
    Capabilities,
    ClaimState,
    DrawingStored,
    DrawingUrl,
    Ended,
    GroupClaim,
    KeyCreate,
    KeyCreated,
    Me,
    PredictionsCreate,
    PredictionsStored,
    QueueView,
    Readiness,
    SessionCreate,
    SessionGiven,
    SettingsEffect,
    SubmissionList,
    TaskGroup,
    TasksFromPredictions,
    TasksMade,
)
from gonogo.schemas.labeling import LabelingCampaignCreate, LabelingCampaignPublic

GONOGO: Final = "/api/v1/gonogo"
GEOMETRY: Final = "/api/v1/parts/geometry"


class GonogoClient(ReviewClient):
    """Client of our own server; on a plain ARCNM server only the operations of `LabelingClient` work."""

    # --- who ---

    async def capabilities(self) -> Capabilities | None:
        """Returns the extensions of the server, `None` for a plain ARCNM server. No credential is sent.

        Our server answers without a credential; a plain one has no such path (404, 405), or asks for a credential first
        (401, 403).
        """
        try:
            return await self.call(
                Capabilities, "GET", f"{GONOGO}/capabilities", options=RequestOptions(anonymous=True)
            )
        except (NotFoundError, AuthenticationError, PermissionDeniedError):
            return None
        except InvalidRequestError as error:
            if error.status == 405:
                return None
            raise

    async def readiness(self) -> Readiness:
        """Asks whether the server can do all of its work. Raises `ServerError` with what it lacks."""
        return await self.call(Readiness, "GET", "/readyz", options=RequestOptions(anonymous=True))

    async def redeem(
        self,
        session: SessionCreate,
        *,
        path: str = f"{GONOGO}/sessions",
        field: str = "magic_link_token",
        idempotency_key: str | None = None,
    ) -> SessionGiven:
        """Exchanges a magic link token for a session. No credential is sent.

        The same `client_nonce` within two minutes gets the same session, so that a lost response locks nobody out.
        `path` and `field`, the name of the token in the body, are for servers with another sign-in; those may call the
        credential `access_token` or `token`, and leave out person and campaign.
        """
        request = self._redemption(session, path, field, idempotency_key)
        options = RequestOptions(anonymous=True, secrets=(Secret(session.magic_link_token),))
        return parse(SessionGiven, await self.exchange(request, options), clean=self._clean)

    def _redemption(self, session: SessionCreate, path: str, field: str, key: str | None) -> PreparedRequest:
        body = as_bytes({field: session.magic_link_token, "client_nonce": session.client_nonce})
        return self.prepare("POST", path, body=body, key=key)

    async def end_session(self, *, idempotency_key: str | None = None) -> Ended:
        """Signs out: the session token is void afterwards."""
        return await self.call(Ended, "DELETE", f"{GONOGO}/sessions/current", key=idempotency_key)

    async def me(self) -> Me:
        """Returns the account of the credential, and its campaigns."""
        return await self.call(Me, "GET", f"{GONOGO}/me")

    async def create_key(self, key: KeyCreate, *, idempotency_key: str | None = None) -> KeyCreated:
        """Creates an API key (lead only); only this response holds it."""
        return await self.call(KeyCreated, "POST", f"{GONOGO}/keys", body=body_of(key), key=idempotency_key)

    # --- claims and queue ---

    async def next_group(self, campaign_id: str, limit: int, *, idempotency_key: str | None = None) -> TaskGroup:
        """Claims a page of at most `limit` tasks with equal values; one where the campaign has no `grouping`."""
        path = url_path(f"{GONOGO}/campaigns/{{}}/next-group", campaign_id)
        return await self.call(TaskGroup, "POST", path, body=body_of(GroupClaim(limit=limit)), key=idempotency_key)

    async def renew(self, task_id: str, *, idempotency_key: str | None = None) -> ClaimState:
        """Renews the lease of a claimed task."""
        return await self.call(ClaimState, "POST", url_path(f"{GONOGO}/tasks/{{}}/renew", task_id), key=idempotency_key)

    async def release(self, task_id: str, *, idempotency_key: str | None = None) -> ClaimState:
        """Releases a claimed task."""
        return await self.call(
            ClaimState, "POST", url_path(f"{GONOGO}/tasks/{{}}/release", task_id), key=idempotency_key
        )

    async def queue(self, campaign_id: str) -> QueueView:
        """Returns the campaign's queue for the caller."""
        return await self.call(QueueView, "GET", url_path(f"{GONOGO}/campaigns/{{}}/queue", campaign_id))

    async def submissions(
        self, campaign_id: str, limit: int | None = None, cursor: str | None = None
    ) -> SubmissionList:
        """Returns votes of a campaign; annotators get only their own."""
        query = {"limit": limit, "cursor": cursor}
        return await self.call(
            SubmissionList, "GET", url_path(f"{GONOGO}/campaigns/{{}}/submissions", campaign_id), query=query
        )

    # --- drawings and predictions ---

    async def drawing_url(self, part_revision_id: str) -> DrawingUrl:
        """Returns a short-lived URL of the drawing, to be fetched without credentials. Published Geometry API."""
        return await self.call(DrawingUrl, "GET", url_path(f"{GEOMETRY}/{{}}/drawing-url", part_revision_id))

    async def store_drawing(
        self, part: str, filename: str, content_type: str, data: bytes, *, idempotency_key: str | None = None
    ) -> DrawingStored:
        """Stores a drawing as the new revision of a part; the same bytes again change nothing."""
        return await self.call(
            DrawingStored,
            "POST",
            f"{GONOGO}/drawings",
            body=data,
            query={"part": part, "filename": filename},
            key=idempotency_key,
            content_type=content_type,
        )

    async def store_predictions(
        self, predictions: PredictionsCreate, *, idempotency_key: str | None = None
    ) -> PredictionsStored:
        """Stores a batch of a run (at most 1000); known ids are counted, not stored twice."""
        path = f"{GONOGO}/predictions"
        return await self.call(PredictionsStored, "POST", path, body=body_of(predictions), key=idempotency_key)

    async def tasks_from_predictions(
        self, campaign_id: str, request: TasksFromPredictions, *, idempotency_key: str | None = None
    ) -> TasksMade:
        """Creates a task for each prediction of a run, once."""
        path = url_path(f"{GONOGO}/campaigns/{{}}/tasks-from-predictions", campaign_id)
        return await self.call(TasksMade, "POST", path, body=body_of(request), key=idempotency_key, options=SLOW)

    # --- campaigns ---

    async def create_campaign_in_project(
        self, project_id: str, campaign: LabelingCampaignCreate, *, idempotency_key: str | None = None
    ) -> LabelingCampaignPublic:
        path = url_path(f"{GONOGO}/projects/{{}}/campaigns", project_id)
        return await self.call(LabelingCampaignPublic, "POST", path, body=body_of(campaign), key=idempotency_key)

    async def campaign_detail(self, campaign_id: str) -> CampaignDetail:
        return await self.call(CampaignDetail, "GET", url_path(f"{GONOGO}/campaigns/{{}}", campaign_id))

    async def update_settings(
        self,
        campaign_id: str,
        settings: CampaignSettings,
        *,
        resettle: bool = False,
        idempotency_key: str | None = None,
    ) -> CampaignDetail:
        """Changes the settings that are set in `settings`; the others stay. `None` clears a text.

        What is settled stays settled, unless `resettle` lets the new settings decide on it, too.
        """
        path = url_path(f"{GONOGO}/campaigns/{{}}/settings", campaign_id)
        body = as_bytes(settings.model_dump(exclude_unset=True))
        query = {"resettle": "true"} if resettle else None
        return await self.call(CampaignDetail, "PATCH", path, body=body, query=query, key=idempotency_key)

    async def preview_settings(self, campaign_id: str, settings: CampaignSettings) -> SettingsEffect:
        """Counts what `settings` would settle, and what is settled that would not be. Changes nothing."""
        path = url_path(f"{GONOGO}/campaigns/{{}}/settings/preview", campaign_id)
        body = as_bytes(settings.model_dump(exclude_unset=True))
        return await self.call(SettingsEffect, "POST", path, body=body, options=SLOW)

    async def export_lines(self, campaign_id: str, *, golden: bool = False) -> AsyncIterator[bytes]:
        """Yields the campaign's tasks as raw JSON lines, each with its newline, unchanged and not cleaned.

        With `golden` only those that were promoted.

        Raises:
            GonogoClientError: also in the middle, when the stream is cut; then what came before is not all.
        """
        async with aclosing(self.export_pieces(campaign_id, golden=golden)) as pieces:
            async for piece in pieces:
                for line in piece.split(b"\n")[:-1]:
                    yield line + b"\n"

    def export_pieces(self, campaign_id: str, *, golden: bool = False) -> AsyncGenerator[bytes, None]:
        """Yields the same in blocks of whole lines."""
        query = {"golden": "true"} if golden else None
        sent = self.prepare("GET", url_path(f"{GONOGO}/campaigns/{{}}/export", campaign_id), query=query)
        return self.stream_lines(sent)

    async def settled_lines(self, campaign_id: str, after: int = 0) -> list[bytes]:
        """Returns the tasks that settled after the cursor `after`, as raw JSON lines, each with its newline.

        They are in the order of settling, some hundred at most, and not cleaned; each has its `cursor`.
        """
        path = url_path(f"{GONOGO}/campaigns/{{}}/export/settled", campaign_id)
        async with aclosing(self.stream_lines(self.prepare("GET", path, query={"after": str(after)}))) as pieces:
            return [line + b"\n" async for piece in pieces for line in piece.split(b"\n")[:-1]]
