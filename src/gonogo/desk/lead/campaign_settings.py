"""Campaign settings for a lead: the stored ones, a draft of changes, and their effect on the tasks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gonogo.client.errors import NotFoundError
from gonogo.desk.lead.campaign_snapshot import NOT_AVAILABLE
from gonogo.schemas.gonogo_api import CampaignSettings
from gonogo.schemas.review import ReviewSettings

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.schemas.gonogo_api import CampaignDetail, SettingsEffect


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """Settings as the server has them; `review` is `None` where this login may not read those of review."""

    campaign: CampaignDetail
    review: ReviewSettings | None

    def values(self) -> dict[str, object]:
        """All settings by name; those of campaign and review have no name in common."""
        review = {} if self.review is None else self.review.model_dump()
        return {**self.campaign.settings.model_dump(), **review}


class SettingsDraft:
    """Draft of a campaign's settings: what a lead changed and did not save yet."""

    def __init__(self, stored: StoredSettings) -> None:
        self.stored = stored
        self._before = stored.values()
        self._changes: dict[str, object] = {}

    @property
    def changes(self) -> Mapping[str, object]:
        """The changed settings by name."""
        return self._changes

    def before(self, name: str) -> object:
        """The stored value of a setting."""
        return self._before[name]

    def has(self, name: str) -> bool:
        """Whether the server has a setting of this name."""
        return name in self._before

    def change(self, name: str, value: object) -> None:
        """Changes a setting; the stored value is no change."""
        if value == self._before[name]:
            self._changes.pop(name, None)
        else:
            self._changes[name] = value

    def forget(self, name: str) -> None:
        """Takes the change of a setting back."""
        self._changes.pop(name, None)

    def of_campaign(self) -> CampaignSettings:
        """The changed settings of the campaign."""
        return CampaignSettings.model_validate(self._of(CampaignSettings.model_fields))

    def of_review(self) -> ReviewSettings:
        """The changed settings of review and practice."""
        return ReviewSettings.model_validate(self._of(ReviewSettings.model_fields))

    def _of(self, names: Mapping[str, object]) -> dict[str, object]:
        return {name: value for name, value in self._changes.items() if name in names}


async def fetch_settings(client: GonogoClient, campaign_id: str) -> StoredSettings | None:
    """Fetches the settings of a campaign; `None` on a plain ARCNM server, which has none."""
    if await client.capabilities() is None:
        return None
    detail = await client.campaign_detail(campaign_id)
    review = None
    with suppress(*NOT_AVAILABLE):
        review = await client.review_settings(campaign_id)
    return StoredSettings(detail, review)


async def preview_draft(client: GonogoClient, draft: SettingsDraft) -> SettingsEffect | None:
    """Counts what the draft would change; `None` where the server cannot, because it is of an earlier version."""
    with suppress(NotFoundError):
        return await client.preview_settings(draft.stored.campaign.id, draft.of_campaign())
    return None


async def save_draft(client: GonogoClient, draft: SettingsDraft, *, resettle: bool) -> None:
    """Sends the changes; `resettle` lets the new settings decide on what is settled, too."""
    campaign_id = draft.stored.campaign.id
    campaign, review = draft.of_campaign(), draft.of_review()
    if review.model_fields_set:  # first, because the server may refuse them: then nothing is changed
        await client.update_review_settings(campaign_id, review)
    if campaign.model_fields_set or resettle:
        await client.update_settings(campaign_id, campaign, resettle=resettle)
