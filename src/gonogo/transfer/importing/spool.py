"""Spool file of an import: reads the file once, checks it, and stores each record as the JSON that will be sent.

It is a temporary file, so that memory stays flat however long the import is, that what was checked is what is sent,
and that nothing at all is sent before the last line was checked.
"""

from __future__ import annotations

import hashlib
import math
import sys
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from gonogo.client.errors import InvalidInputError
from gonogo.schemas.gonogo_api import Prediction
from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.drawings_folder import DrawingFolder
from gonogo.transfer.importing.records import BadLine, ImportLine, RecordReader
from gonogo.transfer.importing.registry import ReadRecords, read_records
from gonogo.transfer.importing.repeated_places import MOST_LINES, PlaceCounter, RepeatedPlaces
from gonogo.transfer.importing.target_campaign import CampaignSetup
from gonogo.transfer.progress_callback import ReportProgress

MAX_BATCH: Final = 1000
MAX_BATCH_BYTES: Final = 950_000
"""The server does not replay a body over 1 MB, so a lost answer could not be asked for again."""
MAX_DRAWINGS: Final = 100
MAX_DRAWINGS_BYTES: Final = 4_000_000
"""Bytes of the drawings of one request: all of them are in memory, here and on the server."""

Drawing = tuple[str, Path]
"""Part and path."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of an import. `drawings` is the folder of the file, and `project` named as the campaign, if `None`.

    `setup` are the settings of a new campaign. Without a `campaign` the predictions are only stored, in `project`, for
    tasks to be generated from. With `merge_readings` the readings of one place become one task.
    With `update` the open tasks of the same records ask about these predictions.
    `part_revisions` are ids of parts whose drawings the server has, by part. `read` reads a file of no known format.
    """

    file: Path
    campaign: str | None
    drawings: Path | None = None
    project: str | None = None
    gold_from_truth: bool = False
    update: bool = False
    merge_readings: bool = False
    skip_bad: bool = False
    format_name: str | None = None
    mapping: CsvMapping | None = None
    dry_run: bool = False
    setup: CampaignSetup = field(default_factory=CampaignSetup)
    part_revisions: Mapping[str, str] = field(default_factory=dict)
    read: ReadRecords | None = None


@dataclass(frozen=True, slots=True)
class Spool:
    """Spool of one file: counts, bad lines, drawings, places with several readings, and the good lines in a temporary
    file.

    A context manager; the temporary file is deleted at its end.
    """

    options: ImportOptions
    n_good: int
    bad: tuple[BadLine, ...]
    drawings: tuple[Drawing, ...]
    digest: str
    repeated: RepeatedPlaces
    _excluded: frozenset[int]
    _truth_hashes: array[int]
    _file: BinaryIO

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def run(self) -> str:
        """Name of the prediction run: that of the file, so that a second import joins it.

        An update has a run for each content: a file that a pipeline writes anew keeps its name and ids.
        """
        name = self.options.file.resolve().name
        return f"{name[:180]} {self.digest[:12]}" if self.options.update else name[:200]

    def predictions(self, revisions: Mapping[Drawing, str]) -> Iterator[bytes]:
        """Yields the good predictions as JSON, each with the part revision that `revisions` has for its drawing."""
        heads = [
            b'{"part_revision_id":"' + revisions[drawing].encode() + b'",' if drawing in revisions else b"{"
            for drawing in self.drawings
        ]
        self._file.seek(0)
        for index, line in enumerate(self._file):
            if index not in self._excluded:
                drawing, _, body = line.partition(b"\t")
                yield (heads[int(drawing)] + body[1:-1]) if drawing else body[:-1]

    def known_revisions(self) -> dict[Drawing, str]:
        """Returns the drawings whose part revision the options name.

        Raises:
            InvalidInputError: they name a part that no drawing of the file belongs to.
        """
        named = self.options.part_revisions
        missing = sorted(named.keys() - {part for part, _ in self.drawings})
        if missing:
            raise InvalidInputError(
                f"No drawing of this file belongs to part {missing[0]!r}; nothing was imported.",
                next_step=f"Its parts are {', '.join(sorted({part for part, _ in self.drawings})[:10]) or 'unnamed'}.",
            )
        return {drawing: named[drawing[0]] for drawing in self.drawings if drawing[0] in named}

    def gold(self, gold_fraction: float | None) -> Callable[[Prediction], bool]:
        """Returns a predicate for the predictions that become gold, as on our own server.

        A share of all (at least a tenth) from those with a truth: gold must hide among ordinary work. The choice is by
        hash of the id, so that the same file gives the same gold.
        """
        n_gold = math.ceil(max(gold_fraction or 0.0, 0.1) * self.n_good)
        chosen = sorted(set(self._truth_hashes))[:n_gold]
        return lambda item: item.truth is not None and bool(chosen) and _id_hash(item.id) <= chosen[-1]


