"""Export of a campaign as a dataset folder: Parquet files, split by part, and the card beside them.

The folder is written beside its place under another name, and renamed when it is whole.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic_core import from_json

from gonogo.client.errors import InvalidInputError, MissingPackageError, NotFoundError, PermissionDeniedError
from gonogo.client.lead_client import LeadClient
from gonogo.client.page_reader import read_all
from gonogo.schemas.labeling import LabelingCampaignPublic, QualityReport
from gonogo.sheets.drawing_service import DrawingService
from gonogo.transfer.exporting.datasets_folder.card import CardFacts, card_text
from gonogo.transfer.exporting.datasets_folder.columns import (
    IMAGE_COLUMNS,
    TASK_COLUMNS,
    Pseudonyms,
    arrow_schema,
    row_of,
    settled_verdict,
)
from gonogo.transfer.exporting.datasets_folder.crops import CropMaker
from gonogo.transfer.exporting.datasets_folder.shards import (
    ROWS_A_GROUP,
    ROWS_A_GROUP_WITH_IMAGES,
    Split,
    SplitWriter,
)
from gonogo.transfer.exporting.datasets_folder.splits import WHOLE, Shares, part_of, split_of
from gonogo.transfer.exporting.export_campaign import record_pieces
from gonogo.transfer.exporting.registry import Record
from gonogo.transfer.progress_callback import ReportProgress, no_progress

DATASETS: Final = "datasets"
"""Name of the format."""
_OURS: Final = frozenset({"README.md", "data", ".gitattributes"})
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class DatasetOptions:
    """Options of a dataset: only what was promoted, the splits, and the drawings for crops (`None`: no crops)."""

    golden: bool = False
    shares: Shares = WHOLE
    drawings: DrawingService | None = None


@dataclass(frozen=True, slots=True)
class DatasetResult:
    """Result of the export: rows by split, hidden gold that was left out, and what is missing, in sentences."""

    n_tasks: int
    splits: dict[str, int]
    n_gold: int = 0
    notes: tuple[str, ...] = ()


async def export_datasets(
    client: LeadClient,
    campaign: LabelingCampaignPublic,
    folder: Path,
    options: DatasetOptions = DatasetOptions(),
    report: ReportProgress = no_progress,
    *,
    overwrite: bool = False,
) -> DatasetResult:
    """Writes the campaign's tasks, hidden gold left out, into `folder`.

    Raises:
        InvalidInputError: there are no rows; or the folder holds something, and `overwrite` is off or it is no dataset.
        MissingPackageError: pyarrow is not installed.
        GonogoClientError: nothing more comes; the folder is as it was.
        OSError: it cannot be written.
    """
    arrow = _pyarrow()
    check_folder(folder, overwrite=overwrite)
    with _new_folder(folder) as scratch:
        (scratch / "data").mkdir()
        rows = _DatasetRows(arrow, scratch / "data", options)
        notes: list[str] = []
        async with aclosing(await record_pieces(client, campaign, golden=options.golden, notes=notes)) as pieces:
            async for piece in pieces:
                for line in piece.splitlines():
                    await rows.add(from_json(line))
                    if rows.n_rows % 100 == 0:
                        report("tasks", rows.n_rows, 0)
        splits = await asyncio.to_thread(rows.close)
        report("tasks", rows.n_rows, rows.n_rows)
        if not rows.n_rows:
            what = "is promoted yet" if options.golden else "is in this campaign but hidden gold, if any"
            raise InvalidInputError(f"Nothing {what}; nothing was written.", next_step="Come back when there is.")
        facts = await _facts(client, campaign, options, rows, splits)
        await asyncio.to_thread((scratch / "README.md").write_text, card_text(facts), "utf-8")
    empty = [name for name, _share in options.shares if name not in {split.name for split in splits}]
    if empty and len(options.shares) > 1:
        notes.append(f"No part fell into {' and '.join(empty)}: there are too few parts for this --split.")
    sizes = {split.name: split.n_rows for split in splits}
    return DatasetResult(rows.n_rows, sizes, rows.n_gold, (*notes, *rows.image_notes()))


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Raises `InvalidInputError` unless a dataset may be put there."""
    if folder.is_file():
        raise InvalidInputError(f"{folder} is a file; a dataset is a folder.", next_step="Name another --out.")
    if folder.is_mount():
        raise InvalidInputError(
            f"{folder} is mounted, so it can't be replaced as a whole; nothing was written.",
            next_step=f"Name a folder in it, such as {folder / 'dataset'}.",
        )
    content = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if content and not overwrite:
        raise InvalidInputError(
            f"{folder} is not empty; nothing was written.", next_step="Name another --out, or add --overwrite."
        )
    strange = sorted(content - _OURS)
    if not strange and (folder / "data").is_dir():
        strange = sorted(f"data/{path.name}" for path in (folder / "data").iterdir() if path.suffix != ".parquet")
    if strange:
        raise InvalidInputError(
            f"{folder} holds {strange[0]}, which is no part of a dataset; nothing was written.",
            next_step="Name another --out.",
        )


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` that takes its place at the end, and is deleted after an error."""
    target = folder.resolve()
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        yield scratch
        scratch.chmod(0o755)
        if target.is_dir() and any(target.iterdir()):
            old = scratch.with_suffix(".old")
            target.rename(old)
            scratch.rename(target)
            shutil.rmtree(old)
        else:
            if target.is_dir():
                target.rmdir()
            scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class _DatasetRows:
    """Rows of a dataset on their way into the files of its splits."""

    def __init__(self, arrow: Any, folder: Path, options: DatasetOptions) -> None:
        self.columns = (*IMAGE_COLUMNS, *TASK_COLUMNS) if options.drawings is not None else TASK_COLUMNS
        self.people = Pseudonyms()
        self.n_rows = self.n_gold = 0
        self._shares = options.shares
        self._crops = CropMaker(options.drawings) if options.drawings is not None else None
        schema = arrow_schema(arrow, self.columns)
        rows_a_group = ROWS_A_GROUP if self._crops is None else ROWS_A_GROUP_WITH_IMAGES
        self._writers = {
            name: SplitWriter(folder, name, arrow, schema, rows_a_group) for name, _share in options.shares
        }

    async def add(self, record: Record) -> None:
        if record.get("is_gold"):
            self.n_gold += 1
            return
        own: dict[str, object] = {"votes": self.people.votes(record)}
        if self._crops is not None:
            crop = await self._crops.crop(record)
            path = f"{record['task_id']}.png"
            own["image"] = None if crop is None else {"bytes": crop.png, "path": path}
            own["image_box"] = None if crop is None else crop.shown
        part = part_of(record)
        writer = self._writers[split_of(part, self._shares)]
        writer.add(row_of(record, self.columns, own))
        writer.split.parts.add(part)
        verdict = settled_verdict(record)
        if verdict is not None:
            writer.split.verdicts[verdict] += 1
        self.n_rows += 1

    def close(self) -> list[Split]:
        """Ends the files; returns the splits that have rows."""
        for writer in self._writers.values():
            writer.close()
        return [writer.split for writer in self._writers.values() if writer.split.n_rows]

    @property
    def n_without_image(self) -> int | None:
        return None if self._crops is None else self._crops.missing.total()

    def image_notes(self) -> list[str]:
        if self._crops is None:
            return []
        reasons = self._crops.missing.most_common()
        notes = [f"{number} without an image: {reason}" for reason, number in reasons[:_SHOWN]]
        rest = sum(number for _reason, number in reasons[_SHOWN:])
        return [*notes, f"{rest} more without an image."] if rest else notes


async def _facts(
    client: LeadClient,
    campaign: LabelingCampaignPublic,
    options: DatasetOptions,
    rows: _DatasetRows,
    splits: list[Split],
) -> CardFacts:
    has_extensions = await client.capabilities() is not None
    runs: list[str] = []
    if has_extensions:
        campaign = await client.campaign_detail(campaign.id)
        project_id = campaign.project_id
        if project_id is not None:
            listed = await read_all(lambda limit, cursor: client.list_runs(project_id, limit=limit, cursor=cursor))
            runs = [str(run.run) for run in reversed(listed)]
    return CardFacts(
        campaign=campaign,
        columns=rows.columns,
        splits=splits,
        n_gold=rows.n_gold,
        n_annotators=len(rows.people),
        golden=options.golden,
        runs=runs,
        quality=await _quality(client, campaign.id),
        n_without_image=rows.n_without_image,
    )


async def _quality(client: LeadClient, campaign_id: str) -> QualityReport | None:
    try:
        return await client.campaign_quality(campaign_id)
    except (NotFoundError, PermissionDeniedError):  # a server without it, or a key that may not ask
        return None


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet  # type: ignore[import-untyped,unused-ignore]  # an extra; named below if absent
    except ModuleNotFoundError:
        raise MissingPackageError(
            "A dataset needs the package pyarrow, which is not installed.",
            next_step="pip install pyarrow, or export as csv or jsonl.",
        ) from None
    return pyarrow
