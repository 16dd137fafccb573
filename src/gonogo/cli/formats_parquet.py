"""Export as Parquet. Needs pyarrow, the extra `gonogo[parquet]`."""

from __future__ import annotations

from typing import Any, BinaryIO, Final

import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
import pyarrow.parquet as pq  # type: ignore[import-untyped,unused-ignore]

from gonogo.cli.formats import COLUMNS, Record, compact, flat

GROUP: Final = 10_000
"""Rows of one row group: what is kept in memory."""

_TYPES: Final[dict[str, Any]] = {
    "is_gold": pa.bool_(),
    "adjudicated": pa.bool_(),
    "predicted_confidence": pa.float64(),
    "agreement": pa.float64(),
    "posterior": pa.float64(),
    "drawing_bbox": pa.list_(pa.float64()),
} | {name: pa.int64() for name in COLUMNS if name.startswith("n_")}
SCHEMA: Final = pa.schema([(name, _TYPES.get(name, pa.string())) for name in COLUMNS])
"""Times and engineering values are text, the latter and the votes as JSON where they are more than text."""


class Parquet:
    """One row a task, compressed with zstd."""

    def __init__(self, out: BinaryIO) -> None:
        self.notes: list[str] = []
        self._rows: list[dict[str, Any]] = []
        self._file: Any = pq.ParquetWriter(out, SCHEMA, compression="zstd")

    def add(self, record: Record) -> None:
        row = flat(record) | {"drawing_bbox": record.get("drawing_bbox")}
        self._rows.append({name: _fit(name, value) for name, value in row.items()})
        if len(self._rows) == GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
            self._rows = []


def _fit(name: str, value: Any) -> Any:
    """Another server may answer a value that is no object; a text column takes any of them."""
    if value is None or name in _TYPES or isinstance(value, str):
        return value
    return compact(value)
