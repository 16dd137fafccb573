"""Other programs' files as records of our import format, one by one, each with the number its reports name.

`jsonl` and `csv` are read line by line; `coco` and `labelstudio` are one JSON document each and are read whole;
`folder` is a folder of drawings with one JSON file each. What cannot be turned into a record is a `BadLine`.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gonogo.cli.import_lines import BadLine, Raw, numbered_lines
from gonogo.client.errors import InvalidInputError

FORMS: Final = ("jsonl", "csv", "coco", "labelstudio", "folder")
Numbered = Iterator[tuple[int, Raw]]

_TEXTS: Final = ("predicted_value", "truth")
_CORNERS: Final = ("x0", "y0", "x1", "y1")
_FORMULA_MARK: Final = ("'=", "'+", "'-", "'@", "'\t", "'\r")
_PICTURES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pdf", ".svg", ".dxf")


@dataclass(frozen=True, slots=True)
class Mapped:
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


def records(path: Path, form: str, mapped: Mapped | None = None) -> Numbered:
    """The records of `path`. Raises `OSError`, and `InvalidInputError` when it is not of this form at all."""
    if form == "csv":
        return csv_rows(path, mapped or Mapped())
    if form == "coco":
        return coco(path)
    if form == "labelstudio":
        return label_studio(path)
    return folder(path) if form == "folder" else numbered_lines(path)


# --- CSV --------------------------------------------------------------------------------------------------


def read_mapping(path: Path) -> Mapped:
    """The mapping file; what is wrong in it is named."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} is not TOML: {error}") from None
    unknown = sorted(found.keys() - {"columns", "constants", "csv"})
    options = found.get("csv", {})
    unknown += sorted(f"csv.{name}" for name in options.keys() - {"delimiter", "decimal", "bbox_form", "encoding"})
    if unknown:
        raise InvalidInputError(f"{path}: unknown: {', '.join(unknown)}.", next_step="Known: columns, constants, csv.")
    if options.get("bbox_form", "corners") not in ("corners", "size") or len(options.get("delimiter", ",")) != 1:
        raise InvalidInputError(f"{path}: bbox_form is corners or size, and delimiter is one character.")
    return Mapped(found.get("columns", {}), found.get("constants", {}), **options)


def csv_rows(path: Path, mapped: Mapped) -> Numbered:
    """The rows after the head line, numbered by their last line in the file."""
    with path.open(encoding=mapped.encoding, newline="") as file:
        rows = csv.DictReader(file, delimiter=mapped.delimiter)
        try:
            head = list(rows.fieldnames or [])
            _check_columns(path, mapped, head)
            for row in rows:
                if any(row.values()):
                    yield rows.line_num, _from_row(rows.line_num, row, mapped, head)
        except UnicodeDecodeError:
            yield rows.line_num + 1, BadLine(rows.line_num + 1, f"not {mapped.encoding}; set encoding in the mapping")
        except csv.Error as error:
            yield rows.line_num, BadLine(rows.line_num, f"not CSV ({error})")


def _check_columns(path: Path, mapped: Mapped, head: list[str]) -> None:
    wanted = [name for value in mapped.columns.values() for name in (value if isinstance(value, list) else [value])]
    missing = [str(name) for name in wanted if name not in head]
    if missing:
        raise InvalidInputError(
            f"{path} has no column {', '.join(map(repr, missing))}.", next_step=f"Its columns: {', '.join(head)}."
        )
    if not mapped.columns and not {"predicted_value"} & set(head):
        raise InvalidInputError(
            f"{path}: no column is called predicted_value.", next_step="Say with --mapping which columns are which."
        )


def _from_row(number: int, row: Mapping[str, Any], mapped: Mapped, head: list[str]) -> Raw:
    if None in row:
        return BadLine(number, "more cells than the head line has columns")
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


def _cell(name: str, given: Any, mapped: Mapped) -> Any:
    if name == "bbox":
        parts = given if isinstance(given, list) else str(given or "").strip("[]").replace(",", " ").split()
        if not any(parts):
            return None
        box = [_number("bbox", part, mapped.decimal) for part in parts]
        return _corners(box) if mapped.bbox_form == "size" and len(box) == 4 else box
    text = (given or "").strip()
    if text.startswith(_FORMULA_MARK):
        text = text[1:]
    if not text:
        return None
    if name in _TEXTS:
        return _value(name, text)
    if name == "page":
        return int(_number(name, text, mapped.decimal))
    return _number(name, text, mapped.decimal) if name == "predicted_confidence" else text


def _value(name: str, text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        return {"text": text}
    try:
        found: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"{name} begins like JSON and is none") from None
    return found


def _number(name: str, text: Any, decimal: str) -> float:
    try:
        return float(str(text).strip().replace(decimal, "."))
    except ValueError:
        raise ValueError(f"{name}: {str(text)[:40]!r} is no number") from None


def _corners(box: list[float]) -> list[float]:
    x, y, width, height = box
    return [x, y, x + width, y + height]


# --- JSON documents ---------------------------------------------------------------------------------------


