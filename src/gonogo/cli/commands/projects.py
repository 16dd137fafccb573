"""`gonogo projects`: lists, shows and creates projects, and generates a campaign's tasks from their prediction runs."""

from __future__ import annotations

import json
from difflib import get_close_matches

import click

from gonogo.cli.completion import complete_project, complete_run
from gonogo.cli.support.api_client import api_command
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import SHARE, check_name
from gonogo.cli.support.output import print_fields, print_json, print_list
from gonogo.cli.support.pager import pager_option
from gonogo.cli.support.tables import Fit, TableColumn, print_table
from gonogo.client.lead_client import LeadClient
from gonogo.client.lookup import all_projects, all_runs, find_project, require_extensions, run_ids
from gonogo.json_types import JsonObject
from gonogo.report.model import fine
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.labeling import (
    GenerateProjectTasks,
    GenerateProjectTasksResult,
    LabelingCampaignCreate,
    LabelingProjectCreate,
    LabelingProjectPublic,
)
from gonogo.schemas.lead import GeneratePreview

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


@click.group(epilog="\b\nExample:\n  gonogo projects list")
def projects() -> None:
    """Projects: they hold prediction runs and campaigns. A PROJECT is a name, where it is unique, or an id."""


@projects.command("list", epilog="\b\nExample:\n  gonogo projects list --json")
@pager_option
@api_command
async def list_(client: LeadClient, as_json: bool) -> None:
    """All projects, newest first."""
    empty = "There is no project yet. `gonogo import` makes one from a file of predictions."
    projects = await all_projects(client)
    print_list(projects, as_json=as_json, columns=_COLUMNS, cells=_cells, empty=empty)


_COLUMNS = (
    TableColumn("project", Fit.CUT),
    TableColumn("status"),
    TableColumn("campaigns", number=True),
    TableColumn("id", Fit.SPARE),
)
_RUN_COLUMNS = (TableColumn("run", Fit.CUT), TableColumn("predictions", number=True), TableColumn("id", Fit.SPARE))


def _cells(item: LabelingProjectPublic) -> list[str]:
    return [item.name or "", item.status or "", str(item.campaign_count or 0), item.id]


@projects.command(epilog="\b\nExample:\n  gonogo projects show 'PMI 2026'")
@click.argument("name", metavar="PROJECT", shell_complete=complete_project)
@api_command
async def show(client: LeadClient, name: str, as_json: bool) -> None:
    """One project, its selection policy, and the prediction runs that tasks can be generated from."""
    project = await find_project(client, name)
    runs = await all_runs(client, project.id)
    if as_json:
        print_json({**project.model_dump(), "runs": None if runs is None else [run.model_dump() for run in runs]})
        return
    print_fields(project.model_dump())
    if runs:
        click.echo()
        print_table(_RUN_COLUMNS, [[run.run, str(run.n_predictions), run.id] for run in runs])


def _parse_policy(ctx: click.Context, parameter: click.Parameter, text: str | None) -> JsonObject | None:
    """Callback of `--policy`: the parsed JSON object; keys that gonogo does not know are named."""
    try:
        policy = None if text is None else json.loads(text)
    except ValueError as error:
        fail(f"--policy is not JSON: {error}", 'Write it like \'{"strategy": "random", "limit": 200}\'.', EXIT_USAGE)
    if policy is not None and not isinstance(policy, dict):
        fail("--policy must be a JSON object", 'Write it like \'{"strategy": "random", "limit": 200}\'.', EXIT_USAGE)
    for name in policy or ():
        if name not in POLICY_KEYS:
            near = get_close_matches(name, POLICY_KEYS, 1)
            hint = f" Is `{near[0]}` meant?" if near else ""
            echo_err(f"gonogo does not know `{name}` in a policy: it is stored, but `generate` ignores it.{hint}")
    return policy


@projects.command(
    epilog="""\b
Examples:
  gonogo projects create 'PMI 2026' --kind pmi --kind title_block
  gonogo projects create pmi \\
      --policy '{"strategy": "mixed", "limit": 500, "seed": 7}'
"""
)
@click.argument("name", callback=check_name)
@click.option("--description", help="What it is about; shown with it.")
@click.option("--kind", "kinds", multiple=True, help="A target kind; may be given several times.")
@click.option(
    "--policy",
    metavar="JSON",
    callback=_parse_policy,
    help="What generate takes: strategy (uncertainty, random, mixed, all), min_confidence, max_confidence, kinds, "
    "limit, random_fraction, seeded_wrong, seed.",
)
@click.option("--guideline-id", help="The id of a guideline that the server keeps.")
@click.option("--ontology-id", help="The id of an ontology that the server keeps.")
@click.option("--pool", is_flag=True, help="Every annotator of the organisation may work in its campaigns.")
@api_command
async def create(
    client: LeadClient,
    name: str,
    description: str | None,
    kinds: tuple[str, ...],
    policy: JsonObject | None,
    guideline_id: str | None,
    ontology_id: str | None,
    pool: bool,
    as_json: bool,
) -> None:
    """Make a project."""
    body = LabelingProjectCreate(
        name=name,
        description=description,
        target_kinds=list(kinds) or None,
        selection_policy=policy,
        guideline_id=guideline_id,
        ontology_id=ontology_id,
        uses_platform_pool=pool or None,
    )
    project = await client.create_project(body)
    if as_json:
        print_json(project.model_dump())
    else:
        echo_err(f"Project {project.name} made.")
        click.echo(project.id)


