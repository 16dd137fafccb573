"""`gonogo campaigns`: creates, lists, shows, closes and promotes campaigns, and prints quality reports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gonogo.cli.commands.campaigns.guideline import guideline, read_text
from gonogo.cli.commands.campaigns.people import people
from gonogo.cli.commands.campaigns.watch import watch
from gonogo.cli.completion import complete_project
from gonogo.cli.support.api_client import api_command
from gonogo.cli.support.consequences import agreed, consequence_options
from gonogo.cli.support.exit_codes import echo_err, fail
from gonogo.cli.support.options import (
    MAX_RISK_HELP,
    MIN_VOTES_HELP,
    UNIT_HELP,
    VOTES_HELP,
    campaign_argument,
    campaign_settings,
    check_name,
)
from gonogo.cli.support.output import confirm, print_item, print_json, print_list, waiting
from gonogo.cli.support.pager import pager_option, print_long
from gonogo.cli.support.tables import Fit, TableColumn
from gonogo.cli.support.terminal import terminal_width
from gonogo.client.lead_client import LeadClient
from gonogo.client.lookup import all_campaigns, find_campaign, find_project, require_extensions
from gonogo.desk.lead.annotator_names import fetch_annotator_names
from gonogo.report.quality import report_lines
from gonogo.report.settings_effect import settings_effect_lines
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.enums import ConsensusMethod, VotePolicy
from gonogo.schemas.gonogo_api import CampaignSettings
from gonogo.schemas.labeling import LabelingCampaignCreate, LabelingCampaignPublic
from gonogo.schemas.sanitize import clean_text
from gonogo.schemas.statuses import takes_answers

RISK_SETTINGS = ("max_risk", "votes", "min_votes")


@click.group(epilog="\b\nExample:\n  gonogo campaigns list --status open")
def campaigns() -> None:
    """Campaigns. A CAMPAIGN is a name, where it is unique, or an id."""


campaigns.add_command(guideline)
campaigns.add_command(people)
campaigns.add_command(watch)


@campaigns.command("list", epilog="\b\nExample:\n  gonogo campaigns list --status open")
@click.option("--status", help="Only these: open, closed, promoted, or a word of the server's own.")
@pager_option
@api_command
async def list_(client: LeadClient, status: str | None, as_json: bool) -> None:
    """All campaigns, newest first."""
    empty = "There is no campaign yet. `gonogo import` makes one from a file, `gonogo demo` a sample."
    if status:
        empty = f"No campaign is {status}; without --status all are listed."
    campaigns = await all_campaigns(client, status)
    print_list(campaigns, as_json=as_json, columns=_COLUMNS, cells=_cells, empty=empty)


_COLUMNS = (
    TableColumn("campaign", Fit.CUT),
    TableColumn("status"),
    TableColumn("resolved", number=True),
    TableColumn("tasks", number=True),
    TableColumn("id", Fit.SPARE),
)


def _cells(item: LabelingCampaignPublic) -> list[str]:
    return [item.name or "", item.status or "", str(item.resolved_count or 0), str(item.task_count or 0), item.id]


@campaigns.command(epilog="\b\nExample:\n  gonogo campaigns show 'batch 12' --json")
@campaign_argument
@api_command
async def show(client: LeadClient, campaign: str, as_json: bool) -> None:
    """One campaign: the public fields, and `number`, its id in the results API."""
    item = await find_campaign(client, campaign)
    has_detail = await client.capabilities() is not None
    detail = (await client.campaign_detail(item.id)).model_dump() if has_detail else item.model_dump()
    print_item(detail, as_json=as_json)


@campaigns.command(
    epilog="""\b
Examples:
  gonogo campaigns create 'batch 12' --project 'PMI 2026' --redundancy 3
  gonogo campaigns create titles --consensus majority \\
      --guideline titles.md --json
