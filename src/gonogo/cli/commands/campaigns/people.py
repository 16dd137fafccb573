"""`gonogo campaigns people`: lists the people invited to a campaign."""

from __future__ import annotations

import click

from gonogo.cli.support.api_client import api_command
from gonogo.cli.support.options import campaign_argument
from gonogo.cli.support.output import print_list
from gonogo.cli.support.pager import pager_option
from gonogo.cli.support.tables import Fit, TableColumn
from gonogo.cli.support.times import shown_time
from gonogo.client.lead_client import LeadClient, all_assignments_of
from gonogo.client.lookup import find_campaign
from gonogo.schemas.labeling import CampaignAssignmentPublic


@click.command(
    epilog="""\b
Examples:
  gonogo campaigns people 'batch 12'
  gonogo campaigns people 'batch 12' --json | jq '.[].annotator_email'
"""
)
@campaign_argument
@pager_option
@api_command
async def people(client: LeadClient, campaign: str, as_json: bool) -> None:
    """People invited to CAMPAIGN: address, status, date, and the assignment's id.

    `gonogo annotators list` measures their votes, on a gonogo server.
    """
    found = await find_campaign(client, campaign)
    assignments = await all_assignments_of(client, found.id)
    empty = f"Nobody is invited to {found.name}. `gonogo assign` invites somebody."
    print_list(assignments, as_json=as_json, columns=_COLUMNS, cells=_cells, empty=empty)


_COLUMNS = (
    TableColumn("person", Fit.CUT),
    TableColumn("status"),
    TableColumn("invited"),
    TableColumn("assignment", Fit.SPARE),
)


def _cells(item: CampaignAssignmentPublic) -> list[str]:
    person = item.annotator_email or item.annotator_account_id or ""
    return [person, item.status or "", shown_time(item.invited_at), item.id]
