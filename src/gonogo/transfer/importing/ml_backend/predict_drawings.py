"""Prediction of drawings: asks an ML backend about each sheet of a folder, then imports all that it read.

Its answers wait in a temporary file until the last drawing was asked about; only then anything goes to the server.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TextIO

from gonogo.client.errors import GonogoClientError, NetworkError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.ml_backend import MlBackend
from gonogo.json_types import JsonObject, as_numbers, as_object
from gonogo.schemas.counted_nouns import counted
from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.render_worker import RenderWorker
from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.label_studio_regions import first_prediction, region_records
from gonogo.transfer.importing.ml_backend.kept_answers import KeptAnswers, digest_of
from gonogo.transfer.importing.ml_backend.label_config import DEFAULT_CONFIG
from gonogo.transfer.importing.ml_backend.pictures import Pictures, open_pictures
from gonogo.transfer.importing.ml_backend.sheet_pictures import FULL, Sheet, find_sheets, on_page, render_sheet
from gonogo.transfer.importing.records import BadFileError, BadLine, NumberedRecords, RawRecord
from gonogo.transfer.importing.spool import ImportOptions
from gonogo.transfer.progress_callback import ReportProgress

_SHOWN: Final = 5
"""Drawings that are left out and named."""
_UNSAFE: Final = str.maketrans(dict.fromkeys('/\\:*?"<>|\0', "_"))


@dataclass(frozen=True, slots=True)
class BackendSource:
    """ML backend to ask: its address, the labeling configuration with the field of the picture, and the way there."""

    url: str
    label_config: str = DEFAULT_CONFIG
    picture_field: str = "image"
    pictures: str = "url"


async def import_predictions(
    client: GonogoClient,
    source: BackendSource,
    options: ImportOptions,
    report: ReportProgress,
    kept_in: Path | None = None,
) -> ImportResult:
    """Asks the backend about all sheets below `options.drawings`, and imports its readings.

    `kept_in` is the folder in which answers wait while their import is not done.

    Raises:
        BadFileError: there is no drawing in the folder, or the backend reads nothing on any.
        GonogoClientError: the backend is away or isn't one. For the rest see `import_file`.
    """
    folder = (options.drawings or options.file).resolve()
    with tempfile.TemporaryDirectory(prefix="gonogo-") as scratch:
        answers = Path(scratch) / "answers"
        async with AsyncExitStack() as stack:
            worker = None if source.pictures == "local-files" else RenderWorker(DrawingLimits())
            if worker is not None:
                stack.push_async_callback(worker.aclose)
            sheets, left_out = await find_sheets(folder, worker)
            if not sheets:
                raise BadFileError(
                    f"There is no drawing in {folder} that a backend could be shown; nothing was sent.",
                    next_step="Name the folder with --drawings.",
                )
            report("predicted", 0, len(sheets))  # before the first answer: it may take minutes
            backend = await stack.enter_async_context(MlBackend(source.url, source.label_config))
            await backend.connect()
            given = stack.enter_context(open_pictures(source.pictures, folder, backend.url))
            asked_by = (backend.url, source.label_config, backend.model_version)
            kept = stack.enter_context(KeptAnswers(kept_in, *asked_by))
            with answers.open("w") as file:
                n_kept = await _Asking(backend, source, given, worker, Path(scratch), kept).ask(sheets, file, report)
        file_name = f"{backend.url.partition('://')[2]} {backend.model_version}".strip().translate(_UNSAFE)[:150]
        named = answers.rename(answers.with_name(file_name))
        result = await import_file(client, replace(options, file=named, drawings=folder, read=_read_answers), report)
    if not result.n_lines:
        kept.forget()
        raise BadFileError(
            f"The backend read nothing on {counted(len(sheets), 'sheet')}; nothing was imported.",
            next_step="Check its model, and give it the --label-config that it was made for.",
        )
    if result.imported:
        kept.forget()
    else:
        kept.drop(sheets[line.number - 1] for line in result.bad)
    return replace(result, notes=(*result.notes, *_notes(len(sheets), n_kept, left_out, backend.model_version)))


def _notes(n_sheets: int, n_kept: int, left_out: list[str], version: str) -> Iterator[str]:
    before = f", {n_kept} of them in the run before" if n_kept else ""
    yield f"The backend looked at {counted(n_sheets, 'sheet')}{f' (model {version})' if version else ''}{before}."
    yield from (f"Left out: {reason}." for reason in left_out[:_SHOWN])
    if len(left_out) > _SHOWN:
        yield f"Left out: {counted(len(left_out) - _SHOWN, 'more drawing')}."


class _Asking:
    """Questions to the backend, a sheet at a time."""

    def __init__(
        self,
        backend: MlBackend,
        source: BackendSource,
        given: Pictures,
        worker: RenderWorker | None,
        scratch: Path,
        kept: KeptAnswers,
    ) -> None:
        self._backend, self._field, self._given = backend, source.picture_field, given
        self._worker, self._scratch, self._kept = worker, scratch, kept

    async def ask(self, sheets: Sequence[Sheet], file: TextIO, report: ReportProgress) -> int:
        """Writes an answer a line, or the reason why there is none; returns how many are of an earlier run.

        Raises `NetworkError` when the backend is away.
        """
        n_kept = 0
        for number, sheet in enumerate(sheets, 1):
            try:
                digest = await asyncio.to_thread(digest_of, sheet.path)
                line = self._kept.find(sheet, digest)
                n_kept += line is not None
                line = line or await self._asked_line(number, sheet, digest)
            except NetworkError as error:
                error.message += f" It had looked at {number - 1} of {len(sheets)} sheets; nothing was imported."
                error.args = (error.message,)
                raise
            file.write(json.dumps({**line, "name": sheet.name}) + "\n")
            report("predicted", number, len(sheets))
        return n_kept

    async def _asked_line(self, number: int, sheet: Sheet, digest: str) -> JsonObject:
        line: JsonObject = {"drawing": sheet.drawing, "page": sheet.page or 1, "number": number}
        line |= await self._answer(number, sheet)
        line["model_version"] = self._backend.model_version
        if "results" in line:
            self._kept.add(line, digest)
        return line

    async def _answer(self, number: int, sheet: Sheet) -> JsonObject:
        """The results for a sheet and where its page lies in the picture, or the `error`."""
        path, frame = sheet.path, FULL
        try:
            if sheet.page is not None and self._worker is not None:
                path = self._scratch / f"{sheet.path.stem}-{number}.png"
                rendered = await render_sheet(sheet, self._worker, path)
                if isinstance(rendered, str):
                    return {"error": f"it can't be rendered: {rendered}"}
                frame = rendered
            value = await asyncio.to_thread(self._given.value, path)
            results = await self._backend.predict(number, {self._field: value})
            return {"results": results, "frame": list(frame)}
        except NetworkError:
            raise
        except (GonogoClientError, OSError) as error:
            return {"error": f"no prediction: {error} {self._given.hint(path)}".strip()}
        finally:
            if path != sheet.path:
                path.unlink(missing_ok=True)


def _read_answers(path: Path, _: CsvMapping | None = None) -> NumberedRecords:
    """Yields the readings; each has the number of its sheet, from 1. The same reading twice is one."""
    with path.open() as lines:
        for number, text in enumerate(lines, 1):
            answer = json.loads(text)
            readings: set[str] = set()
            for record in _records(answer, number):
                if isinstance(record, BadLine):
                    yield number, BadLine(number, f"{answer['name']}: {record.reason}")
                elif isinstance(record, dict):
                    identity = json.dumps({**record, "predicted_confidence": None}, sort_keys=True)
                    if identity not in readings:
                        readings.add(identity)
                        yield number, record


def _records(answer: JsonObject, number: int) -> Iterator[RawRecord]:
    if isinstance(answer.get("error"), str):
        yield BadLine(number, str(answer["error"]))
        return
    results = answer["results"]
    if not results:
        return
    prediction = first_prediction(results)
    if prediction is None:
        yield BadLine(number, "the backend's answer has no list of results")
        return
    if prediction.get("task") not in (None, answer["number"]):
        asked = answer["number"]
        yield BadLine(number, f"the backend's answer is for task {as_object(prediction).get('task')!r}, not {asked}")
        return
    drawing = str(answer["drawing"])
    fixed: JsonObject = {"drawing": drawing, "part": str(Path(drawing).with_suffix("")), "page": answer["page"]}
    left, top, right, bottom = (float(number) for number in as_numbers(answer["frame"]))
    prediction = {"model_version": answer.get("model_version"), **prediction}
    for _region_id, record in region_records(prediction, number, fixed):  # ids of regions are drawn anew each time
        if isinstance(record, dict) and isinstance(record.get("bbox"), list):
            box = as_numbers(record["bbox"])
            if (left, top, right, bottom) != FULL and len(box) == 4:
                record["bbox"] = [*on_page(box, (left, top, right, bottom))]
        yield record
