"""CSV reader: yields a record for each row, by the column names of a mapping or, without one, of gonogo's own
fields.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

from gonogo.json_types import JsonObject, JsonValue
from gonogo.transfer.importing.bbox import corners_of_size
from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.records import BadFileError, BadLine, NumberedRecords, RawRecord
from gonogo.transfer.importing.registry import importer

_VALUE_FIELDS: Final = ("predicted_value", "truth")
_CORNERS: Final = ("x0", "y0", "x1", "y1")
_FORMULA_MARK: Final = ("'=", "'+", "'-", "'@", "'\t", "'\r")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_UNDECODED: Final = re.compile("[\ud800-\udfff]")


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv" and not path.is_dir()


@importer("csv", place=1, sniff=_is_csv)
def read_csv(path: Path, mapping: CsvMapping | None = None) -> NumberedRecords:
    """Yields the rows after the head line, numbered by their last line in the file.

    A byte that is not of the encoding becomes half a surrogate pair, so that its line can be named.
    """
    mapping = mapping or CsvMapping()
    with path.open(encoding=mapping.encoding, errors="surrogateescape", newline="") as file:
        rows = csv.reader(file, delimiter=mapping.delimiter, strict=True)
        try:
            head = next(rows, [])
            _check_columns(path, mapping, head)
            for row in rows:
                if any(row):
                    yield rows.line_num, _record(rows.line_num, row, mapping, head)
        except UnicodeError:  # an encoding of which no byte can be kept as it is
            number = rows.line_num + 1
            yield number, BadLine(number, f"not {mapping.encoding}; set encoding in the mapping; the rest was not read")
        except csv.Error as error:
            why = "a quoted cell that never ends" if "end of data" in str(error) else error
            yield rows.line_num, BadLine(rows.line_num, f"not CSV ({why}); the rest was not read")


def _check_columns(path: Path, mapping: CsvMapping, head: list[str]) -> None:
    if any(map(_UNDECODED.search, head)):
        raise BadFileError(
            f"{path} is not {mapping.encoding}, in its head line.", next_step="Set encoding in the mapping: [csv]."
        )
    mapped = [name for value in mapping.columns.values() for name in (value if isinstance(value, list) else [value])]
    missing = [name for name in mapped if name not in head]
    if missing:
        raise BadFileError(
            f"{path} has no column {', '.join(map(repr, missing))}.", next_step=f"Its columns: {', '.join(head)}."
        )
    repeated = [name for name in dict.fromkeys(mapped or head) if head.count(name) > 1 and name]
    if repeated:
        raise BadFileError(f"{path} has more than one column {', '.join(map(repr, repeated))}.")
    if not mapping.columns and "predicted_value" not in head:
        raise BadFileError(
            f"{path}: no column is called predicted_value.", next_step="Say with --mapping which columns are which."
        )


def _record(number: int, cells: list[str], mapping: CsvMapping, head: list[str]) -> RawRecord:
    if len(cells) > len(head):
        return BadLine(number, "more cells than the head line has columns")
    if any(map(_UNDECODED.search, cells)):
        return BadLine(number, f"not {mapping.encoding}; set encoding in the mapping")
    row = dict(zip_longest(head, cells, fillvalue=""))
    columns = mapping.columns or {name: name for name in head if name not in _CORNERS}
    if not mapping.columns and set(_CORNERS) <= set(head):
        columns = {**columns, "bbox": list(_CORNERS)}
    record: JsonObject = dict(mapping.constants)
    try:
        for name, column in columns.items():
            cell = [row[item] for item in column] if isinstance(column, list) else row[column]
            value = _field_value(name, cell, mapping)
            if value is not None:
                record[name] = value
    except ValueError as error:
        return BadLine(number, str(error))
    if "bbox" not in record:
        record.pop("bbox_unit", None)
    return record


def _field_value(name: str, cell: str | Sequence[str], mapping: CsvMapping) -> JsonValue:
    """The cell, or the four of a box, as the field `name`; `None` when empty. Raises `ValueError`."""
    if name == "bbox":
        parts = cell.strip("[]").replace(",", " ").split() if isinstance(cell, str) else cell
        if not any(parts):
            return None
        box = [_number("bbox", part, mapping.decimal) for part in parts]
        return [*(corners_of_size(box) if mapping.bbox_form == "size" and len(box) == 4 else box)]
    text = str(cell).strip()
    if text.startswith(_FORMULA_MARK):
        text = text[1:]
    if not text:
        return None
    if name in _VALUE_FIELDS:
        return _engineering_value(name, text)
    if name == "page":
        if not text.isdecimal():
            raise ValueError(f"page: {text[:40]!r} is no whole number")
        return int(text[:9])
    return _number(name, text, mapping.decimal) if name == "predicted_confidence" else text


def _engineering_value(name: str, text: str) -> JsonObject:
    if not text.startswith("{"):
        return {"text": text}
    try:
        value: JsonObject = json.loads(text)  # checked further with the record
    except (ValueError, RecursionError):
        raise ValueError(f"{name} begins like JSON and is none") from None
    return value


def _number(name: str, text: str, decimal: str) -> float:
    plain = text.strip().replace(decimal, ".")
    if not _NUMBER.fullmatch(plain):  # `float` takes `nan`, `1_0` and digits of other scripts, too
        raise ValueError(f"{name}: {text[:40]!r} is no number")
    return float(plain)
