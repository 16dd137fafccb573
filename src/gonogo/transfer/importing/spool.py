"""The first half of an import: the file is read once, checked, and put aside in the form in which it will be sent.

What is put aside is a temporary file, so that memory stays flat however long the file is, that what was checked is
what is sent, and that nothing at all is sent before the last line was seen.
"""

from __future__ import annotations

import hashlib
import math
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from gonogo.schemas.gonogo_api import Prediction
from gonogo.transfer.importing.drawings import ImportDrawings
from gonogo.transfer.importing.formats import CsvMapping, form_of, records
from gonogo.transfer.importing.jsonl import BadLine, ImportLine, Reader

MAX_BATCH: Final = 1000
MAX_BATCH_BYTES: Final = 950_000
"""A body over 1 MB is not replayed by the server, so a lost answer could not be asked for again."""
MAX_DRAWINGS: Final = 100
MAX_DRAWINGS_BYTES: Final = 4_000_000
"""Of the drawings sent together: they are all in memory, here and at the server."""

Report = Callable[[str, int, int], None]
"""Told what is going on: what ("read", "drawings", "predictions", "tasks"), how many are done, of how many (or 0)."""
Drawing = tuple[str, Path]
"""Part and file."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What to import, and into what. `drawings` is beside the file, and `project` called as the campaign, if `None`.

    Without a `campaign` the predictions are only stored, in `project`, for tasks to be generated from.
    """

    file: Path
    campaign: str | None
    drawings: Path | None = None
    project: str | None = None
    gold_from_truth: bool = False
    skip_bad: bool = False
    form: str | None = None
    mapped: CsvMapping | None = None
    dry_run: bool = False

    @property
    def run(self) -> str:
        """What the prediction run is called: as the file, so that a second import joins it."""
        return self.file.resolve().name[:200]


@dataclass(frozen=True, slots=True)
class Spool:
    """A file that was read once: what must be known of it before anything is sent, and its good lines put aside.

    A context manager: the temporary file goes when it is left.
    """

    options: ImportOptions
    n_good: int
    bad: tuple[BadLine, ...]
    drawings: tuple[Drawing, ...]
    _left_out: frozenset[int]
    _truths: array[int]
    _spool: BinaryIO

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def predictions(self, revisions: Mapping[Drawing, str]) -> Iterator[bytes]:
        """The good ones as JSON, each with the part revision that `revisions` has for its drawing."""
        heads = [
            b'{"part_revision_id":"' + revisions[drawing].encode() + b'",' if drawing in revisions else b"{"
            for drawing in self.drawings
        ]
        self._spool.seek(0)
        for index, line in enumerate(self._spool):
            if index not in self._left_out:
                drawing, _, body = line.partition(b"\t")
                yield (heads[int(drawing)] + body[1:-1]) if drawing else body[:-1]

    def gold(self, gold_fraction: float | None) -> Callable[[Prediction], bool]:
        """Which predictions become gold: as on our own server, a share of all (at least a tenth), from those with a
        truth, because gold needs ordinary work to hide in. The same file gives the same ones."""
        wanted = math.ceil(max(gold_fraction or 0.0, 0.1) * self.n_good)
        chosen = sorted(set(self._truths))[:wanted]
        return lambda item: item.truth is not None and bool(chosen) and _digest(item.id) <= chosen[-1]


def scan(options: ImportOptions, report: Report) -> Spool:
    """Reads the file once; in memory stay a few bytes of each line.

    Raises:
        OSError: the file or the drawings folder cannot be read, or there is no room to put it aside (`TMPDIR`).
        BadFileError: it is not of its form.
    """
    beside = options.file if options.file.is_dir() else options.file.parent
    reader = Reader(ImportDrawings(options.drawings or beside))
    raw = records(options.file, options.form or form_of(options.file), options.mapped)
    drawings: dict[Drawing, int] = {}
    truths = array("Q")
    spool = tempfile.TemporaryFile(prefix="gonogo-import-")  # noqa: SIM115 - the Scan closes it
    try:
        n_read = 0
        for line in reader.good_lines(raw):
            n_read += 1
            drawing = _drawing(line)
            number = b"" if drawing is None else b"%d" % drawings.setdefault(drawing, len(drawings))
            spool.write(number + b"\t" + _as_json(line.prediction) + b"\n")
            if options.gold_from_truth and line.prediction.truth is not None:
                truths.append(_digest(line.prediction.id))
            if n_read % MAX_BATCH == 0:
                report("read", n_read, 0)
        report("read", n_read, n_read)
        again = reader.repeated()
        bad = tuple(reader.bad_lines(again))
        return Spool(options, n_read - len(again), bad, tuple(drawings), frozenset(again), truths, spool)
    except BaseException:
        spool.close()
        raise


def _drawing(line: ImportLine) -> Drawing | None:
    """What to send for a line; a line that names a revision itself has its drawing there."""
    if line.drawing is None or line.prediction.part_revision_id:
        return None
    return line.prediction.part or line.drawing.stem, line.drawing


def _as_json(prediction: Prediction) -> bytes:
    found: Any = prediction.__pydantic_serializer__.to_json(prediction, exclude_none=True)
    return bytes(found)


def _digest(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])


def batches(items: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Pieces of at most `MAX_BATCH` items, and `MAX_BATCH_BYTES` with the commas between them."""
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
    """Pieces of at most `MAX_DRAWINGS`, whose files have `MAX_DRAWINGS_BYTES` or are one file."""
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
