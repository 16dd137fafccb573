"""`gonogo campaign`: the lead's view of a campaign, one command a step."""

from __future__ import annotations

from typing import Any

import click

from gonogo.cli.common import connect, emit, fail, json_option, run, say, server_option


@click.group()
def campaign() -> None:
    """Campaigns. A CAMPAIGN is a name, where it is unique, or an id."""


@campaign.command("list", epilog="\b\nExample:\n  gonogo campaign list --status open")
@click.option("--status", type=click.Choice(["open", "closed", "promoted"]))
@server_option
@json_option
def list_(status: str | None, base_url: str | None, as_json: bool) -> None:
    """All campaigns, newest first."""
    found = run(_list(status, base_url))
    if as_json:
        emit(found)
        return
    if not found:
        say("There is no campaign yet. `gonogo import` makes one from a file, `gonogo demo` a sample.")
    for item in found:
        done, total = item["resolved_count"] or 0, item["task_count"] or 0
        click.echo(f"{item['name']}\t{item['status']}\t{done}/{total} resolved\t{item['id']}")


async def _list(status: str | None, base_url: str | None) -> list[dict[str, Any]]:
    async with connect(base_url) as client:
        page = await client.list_campaigns(status=status, limit=500)
        return [item.model_dump() for item in page.data]


@campaign.command(epilog="\b\nExample:\n  gonogo campaign show 'batch 12' --json")
@click.argument("name")
@server_option
@json_option
def show(name: str, base_url: str | None, as_json: bool) -> None:
    """One campaign: the public fields, and `number`, its id in the results API."""
    found = run(_show(name, base_url))
    if as_json:
        emit(found)
        return
    for key, value in found.items():
        if value is not None and not isinstance(value, dict):
            click.echo(f"{key.replace('_', ' '):20} {value}")


async def _show(name: str, base_url: str | None) -> dict[str, Any]:
    from gonogo.cli.finding import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, name)
        if await client.capabilities() is None:
            return found.model_dump()
        return (await client.campaign_detail(found.id)).model_dump()


@campaign.command(epilog="\b\nExample:\n  gonogo campaign quality 'batch 12'")
@click.argument("name")
@server_option
@json_option
def quality(name: str, base_url: str | None, as_json: bool) -> None:
    """How far the labels can be trusted: agreement, and each annotator's part in it."""
    report = run(_quality(name, base_url))
    if as_json:
        emit(report)
        return
    alpha, wanted = report["alpha"], report["acceptance_alpha"]
    shown = "not defined yet (no task has two votes)" if alpha is None else f"{alpha:.3f}"
    state = "accepted" if report["accepted"] else "not accepted"
    click.echo(f"alpha {shown}   wanted {wanted}   {state}")
    click.echo(f"{report['n_submissions']} submissions on {report['n_tasks']} tasks")
    for who in report["annotators"] or []:
        cells = [f"{who['annotator_user_id']}", f"n {who['n_submissions']}"]
        shares = {key: who[key] for key in ("reliability", "trust", "gold_accuracy", "consensus_agreement")}
        cells += [f"{key.replace('_', ' ')} {'–' if v is None else format(v, '.2f')}" for key, v in shares.items()]
        click.echo("  " + "   ".join(cells))


async def _quality(name: str, base_url: str | None) -> dict[str, Any]:
    from gonogo.cli.finding import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, name)
        return (await client.campaign_quality(found.id)).model_dump()


@campaign.command(epilog="\b\nExample:\n  gonogo campaign close 'batch 12'")
@click.argument("name")
@server_option
@json_option
def close(name: str, base_url: str | None, as_json: bool) -> None:
    """End the labeling: claims end, later answers are kept but not counted."""
    closed = run(_close(name, base_url))
    if as_json:
        emit(closed)
    else:
        say(f"{closed['name']} is closed: {closed['resolved_count']} of {closed['task_count']} tasks are resolved.")


async def _close(name: str, base_url: str | None) -> dict[str, Any]:
    from gonogo.cli.finding import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, name)
        return (await client.close_campaign(found.id)).model_dump()


@campaign.command(epilog="\b\nExample:\n  gonogo campaign promote 'batch 12' --force")
@click.argument("name")
@click.option("--force", is_flag=True, help="Promote below the acceptance threshold, too; the record says so.")
@server_option
@json_option
def promote(name: str, force: bool, base_url: str | None, as_json: bool) -> None:
    """Copy the resolved tasks to the golden dataset, if agreement is high enough."""
    result = run(_promote(name, force, base_url))
    if as_json:
        emit(result)
    elif result["accepted"] or result["forced"]:
        say(f"{result['promoted']} tasks were promoted.")
    else:
        alpha = "not defined" if result["alpha"] is None else f"{result['alpha']:.3f}"
        fail(
            f"{name} is below acceptance (alpha {alpha}); nothing was promoted",
            f"`gonogo campaign quality {name!r}` says why; --force promotes all the same.",
        )


async def _promote(name: str, force: bool, base_url: str | None) -> dict[str, Any]:
    from gonogo.cli.finding import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, name)
        return (await client.promote_campaign(found.id, force=force)).model_dump()
