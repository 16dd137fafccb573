"""Shards of a dataset: the Parquet files of each split, written in turn, and named when their number is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

SHARD_BYTES: Final = 500_000_000
"""Bytes from which a file is ended; `datasets` writes its own as large."""
ROWS_A_GROUP: Final = 1_000
ROWS_A_GROUP_WITH_IMAGES: Final = 100
"""As the library has it: reading one row loads the pictures of its group."""


@dataclass(slots=True)
class Split:
    """Split of a dataset: what stands in it, for the card."""

    name: str
    n_rows: int = 0
    n_bytes: int = 0
    parts: set[str] = field(default_factory=set)
    verdicts: Counter[str] = field(default_factory=Counter)
    files: list[Path] = field(default_factory=list)


class SplitWriter:
    """Writer of one split's files into `folder`; needs pyarrow."""

    def __init__(self, folder: Path, name: str, arrow: Any, schema: Any, rows_a_group: int) -> None:
        self.split = Split(name)
        self._folder, self._arrow, self._schema, self._rows_a_group = folder, arrow, schema, rows_a_group
        self._rows: list[list[object]] = []
        self._file: Any = None

    def add(self, row: list[object]) -> None:
        self._rows.append(row)
        self.split.n_rows += 1
        if len(self._rows) == self._rows_a_group:
            self._flush()

    def close(self) -> None:
        """Ends the last file, and gives all of them their names."""
        self._flush()
        self._end_file()
        n_files = len(self.split.files)
        for number, path in enumerate(self.split.files):
            final = self._folder / f"{self.split.name}-{number:05d}-of-{n_files:05d}.parquet"
            self.split.files[number] = path.rename(final)

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._file is None:
            path = self._folder / f"{self.split.name}-{len(self.split.files):05d}.parquet"
            self.split.files.append(path)
            self._file = self._arrow.parquet.ParquetWriter(path, self._schema, compression="zstd")
        columns = zip(zip(*self._rows, strict=True), self._schema, strict=True)
        arrays = [self._arrow.array(column, field.type) for column, field in columns]
        table = self._arrow.Table.from_arrays(arrays, schema=self._schema)
        self._file.write_table(table)
        self.split.n_bytes += table.nbytes
        self._rows = []
        if self.split.files[-1].stat().st_size >= SHARD_BYTES:
            self._end_file()

    def _end_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
