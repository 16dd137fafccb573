"""Import into a gonogo server: creates project, drawings, prediction run, campaign, and one task for each prediction.

Each step finds what an earlier run made, so that a second run adds nothing. The run is named after the file.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Final

from gonogo.client.errors import ConflictError, GonogoClientError, InvalidInputError
from gonogo.client.gonogo_client import GONOGO, GonogoClient
from gonogo.client.lead_client import store_drawings
from gonogo.client.lookup import all_projects, ambiguous_name_error
from gonogo.client.transport.requests import as_bytes
from gonogo.schemas.enums import ConflictReason
from gonogo.schemas.gonogo_api import CampaignSettings, PredictionsStored, TasksFromPredictions, TasksMade, TaskUpdates
from gonogo.schemas.labeling import LabelingCampaignPublic, LabelingProjectCreate
from gonogo.transfer.importing.drawings_folder import media_type_of
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.spool import Drawing, ImportOptions, Spool, batches, drawing_batches
from gonogo.transfer.importing.target_campaign import find_open_campaign, require_same_setup
from gonogo.transfer.progress_callback import ReportProgress

TASKS_A_REQUEST: Final = 2000
"""Tasks made by one request; the server answers nobody else meanwhile."""
_NO_UPDATE: Final = (ConflictReason.AUDITED, ConflictReason.MERGED_READINGS)
COLLECTED_EVERY: Final = 25
"""Batches of predictions from one run of the garbage collector to the next. An exchange leaves a cycle behind that
holds its body; with the collector paused a million predictions would come to 300 MB."""


async def import_into_gonogo(
    client: GonogoClient, spool: Spool, result: ImportResult, report: ReportProgress, *, batched_drawings: bool
) -> ImportResult:
    """Imports the spool; returns `result` with what was made. Raises as `import_file`.

    `batched_drawings`: the server takes several drawings by one request.
    """
    options = spool.options
    known = spool.known_revisions()
    existing = await find_open_campaign(client, options.campaign) if options.campaign else None
    if existing is None and options.update:
        raise InvalidInputError(
            f"There is no campaign {options.campaign!r} whose tasks could be updated; nothing was imported.",
            next_step="Leave out --update to make it, or name another --campaign.",
        )
    if existing is not None:
        await require_same_setup(client, existing, options.setup)
    project_id, project, project_new = await _find_or_make_project(client, options, existing)
    unknown = tuple(drawing for drawing in spool.drawings if drawing not in known)
    revisions, n_new = await _store_drawings(client, unknown, report, batched=batched_drawings)
    revisions |= known
    run_id, new, n_known = await _store_predictions(client, project_id, spool, revisions, report)
    stored = replace(
        result,
        imported=True,
        project=project,
        project_new=project_new,
        n_drawings=len(revisions),
        n_drawings_new=n_new,
        n_predictions_new=new,
        n_predictions_known=n_known,
    )
    if options.campaign is None:
        next_step = f"`gonogo projects generate {quote(project)}` makes tasks of what its policy wants."
        return replace(stored, notes=(next_step,))
    body = options.setup.request(options.campaign)
    try:
        campaign = existing or await client.create_campaign_in_project(project_id, body)
    except ConflictError as error:
        raise _name_taken(error, "campaign", options.campaign) from None
    settings = options.setup.extensions()
    if existing is None and settings:  # before gold is made of what is equal in its unit
        await client.update_settings(campaign.id, CampaignSettings.model_validate(settings))
    tasks = await _make_tasks(client, campaign, run_id, spool, report)
    return replace(
        stored,
        campaign=campaign.name or options.campaign,
        campaign_id=campaign.id,
        campaign_new=existing is None,
        n_tasks=tasks.n_tasks,
        n_gold=tasks.n_gold,
        updates=tasks.updates,
        n_merged=tasks.n_merged,
    )


async def _find_or_make_project(
    client: GonogoClient, options: ImportOptions, campaign: LabelingCampaignPublic | None
) -> tuple[str, str, bool]:
    """Id and name of the project for the predictions, and whether it is new."""
    name = options.project or options.campaign or ""
    projects = await all_projects(client)
    if campaign and campaign.project_id:
        own = next((item for item in projects if item.id == campaign.project_id), None)
        if own and options.project and options.project not in (own.id, own.name):
            raise InvalidInputError(
                f"Campaign {options.campaign!r} belongs to project {own.name!r}, not {options.project!r}.",
                next_step="Leave out the project, or choose another campaign.",
            )
        return campaign.project_id, (own.name if own else None) or name, False
    matches = [item for item in projects if name in (item.id, item.name)]
    if len(matches) > 1:
        raise ambiguous_name_error("project", name, [item.id for item in matches])
    if matches:
        return matches[0].id, matches[0].name or name, False
    try:
        return (await client.create_project(LabelingProjectCreate(name=name))).id, name, True
    except ConflictError as error:
        raise _name_taken(error, "project", name) from None


def _name_taken(error: ConflictError, noun: str, name: str) -> ConflictError:
    """The error for a name that was free a moment ago, and that another import took since."""
    error.message = f"Another import has just made {noun} {name!r}."
    error.next_step = "Run the same import again: it goes on with what is there, and doubles nothing."
    return error


async def _store_drawings(
    client: GonogoClient, drawings: tuple[Drawing, ...], report: ReportProgress, *, batched: bool
) -> tuple[dict[Drawing, str], int]:
    """Sends each drawing once; returns the part revision of each, and how many the server did not have."""
    revisions: dict[Drawing, str] = {}
    n_new = 0
    for batch in drawing_batches(drawings) if batched else ([item] for item in drawings):
        files = await asyncio.to_thread(_read_files, batch)
        if len(files) > 1:
            stored = (await store_drawings(client, files)).data
        else:
            ((part, name, data),) = files
            stored = [await client.store_drawing(part, name, media_type_of(data[:1024], Path(name).suffix), data)]
        revisions |= {drawing: item.part_revision_id for drawing, item in zip(batch, stored, strict=True)}
        n_new += sum(item.created for item in stored)
        report("drawings", len(revisions), len(drawings))
    return revisions, n_new


def _read_files(drawings: list[Drawing]) -> list[tuple[str, str, bytes]]:
    return [(part, path.name, path.read_bytes()) for part, path in drawings]


async def _store_predictions(
    client: GonogoClient, project_id: str, spool: Spool, revisions: Mapping[Drawing, str], report: ReportProgress
) -> tuple[str, int, int]:
    """Sends the spool batch by batch; returns the id of the run, and how many predictions are new and known."""
    run_id, done, new, known = "", 0, 0, 0
    head = as_bytes({"project_id": project_id, "run": spool.run})[:-1] + b',"predictions":['
    for number, batch in enumerate(batches(spool.predictions(revisions)), 1):
        body = head + b",".join(batch) + b"]}"
        stored = await client.call(PredictionsStored, "POST", f"{GONOGO}/predictions", body=body)
        run_id, new, known = stored.calculation_id, new + stored.n_new, known + stored.n_known
        done += len(batch)
        if number % COLLECTED_EVERY == 0:
            gc.collect()
        report("predictions", done, spool.n_good)
    return run_id, new, known


async def _make_tasks(
    client: GonogoClient, campaign: LabelingCampaignPublic, run_id: str, spool: Spool, report: ReportProgress
) -> TasksMade:
    """Makes all tasks of the run, some thousand a request. An error in the middle says how many are made."""
    gold, update = spool.options.gold_from_truth, spool.options.update
    merging = {"merge_readings": True} if spool.options.merge_readings else {}
    total = TasksMade(n_tasks=0, n_gold=0, n_skipped=0, updates=TaskUpdates() if update else None)
    after: str | None = None
    while True:
        body = TasksFromPredictions(
            calculation_id=run_id, gold_from_truth=gold, update=update, limit=TASKS_A_REQUEST, after=after, **merging
        )
        try:
            made = await client.tasks_from_predictions(campaign.id, body)
        except GonogoClientError as error:
            if isinstance(error, ConflictError) and error.reason in _NO_UPDATE:
                error.next_step = "No question was changed. Import the file into another --campaign, without --update."
                raise
            error.next_step = (
                f"Campaign {campaign.name!r} has {total.n_tasks + total.n_gold} new tasks of {spool.n_good}, and "
                f"people can work on these. Run the same import again: it goes on, and doubles nothing. "
                f"{error.next_step}"
            ).strip()
            raise
        total = TasksMade(
            n_tasks=total.n_tasks + made.n_tasks,
            n_gold=total.n_gold + made.n_gold,
            n_skipped=total.n_skipped + made.n_skipped,
            updates=_sum_of_updates(total.updates, made.updates),
            n_merged=total.n_merged + made.n_merged,
        )
        done = total.n_tasks + total.n_gold + sum((total.updates or TaskUpdates()).model_dump().values())
        report("tasks", done, done if made.next is None else max(spool.n_good, done + 1))
        if made.next is None:
            return total
        after = made.next


def _sum_of_updates(first: TaskUpdates | None, second: TaskUpdates | None) -> TaskUpdates | None:
    if first is None or second is None:
        return first or second
    return TaskUpdates(**{name: number + getattr(second, name) for name, number in first.model_dump().items()})
