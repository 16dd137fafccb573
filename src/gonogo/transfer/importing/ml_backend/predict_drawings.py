"""Prediction of drawings: asks an ML backend about each picture of a folder, then imports all that it read.

Its answers wait in a temporary file until the last drawing was asked about; only then anything goes to the server.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TextIO

from gonogo.client.errors import GonogoClientError, NetworkError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.ml_backend import MlBackend
from gonogo.json_types import JsonObject, as_object
from gonogo.schemas.counted_nouns import counted
from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.drawings_folder import DRAWING_SUFFIXES, PIXEL_IMAGES, DrawingFolder
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.label_studio_regions import first_prediction, region_records
from gonogo.transfer.importing.ml_backend.label_config import DEFAULT_CONFIG
from gonogo.transfer.importing.ml_backend.pictures import Pictures, open_pictures
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
    client: GonogoClient, source: BackendSource, options: ImportOptions, report: ReportProgress
) -> ImportResult:
    """Asks the backend about all pictures below `options.drawings`, and imports its readings.

    Raises:
        BadFileError: there is no picture in the folder, or the backend reads nothing on any.
        GonogoClientError: the backend is away or isn't one. For the rest see `import_file`.
    """
    folder = (options.drawings or options.file).resolve()
    pictures, left_out = await asyncio.to_thread(_find_pictures, folder)
    if not pictures:
        raise BadFileError(
            f"There is no PNG, JPEG or TIFF in {folder}; nothing was sent.",
            next_step="A backend takes pictures: export the sheets as PNG, or name another --drawings.",
        )
    relative = {path: path.relative_to(folder) for path in pictures}
    with tempfile.TemporaryDirectory(prefix="gonogo-") as scratch:
        answers = Path(scratch) / "answers"
        async with MlBackend(source.url, source.label_config) as backend:
            await backend.connect()
            with open_pictures(source.pictures, folder, backend.url) as given, answers.open("w") as file:
                await _ask(backend, source, relative, given, file, report)
            file_name = f"{backend.url.partition('://')[2]} {backend.model_version}".strip().translate(_UNSAFE)[:150]
        named = answers.rename(answers.with_name(file_name))
        result = await import_file(client, replace(options, file=named, drawings=folder, read=_read_answers), report)
    if not result.n_lines:
        raise BadFileError(
            f"The backend read nothing on {counted(len(pictures), 'picture')}; nothing was imported.",
            next_step="Check its model, and give it the --label-config that it was made for.",
        )
    return replace(result, notes=(*result.notes, *_notes(len(pictures), left_out, backend.model_version)))


def _find_pictures(folder: Path) -> tuple[list[Path], list[str]]:
    """The pictures below a folder, by name, and why other drawings are left out."""
    drawings = DrawingFolder(folder)
    pictures: list[Path] = []
    left_out: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in DRAWING_SUFFIXES):
        name = path.relative_to(folder).as_posix()
        drawing = drawings.find(name)
        if isinstance(drawing, str):
            left_out.append(drawing)
        elif drawings.media_type(drawing) not in PIXEL_IMAGES:
            left_out.append(f"drawing {name!r} is no PNG, JPEG or TIFF")
        else:
            pictures.append(folder / name)
    return pictures, left_out


def _notes(n_pictures: int, left_out: list[str], version: str) -> Iterator[str]:
    yield f"The backend looked at {counted(n_pictures, 'picture')}{f' (model {version})' if version else ''}."
    yield from (f"Left out: {reason}." for reason in left_out[:_SHOWN])
    if len(left_out) > _SHOWN:
        yield f"Left out: {counted(len(left_out) - _SHOWN, 'more drawing')}."


async def _ask(
    backend: MlBackend,
    source: BackendSource,
    pictures: Mapping[Path, Path],
    given: Pictures,
    file: TextIO,
    report: ReportProgress,
) -> None:
    """Writes an answer a line, or the reason why there is none. Raises `NetworkError` when the backend is away."""
    for number, (path, relative) in enumerate(pictures.items(), 1):
        line: JsonObject = {"drawing": relative.as_posix()}
        try:
            value = await asyncio.to_thread(given.value, path)
            line["results"] = await backend.predict(number, {source.picture_field: value})
        except NetworkError as error:
            error.message += f" It had looked at {number - 1} of {len(pictures)} pictures; nothing was imported."
            error.args = (error.message,)
            raise
        except (GonogoClientError, OSError) as error:
            line["error"] = f"{error} {given.hint(path)}".strip()
        line["model_version"] = backend.model_version
        file.write(json.dumps(line) + "\n")
        report("predicted", number, len(pictures))


def _read_answers(path: Path, _: CsvMapping | None = None) -> NumberedRecords:
    """Yields the readings; each has the number of its picture, from 1. The same reading twice is one."""
    with path.open() as lines:
        for number, text in enumerate(lines, 1):
            answer = json.loads(text)
            drawing = answer["drawing"]
            readings: set[str] = set()
            for record in _records(answer, number):
                if isinstance(record, BadLine):
                    yield number, BadLine(number, f"{drawing}: {record.reason}")
                elif isinstance(record, dict):
                    identity = json.dumps({**record, "predicted_confidence": None}, sort_keys=True)
                    if identity not in readings:
                        readings.add(identity)
                        yield number, record


def _records(answer: JsonObject, number: int) -> Iterator[RawRecord]:
    if isinstance(answer.get("error"), str):
        yield BadLine(number, f"no prediction: {answer['error']}")
        return
    results = answer["results"]
    if not results:
        return
    prediction = first_prediction(results)
    if prediction is None:
        yield BadLine(number, "the backend's answer has no list of results")
        return
    if prediction.get("task") not in (None, number):
        yield BadLine(number, f"the backend's answer is for task {as_object(prediction).get('task')!r}, not {number}")
        return
    drawing = str(answer["drawing"])
    fixed: JsonObject = {"drawing": drawing, "part": str(Path(drawing).with_suffix(""))}
    prediction = {"model_version": answer.get("model_version"), **prediction}
    for _region_id, record in region_records(prediction, number, fixed):  # ids of regions are drawn anew each time
        yield record
