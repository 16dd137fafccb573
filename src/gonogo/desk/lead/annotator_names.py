"""Annotators' names by id: from the server's list of annotators, or from the published assignments."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gonogo.client.lead_client import all_assignments_of
from gonogo.desk.lead.campaign_snapshot import NOT_AVAILABLE

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient


async def fetch_annotator_names(client: GonogoClient, campaign_id: str) -> dict[str, str]:
    """Returns e-mail or name by annotator id, as far as this server has them and this login may read them."""
    with contextlib.suppress(*NOT_AVAILABLE):
        states = (await client.annotators(campaign_id)).data
        return {state.voter_id: state.email or state.name or state.voter_id for state in states}
    with contextlib.suppress(*NOT_AVAILABLE):
        return {
            assignment.annotator_account_id or assignment.id: assignment.annotator_email or assignment.id
            for assignment in await all_assignments_of(client, campaign_id)
        }
    return {}