"""
)
@click.argument("name", callback=check_name)
@click.option("--description", help="What it is about; shown with it.")
@click.option("--project", shell_complete=complete_project, help="The project it belongs to: a name or an id.")
@campaign_settings
@click.option(
    "--consensus",
    type=click.Choice([method.value for method in ConsensusMethod]),
    help="How votes are put together (dawid_skene).",
)
@click.option("--acceptance-alpha", type=click.FloatRange(-1, 1), help="Agreement that promotion asks for (0.8).")
@click.option(
    "--guideline", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A text annotators see."
)
@click.option("--lease-minutes", type=click.IntRange(1, 60), help="How long a task stays with who took it (10).")
@api_command
async def create(client: LeadClient, name: str, project: str | None, as_json: bool, **options: Any) -> None:
    """Make an empty campaign; `gonogo import` and `gonogo projects generate` make one with tasks in it."""
    body = LabelingCampaignCreate(
        name=name,
        description=options["description"],
        target_redundancy=options["redundancy"],
        gold_fraction=options["gold_fraction"],
        consensus_method=options["consensus"],
        acceptance_alpha=options["acceptance_alpha"],
    )
    settings: dict[str, Any] = {
        key: options[key] for key in ("lease_minutes", "unit", *RISK_SETTINGS) if options[key] is not None
    }
    if options["guideline"] is not None:
        settings["guideline"] = read_text(options["guideline"])
    if settings or project is not None:
        await require_extensions(client, "A project, a guideline, a unit, leases, votes and risk cannot be set here")
    if project is not None:
        project_id = (await find_project(client, project)).id
        campaign = await client.create_campaign_in_project(project_id, body)
    else:
        campaign = await client.create_campaign(body)
    item = campaign.model_dump()
    if settings:
        item = (await client.update_settings(campaign.id, CampaignSettings(**settings))).model_dump()
    if as_json:
        print_json(item)
    else:
        echo_err(f"Campaign {item['name']} made.")
        click.echo(item["id"])


@campaigns.command(
    epilog="""\b
Examples:
  gonogo campaigns quality 'batch 12'
  gonogo campaigns quality 'batch 12' --json | jq .gonogo.alpha_interval
"""
)
@campaign_argument
@pager_option
@api_command
async def quality(client: LeadClient, campaign: str, as_json: bool) -> None:
    """Quality of the labels: every number with its doubt, its meaning, and the next step."""
    campaign_id = (await find_campaign(client, campaign)).id
    with waiting("Measuring the quality …"):
        report = await client.campaign_quality(campaign_id)
    if as_json:
        print_json(report.model_dump())
        return
    names = await fetch_annotator_names(client, campaign_id)
    lines = report_lines(report.model_dump(), names, terminal_width())
    print_long("".join(f"{clean_text(line)}\n" for line in lines))


@campaigns.command(
    epilog="""\b
Examples:
  gonogo campaigns settings 'batch 12'   what they are
  # what a change would do
  gonogo campaigns settings 'batch 12' --max-risk 0.02 --dry-run
  gonogo campaigns settings 'batch 12' --votes by_risk --min-votes 1
  gonogo campaigns settings 'batch 12' --unit mm --guideline titles.md
  gonogo campaigns settings 'batch 12' --grouping   # equal values on one page
  # also for what is settled
  gonogo campaigns settings 'batch 12' --max-risk 0.02 --resettle
"""
)
@campaign_argument
@click.option("--max-risk", type=click.FloatRange(0, 1), help=MAX_RISK_HELP)
@click.option("--votes", type=click.Choice([policy.value for policy in VotePolicy]), help=VOTES_HELP)
@click.option("--min-votes", type=click.IntRange(1, 50), help=MIN_VOTES_HELP)
@click.option("--unit", type=click.Choice(["mm", "in", "none"]), help=UNIT_HELP)
@click.option("--trailing-zeros/--no-trailing-zeros", default=None, help="Whether 12,50 and 12,5 differ (no).")
@click.option("--grouping/--no-grouping", default=None, help="Whether equal values are asked on one page (no).")
@click.option("--lease-minutes", type=click.IntRange(1, 60), help="How long a task stays with who took it (10).")
@click.option(
    "--guideline",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A text annotators see; an empty file takes it away.",
)
@click.option("--resettle", is_flag=True, help="Let the new settings decide on what is settled, too.")
@consequence_options
@api_command
async def settings(
    client: LeadClient, campaign: str, resettle: bool, dry_run: bool, yes: bool, as_json: bool, **options: Any
) -> None:
    """Show or change when tasks of CAMPAIGN settle, how many votes they get, and how they are shown.

    What is settled stays settled, unless you say --resettle; what would change is counted first.
    """
    await require_extensions(client, "There are no such settings here")
    target = await find_campaign(client, campaign)
    changes = CampaignSettings.model_validate(_changes(options))
    if not changes.model_fields_set and not resettle:
        current = (await client.campaign_detail(target.id)).settings
        print_item(current.model_dump(mode="json"), as_json=as_json)
        return
    if changes.grouping:
        await require_extensions(client, "Equal values can't be asked on one page here", "groups")
    effect = await client.preview_settings(target.id, changes)
    for line in settings_effect_lines(effect, resettle=resettle):
        echo_err(line)
    if dry_run or (resettle and effect.n_resettled and not yes and not _confirm_resettling()):
        echo_err("Nothing was changed.")
        if as_json:
            print_json(effect.model_dump())
        return
    detail = await client.update_settings(target.id, changes, resettle=resettle)
    if as_json:
        print_json(detail.model_dump(mode="json"))
    else:
        echo_err(f"The settings of {target.name} are changed.")


def _changes(options: Mapping[str, object]) -> dict[str, object]:
    """Settings that the options change, by the names of `CampaignSettings`."""
    changes = {name: value for name, value in options.items() if value is not None}
    if changes.get("unit") == "none":
        changes["unit"] = None
    if isinstance(file := changes.get("guideline"), Path):
        changes["guideline"] = read_text(file) or None
    if "trailing_zeros" in changes:
        changes["trailing_zeros_matter"] = changes.pop("trailing_zeros")
    return changes


def _confirm_resettling() -> bool:
    return confirm(
        "Do it?", no_terminal="nobody is there to confirm this", next_step="Look at it with --dry-run, then say --yes."
    )


@campaigns.command(epilog="\b\nExample:\n  gonogo campaigns close 'batch 12' --dry-run")
@campaign_argument
@consequence_options
@api_command
async def close(client: LeadClient, campaign: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """End the labeling: claims end, later answers are kept but not counted. It cannot be opened again."""
    before = await find_campaign(client, campaign)
    if takes_answers(before.status) and not agreed(
        await _closing(client, before), dry_run=dry_run, yes=yes, as_json=as_json
    ):
        return
    closed = await client.close_campaign(before.id)
    if not takes_answers(before.status):
        echo_err(f"{closed.name} was {before.status} already; nothing was changed.")
    if as_json:
        print_json(closed.model_dump())
    else:
        resolved = f"{closed.resolved_count} of {counted(closed.task_count or 0, 'task')} resolved"
        echo_err(f"{closed.name} is closed: {resolved}.")


async def _closing(client: LeadClient, campaign: LabelingCampaignPublic) -> str:
    """Consequence of closing, with the numbers of the work that ends."""
    n_tasks, n_resolved = campaign.task_count or 0, campaign.resolved_count or 0
    text = (
        f"Close {campaign.name or campaign.id} for good: {n_resolved} of {counted(n_tasks, 'task')} resolved, "
        f"no more votes for the other {n_tasks - n_resolved}."
    )
    if await client.capabilities() is None:
        return f"{text} Claims end; answers that come later do not count."
    progress = await client.progress(campaign.id)
    claims = f"{counted(progress.n_held, 'claim')} of {counted(len(progress.people), 'person', 'people')}"
    return f"{text} {claims} end; answers that come later are kept, but do not count."


@campaigns.command(
    epilog="""\b
