"""Other programs' files as records of our import format, one by one, each with the number its reports name.

`jsonl` and `csv` are read line by line, `coco` and `labelstudio` element by element; `folder` is a folder of drawings
with one JSON file each. What cannot be turned into a record is a `BadLine`. This module has the CSV in it.
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from gonogo.transfer.importing.documents import coco, corners, folder, label_studio
from gonogo.transfer.importing.jsonl import KNOWN, BadFileError, BadLine, Raw, numbered_lines

FORMS: Final = ("jsonl", "csv", "coco", "labelstudio", "folder")
Numbered = Iterator[tuple[int, Raw]]

_TEXTS: Final = ("predicted_value", "truth")
_CORNERS: Final = ("x0", "y0", "x1", "y1")
_FORMULA_MARK: Final = ("'=", "'+", "'-", "'@", "'\t", "'\r")
_OPTIONS: Final = frozenset({"delimiter", "decimal", "bbox_form", "encoding"})
_ESCAPED: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class CsvMapping:
    """How the columns of a CSV become fields: the TOML file of `--mapping`.

    [columns]                      # our field = the column's name
    part = "Part No"
    predicted_value = "Reading"    # a text becomes {"text": …}
    bbox = ["x", "y", "w", "h"]
    [constants]                    # the same for every row
    bbox_unit = "px"
    [csv]
    delimiter = ";"
    decimal = ","
    bbox_form = "size"             # x, y, width, height; "corners" is x0, y0, x1, y1
    encoding = "utf-8"
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    delimiter: str = ","
    decimal: str = "."
    bbox_form: str = "corners"
    encoding: str = "utf-8-sig"


def form_of(path: Path) -> str:
    """The form of `path`, by its name and, of a JSON document, by its first characters. Raises `OSError`."""
    if path.is_dir():
        return "folder"
    if path.suffix.lower() == ".csv":
        return "csv"
    if path.suffix.lower() == ".json":
        with path.open("rb") as file:
            head = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
        return "labelstudio" if head.startswith(b"[") else "coco"
    return "jsonl"


def records(path: Path, form: str, mapped: CsvMapping | None = None) -> Numbered:
    """The records of `path`. Raises `OSError`, and `BadFileError` when it is not of this form at all."""
    if form == "csv":
        return csv_rows(path, mapped or CsvMapping())
    if form == "coco":
        return coco(path)
    if form == "labelstudio":
        return label_studio(path)
    return folder(path) if form == "folder" else numbered_lines(path)


# --- CSV --------------------------------------------------------------------------------------------------


