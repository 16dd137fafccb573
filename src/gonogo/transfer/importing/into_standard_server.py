"""Import into a server that has only the standard ARCNM Labeling API, not gonogo's extensions: creates the tasks
directly in a new campaign.

Such a server keeps no runs for us, and nothing there tells a second import from more of the same. It keeps no drawings
from here either: each gets a part revision id by its content, which is remembered on this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from gonogo.client.errors import GonogoClientError, UnsupportedError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.desk.core.imported_drawings import ImportedDrawing, remember_drawings, revision_of
from gonogo.desk.core.state_store import StateStore
from gonogo.schemas.gonogo_api import Prediction
from gonogo.schemas.labeling import LabelingTaskCreate, LabelingTasksCreate
from gonogo.schemas.verdicts import Verdict
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.spool import Drawing, ImportOptions, Spool, batches
from gonogo.transfer.importing.target_campaign import find_open_campaign, require_same_setup
from gonogo.transfer.progress_callback import ReportProgress
from gonogo.values import equal


async def import_into_standard_server(
    client: GonogoClient, spool: Spool, result: ImportResult, report: ReportProgress, memory_file: Path | None = None
) -> ImportResult:
    """Imports the spool into an empty campaign; returns `result` with what was made. Raises as `import_file`."""
    options = spool.options
    if options.campaign is None:
        raise UnsupportedError(
            "This is a plain ARCNM server: it stores no predictions from here; nothing was imported.",
            next_step="Give a --campaign: its tasks are made at once.",
        )
    extra = [f"--{name.replace('_', '-')}" for name in options.setup.extensions() if name != "unit"]
    if extra:
        raise UnsupportedError(
            f"This is a plain ARCNM server: it has no {' and '.join(extra)}; nothing was imported.",
            next_step="Leave that out. --redundancy and --gold-fraction work there.",
        )
    known = spool.known_revisions()
    existing = await find_open_campaign(client, options.campaign)
    if existing and existing.task_count != 0:
        raise UnsupportedError(
            f"Campaign {options.campaign!r} already has tasks, and this server cannot tell which lines are among "
            "them; nothing was imported.",
            next_step="Choose another name with --campaign.",
        )
    if existing is not None:
        await require_same_setup(client, existing, replace(options.setup, unit=None))
    campaign = existing or await client.create_campaign(options.setup.request(options.campaign))
    revisions = await asyncio.to_thread(_revisions, spool.drawings, known, memory_file)
    is_gold = spool.gold(campaign.gold_fraction) if options.gold_from_truth else _none_is_gold
    done = n_gold = 0
    for batch in batches(spool.predictions(revisions)):
        tasks = [_as_task(Prediction.model_validate_json(item), is_gold, options.setup.unit or "") for item in batch]
        try:
            await client.create_tasks(campaign.id, LabelingTasksCreate(tasks=tasks))
        except GonogoClientError as error:
            if done:
                error.next_step = (
                    f"{done} of {spool.n_good} tasks are in. Close campaign {options.campaign!r} and import again "
                    f"under another name. {error.next_step}"
                )
            raise
        done, n_gold = done + len(batch), n_gold + sum(task.is_gold for task in tasks)
        report("tasks", done, spool.n_good)
    return replace(
        result,
        imported=True,
        campaign=campaign.name or options.campaign,
        campaign_id=campaign.id,
        campaign_new=existing is None,
        n_tasks=done - n_gold,
        n_gold=n_gold,
        n_drawings=len(revisions),
        n_drawings_new=len(revisions),
        notes=tuple(_limitations(options, spool, known)),
    )


def _revisions(
    drawings: tuple[Drawing, ...], known: dict[Drawing, str], memory_file: Path | None
) -> dict[Drawing, str]:
    """Returns the part revision of each drawing, and remembers where the drawings lie."""
    imported = {(part, path): ImportedDrawing(part, path, revision_of(path)) for part, path in drawings}
    revisions = {drawing: known.get(drawing, item.content) for drawing, item in imported.items()}
    if memory_file is not None:
        with contextlib.closing(StateStore(memory_file)) as store:
            remember_drawings(store, ((revisions[drawing], item) for drawing, item in imported.items()))
    return revisions


def _limitations(options: ImportOptions, spool: Spool, known: dict[Drawing, str]) -> Iterator[str]:
    yield "This is a plain ARCNM server: it keeps no prediction runs, so a second import would be refused."
    if len(known) < len(spool.drawings):
        yield (
            "It takes no drawings from here: this computer shows them from their folder; elsewhere people put copies "
            "into a folder that their settings name under drawing_folders."
        )
    if options.project:
        yield "It has no way to put a campaign into a project, so the project was left out."


def _none_is_gold(item: Prediction) -> bool:
    return False


def _as_task(item: Prediction, is_gold: Callable[[Prediction], bool], unit: str) -> LabelingTaskCreate:
    fields = item.model_dump(exclude_none=True, exclude={"id", "part", "truth", "source"})
    if is_gold(item):
        is_right = equal(item.predicted_value, item.truth, unit=unit).equal
        fields |= {"is_gold": True, "gold_answer": str(Verdict.CORRECT if is_right else Verdict.INCORRECT)}
    return LabelingTaskCreate(**fields)
