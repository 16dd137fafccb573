"""`gonogo campaigns guideline`: prints the text that annotators see, and changes it from a file or in an editor."""

from __future__ import annotations

from pathlib import Path

import click

from gonogo.cli.support.api_client import api_command
from gonogo.cli.support.editor import ask_text
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import campaign_argument
from gonogo.cli.support.output import print_json
from gonogo.cli.support.pager import pager_option, print_long
from gonogo.client.lead_client import LeadClient
from gonogo.client.lookup import find_campaign, require_extensions
from gonogo.schemas.gonogo_api import CampaignSettings
from gonogo.schemas.sanitize import clean_text


@click.command(
    epilog="""\b
Examples:
  gonogo campaigns guideline 'batch 12'            what annotators read
  gonogo campaigns guideline 'batch 12' --edit     write it in $EDITOR
  gonogo campaigns guideline 'batch 12' --file titles.md
"""
)
@campaign_argument
@click.option("--edit", is_flag=True, help="Open it in $VISUAL or $EDITOR.")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the text of this file; an empty one takes the guideline away.",
)
@pager_option
@api_command
async def guideline(client: LeadClient, campaign: str, edit: bool, file: Path | None, as_json: bool) -> None:
    """Print the guideline of CAMPAIGN, Markdown that its annotators see; or change it."""
    if edit and file is not None:
        fail("--edit and --file exclude each other; nothing was changed", code=EXIT_USAGE)
    await require_extensions(client, "A campaign has no guideline here")
    target = await find_campaign(client, campaign)
    current = (await client.campaign_detail(target.id)).settings.guideline or ""
    text = ask_text(current, option="--file FILE") if edit else read_text(file) if file is not None else None
    if text is not None and text.strip() != current.strip():
        changed = CampaignSettings.model_validate({"guideline": text.strip() or None})
        current = (await client.update_settings(target.id, changed)).settings.guideline or ""
        echo_err(f"The guideline of {target.name} is {'changed' if current else 'taken away'}.")
    elif edit or file is not None:
        echo_err("The guideline is as it was.")
    if as_json:
        print_json({"guideline": current or None})
    elif not (edit or file is not None):
        if not current:
            echo_err(f"{target.name} has no guideline. --edit or --file gives it one.")
        else:
            print_long(clean_text(current).rstrip("\n") + "\n")


def read_text(file: Path) -> str:
    """Text of a file; ends the command where it is no UTF-8."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        fail(f"{file} is no text in UTF-8 ({error.reason} at byte {error.start})", "Save it as UTF-8.")
