"""`gonogo review`: opens the workstation at the review queue, where an expert rules on disputed tasks."""

from __future__ import annotations

import click

from gonogo.cli.completion import complete_campaign
from gonogo.cli.workstation import open_workstation


@click.command(
    epilog="""\b
Examples:
  gonogo review               the campaign you worked in last, or a choice
  gonogo review 'batch 12'    that campaign's queue
"""
)
@click.argument("campaign", required=False, shell_complete=complete_campaign)
def review(campaign: str | None) -> None:
    """Rule on what the annotators disagree on, worst expected harm first.

    CAMPAIGN is a name, where it is unique, or an id.
    """
    open_workstation(campaign=campaign, review=True)
