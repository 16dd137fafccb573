"""`gonogo project`: projects hold prediction runs and campaigns."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import Any

import click

from gonogo.cli.completion import complete_project, complete_run
from gonogo.cli.support import (
    EXIT_USAGE,
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
)

POLICY_KEYS = (
    "strategy",
    "min_confidence",
    "max_confidence",
    "kinds",
    "limit",
    "random_fraction",
    "seeded_wrong",
    "seed",
)


@click.group(epilog="\b\nExample:\n  gonogo project list")
def project() -> None:
    """Projects: they hold prediction runs and campaigns. A PROJECT is a name, where it is unique, or an id."""


@project.command("list", epilog="\b\nExample:\n  gonogo project list --json")
@server_option
@json_option
def list_(base_url: str | None, as_json: bool) -> None:
    """All projects, newest first."""
    empty = "There is no project yet. `gonogo import` makes one from a file of predictions."
    show_list(run(_list(base_url)), as_json, _cells, empty)


def _cells(item: dict[str, Any]) -> list[str]:
    return [item["name"] or "", item["status"] or "", f"{item['campaign_count']} campaigns", item["id"]]


async def _list(base_url: str | None) -> list[dict[str, Any]]:
    from gonogo.client.lookup import all_projects

    async with connect(base_url) as client:
        return [item.model_dump() for item in await all_projects(client)]


@project.command(epilog="\b\nExample:\n  gonogo project show 'PMI 2026'")
@click.argument("name", metavar="PROJECT", shell_complete=complete_project)
@server_option
@json_option
def show(name: str, base_url: str | None, as_json: bool) -> None:
    """One project, its selection policy, and the prediction runs that tasks can be generated from."""
    found = run(_show(name, base_url))
    if as_json:
        emit(found)
        return
    show_fields({key: value for key, value in found.items() if key != "runs"})
    for item in found["runs"] or []:
        click.echo(f"run\t{item['run']}\t{item['n_predictions']} predictions\t{item['id']}")


async def _show(name: str, base_url: str | None) -> dict[str, Any]:
    from gonogo.client.lookup import all_runs, find_project

    async with connect(base_url) as client:
        found = await find_project(client, name)
        runs = await all_runs(client, found.id)
        return {**found.model_dump(), "runs": None if runs is None else [item.model_dump() for item in runs]}


@project.command(
    epilog="""\b
Examples:
  gonogo project create 'PMI 2026' --kind pmi --kind title_block
  gonogo project create pmi --policy '{"strategy": "mixed", "limit": 500, "seed": 7}'
"""
)
@click.argument("name", callback=name_given)
@click.option("--description", help="What it is about; shown with it.")
@click.option("--kind", "kinds", multiple=True, help="A target kind; may be given several times.")
@click.option(
    "--policy",
    metavar="JSON",
    help="What generate takes: strategy (uncertainty, random, mixed, all), min_confidence, max_confidence, kinds, "
    "limit, random_fraction, seeded_wrong, seed.",
)
@click.option("--pool", is_flag=True, help="Every annotator of the organisation may work in its campaigns.")
@server_option
@json_option
def create(
    name: str,
    description: str | None,
    kinds: tuple[str, ...],
    policy: str | None,
    pool: bool,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Make a project."""
    fields = {
        "name": name,
        "description": description,
        "target_kinds": list(kinds) or None,
        "selection_policy": _policy(policy),
        "uses_platform_pool": pool or None,
    }
    made = run(_create(fields, base_url))
    if as_json:
        emit(made)
    else:
        say(f"Project {made['name']} made.")
        click.echo(made["id"])


