"""JSON Lines writer: exports one object a line, as the server has it."""

from __future__ import annotations

from pathlib import Path

from gonogo.transfer.exporting.registry import OutputStream, Record, exporter
from gonogo.transfer.exporting.value_text import compact_json


@exporter("jsonl", "JSON Lines", place=0)
class JsonLinesWriter:
    """Writer of one JSON object a line."""

    def __init__(self, out: OutputStream, drawings: Path | None = None) -> None:
        self.notes: list[str] = []
        self._out = out

    def add(self, record: Record) -> None:
        self._out.write(compact_json(record).encode() + b"\n")

    def close(self) -> None:
        pass
