"""CSV writer: exports one task a row for spreadsheets, in UTF-8 with a byte order mark and commas."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from gonogo.transfer.exporting.record_table import COLUMNS, table_row
from gonogo.transfer.exporting.registry import OutputStream, Record, exporter

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_BUFFER_CHARACTERS: Final = 100_000


@exporter("csv", "CSV", place=1)
class CsvWriter:
    """Writer of a table.

    A text that a spreadsheet would run as a formula (it begins with `=`, `+`, `-`, `@`, a tab) gets a `'` in front,
    which spreadsheets hide and our import takes off again; numbers stay as they are.
    """

    def __init__(self, out: OutputStream, drawings: Path | None = None) -> None:
        self.notes: list[str] = []
        self._out = out
        self._buffer = io.StringIO(newline="")
        self._rows = csv.writer(self._buffer, lineterminator="\r\n")
        out.write(b"\xef\xbb\xbf")
        self._rows.writerow(COLUMNS)

    def add(self, record: Record) -> None:
        self._rows.writerow([_cell(value) for value in table_row(record)])
        if self._buffer.tell() > _BUFFER_CHARACTERS:
            self._flush()

    def close(self) -> None:
        self._flush()

    def _flush(self) -> None:
        self._out.write(self._buffer.getvalue().encode())
        self._buffer.seek(0)
        self._buffer.truncate()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
