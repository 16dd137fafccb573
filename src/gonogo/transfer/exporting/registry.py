"""Registry of export formats: finds the writers in `writers/`, one module each, which register themselves with
`@exporter`.

All writers write the same bytes for the same records: fixed column order, nothing of the day or the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from gonogo.client.errors import MissingPackageError
from gonogo.transfer.exporting import writers

DEFAULT_FORMAT: Final = "jsonl"

Record = Mapping[str, Any]
"""One `schemas.export_records.ExportRecord` as parsed JSON."""


class OutputStream(Protocol):
    """A binary stream to write to."""

    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> None: ...


class Writer(Protocol):
    """Writer of records to a stream; `notes` lists as sentences what the format could not hold."""

    def add(self, record: Record) -> None: ...

    def close(self) -> None: ...

    @property
    def notes(self) -> list[str]: ...


MakeWriter = Callable[[OutputStream, Path | None], Writer]
"""Makes a writer to a stream; the path is the folder of the pictures, for formats that need their size."""
M = TypeVar("M", bound=MakeWriter)


class ExportFormat(NamedTuple):
    """Export format as the command line shows it.

    Attributes:
        name: On the command line.
        title: In sentences, such as "Parquet".
        place: Position in lists.
        make_writer: The class of the writer.
        package: The distribution it needs beyond gonogo's own dependencies, or `""`.
        binary: Not for a terminal or a pipe.
        needs_pictures: It writes more when it knows the size of each picture.
    """

    name: str
    title: str
    place: int
    make_writer: MakeWriter
    package: str = ""
    binary: bool = False
    needs_pictures: bool = False


_FORMATS: Final[dict[str, ExportFormat]] = {}


def exporter(
    name: str,
    title: str,
    *,
    place: int,
    package: str = "",
    binary: bool = False,
    needs_pictures: bool = False,
) -> Callable[[M], M]:
    """Decorator that registers a writer; see `ExportFormat`."""

    def register(make: M) -> M:
        _FORMATS[name] = ExportFormat(name, title, place, make, package, binary, needs_pictures)
        return make

    return register


@cache
def export_formats() -> dict[str, ExportFormat]:
    """All formats by name, in the order of their places. The first call imports the writers."""
    for module in iter_modules(writers.__path__):
        import_module(f"{writers.__name__}.{module.name}")
    return dict(sorted(_FORMATS.items(), key=lambda item: item[1].place))


def make_writer(format_name: str, out: OutputStream, drawings: Path | None = None) -> Writer:
    """The writer of a format; `drawings` is the folder of the pictures.

    Raises:
        MissingPackageError: the format needs a package that is not installed.
    """
    chosen = export_formats()[format_name]
    try:
        return chosen.make_writer(out, drawings)
    except ModuleNotFoundError:
        raise MissingPackageError(
            f"{chosen.title} needs the package {chosen.package}, which is not installed.",
            next_step=f"pip install {chosen.package}, or export as csv or jsonl.",
        ) from None
