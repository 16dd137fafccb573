"""CSV mapping: reads the TOML file of `--mapping`, which says which columns of a CSV are which fields."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from gonogo.json_types import JsonObject
from gonogo.transfer.importing.prediction import KNOWN_FIELDS
from gonogo.transfer.importing.records import BadFileError

_CSV_OPTIONS: Final = frozenset({"delimiter", "decimal", "bbox_form", "encoding"})


@dataclass(frozen=True, slots=True)
class CsvMapping:
    """How the columns of a CSV become fields.

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

    columns: Mapping[str, str | list[str]] = field(default_factory=dict)
    constants: JsonObject = field(default_factory=dict)
    delimiter: str = ","
    decimal: str = "."
    bbox_form: str = "corners"
    encoding: str = "utf-8-sig"


def read_mapping(path: Path) -> CsvMapping:
    """Reads the mapping file. Raises `OSError`, and `BadFileError` that names what is wrong in it."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFileError(f"{path} is not TOML: {error}") from None
    tables = {name: document.get(name, {}) for name in ("columns", "constants", "csv")}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise BadFileError(f"{path}: {name} must be a table, [{name}].")
    columns, constants, options = tables.values()
    unknown = sorted(document.keys() - tables.keys())
    unknown += [f"csv.{name}" for name in sorted(options.keys() - _CSV_OPTIONS)]
    if unknown:
        raise BadFileError(f"{path}: unknown: {', '.join(unknown)}.", next_step="Known: columns, constants, csv.")
    for problem in (*_field_problems(columns, constants), *_option_problems(options)):
        raise BadFileError(f"{path}: {problem}.")
    return CsvMapping(columns, constants, **options)


def _field_problems(columns: Mapping[str, object], constants: Mapping[str, object]) -> Iterator[str]:
    for name, value in columns.items():
        names = value if isinstance(value, list) and name == "bbox" and len(value) == 4 else [value]
        if not all(isinstance(item, str) for item in names):
            yield f"columns.{name} must be the name of a column" + (", or of four" if name == "bbox" else "")
    for name in sorted((columns.keys() | constants.keys()) - KNOWN_FIELDS):
        near = get_close_matches(name, KNOWN_FIELDS, 1, 0.6)
        yield f"{name} is no field of a prediction" + (f"; is {near[0]} meant?" if near else "")
    for name in sorted(columns.keys() & constants.keys()):
        yield f"{name} is both a column and a constant"
    for name, value in constants.items():
        if not isinstance(value, str | int | float | list | dict):
            yield f"constants.{name} must be a text, a number, a list or a table"


def _option_problems(options: Mapping[str, object]) -> Iterator[str]:
    texts: dict[str, str] = {}
    for name, value in options.items():
        if not isinstance(value, str):
            yield f"csv.{name} must be a text"
            return
        texts[name] = value
    if texts.get("bbox_form", "corners") not in ("corners", "size"):
        yield "csv.bbox_form is corners or size"
    for name in ("delimiter", "decimal"):
        value = texts.get(name, ",")
        if len(value) != 1 or value in '\r\n"':
            yield f"csv.{name} is one character, and neither a quote nor the end of a line"
    try:
        "".encode(texts.get("encoding", "utf-8"))
    except (LookupError, ValueError):
        yield f"csv.encoding {texts.get('encoding')!r} is not known; utf-8, utf-16, latin-1 and cp1252 are"
