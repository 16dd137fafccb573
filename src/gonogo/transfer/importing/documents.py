"""COCO, Label Studio, and folders of drawings, as records of our import format; see `import_forms`.

COCO and Label Studio files are read element by element, however large; elements are counted from 1 in reports.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from gonogo.schemas.strict_json import INT64
from gonogo.transfer.importing.json_stream import MAX_ELEMENT, elements
from gonogo.transfer.importing.jsonl import BadFileError, BadLine, Raw

Numbered = Iterator[tuple[int, Raw]]
PICTURES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pdf", ".svg", ".dxf")
_SIDES: Final = ("x", "y", "width", "height")


def corners(box: list[float]) -> list[float]:
    """x, y, width, height as two corners."""
    x, y, width, height = box
    return [x, y, x + width, y + height]


def _is_number(value: Any) -> bool:
    """An integer of thousands of digits is none: it cannot even be divided."""
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and value in INT64)


def _names(item: Any, field: str) -> tuple[Any, Any] | None:
    """Id and name of an image or a category; `None` for what has no usable id."""
    name = item.get("id") if isinstance(item, dict) else None
    return (name, item.get(field)) if isinstance(name, int | str) else None


# --- COCO -------------------------------------------------------------------------------------------------


def coco(path: Path) -> Numbered:
    """Annotations: the value is `text`, `caption` or `value` of the annotation or of its `attributes`.

    The file is read twice, because images may stand behind the annotations that name them.
    """
    seen: set[str] = set()
    images: dict[Any, Any] = {}
    kinds: dict[Any, Any] = {}
    for key, item in elements(path, frozenset({"images", "categories"}), seen):
        found = _names(item, "file_name" if key == "images" else "name")
        if found is not None:
            (images if key == "images" else kinds).setdefault(*found)
    if not {"images", "annotations"} <= seen:
        raise BadFileError(f"{path} is not a COCO file: it has no images and annotations.")
    for number, (_, item) in enumerate(elements(path, frozenset({"annotations"})), 1):
        yield number, _from_coco(number, item, images, kinds)


def _from_coco(number: int, item: Any, images: Mapping[Any, Any], kinds: Mapping[Any, Any]) -> Raw:
    if not isinstance(item, dict):
        return BadLine(number, "an annotation that is no object")
    box = item.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
        return BadLine(number, "an annotation without a bbox of four numbers")
    if not (box[2] > 0 and box[3] > 0):
        return BadLine(number, "bbox is x, y, width, height, and this one has no width or no height")
    extra = item.get("attributes")
    both: dict[str, Any] = {**(extra if isinstance(extra, dict) else {}), **item}
    text = next((both[name] for name in ("text", "caption", "value") if isinstance(both.get(name), str)), None)
    drawing = _of(images, item.get("image_id"))
    if text is None or not drawing:
        return BadLine(number, "an annotation without a text" if text is None else "its image is not in the file")
    record = {
        "id": f"coco-{item.get('id', number)}",
        "drawing": drawing,
        "bbox": corners(box),
        "bbox_unit": "px",
        "detail_kind": _of(kinds, item.get("category_id")),
        "predicted_value": {"text": text},
        "predicted_confidence": both.get("score"),
    }
    return {name: value for name, value in record.items() if value is not None}


def _of(names: Mapping[Any, Any], key: Any) -> Any:
    return names.get(key) if isinstance(key, int | str) else None


# --- Label Studio -----------------------------------------------------------------------------------------


def label_studio(path: Path) -> Numbered:
    """Regions of the first prediction of each task; reports name the task."""
    seen: set[str] = set()
    for number, (_, task) in enumerate(elements(path, frozenset({""}), seen), 1):
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            yield number, BadLine(number, "a task without data")
            continue
        predictions = task.get("predictions")
        first = predictions[0] if isinstance(predictions, list) and predictions else None
        if not isinstance(first, dict) or not isinstance(first.get("result"), list):
            yield number, BadLine(number, "a task without predictions")
            continue
        for record in _regions(task, first, number):
            yield number, record
    if "" not in seen:
        raise BadFileError(f"{path} is not a Label Studio export: it must be a list of tasks.")


def _regions(task: Mapping[str, Any], prediction: Mapping[str, Any], number: int) -> Iterator[Raw]:
    picture = next(filter(None, map(_picture, task["data"].values())), None)
    regions: dict[str, dict[str, Any]] = {}
    for part in prediction["result"]:
        if isinstance(part, dict) and isinstance(part.get("value"), dict):
            regions.setdefault(str(part.get("id", "")), {}).update(part["value"])
        else:
            yield BadLine(number, "a result without a value")
    for name, value in regions.items():
        text = value.get("text")
        text = text[0] if isinstance(text, list) and text else text
        if not isinstance(text, str):
            yield BadLine(number, f"region {name!r} without a text")
            continue
        sides = [value.get(side) for side in _SIDES]
        if any(side is not None for side in sides) and not all(map(_is_number, sides)):
            yield BadLine(number, f"region {name!r}: x, y, width and height must be four numbers")
            continue
        labels = value.get("rectanglelabels") or value.get("labels")
        record: dict[str, Any] = {
            "id": f"ls-{task.get('id', number)}-{name}",
            "drawing": picture,
            "predicted_value": {"text": text},
            "predicted_confidence": prediction.get("score"),
            "detail_kind": labels[0] if isinstance(labels, list) and labels else None,
        }
        if sides[0] is not None:
            record |= {"bbox": corners([side / 100 for side in sides]), "bbox_unit": "norm"}  # type: ignore[operator]
        yield {key: item for key, item in record.items() if item is not None}


def _picture(value: Any) -> str | None:
    """The file name in an address such as `/data/upload/1/a.png` or `/data/local-files/?d=scans/a.png`."""
    if not isinstance(value, str):
        return None
    try:
        address = urlsplit(value)
        local = parse_qs(address.query).get("d")
    except ValueError:
        return None
    name = (local[0] if local else unquote(address.path)).replace("\\", "/").rsplit("/", 1)[-1]
    return name if name.lower().endswith(PICTURES) else None


# --- a folder ---------------------------------------------------------------------------------------------


def folder(path: Path) -> Numbered:
    """`a.json` beside `a.png`: one prediction, a list of them, or `{"predictions": […]}`; counted from 1."""
    number = 0
    pictures: dict[str, list[str]] = {}
    for item in sorted(path.iterdir()):
        if item.suffix.lower() in PICTURES:
            pictures.setdefault(item.stem, []).append(item.name)
    for file in sorted(item for item in path.iterdir() if item.suffix.lower() == ".json"):
        beside = pictures.get(file.stem, [])
        for found in _of_file(file):
            number += 1
            if isinstance(found, str):
                yield number, BadLine(number, f"{file.name}: {found}")
            elif len(beside) > 1 and "drawing" not in found:
                yield number, BadLine(number, f"{file.name}: say which `drawing`: {', '.join(beside)}")
            else:
                yield number, {**({"drawing": beside[0]} if beside else {}), **found}


def _of_file(file: Path) -> Iterator[dict[str, Any] | str]:
    """The predictions of one file, and for what is none, why."""
    try:
        if file.stat().st_size > MAX_ELEMENT:
            yield f"longer than {MAX_ELEMENT // 1_000_000} MB; put its predictions into a file of JSON Lines"
            return
        found = json.loads(file.read_bytes())
    except RecursionError:
        yield "nests too deep"
        return
    except ValueError as error:
        yield f"not JSON ({error})"
        return
    except OSError as error:
        yield f"cannot be read: {error.strerror}"
        return
    if isinstance(found, dict) and isinstance(found.get("predictions"), list):
        found = found["predictions"]
    for item in found if isinstance(found, list) else [found]:
        yield item if isinstance(item, dict) else "a prediction must be an object"
