"""Target of an import: finds its campaign by name before anything is created, and holds the settings of a new one."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.client.errors import InvalidInputError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.lookup import ambiguous_name_error, campaigns_named
from gonogo.schemas.enums import VotePolicy
from gonogo.schemas.labeling import LabelingCampaignCreate, LabelingCampaignPublic
from gonogo.schemas.statuses import takes_answers


@dataclass(frozen=True, slots=True)
class CampaignSetup:
    """Settings that an import gives a new campaign; `None` leaves one to the server."""

    redundancy: int | None = None
    gold_fraction: float | None = None
    max_risk: float | None = None
    votes: VotePolicy | None = None
    min_votes: int | None = None
    unit: str | None = None

    def request(self, name: str) -> LabelingCampaignCreate:
        """Request for the campaign, with what any server of the API takes."""
        return LabelingCampaignCreate(name=name, target_redundancy=self.redundancy, gold_fraction=self.gold_fraction)

    def extensions(self) -> dict[str, object]:
        """Settings that only a gonogo server has, by the names of `CampaignSettings`."""
        values = {"max_risk": self.max_risk, "votes": self.votes, "min_votes": self.min_votes, "unit": self.unit}
        return {name: value for name, value in values.items() if value is not None}


async def require_same_setup(client: GonogoClient, campaign: LabelingCampaignPublic, setup: CampaignSetup) -> None:
    """Raises `InvalidInputError` where a campaign that is there already has other settings than `setup` asks for."""
    wanted = {"redundancy": setup.redundancy, "gold_fraction": setup.gold_fraction}
    actual: dict[str, object] = {"redundancy": campaign.target_redundancy, "gold_fraction": campaign.gold_fraction}
    extensions = setup.extensions()
    if extensions:
        actual |= (await client.campaign_detail(campaign.id)).settings.model_dump()
    different = [name for name, value in {**wanted, **extensions}.items() if value not in (None, actual[name])]
    if different:
        names = " and ".join(f"--{name.replace('_', '-')} {actual[name]}" for name in different)
        raise InvalidInputError(
            f"Campaign {campaign.name!r} is there already, with {names}; nothing was imported.",
            next_step="Leave these out, or choose another --campaign; `gonogo campaigns settings` changes some.",
        )


async def find_open_campaign(client: GonogoClient, name: str) -> LabelingCampaignPublic | None:
    """The open campaign of this name; `None` if there is none. Raises `InvalidInputError` (ambiguous, not open)."""
    campaigns = await campaigns_named(client, name)
    if len(campaigns) > 1:
        raise ambiguous_name_error("campaign", name, [item.id for item in campaigns])
    if campaigns and not takes_answers(campaigns[0].status):
        raise InvalidInputError(
            f"Campaign {name!r} is {campaigns[0].status} and takes no more tasks; nothing was imported.",
            next_step="Choose another name with --campaign.",
        )
    return campaigns[0] if campaigns else None