def _document(path: Path, what: str, kind: type) -> Any:
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{path} is not JSON: {error}") from None
    if not isinstance(found, kind):
        raise InvalidInputError(f"{path} is not {what}.")
    return found


def coco(path: Path) -> Numbered:
    """Annotations, numbered from 1: the value is `text` or `caption` of the annotation or of its `attributes`."""
    found = _document(path, "a COCO file: it must be an object with images and annotations", dict)
    annotations = found.get("annotations")
    if not isinstance(annotations, list) or not isinstance(found.get("images"), list):
        raise InvalidInputError(f"{path} is not a COCO file: it has no images and annotations.")
    images = {item.get("id"): item.get("file_name") for item in found["images"] if isinstance(item, dict)}
    kinds = {item.get("id"): item.get("name") for item in found.get("categories") or [] if isinstance(item, dict)}
    for number, item in enumerate(annotations, 1):
        yield number, _from_coco(number, item, images, kinds)


def _from_coco(number: int, item: Any, images: Mapping[Any, Any], kinds: Mapping[Any, Any]) -> Raw:
    if not isinstance(item, dict) or not isinstance(item.get("bbox"), list) or len(item["bbox"]) != 4:
        return BadLine(number, "an annotation without a bbox of four numbers")
    extra = item.get("attributes")
    both: dict[str, Any] = {**(extra if isinstance(extra, dict) else {}), **item}
    text = next((both[name] for name in ("text", "caption", "value") if isinstance(both.get(name), str)), None)
    drawing = images.get(item.get("image_id"))
    if text is None or not drawing:
        return BadLine(number, "an annotation without a text" if text is None else "its image is not in the file")
    if not all(isinstance(n, int | float) for n in item["bbox"]):
        return BadLine(number, "bbox must be four numbers")
    record = {
        "id": f"coco-{item.get('id', number)}",
        "drawing": drawing,
        "bbox": _corners(item["bbox"]),
        "bbox_unit": "px",
        "detail_kind": kinds.get(item.get("category_id")),
        "predicted_value": {"text": text},
        "predicted_confidence": both.get("score"),
    }
    return {name: value for name, value in record.items() if value is not None}


def label_studio(path: Path) -> Numbered:
    """Regions of the first prediction of each task; reports name the task, counted from 1."""
    for number, task in enumerate(_document(path, "a Label Studio export: it must be a list of tasks", list), 1):
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            yield number, BadLine(number, "a task without data")
            continue
        predictions = task.get("predictions") or []
        if not predictions or not isinstance(predictions[0], dict):
            yield number, BadLine(number, "a task without predictions")
            continue
        for record in _regions(task, predictions[0], number):
            yield number, record


def _regions(task: Mapping[str, Any], prediction: Mapping[str, Any], number: int) -> Iterator[Raw]:
    picture = next((v for v in task["data"].values() if isinstance(v, str) and v.lower().endswith(_PICTURES)), None)
    regions: dict[str, dict[str, Any]] = {}
    for part in prediction.get("result") or []:
        if isinstance(part, dict) and isinstance(part.get("value"), dict):
            regions.setdefault(str(part.get("id", "")), {}).update(part["value"])
    for name, value in regions.items():
        text = value.get("text")
        text = text[0] if isinstance(text, list) and text else text
        if not isinstance(text, str):
            yield BadLine(number, f"region {name!r} without a text")
            continue
        record: dict[str, Any] = {
            "id": f"ls-{task.get('id', number)}-{name}",
            "drawing": picture.rsplit("/", 1)[-1] if picture else None,
            "predicted_value": {"text": text},
            "predicted_confidence": prediction.get("score"),
            "detail_kind": next(iter(value.get("rectanglelabels") or value.get("labels") or []), None),
        }
        if all(isinstance(value.get(side), int | float) for side in ("x", "y", "width", "height")):
            box = _corners([value["x"] / 100, value["y"] / 100, value["width"] / 100, value["height"] / 100])
            record |= {"bbox": box, "bbox_unit": "norm"}
        yield {key: item for key, item in record.items() if item is not None}


def folder(path: Path) -> Numbered:
    """`a.json` beside `a.png`: one prediction, a list of them, or `{"predictions": […]}`; counted from 1."""
    number = 0
    pictures = {item.stem: item.name for item in sorted(path.iterdir()) if item.suffix.lower() in _PICTURES}
    for file in sorted(path.glob("*.json")):
        try:
            found = json.loads(file.read_bytes())
        except (ValueError, RecursionError) as error:
            number += 1
            yield number, BadLine(number, f"{file.name} is not JSON ({error})")
            continue
        if isinstance(found, dict) and isinstance(found.get("predictions"), list):
            found = found["predictions"]
        for item in found if isinstance(found, list) else [found]:
            number += 1
            if not isinstance(item, dict):
                yield number, BadLine(number, f"{file.name}: a prediction must be an object")
                continue
            usual = {"drawing": pictures[file.stem]} if file.stem in pictures else {}
            yield number, {**usual, **item}