def read_mapping(path: Path) -> CsvMapping:
    """The mapping file; what is wrong in it is named."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFileError(f"{path} is not TOML: {error}") from None
    tables = {name: found.get(name, {}) for name in ("columns", "constants", "csv")}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise BadFileError(f"{path}: {name} must be a table, [{name}].")
    columns, constants, options = tables.values()
    unknown = sorted(found.keys() - tables.keys()) + [f"csv.{name}" for name in sorted(options.keys() - _OPTIONS)]
    if unknown:
        raise BadFileError(f"{path}: unknown: {', '.join(unknown)}.", next_step="Known: columns, constants, csv.")
    for problem in (*_problems(columns, constants), *_option_problems(options)):
        raise BadFileError(f"{path}: {problem}.")
    return CsvMapping(columns, constants, **options)


def _problems(columns: Mapping[str, Any], constants: Mapping[str, Any]) -> Iterator[str]:
    for name, value in columns.items():
        several = isinstance(value, list) and name == "bbox" and len(value) == 4
        if not all(isinstance(item, str) for item in (value if several else [value])):
            yield f"columns.{name} must be the name of a column" + (", or of four" if name == "bbox" else "")
    for name in sorted((columns.keys() | constants.keys()) - KNOWN):
        near = get_close_matches(name, KNOWN, 1, 0.6)
        yield f"{name} is no field of a prediction" + (f"; is {near[0]} meant?" if near else "")
    for name in sorted(columns.keys() & constants.keys()):
        yield f"{name} is both a column and a constant"
    for name, value in constants.items():
        if not isinstance(value, str | int | float | list | dict):
            yield f"constants.{name} must be a text, a number, a list or a table"


def _option_problems(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        if not isinstance(value, str):
            yield f"csv.{name} must be a text"
            return
    if options.get("bbox_form", "corners") not in ("corners", "size"):
        yield "csv.bbox_form is corners or size"
    for name in ("delimiter", "decimal"):
        value = options.get(name, ",")
        if len(value) != 1 or value in '\r\n"':
            yield f"csv.{name} is one character, and neither a quote nor the end of a line"
    try:
        "".encode(options.get("encoding", "utf-8"))
    except (LookupError, ValueError):
        yield f"csv.encoding {options.get('encoding')!r} is not known; utf-8, utf-16, latin-1 and cp1252 are"


def csv_rows(path: Path, mapped: CsvMapping) -> Numbered:
    """The rows after the head line, numbered by their last line in the file.

    A byte that is not of the encoding is kept as half a surrogate pair, so that its line can be named.
    """
    with path.open(encoding=mapped.encoding, errors="surrogateescape", newline="") as file:
        rows = csv.reader(file, delimiter=mapped.delimiter, strict=True)
        try:
            head = next(rows, [])
            _check_columns(path, mapped, head)
            for row in rows:
                if any(row):
                    yield rows.line_num, _from_row(rows.line_num, row, mapped, head)
        except UnicodeError:  # an encoding of which no byte can be kept as it is
            number = rows.line_num + 1
            yield number, BadLine(number, f"not {mapped.encoding}; set encoding in the mapping; the rest was not read")
        except csv.Error as error:
            why = "a quoted cell that never ends" if "end of data" in str(error) else error
            yield rows.line_num, BadLine(rows.line_num, f"not CSV ({why}); the rest was not read")


def _check_columns(path: Path, mapped: CsvMapping, head: list[str]) -> None:
    if any(map(_ESCAPED.search, head)):
        raise BadFileError(
            f"{path} is not {mapped.encoding}, in its head line.", next_step="Set encoding in the mapping: [csv]."
        )
    wanted = [name for value in mapped.columns.values() for name in (value if isinstance(value, list) else [value])]
    missing = [name for name in wanted if name not in head]
    if missing:
        raise BadFileError(
            f"{path} has no column {', '.join(map(repr, missing))}.", next_step=f"Its columns: {', '.join(head)}."
        )
    twice = [name for name in dict.fromkeys(wanted or head) if head.count(name) > 1 and name]
    if twice:
        raise BadFileError(f"{path} has more than one column {', '.join(map(repr, twice))}.")
    if not mapped.columns and "predicted_value" not in head:
        raise BadFileError(
            f"{path}: no column is called predicted_value.", next_step="Say with --mapping which columns are which."
        )


def _from_row(number: int, cells: list[str], mapped: CsvMapping, head: list[str]) -> Raw:
    if len(cells) > len(head):
        return BadLine(number, "more cells than the head line has columns")
    if any(map(_ESCAPED.search, cells)):
        return BadLine(number, f"not {mapped.encoding}; set encoding in the mapping")
    row = dict(zip_longest(head, cells, fillvalue=""))
    columns = mapped.columns or {name: name for name in head if name not in _CORNERS}
    if not mapped.columns and set(_CORNERS) <= set(head):
        columns = {**columns, "bbox": list(_CORNERS)}
    record: dict[str, Any] = dict(mapped.constants)
    try:
        for name, column in columns.items():
            given = [row[item] for item in column] if isinstance(column, list) else row[column]
            value = _cell(name, given, mapped)
            if value is not None:
                record[name] = value
    except ValueError as error:
        return BadLine(number, str(error))
    if "bbox" not in record:
        record.pop("bbox_unit", None)
    return record


def _cell(name: str, given: Any, mapped: CsvMapping) -> Any:
    if name == "bbox":
        parts = given if isinstance(given, list) else str(given or "").strip("[]").replace(",", " ").split()
        if not any(parts):
            return None
        box = [_number("bbox", part, mapped.decimal) for part in parts]
        return corners(box) if mapped.bbox_form == "size" and len(box) == 4 else box
    text = (given or "").strip()
    if text.startswith(_FORMULA_MARK):
        text = text[1:]
    if not text:
        return None
    if name in _TEXTS:
        return _value(name, text)
    if name == "page":
        if not text.isdecimal():
            raise ValueError(f"page: {text[:40]!r} is no whole number")
        return int(text[:9])
    return _number(name, text, mapped.decimal) if name == "predicted_confidence" else text


def _value(name: str, text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        return {"text": text}
    try:
        found: dict[str, Any] = json.loads(text)  # checked further with the record
    except (ValueError, RecursionError):
        raise ValueError(f"{name} begins like JSON and is none") from None
    return found


def _number(name: str, text: Any, decimal: str) -> float:
    try:
        return float(str(text).strip().replace(decimal, "."))
    except ValueError:
        raise ValueError(f"{name}: {str(text)[:40]!r} is no number") from None