@projects.command(
    epilog="""\b
Examples:
  # every run, what the policy would take
  gonogo projects generate pmi --dry-run
  gonogo projects generate pmi --run predictions.jsonl \\
      --campaign "pmi, uncertain ones"
  gonogo projects generate pmi --run new.jsonl --auto-accept-bound 0.5%
  # two readers' runs, one question a place
  gonogo projects generate pmi --run ocr.jsonl --run vlm.jsonl \\
      --merge-readings
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
@click.option("--campaign", callback=check_name, help="Name of the campaign to make; default: called as the project.")
@click.option("--redundancy", type=click.IntRange(1, 50), help="Votes a task needs.")
@click.option("--gold-fraction", type=click.FloatRange(0, 0.9), help="Share of honeypots among the tasks.")
@click.option(
    "--auto-accept-bound",
    "bound",
    type=SHARE,
    metavar="SHARE",
    help="Leave out what is surely right: from the confidence on whose error is at most this (95 %), as 0.5%.",
)
@click.option(
    "--audit-share",
    type=SHARE,
    metavar="SHARE",
    help="Share of what is left out that people check all the same, at random (5%).",
)
@click.option(
    "--merge-readings",
    is_flag=True,
    help="Readings of one place by several sources or runs become one question; the answer judges each of them.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be made; make nothing.")
@api_command
async def generate(
    client: LeadClient,
    name: str,
    runs: tuple[str, ...],
    campaign: str | None,
    redundancy: int | None,
    gold_fraction: float | None,
    bound: float | None,
    audit_share: float | None,
    merge_readings: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a campaign of the predictions that the project's selection policy wants, honeypots among them.

    A prediction that is a task in a campaign of the project already is left out; where none is left, nothing is made.
    """
    options = {"target_redundancy": redundancy, "gold_fraction": gold_fraction}
    settings = {key: value for key, value in options.items() if value is not None}
    project = await find_project(client, name)
    request = GenerateProjectTasks(calculation_ids=await run_ids(client, project.id, runs))
    if campaign or settings:
        body = LabelingCampaignCreate.model_validate({"name": campaign or project.name or name, **settings})
        request = GenerateProjectTasks(calculation_ids=request.calculation_ids, campaign=body)
    if merge_readings:
        await require_extensions(client, "--merge-readings can't be done", "merged_readings")
        request = request.model_copy(update={"merge_readings": True})
    if bound is not None:
        request = await _accept_surest(client, project, request, bound, audit_share)
    result = await _generate(client, project.id, request, dry_run=dry_run)
    if as_json:
        print_json(result.model_dump())
        return
    seen, n_eligible, n_skipped = counted(result.n_candidates or 0, "prediction"), result.n_eligible, result.n_skipped
    echo_err(f"{seen} seen, {n_eligible} fit the policy, {n_skipped} of them in a campaign already.")
    counts = f"{counted(result.n_tasks or 0, 'task')} and {counted(result.n_honeypots or 0, 'honeypot')}"
    if result.n_merged:
        echo_err(f"{counted(result.n_merged, 'more reading')} of the same places merged into these questions.")
    if result.n_accepted:
        echo_err(f"{result.n_accepted} accepted unseen; {result.n_audited} of them, at random, are still checked.")
    if isinstance(result, GeneratePreview):
        echo_err(f"{counts} would be made.")
        return
    echo_err(f"Campaign {result.campaign.name!r}: {counts}.")
    click.echo(result.campaign.id)


async def _accept_surest(
    client: LeadClient,
    project: LabelingProjectPublic,
    request: GenerateProjectTasks,
    bound: float,
    audit_share: float | None,
) -> GenerateProjectTasks:
    """The request with the confidence from which on the project's known outcomes keep the error at `bound`."""
    await require_extensions(client, "This server accepts nothing unseen")
    report = await client.model_report(project.id, bound=bound)
    if report.accept is None:
        fail(
            f"no confidence keeps the error at {fine(bound)} or less: outcomes known so far: {report.n_known}",
            "`gonogo models report` shows what is known. Have people answer more of the surest ones, at random.",
        )
    echo_err(
        f"From a confidence of {report.accept.above:g} on the error is at most {fine(report.accept.upper)} (95 %), by "
        f"{counted(report.accept.n_known, 'known outcome')}."
    )
    share = {} if audit_share is None else {"audit_fraction": audit_share}
    return request.model_copy(update={"accept_above": report.accept.above, "accept_bound": bound, **share})


async def _generate(
    client: LeadClient, project_id: str, request: GenerateProjectTasks, *, dry_run: bool
) -> GeneratePreview | GenerateProjectTasksResult:
    """Makes the campaign, or with `dry_run` the plan of it; ends the command when there is nothing to make."""
    if dry_run:
        await require_extensions(client, "This server has no preview")
    if await client.capabilities() is not None:
        plan = await client.preview_tasks(project_id, request)
        if dry_run:
            return plan
        if not plan.n_tasks + plan.n_honeypots:
            fail(
                f"there is nothing to make a campaign of: {counted(plan.n_candidates, 'prediction')} seen, "
                f"{plan.n_eligible} fit the policy, {plan.n_skipped} of these in a campaign of the project already",
                "No campaign was made. Import other predictions, or make a project with another policy.",
            )
    return await client.generate_tasks(project_id, request)
