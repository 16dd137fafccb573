"""`gonogo models`: reports on the predictions of models."""

from __future__ import annotations

import click

from gonogo.cli.completion import complete_project, complete_run
from gonogo.cli.support.api_client import api_command
from gonogo.cli.support.exit_codes import EXIT_USAGE, fail
from gonogo.cli.support.options import SHARE
from gonogo.cli.support.output import print_json, waiting
from gonogo.client.errors import InvalidInputError, NotFoundError
from gonogo.client.lead_client import LeadClient
from gonogo.client.lookup import all_projects, all_runs, find_project, require_extensions, run_ids
from gonogo.report.model import report_lines
from gonogo.schemas.labeling import LabelingProjectPublic


@click.group(epilog="\b\nExample:\n  gonogo models report predictions.jsonl")
def models() -> None:
    """Models and the quality of their predictions. A RUN is the name of an import, or an id."""


@models.command(
    epilog="""\b
Examples:
  gonogo models report predictions.jsonl
  # from which confidence on may it be accepted?
  gonogo models report predictions.jsonl --bound 0.5%
  gonogo models report new.jsonl --against old.jsonl
  gonogo models report --project 'PMI 2026' --readers gpt qwen
"""
)
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=complete_run)
@click.option("--project", shell_complete=complete_project, help="The project of the runs; found by them where it can.")
@click.option("--against", metavar="RUN", shell_complete=complete_run, help="A run to compare with, place by place.")
@click.option("--readers", nargs=2, metavar="A B", help="Two readers (`source` of the predictions) to compare.")
@click.option("--bound", type=SHARE, metavar="SHARE", help="Greatest error to be accepted unseen, such as 0.5%.")
@api_command
async def report(
    client: LeadClient,
    runs: tuple[str, ...],
    project: str | None,
    against: str | None,
    readers: tuple[str, str] | None,
    bound: float | None,
    as_json: bool,
) -> None:
    """Accuracy by kind and reader, reliability, thresholds, audits and the surest errors of prediction runs.

    An outcome is known by an imported truth, or when people settled the prediction's task.
    """
    if against and readers:
        fail("--against and --readers can't be had at once", "Ask for one comparison at a time.", EXIT_USAGE)
    await require_extensions(client, "There is no model report")
    found = (
        await find_project(client, project) if project else await _project_of(client, [*runs, *filter(None, [against])])
    )
    ids = await run_ids(client, found.id, runs) if runs else []
    other = (await run_ids(client, found.id, [against]))[0] if against else None
    with waiting("Reading the predictions"):
        model = await client.model_report(found.id, ids, against=other, readers=readers or None, bound=bound)
    if as_json:
        print_json(model.model_dump())
    else:
        click.echo("\n".join(report_lines(model, bound=bound)))


async def _project_of(client: LeadClient, runs: list[str]) -> LabelingProjectPublic:
    """The only project that has these runs; without runs, the only project.

    Raises:
        NotFoundError: no project has them.
        InvalidInputError: several have.
    """
    projects = []
    for project in await all_projects(client):
        listed = await all_runs(client, project.id) or []
        names = {run.run for run in listed} | {run.id for run in listed}
        if names >= set(runs) and (runs or names):
            projects.append(project)
    if not projects:
        raise NotFoundError(
            f"No project has the run {runs[0]!r}." if runs else "There are no predictions.",
            next_step="`gonogo projects show` lists a project's runs; `gonogo import` makes one.",
        )
    if len(projects) > 1:
        names_text = ", ".join(repr(project.name) for project in projects[:10])
        raise InvalidInputError(f"Several projects fit: {names_text}.", next_step="Name one with --project.")
    return projects[0]
