"""Streaming JSON parser for large files: yields the elements of a top-level array, or of arrays in an object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn, TextIO, TypeGuard

from gonogo.json_types import JsonValue
from gonogo.schemas.strict_json import INT64
from gonogo.transfer.importing.records import BadFileError

MAX_ELEMENT: Final = 4_000_000
"""Longest element in characters: about what is in memory at a time."""
_CHUNK: Final = 256_000
_SPACE: Final = " \t\r\n"
_NUMBER: Final = ("", *"0123456789.eE+-")
_DECODER: Final = json.JSONDecoder()


def first_bytes(path: Path) -> bytes:
    """The beginning of a file, without byte order mark and white space. Raises `OSError`."""
    with path.open("rb") as file:
        return file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")


def is_number(value: object) -> TypeGuard[float]:
    """True for a float or an integer of 64 bits; one of thousands of digits cannot even be divided."""
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and value in INT64)


def stream_elements(
    path: Path, keys: frozenset[str], arrays: set[str] | None = None, *, chunk: int = _CHUNK
) -> Iterator[tuple[str, JsonValue]]:
    """Yields the elements of the arrays under these keys of an object, each with its key; of an array, under `""`.

    What stands under other keys is skipped. `arrays` gets the keys of all arrays in the file, empty ones too.

    Raises:
        OSError: the file cannot be read.
        BadFileError: it is not JSON, or has an element longer than `MAX_ELEMENT`. What came before is good.
    """
    with path.open("rb") as head:
        encoding = json.detect_encoding(head.read(8))
    with path.open(encoding=encoding, newline="") as file:
        document = _Document(path, file, chunk)
        try:
            yield from document.elements(keys, set() if arrays is None else arrays)
        except UnicodeDecodeError:
            document.refuse(f"it is not {encoding}")
        except RecursionError:
            document.refuse("it nests too deep")


class _Document:
    """Parser state: the part of the file that was read and not yet parsed, and its line number."""

    def __init__(self, path: Path, file: TextIO, chunk: int) -> None:
        self._path, self._file, self._chunk = path, file, chunk
        self._text, self._at, self._line = "", 0, 1
        self._ended = False

    def elements(self, keys: frozenset[str], arrays: set[str]) -> Iterator[tuple[str, JsonValue]]:
        first = self._next()
        if first == "[":
            arrays.add("")
            yield from (("", item) for item in self._array())
        elif first == "{":
            yield from self._object(keys, arrays)
        else:
            self.refuse("it is neither an array nor an object" if first else "it is empty")
        if self._next():
            self.refuse("there is more behind its end")

    def _object(self, keys: frozenset[str], arrays: set[str]) -> Iterator[tuple[str, JsonValue]]:
        self._at += 1
        while self._next() != "}":
            key = self._value()
            if not isinstance(key, str):
                self.refuse("an object has a key that is no text")
            self._expect(":")
            if self._next() == "[":
                if key in arrays:
                    self.refuse(f"{key!r} is there twice")
                arrays.add(key)
                for item in self._array():
                    if key in keys:
                        yield key, item
            else:
                self._value()
            if self._next() != "}":
                self._expect(",")
                if self._next() == "}":
                    self.refuse("an object ends with a comma")
        self._at += 1

    def _array(self) -> Iterator[JsonValue]:
        self._at += 1
        while self._next() != "]":
            yield self._value()
            if self._next() != "]":
                self._expect(",")
                if self._next() == "]":
                    self.refuse("an array ends with a comma")
        self._at += 1

    def _value(self) -> JsonValue:
        """Parses the value at the current position; reads more of the file while the value may be incomplete."""
        self._next()
        value: JsonValue
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended:
                    self.refuse(error.msg, error.pos)
            except ValueError:  # an integer of thousands of digits
                self.refuse("a number does not fit into 64 bits")
            else:
                if self._ended or self._text[end : end + 1] not in _NUMBER:  # 1. may become 1.5 yet
                    self._at = end
                    return value
            if len(self._text) - self._at > MAX_ELEMENT:
                self.refuse(f"it is damaged there, or one element is longer than {MAX_ELEMENT // 1_000_000} MB")
            self._read()

    def _next(self) -> str:
        """The next character that is not space, without consuming it; `""` at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._read()

    def _expect(self, character: str) -> None:
        if self._next() != character:
            self.refuse(f"{character!r} is missing" if self._next() else "it ends in the middle")
        self._at += 1

    def _read(self) -> None:
        self._line += self._text.count("\n", 0, self._at)
        # doubled each time, so that a long element is not parsed again and again from its beginning
        more = self._file.read(max(self._chunk, len(self._text) - self._at))
        self._text, self._at = self._text[self._at :] + more, 0
        self._ended = not more

    def refuse(self, why: str, at: int | None = None) -> NoReturn:
        line = self._line + self._text.count("\n", 0, self._at if at is None else at)
        raise BadFileError(
            f"{self._path} is not JSON as expected, in line {line}: {why}.", next_step="Nothing was imported."
        )