Examples:
  gonogo campaigns promote 'batch 12'
  gonogo campaigns promote 'batch 12' --force --dry-run
"""
)
@campaign_argument
@click.option("--force", is_flag=True, help="Promote below the acceptance threshold, too; the record says so.")
@consequence_options
@api_command
async def promote(client: LeadClient, campaign: str, force: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Copy the resolved tasks to the golden dataset, if agreement is high enough; exit 1 when it is not.

    A second time copies only what is new. --force asks first.
    """
    if force:
        await require_extensions(client, "There is no --force here")
    target = await find_campaign(client, campaign)
    campaign_id = target.id
    if (force or dry_run) and not agreed(await _promoting(client, target), dry_run=dry_run, yes=yes, as_json=as_json):
        return
    result = await client.promote_campaign(campaign_id, force=force)
    n_resolved = (await client.get_campaign(campaign_id)).resolved_count
    if as_json:
        print_json(result.model_dump())
    if not result.accepted and not result.forced:
        alpha = "not defined" if result.alpha is None else f"{result.alpha:.3f}"
        ours = force or await client.capabilities() is not None
        fail(
            f"{campaign} is below acceptance (alpha {alpha}); nothing was promoted",
            f"`gonogo campaigns quality {campaign!r}` says why"
            + ("; --force promotes all the same." if ours else "; more agreement is the only way here."),
        )
    if not result.promoted and n_resolved == 0:
        fail(
            f"nothing was promoted: no task of {campaign} is resolved yet",
            f"`gonogo campaigns watch {campaign!r}` shows how far it is; experts settle the rest with `gonogo review`.",
        )
    if not as_json:
        echo_err(
            f"{counted(result.promoted, 'task')} promoted."
            if result.promoted
            else f"Nothing new: what is resolved in {campaign} was promoted before."
        )


async def _promoting(client: LeadClient, campaign: LabelingCampaignPublic) -> str:
    """Consequence of promoting, with the agreement that it rests on."""
    with waiting("Measuring the quality …"):
        report = await client.campaign_quality(campaign.id)
    alpha = "not defined" if report.alpha is None else f"{report.alpha:.3f}"
    n_resolved = counted(campaign.resolved_count or 0, "resolved task")
    accepted = "accepted" if report.accepted else "below acceptance: the record will say that it was forced"
    return (
        f"Promote {campaign.name or campaign.id}: {n_resolved} go into the golden dataset, and do not come out again. "
        f"Alpha is {alpha}, {accepted}."
    )
