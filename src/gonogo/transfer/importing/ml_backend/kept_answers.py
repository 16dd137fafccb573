"""Kept answers of an ML backend: what a run got before it was interrupted or refused, so that the next one goes on.

Only for a backend that says its `model_version`: another model's answers are never taken for its own. They lie in the
cache, by address, configuration and version, until an import with them is done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from gonogo.json_types import JsonObject, JsonValue, as_object
from gonogo.sheets.private_folder import private_folder
from gonogo.transfer.importing.ml_backend.sheet_pictures import Sheet


class KeptAnswers:
    """Answers in one file; a context manager. Without a `folder` nothing is kept. Raises `OSError`."""

    def __init__(self, folder: Path | None, *asked_by: str) -> None:
        """`asked_by` is what another run must have in common: address, configuration, version; none may be empty."""
        self._file: TextIO | None = None
        self._path: Path | None = None
        self._answers: dict[str, JsonObject] = {}
        if folder is not None and all(asked_by):
            name = hashlib.sha256("\n".join(asked_by).encode()).hexdigest()[:32]
            self._path = private_folder(folder) / f"{name}.jsonl"
            self._answers = dict(_read(self._path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def find(self, sheet: Sheet, digest: str) -> JsonObject | None:
        """The answer for a sheet whose drawing has this SHA-256."""
        return self._answers.get(_key(sheet.drawing, sheet.page or 1, digest))

    def add(self, answer: JsonObject, digest: str) -> None:
        """Keeps an answer; it is in the file when this returns."""
        if self._path is not None:
            if self._file is None:
                self._file = self._path.open("a", encoding="utf-8")
            self._file.write(json.dumps({**answer, "digest": digest}) + "\n")
            self._file.flush()

    def drop(self, sheets: Iterable[Sheet]) -> None:
        """Forgets the answers for these sheets, which could not be used."""
        dropped = {(sheet.drawing, sheet.page or 1) for sheet in sheets}
        if self._path is None or not dropped:
            return
        lines = self._path.read_text("utf-8").splitlines(keepends=True) if self._path.exists() else []
        kept = [
            line for line in lines if not dropped & {(answer["drawing"], answer["page"]) for answer in _parsed(line)}
        ]
        self._path.write_text("".join(kept), "utf-8")

    def forget(self) -> None:
        """Deletes the file."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _read(path: Path) -> Iterator[tuple[str, JsonObject]]:
    """The answers of a file by their keys; half a line at its end is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        return
    for line in lines:
        for answer in _parsed(line):
            yield _key(answer["drawing"], answer["page"], answer.pop("digest", None)), answer


def _parsed(line: str) -> list[JsonObject]:
    """The answer of a line, if it is one."""
    try:
        answer = as_object(json.loads(line))
    except ValueError:
        return []
    return [answer] if {"drawing", "page", "number", "results", "frame"} <= answer.keys() else []


def _key(*parts: JsonValue) -> str:
    return json.dumps(parts)


def digest_of(path: Path) -> str:
    """SHA-256 of a file. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
