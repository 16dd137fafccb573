"""Review client: the review queue, rulings, actions on annotators, and practice on a gonogo server."""

from __future__ import annotations

from typing import Final

from gonogo.client.base_client import body_of
from gonogo.client.labeling_api import SLOW, LabelingClient
from gonogo.client.transport.requests import as_bytes, ruling_request, url_path
from gonogo.client.transport.response_parsing import parse
from gonogo.schemas.review import (
    AnnotatorAction,
    AnnotatorActionCreate,
    AnnotatorActionList,
    AnnotatorActionPreview,
    AnnotatorStateList,
    AnnotatorVerb,
    GoldCandidateList,
    GoldDecision,
    PracticeAnswer,
    PracticeFeedback,
    PracticeSet,
    ReviewDetail,
    ReviewPage,
    ReviewSettings,
    RulingCreate,
    RulingMade,
    RulingPublic,
)

_CAMPAIGN: Final = "/api/v1/gonogo/campaigns/{}"
_TASK: Final = "/api/v1/gonogo/tasks/{}"


class ReviewClient(LabelingClient):
    """Client with the operations of review, of actions on annotators, and of practice."""

    async def review_queue(
        self,
        campaign_id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        status: str | None = None,
        kind: str | None = None,
        annotator: str | None = None,
        sheet: str | None = None,
        text: str | None = None,
        reason: str | None = None,
        sample: bool = False,
        causes: bool = False,
    ) -> ReviewPage:
        """Returns tasks that need an expert, worst expected harm first; with `sample` also some resolved tasks.

        With `causes` each item has its `cause`, the kind of difference between prediction and typed values.

        `status` lists all of one status instead; `kind`, `annotator` (id or e-mail), `sheet` (revision, `revision#page`
        or part), `text` and `reason` (of a note, or `any`) narrow it down.
        """
        query = {"cursor": cursor, "limit": limit, "status": status, "kind": kind, "annotator": annotator}
        query |= {"sheet": sheet, "text": text, "reason": reason, "sample": "true" if sample else None}
        query["causes"] = "true" if causes else None
        return await self.call(ReviewPage, "GET", url_path(_CAMPAIGN + "/review", campaign_id), query=query)

    async def review_task(self, task_id: str, *, names: bool = False) -> ReviewDetail:
        """Returns everything for one adjudication; names of voters only with `names`."""
        query = {"names": "true" if names else None}
        return await self.call(ReviewDetail, "GET", url_path(_TASK + "/review", task_id), query=query)

    async def rule(self, task_id: str, ruling: RulingCreate, *, idempotency_key: str | None = None) -> RulingMade:
        """Rules on a task. `ConflictError.reason` is `task_resolved` when somebody did before; see its `details`."""
        request = ruling_request(
            task_id,
            ruling.verdict,
            corrected_value=ruling.corrected_value,
            note=ruling.note,
            error_type=ruling.error_type,
            gold_candidate=ruling.gold_candidate,
            override=ruling.override,
            idempotency_key=idempotency_key,
        )
        return parse(RulingMade, await self.exchange(request), clean=self._clean)

    async def review_settings(self, campaign_id: str) -> ReviewSettings:
        return await self.call(ReviewSettings, "GET", url_path(_CAMPAIGN + "/review-settings", campaign_id))

    async def update_review_settings(
        self, campaign_id: str, settings: ReviewSettings, *, idempotency_key: str | None = None
    ) -> ReviewSettings:
        """Changes the settings that are set in `settings`; the others stay (lead only)."""
        path = url_path(_CAMPAIGN + "/review-settings", campaign_id)
        body = as_bytes(settings.model_dump(exclude_unset=True))
        return await self.call(ReviewSettings, "PATCH", path, body=body, key=idempotency_key)

    # --- gold: an expert proposes (`RulingCreate.gold_candidate`), the lead accepts or declines each in one list ---

    async def gold_candidates(
        self, campaign_id: str, *, status: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> GoldCandidateList:
        """Returns rulings proposed as gold, newest first; `status` is `candidate` (default), `accepted` or `declined`.

        Leads, readers and reviewers may look. Each comes with its task: prediction, ruled value, error type, note.
        """
        query = {"status": status, "limit": limit, "cursor": cursor}
        return await self.call(
            GoldCandidateList, "GET", url_path(_CAMPAIGN + "/gold-candidates", campaign_id), query=query
        )

    async def decide_gold(
        self, ruling_id: str, decision: GoldDecision, *, idempotency_key: str | None = None
    ) -> RulingPublic:
        """Accepts or declines a candidate (lead only); an accepted one becomes a honeypot.

        `GoldDecision(accept=True, campaign_id=…)` puts it into another open campaign; without one it goes into its own.
        The same decision again changes nothing. A declined one may still be accepted; an accepted one stays.
        `ConflictError`: no candidate any more (ruled anew), or `reason` `campaign_closed`: name an open campaign.
        """
        path = url_path("/api/v1/gonogo/rulings/{}/gold", ruling_id)
        return await self.call(RulingPublic, "POST", path, body=body_of(decision), key=idempotency_key)

    # --- annotators: flags with their evidence are in the quality report (`gonogo.annotators[id]`) ---

    async def annotators(self, campaign_id: str) -> AnnotatorStateList:
        """Returns the annotators of a campaign, with pauses and discounts; their quality is in the quality report."""
        return await self.call(AnnotatorStateList, "GET", url_path(_CAMPAIGN + "/annotators", campaign_id))

    async def act_on_annotator(
        self, campaign_id: str, voter_id: str, action: AnnotatorActionCreate, *, idempotency_key: str | None = None
    ) -> AnnotatorAction:
        """Pauses, resumes, discounts, restores or reopens (lead only); `n_tasks` counts the affected tasks.

        Ask `preview_annotator_action` first, and show its `consequence` before the lead confirms.
        """
        path = url_path(_CAMPAIGN + "/annotators/{}/actions", campaign_id, voter_id)
        return await self.call(AnnotatorAction, "POST", path, body=body_of(action), key=idempotency_key, options=SLOW)

    async def preview_annotator_action(
        self, campaign_id: str, voter_id: str, action: AnnotatorVerb
    ) -> AnnotatorActionPreview:
        """Returns the effect of an action, in numbers and words, without changing anything (lead only)."""
        path = url_path(_CAMPAIGN + "/annotators/{}/actions/{}", campaign_id, voter_id, action)
        return await self.call(AnnotatorActionPreview, "GET", path)

    async def annotator_actions(
        self, campaign_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> AnnotatorActionList:
        """Returns the audit trail of actions, newest first."""
        query = {"limit": limit, "cursor": cursor}
        path = url_path(_CAMPAIGN + "/annotator-actions", campaign_id)
        return await self.call(AnnotatorActionList, "GET", path, query=query)

    # --- practice and warm-up ---
    # While an annotator has to qualify or to warm up, next-task answers 409 with `reason` `qualification` or `warm_up`
    # (a paused one: `paused`) and a message to show as it is; `queue()` says the same in `waits_for` and
    # `waits_because`. Then: practice() → show each item like any task → practise() → show the feedback, until
    # `standing.waits_for` is None; next-task opens at once.

    async def practice(self, campaign_id: str, *, limit: int | None = None) -> PracticeSet:
        """Returns known items with seeded errors, and the caller's standing; nothing of it counts for the campaign.

        `limit` is 20 by default. May return fewer, or none (`standing.available`), while experts have ruled on little.
        """
        return await self.call(
            PracticeSet, "GET", url_path(_CAMPAIGN + "/practice", campaign_id), query={"limit": limit}
        )

    async def practise(
        self, campaign_id: str, answer: PracticeAnswer, *, idempotency_key: str | None = None
    ) -> PracticeFeedback:
        """Answers one item and returns the feedback. Only the first answer to an item changes the standing."""
        path = url_path(_CAMPAIGN + "/practice", campaign_id)
        return await self.call(PracticeFeedback, "POST", path, body=body_of(answer), key=idempotency_key)
