"""Registry of import formats: finds the readers in `readers/`, one module each, which register themselves with
`@importer`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Final, NamedTuple

from gonogo.transfer.importing import readers
from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.records import NumberedRecords

DEFAULT_FORMAT: Final = "jsonl"

ReadRecords = Callable[[Path, CsvMapping | None], NumberedRecords]
"""Yields the raw records of a file. Raises `OSError`, and `BadFileError` when the file is not of the format at all."""
Sniff = Callable[[Path], bool]
"""Returns whether a file seems to be of the format, by its name or its first bytes. Raises `OSError`."""


class ImportFormat(NamedTuple):
    """Import format: its name on the command line, its place in help, its sniffer and its reader."""

    name: str
    place: int
    sniff: Sniff
    read: ReadRecords


_FORMATS: Final[dict[str, ImportFormat]] = {}


def importer(name: str, *, place: int, sniff: Sniff) -> Callable[[ReadRecords], ReadRecords]:
    """Decorator that registers a reader; `place` is the format's position in lists."""

    def register(read: ReadRecords) -> ReadRecords:
        _FORMATS[name] = ImportFormat(name, place, sniff, read)
        return read

    return register


@cache
def import_formats() -> dict[str, ImportFormat]:
    """All formats by name, in the order of their places. The first call imports the readers."""
    for module in iter_modules(readers.__path__):
        import_module(f"{readers.__name__}.{module.name}")
    return dict(sorted(_FORMATS.items(), key=lambda item: item[1].place))


def detect_format(path: Path) -> str:
    """Name of the first format whose sniffer accepts `path`, else JSON Lines. Raises `OSError`."""
    return next((item.name for item in import_formats().values() if item.sniff(path)), DEFAULT_FORMAT)


def read_records(path: Path, format_name: str | None = None, mapping: CsvMapping | None = None) -> NumberedRecords:
    """The records of `path`; without a name its format is detected. Raises as `ReadRecords`."""
    return import_formats()[format_name or detect_format(path)].read(path, mapping)