def spool_file(options: ImportOptions, report: ReportProgress) -> Spool:
    """Reads and checks the file; keeps a few bytes of each line in memory.

    Raises:
        OSError: the file or the drawings folder cannot be read, or there is no room for the spool (`TMPDIR`).
        BadFileError: the file is not of its format.
    """
    folder = options.file if options.file.is_dir() else options.file.parent
    reader = RecordReader(DrawingFolder(options.drawings or folder))
    if options.read is not None:
        records = options.read(options.file, options.mapping)
    else:
        records = read_records(options.file, options.format_name, options.mapping)
    drawings: dict[Drawing, int] = {}
    truth_hashes, digest = array("Q"), hashlib.sha256()
    places = PlaceCounter(_lines_to_look_at(options))
    file = tempfile.TemporaryFile(prefix="gonogo-import-")  # noqa: SIM115 - the Spool closes it
    try:
        n_read = 0
        for line in reader.good_lines(records):
            places.add(n_read, line)
            n_read += 1
            drawing = _drawing_to_send(line)
            number = b"" if drawing is None else b"%d" % drawings.setdefault(drawing, len(drawings))
            data = _as_json(line.prediction)
            file.write(number + b"\t" + data + b"\n")
            if options.update:
                digest.update(data)
            if options.gold_from_truth and line.prediction.truth is not None:
                truth_hashes.append(_id_hash(line.prediction.id))
            if n_read % MAX_BATCH == 0:
                report("read", n_read, 0)
        report("read", n_read, n_read)
        duplicates = reader.duplicates()
        bad = tuple(reader.bad_lines(duplicates))
        n_good = n_read - len(duplicates)
        excluded, repeated = frozenset(duplicates), places.count(duplicates)
        return Spool(options, n_good, bad, tuple(drawings), digest.hexdigest(), repeated, excluded, truth_hashes, file)
    except BaseException:
        file.close()
        raise


def _lines_to_look_at(options: ImportOptions) -> int:
    """Number of lines whose places are counted: all where the count is the result, none where the server counts."""
    if options.merge_readings:
        return sys.maxsize if options.dry_run else 0
    return MOST_LINES


def _drawing_to_send(line: ImportLine) -> Drawing | None:
    """The drawing of a line; `None` for a line that names a part revision, which has its drawing on the server."""
    if line.drawing is None or line.prediction.part_revision_id:
        return None
    return line.prediction.part or line.drawing.stem, line.drawing


def _as_json(prediction: Prediction) -> bytes:
    data: bytes = prediction.__pydantic_serializer__.to_json(prediction, exclude_none=True)
    return bytes(data)


def _id_hash(prediction_id: str) -> int:
    return int.from_bytes(hashlib.sha256(prediction_id.encode()).digest()[:8])


def batches(items: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Batches of at most `MAX_BATCH` items, and `MAX_BATCH_BYTES` with the commas between them."""
    batch: list[bytes] = []
    size = 0
    for item in items:
        length = len(item) + 1
        if batch and (len(batch) == MAX_BATCH or size + length > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += length
    if batch:
        yield batch


def drawing_batches(drawings: Iterable[Drawing]) -> Iterator[list[Drawing]]:
    """Batches of at most `MAX_DRAWINGS`, whose files have `MAX_DRAWINGS_BYTES` together or are one file."""
    batch: list[Drawing] = []
    size = 0
    for drawing in drawings:
        length = drawing[1].stat().st_size
        if batch and (len(batch) == MAX_DRAWINGS or size + length > MAX_DRAWINGS_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(drawing)
        size += length
    if batch:
        yield batch
