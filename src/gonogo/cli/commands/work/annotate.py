"""`gonogo annotate`: opens the workstation at the annotating screen, at sign-in, or in practice."""

from __future__ import annotations

import click

from gonogo.cli.completion import complete_campaign
from gonogo.cli.workstation import open_workstation


@click.command(
    epilog="""\b
Examples:
  gonogo annotate   go on where you stopped, or sign in
  # that campaign, here or on the server you are signed in to
  gonogo annotate 'batch 12'
  gonogo annotate --sign-in   sign in as somebody else
  gonogo annotate --practice   practice: see the right answer at once
"""
)
@click.argument("campaign", required=False, shell_complete=complete_campaign)
@click.option("--sign-in", is_flag=True, help="Begin with the sign-in screen.")
@click.option("--practice", is_flag=True, help="Practise first: see the right answer at once; nothing counts.")
def annotate(campaign: str | None, sign_in: bool, practice: bool) -> None:
    """Answer questions about drawings, one key each.

    CAMPAIGN is a name, where it is unique, or an id; without it you go on in the last one.
    """
    open_workstation(campaign=campaign, sign_in=sign_in, practice=practice)
