"""`gonogo campaign`: the lead's view of a campaign, one command a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gonogo.cli.commands.campaign_watch import watch
from gonogo.cli.completion import complete_project
from gonogo.cli.support import (
    campaign_argument,
    connect,
    emit,
    fail,
    json_option,
    name_given,
    run,
    say,
    server_option,
    show_fields,
    show_list,
    terminal_width,
)

METHODS = ("dawid_skene", "one_coin", "majority", "weighted_majority")


@click.group(epilog="\b\nExample:\n  gonogo campaign list --status open")
def campaign() -> None:
    """Campaigns. A CAMPAIGN is a name, where it is unique, or an id."""


campaign.add_command(watch)


@campaign.command("list", epilog="\b\nExample:\n  gonogo campaign list --status open")
@click.option("--status", type=click.Choice(["open", "closed", "promoted"]), help="Only these.")
@server_option
@json_option
def list_(status: str | None, base_url: str | None, as_json: bool) -> None:
    """All campaigns, newest first."""
    empty = "There is no campaign yet. `gonogo import` makes one from a file, `gonogo demo` a sample."
    show_list(run(_list(status, base_url)), as_json, _cells, empty)


def _cells(item: dict[str, Any]) -> list[str]:
    done, total = item["resolved_count"] or 0, item["task_count"] or 0
    return [item["name"] or "", item["status"] or "", f"{done}/{total} resolved", item["id"]]


async def _list(status: str | None, base_url: str | None) -> list[dict[str, Any]]:
    from gonogo.client.lookup import all_campaigns

    async with connect(base_url) as client:
        return [item.model_dump() for item in await all_campaigns(client, status)]


@campaign.command(epilog="\b\nExample:\n  gonogo campaign show 'batch 12' --json")
@campaign_argument
@server_option
@json_option
def show(campaign: str, base_url: str | None, as_json: bool) -> None:
    """One campaign: the public fields, and `number`, its id in the results API."""
    found = run(_show(campaign, base_url))
    if as_json:
        emit(found)
        return
    show_fields(found)


async def _show(name: str, base_url: str | None) -> dict[str, Any]:
    from gonogo.client.lookup import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, name)
        if await client.capabilities() is None:
            return found.model_dump()
        return (await client.campaign_detail(found.id)).model_dump()


@campaign.command(
    epilog="""\b
Examples:
  gonogo campaign create 'batch 12' --project 'PMI 2026' --redundancy 3
  gonogo campaign create titles --consensus majority --guideline titles.md --json
"""
)
@click.argument("name", callback=name_given)
@click.option("--description", help="What it is about; shown with it.")
@click.option("--project", shell_complete=complete_project, help="The project it belongs to: a name or an id.")
@click.option("--redundancy", type=click.IntRange(1, 50), help="Votes a task needs (3).")
@click.option("--gold-fraction", type=click.FloatRange(0, 0.9), help="Share of honeypots an annotator is served (0.1).")
@click.option("--consensus", type=click.Choice(METHODS), help="How votes are put together (dawid_skene).")
@click.option("--acceptance-alpha", type=click.FloatRange(-1, 1), help="Agreement that promotion asks for (0.8).")
@click.option(
    "--guideline", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A text annotators see."
)
@click.option("--lease-minutes", type=click.IntRange(1, 60), help="How long a task stays with who took it (10).")
@click.option("--early-stop", is_flag=True, default=None, help="Settle a task as soon as enough votes agree.")
@server_option
@json_option
def create(name: str, project: str | None, base_url: str | None, as_json: bool, **options: Any) -> None:
    """Make an empty campaign; `gonogo import` and `gonogo project generate` make one with tasks in it."""
    made = run(_create(name, project, base_url, options))
    if as_json:
        emit(made)
    else:
        say(f"Campaign {made['name']} made.")
        click.echo(made["id"])


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        fail(f"{file} is no text in UTF-8 ({error.reason} at byte {error.start})", "Save it as UTF-8.")


async def _create(name: str, project: str | None, base_url: str | None, options: dict[str, Any]) -> dict[str, Any]:
    from gonogo.client.lookup import find_project, require_extensions
    from gonogo.schemas.gonogo_api import CampaignSettings
    from gonogo.schemas.labeling import LabelingCampaignCreate

    given = {key: value for key, value in options.items() if value is not None}
    body = LabelingCampaignCreate(
        name=name,
        description=given.get("description"),
        target_redundancy=given.get("redundancy"),
        gold_fraction=given.get("gold_fraction"),
        consensus_method=given.get("consensus"),
        acceptance_alpha=given.get("acceptance_alpha"),
    )
    own: dict[str, Any] = {key: given[key] for key in ("lease_minutes", "early_stop") if key in given}
    if "guideline" in given:
        own["guideline"] = _text(given["guideline"])
    async with connect(base_url) as client:
        if own or project is not None:
            await require_extensions(client, "A project, a guideline, leases and early stop cannot be set here")
        if project is not None:
            found = await find_project(client, project)
            made = await client.create_campaign_in_project(found.id, body)
        else:
            made = await client.create_campaign(body)
        if own:
            return (await client.update_settings(made.id, CampaignSettings(**own))).model_dump()
        return made.model_dump()


@campaign.command(
    epilog="""\b
