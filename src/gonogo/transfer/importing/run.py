"""From a file of predictions to a campaign people can work in. No click in here: the command calls it.

On our own server: project, drawings, predictions (a run named after the file), campaign, one task a prediction; each
step finds what an earlier run made, so that a second run adds nothing. A plain ARCNM server keeps no drawings and no
runs for us: there a new campaign gets the tasks, and what is missing is said.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote
from typing import Final

from gonogo.cli.lookup import all_projects, ambiguous, campaigns_called
from gonogo.client.errors import ConflictError, GonogoClientError, InvalidInputError
from gonogo.client.gonogo_api import GONOGO, GonogoClient
from gonogo.client.lead import store_drawings
from gonogo.client.requests import as_bytes
from gonogo.schemas.enums import CampaignStatus
from gonogo.schemas.gonogo_api import Prediction, PredictionsStored, TasksFromPredictions, TasksMade
from gonogo.schemas.labeling import (
    LabelingCampaignCreate,
    LabelingCampaignPublic,
    LabelingProjectCreate,
    LabelingTaskCreate,
    LabelingTasksCreate,
)
from gonogo.schemas.verdicts import Verdict
from gonogo.transfer.importing.drawings import content_type
from gonogo.transfer.importing.jsonl import BadLine
from gonogo.transfer.importing.spool import Drawing, ImportOptions, Report, Spool, batches, drawing_batches, scan

TASKS_A_REQUEST: Final = 2000
"""A server answers nobody else while it makes them."""
COLLECTED_EVERY: Final = 25
"""Batches of predictions from one run of the garbage collector to the next. An exchange leaves a cycle behind that
holds its body; with the collector held back (`bulk`) a million predictions would come to 300 MB."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What there is now and what of it is new. `imported` is false when bad lines kept everything out.

    `n_tasks` are the new ordinary tasks, `n_gold` the new gold ones beside them.
    """

    n_lines: int
    bad: tuple[BadLine, ...] = ()
    imported: bool = False
    project: str | None = None
    project_new: bool = False
    campaign: str = ""
    campaign_id: str = ""
    campaign_new: bool = False
    n_drawings: int = 0
    n_drawings_new: int = 0
    n_predictions_new: int = 0
    n_predictions_known: int = 0
    n_tasks: int = 0
    n_gold: int = 0
    dry_run: bool = False
    notes: tuple[str, ...] = field(default=())

    def sentences(self) -> list[str]:
        """The result for a person, bad lines not included."""
        if self.dry_run:
            left = f", {_count(len(self.bad), 'bad line')} left out" if self.bad else ""
            drawings = _count(self.n_drawings, "drawing")
            return [f"{_count(self.n_tasks, 'prediction')} on {drawings} would be imported{left}; nothing was sent."]
        if not self.imported:
            why = f"{len(self.bad)} of {self.n_lines} lines are bad" if self.n_lines else "the file has no lines"
            return [f"Nothing was imported: {why}."]
        new = {True: "new", False: "already there"}
        made = _count(self.n_tasks + self.n_gold, "new task") + (f", {self.n_gold} of them gold" if self.n_gold else "")
        said = [f"Campaign {self.campaign!r} ({new[self.campaign_new]}): {made}."] if self.campaign else []
        if self.project is not None:
            said.append(f"Project {self.project!r} ({new[self.project_new]}).")
        if self.n_drawings:
            said.append(f"{_count(self.n_drawings, 'drawing')}, {self.n_drawings_new} new.")
        if self.n_predictions_new or self.n_predictions_known:
            said.append(f"{self.n_predictions_new} new predictions, {self.n_predictions_known} already known.")
        if self.bad:
            said.append(f"{_count(len(self.bad), 'bad line')} left out.")
        return [*said, *self.notes]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _silent(what: str, done: int, total: int) -> None:
    """Nobody is listening."""


async def import_file(client: GonogoClient, options: ImportOptions, report: Report = _silent) -> ImportResult:
    """Import `options.file`, or nothing of it when it has a bad line and `skip_bad` is off.

    Raises:
        OSError: the file or the drawings folder cannot be read.
        BadFileError: the file is not of its form.
        InvalidInputError: campaign or project name cannot be used (ambiguous, closed).
        GonogoClientError: the server refused or went away; run again, what is in stays and is not doubled.
    """
    with await asyncio.to_thread(scan, options, report) as found:
        result = ImportResult(n_lines=found.n_good + len(found.bad), bad=found.bad)
        if not found.n_good or (found.bad and not options.skip_bad):
            return result
        if options.dry_run:
            return replace(result, dry_run=True, n_drawings=len(found.drawings), n_tasks=found.n_good)
        able = await client.capabilities()
        if able is None:
            return await _into_plain_server(client, options, found, result, report)
        return await _into_our_server(client, options, found, result, "drawings_batch" in able.extensions, report)


async def _into_our_server(
    client: GonogoClient, options: ImportOptions, scanned: Spool, result: ImportResult, at_once: bool, report: Report
) -> ImportResult:
    found = await _open_campaign(client, options.campaign) if options.campaign else None
    project_id, project, project_new = await _project(client, options, found)
    revisions, n_new = await _store_drawings(client, scanned.drawings, at_once, report)
    run_id, new, known = await _store_predictions(client, project_id, scanned, revisions, report)
    stored = replace(
        result,
        imported=True,
        project=project,
        project_new=project_new,
        n_drawings=len(revisions),
        n_drawings_new=n_new,
        n_predictions_new=new,
        n_predictions_known=known,
    )
    if options.campaign is None:
        next_step = f"`gonogo project generate {quote(project)}` makes tasks of what its policy wants."
        return replace(stored, notes=(next_step,))
    body = LabelingCampaignCreate(name=options.campaign)
    try:
        campaign = found or await client.create_campaign_in_project(project_id, body)
    except ConflictError as error:
        raise _made_meanwhile(error, "campaign", options.campaign) from None
    made = await _make_tasks(client, campaign, run_id, scanned, report)
    return replace(
        stored,
        campaign=campaign.name or options.campaign,
        campaign_id=campaign.id,
        campaign_new=found is None,
        n_tasks=made.n_tasks,
        n_gold=made.n_gold,
    )


async def _open_campaign(client: GonogoClient, name: str) -> LabelingCampaignPublic | None:
    """The campaign of this name, if there is one and it takes tasks."""
    found = await campaigns_called(client, name)
    if len(found) > 1:
        raise ambiguous("campaign", name, [item.id for item in found])
    if found and found[0].status not in (None, CampaignStatus.OPEN):
        raise InvalidInputError(
            f"Campaign {name!r} is {found[0].status} and takes no more tasks; nothing was imported.",
            next_step="Choose another name with --campaign.",
        )
    return found[0] if found else None


async def _project(
    client: GonogoClient, options: ImportOptions, campaign: LabelingCampaignPublic | None
) -> tuple[str, str, bool]:
    """Id and name of the project the predictions go to, and whether it was made for them."""
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
    found = [item for item in projects if name in (item.id, item.name)]
    if len(found) > 1:
        raise ambiguous("project", name, [item.id for item in found])
    if found:
        return found[0].id, found[0].name or name, False
    try:
        return (await client.create_project(LabelingProjectCreate(name=name))).id, name, True
    except ConflictError as error:
        raise _made_meanwhile(error, "project", name) from None


def _made_meanwhile(error: ConflictError, noun: str, name: str) -> ConflictError:
    """A name was free when it was looked for, and is now taken."""
    error.message = f"Another import has just made {noun} {name!r}."
    error.next_step = "Run the same import again: it goes on with what is there, and doubles nothing."
    return error


async def _store_drawings(
    client: GonogoClient, wanted: tuple[Drawing, ...], at_once: bool, report: Report
) -> tuple[dict[Drawing, str], int]:
    """Part revision of each drawing, each sent once, and how many the server did not have.

    `at_once`: the server takes several by one request.
    """
    revisions: dict[Drawing, str] = {}
    n_new = 0
    for some in drawing_batches(wanted) if at_once else ([item] for item in wanted):
        given = await asyncio.to_thread(_read, some)
        if len(given) > 1:
            stored = (await store_drawings(client, given)).data
        else:
            ((part, name, data),) = given
            stored = [await client.store_drawing(part, name, content_type(data[:1024], Path(name).suffix), data)]
        revisions |= {drawing: item.part_revision_id for drawing, item in zip(some, stored, strict=True)}
        n_new += sum(item.created for item in stored)
        report("drawings", len(revisions), len(wanted))
    return revisions, n_new


def _read(drawings: list[Drawing]) -> list[tuple[str, str, bytes]]:
    return [(part, path.name, path.read_bytes()) for part, path in drawings]


async def _store_predictions(
    client: GonogoClient, project_id: str, scanned: Spool, revisions: Mapping[Drawing, str], report: Report
) -> tuple[str, int, int]:
    """Id of the run, predictions new and known. The batches are sent as they lie in the spool."""
    run_id, done, new, known = "", 0, 0, 0
    head = as_bytes({"project_id": project_id, "run": scanned.options.run})[:-1] + b',"predictions":['
    for number, batch in enumerate(batches(scanned.predictions(revisions)), 1):
        body = head + b",".join(batch) + b"]}"
        stored = await client.call(PredictionsStored, "POST", f"{GONOGO}/predictions", body=body)
        run_id, new, known = stored.calculation_id, new + stored.n_new, known + stored.n_known
        done += len(batch)
        if number % COLLECTED_EVERY == 0:
            gc.collect()
        report("predictions", done, scanned.n_good)
    return run_id, new, known


async def _make_tasks(
    client: GonogoClient, campaign: LabelingCampaignPublic, run_id: str, scanned: Spool, report: Report
) -> TasksMade:
    """All tasks of the run, some thousand a request. A break in the middle says how far it came."""
    gold = scanned.options.gold_from_truth
    total = TasksMade(n_tasks=0, n_gold=0, n_skipped=0)
    after: str | None = None
    while True:
        wanted = TasksFromPredictions(calculation_id=run_id, gold_from_truth=gold, limit=TASKS_A_REQUEST, after=after)
        try:
            made = await client.tasks_from_predictions(campaign.id, wanted)
        except GonogoClientError as error:
            error.next_step = (
                f"Campaign {campaign.name!r} has {total.n_tasks + total.n_gold} new tasks of {scanned.n_good}, and "
                f"people can work on these. Run the same import again: it goes on, and doubles nothing. "
                f"{error.next_step}"
            ).strip()
            raise
        total = TasksMade(
            n_tasks=total.n_tasks + made.n_tasks,
            n_gold=total.n_gold + made.n_gold,
            n_skipped=total.n_skipped + made.n_skipped,
        )
        done = total.n_tasks + total.n_gold
        report("tasks", done, done if made.next is None else max(scanned.n_good, done + 1))
        if made.next is None:
            return total
        after = made.next


# --- a plain ARCNM server ---------------------------------------------------------------------------------


async def _into_plain_server(
    client: GonogoClient, options: ImportOptions, scanned: Spool, result: ImportResult, report: Report
) -> ImportResult:
    """Tasks straight into a new campaign: nothing there would tell a second import from more of the same."""
    if options.campaign is None:
        raise InvalidInputError(
            "This is a plain ARCNM server: it stores no predictions from here; nothing was imported.",
            next_step="Give a --campaign: its tasks are made at once.",
        )
    found = await _open_campaign(client, options.campaign)
    if found and found.task_count != 0:
        raise InvalidInputError(
            f"Campaign {options.campaign!r} already has tasks, and this server cannot tell which lines are among "
            "them; nothing was imported.",
            next_step="Choose another name with --campaign.",
        )
    campaign = found or await client.create_campaign(LabelingCampaignCreate(name=options.campaign))
    is_gold = scanned.gold(campaign.gold_fraction) if options.gold_from_truth else _none_is_gold
    done = n_gold = 0
    for batch in batches(scanned.predictions({})):
        tasks = [_as_task(Prediction.model_validate_json(item), is_gold) for item in batch]
        try:
            await client.create_tasks(campaign.id, LabelingTasksCreate(tasks=tasks))
        except GonogoClientError as error:
            if done:
                error.next_step = (
                    f"{done} of {scanned.n_good} tasks are in. Close campaign {options.campaign!r} and import again "
                    f"under another name. {error.next_step}"
                )
            raise
        done, n_gold = done + len(batch), n_gold + sum(task.is_gold for task in tasks)
        report("tasks", done, scanned.n_good)
    return replace(
        result,
        imported=True,
        campaign=campaign.name or options.campaign,
        campaign_id=campaign.id,
        campaign_new=found is None,
        n_tasks=done - n_gold,
        n_gold=n_gold,
        notes=tuple(_missing(options, scanned)),
    )


def _missing(options: ImportOptions, scanned: Spool) -> Iterator[str]:
    yield "This is a plain ARCNM server: it keeps no prediction runs, so a second import would be refused."
    if scanned.drawings:
        yield "It takes no drawings from here; annotators see those in the drawing folders of their settings."
    if options.project:
        yield "It has no way to put a campaign into a project, so the project was left out."


def _none_is_gold(item: Prediction) -> bool:
    return False


def _as_task(item: Prediction, is_gold: Callable[[Prediction], bool]) -> LabelingTaskCreate:
    fields = item.model_dump(exclude_none=True, exclude={"id", "part", "truth", "source"})
    if is_gold(item):
        from gonogo.values import equal  # needed for this one case only

        right = equal(item.predicted_value, item.truth).equal
        fields |= {"is_gold": True, "gold_answer": str(Verdict.CORRECT if right else Verdict.INCORRECT)}
    return LabelingTaskCreate(**fields)