def _policy(text: str | None) -> dict[str, Any] | None:
    try:
        found = None if text is None else json.loads(text)
    except ValueError as error:
        fail(f"--policy is not JSON: {error}", 'Write it like \'{"strategy": "random", "limit": 200}\'.', EXIT_USAGE)
    if found is not None and not isinstance(found, dict):
        fail("--policy must be a JSON object", 'Write it like \'{"strategy": "random", "limit": 200}\'.', EXIT_USAGE)
    for name in found or ():
        if name not in POLICY_KEYS:
            near = get_close_matches(name, POLICY_KEYS, 1)
            hint = f" Is `{near[0]}` meant?" if near else ""
            say(f"gonogo does not know `{name}` in a policy: it is kept, and `generate` takes no notice of it.{hint}")
    return found


async def _create(fields: dict[str, Any], base_url: str | None) -> dict[str, Any]:
    from gonogo.schemas.labeling import LabelingProjectCreate

    async with connect(base_url) as client:
        return (await client.create_project(LabelingProjectCreate(**fields))).model_dump()


@project.command(
    epilog="""\b
Examples:
  gonogo project generate pmi --dry-run                    every run, what the policy would take
  gonogo project generate pmi --run predictions.jsonl --campaign "pmi, uncertain ones"
"""
)
@click.argument("name", metavar="PROJECT", shell_complete=complete_project)
@click.option(
    "--run",
    "runs",
    multiple=True,
    shell_complete=complete_run,
    help="Name or id of a prediction run; default: all of the project's.",
)
@click.option("--campaign", callback=name_given, help="Name of the campaign to make; default: called as the project.")
@click.option("--redundancy", type=click.IntRange(1, 50), help="Votes a task needs.")
@click.option("--gold-fraction", type=click.FloatRange(0, 0.9), help="Share of honeypots among the tasks.")
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@server_option
@json_option
def generate(
    name: str,
    runs: tuple[str, ...],
    campaign: str | None,
    redundancy: int | None,
    gold_fraction: float | None,
    dry_run: bool,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Make a campaign of the predictions that the project's selection policy wants, honeypots among them.

    A prediction that is a task in a campaign of the project already is left out; where none is left, nothing is made.
    """
    settings = {"target_redundancy": redundancy, "gold_fraction": gold_fraction}
    result = run(_generate(name, runs, campaign, settings, dry_run, base_url))
    if as_json:
        emit(result)
        return
    seen, eligible = result["n_candidates"], result["n_eligible"]
    say(f"{seen} predictions seen, {eligible} fit the policy, {result['n_skipped']} of them are in a campaign already.")
    made = f"{result['n_tasks']} tasks and {result['n_honeypots']} honeypots"
    say(f"{made} would be made." if dry_run else f"Campaign {result['campaign']['name']!r}: {made}.")
    if not dry_run:
        click.echo(result["campaign"]["id"])


async def _generate(
    name: str,
    runs: tuple[str, ...],
    campaign: str | None,
    settings: dict[str, Any],
    dry_run: bool,
    base_url: str | None,
) -> dict[str, Any]:
    from gonogo.client.lookup import find_project, require_extensions, run_ids
    from gonogo.schemas.labeling import GenerateProjectTasks, LabelingCampaignCreate

    given = {key: value for key, value in settings.items() if value is not None}
    async with connect(base_url) as client:
        found = await find_project(client, name)
        wanted = GenerateProjectTasks(calculation_ids=await run_ids(client, found.id, runs))
        if campaign or given:
            body = LabelingCampaignCreate(name=campaign or found.name or name, **given)
            wanted = GenerateProjectTasks(calculation_ids=wanted.calculation_ids, campaign=body)
        if dry_run:
            await require_extensions(client, "What would be made is not told beforehand")
        if await client.capabilities() is not None:
            plan = await client.preview_tasks(found.id, wanted)
            if dry_run:
                return plan.model_dump()
            if not plan.n_tasks + plan.n_honeypots:
                fail(
                    f"there is nothing to make a campaign of: {plan.n_candidates} predictions seen, {plan.n_eligible} "
                    f"fit the policy, and {plan.n_skipped} of these are in a campaign of the project already",
                    "No campaign was made. Import other predictions, or make a project with another policy.",
                )
        return (await client.generate_tasks(found.id, wanted)).model_dump()