Examples:
  gonogo campaign quality 'batch 12'
  gonogo campaign quality 'batch 12' --json | jq .gonogo.alpha_interval
"""
)
@campaign_argument
@server_option
@json_option
def quality(campaign: str, base_url: str | None, as_json: bool) -> None:
    """How far the labels can be trusted: every number with its doubt, what it means, and what to do."""
    report, names = run(_quality(campaign, base_url))
    if as_json:
        emit(report)
        return
    from gonogo.report.quality import report_lines

    for line in report_lines(report, names, terminal_width()):
        click.echo(line)


async def _quality(name: str, base_url: str | None) -> tuple[dict[str, Any], dict[str, str]]:
    """The report, and the annotators' names; a plain server tells no names."""
    from gonogo.client.lookup import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, name)
        report = await client.campaign_quality(found.id)
        people = [] if report.gonogo is None else (await client.annotators(found.id)).data
        return report.model_dump(), {who.voter_id: who.name or who.email or who.voter_id for who in people}


@campaign.command(epilog="\b\nExample:\n  gonogo campaign close 'batch 12'")
@campaign_argument
@server_option
@json_option
def close(campaign: str, base_url: str | None, as_json: bool) -> None:
    """End the labeling: claims end, later answers are kept but not counted. It cannot be opened again."""
    before, closed = run(_close(campaign, base_url))
    if before not in (None, "open"):
        say(f"{closed['name']} was {before} already; nothing was changed.")
    if as_json:
        emit(closed)
    else:
        say(f"{closed['name']} is closed: {closed['resolved_count']} of {closed['task_count']} tasks are resolved.")


async def _close(name: str, base_url: str | None) -> tuple[str | None, dict[str, Any]]:
    """The status before, and the campaign after."""
    from gonogo.client.lookup import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, name)
        return found.status, (await client.close_campaign(found.id)).model_dump()


@campaign.command(epilog="\b\nExample:\n  gonogo campaign promote 'batch 12' --force")
@campaign_argument
@click.option("--force", is_flag=True, help="Promote below the acceptance threshold, too; the record says so.")
@server_option
@json_option
def promote(campaign: str, force: bool, base_url: str | None, as_json: bool) -> None:
    """Copy the resolved tasks to the golden dataset, if agreement is high enough; exit 1 when it is not.

    A second time copies only what is new.
    """
    n_resolved, result = run(_promote(campaign, force, base_url))
    if as_json:
        emit(result)
    if not result["accepted"] and not result["forced"]:
        alpha = "not defined" if result["alpha"] is None else f"{result['alpha']:.3f}"
        fail(
            f"{campaign} is below acceptance (alpha {alpha}); nothing was promoted",
            f"`gonogo campaign quality {campaign!r}` says why; --force promotes all the same.",
        )
    if not result["promoted"] and n_resolved == 0:
        fail(
            f"nothing was promoted: no task of {campaign} is resolved yet",
            f"`gonogo campaign watch {campaign!r}` tells how far it is; experts settle the rest with `gonogo review`.",
        )
    if not as_json:
        say(
            f"{result['promoted']} tasks were promoted."
            if result["promoted"]
            else f"Nothing new: what is resolved in {campaign} was promoted before."
        )


async def _promote(name: str, force: bool, base_url: str | None) -> tuple[int | None, dict[str, Any]]:
    """How many tasks are resolved, and what came of it."""
    from gonogo.client.lookup import find_campaign, require_extensions

    async with connect(base_url) as client:
        if force:
            await require_extensions(client, "There is no --force here")
        found = await find_campaign(client, name)
        result = await client.promote_campaign(found.id, force=force)
        return (await client.get_campaign(found.id)).resolved_count, result.model_dump()
