"""Tasks, decisions and pictures as plain JSON, for the files of the desk. Standard library only: it is on the start path."""

from __future__ import annotations

import base64
from typing import Any

from gonogo.desk.types import Decision, DeskTask, Times
from gonogo.sheets.types import Box, CellGrid, Level, Mode, Picture, PictureRequest

LINKS = (
    ("pmi", "pmi_id"),
    ("feature", "feature_id"),
    ("face", "face_uuid"),
    ("issue", "dfm_issue_id"),
    ("part revision", "part_revision_id"),
    ("calculation", "calculation_id"),
)
"""The ids a task may carry, in the order they are read, with the names they are shown by."""


def task_from_served(served: dict[str, Any], campaign_id: str) -> DeskTask:
    """A task of the wire (its fields as a dictionary, already cleaned) as the desk shows it."""
    kinds = " ".join(word for word in (served.get("detail_kind"), served.get("field_name")) if word)
    bbox = served.get("drawing_bbox")
    return DeskTask(
        id=served["id"],
        campaign_id=served.get("campaign_id") or campaign_id,
        prompt=served.get("prompt") or f"Is this {kinds or served.get('target_kind') or 'value'} read right?",
        predicted_value=served.get("predicted_value"),
        target_kind=served.get("target_kind") or "",
        detail_kind=served.get("detail_kind") or "",
        field_name=served.get("field_name") or "",
        field_path=served.get("field_path") or "",
        bbox=tuple(float(number) for number in bbox) if bbox else None,
        part_revision_id=served.get("part_revision_id"),
        links=tuple((name, served[key]) for name, key in LINKS if served.get(key)),
        n_required=served.get("n_required"),
    )


def task_to_json(task: DeskTask) -> dict[str, Any]:
    return {
        "id": task.id,
        "campaign_id": task.campaign_id,
        "prompt": task.prompt,
        "predicted_value": task.predicted_value,
        "target_kind": task.target_kind,
        "detail_kind": task.detail_kind,
        "field_name": task.field_name,
        "field_path": task.field_path,
        "bbox": list(task.bbox) if task.bbox is not None else None,
        "part_revision_id": task.part_revision_id,
        "links": [list(link) for link in task.links],
        "n_required": task.n_required,
    }


def task_from_json(data: dict[str, Any]) -> DeskTask:
    """The inverse of `task_to_json`. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
    bbox, links = data["bbox"], data["links"]
    rest = {key: value for key, value in data.items() if key not in ("bbox", "links")}
    return DeskTask(
        **rest,
        bbox=tuple(float(number) for number in bbox) if bbox is not None else None,
        links=tuple((str(name), str(link)) for name, link in links),
    )


def decision_to_json(decision: Decision) -> dict[str, Any]:
    times = decision.times
    return {
        "verdict": decision.verdict,
        "corrected_value": decision.corrected_value,
        "confidence": decision.confidence,
        "times": {
            "looking": times.looking,
            "editing": times.editing,
            "idle": times.idle,
            "waiting": times.waiting,
            "focus_known": times.focus_known,
        },
    }


def decision_from_json(data: dict[str, Any]) -> Decision:
    """The inverse of `decision_to_json`. Raises `KeyError` or `TypeError` on anything else."""
    return Decision(data["verdict"], data["corrected_value"], data["confidence"], Times(**data["times"]))


def request_to_json(request: PictureRequest) -> dict[str, Any]:
    names = PictureRequest.__slots__
    data = {name: getattr(request, name) for name in names}
    data["bbox"] = list(request.bbox) if request.bbox is not None else None
    data["locator"] = list(request.locator) if request.locator is not None else None
    return data


def request_from_json(data: dict[str, Any]) -> PictureRequest:
    bbox, locator = data["bbox"], data["locator"]
    changed = {
        "bbox": tuple(bbox) if bbox is not None else None,
        "locator": (locator[0], locator[1]) if locator is not None else None,
        "level": Level(data["level"]),
        "mode": Mode(data["mode"]),
    }
    return PictureRequest(**(data | changed))


def picture_to_json(picture: Picture) -> dict[str, Any]:
    return {
        "grid": _grid_to_json(picture.grid),
        "shown": _box_to_json(picture.shown),
        "box": _box_to_json(picture.box) if picture.box else None,
        "page": picture.page,
        "n_pages": picture.n_pages,
        "magnification": picture.magnification,
        "rotation": picture.rotation,
        "locator": _grid_to_json(picture.locator) if picture.locator else None,
        "note": picture.note,
    }


def picture_from_json(data: dict[str, Any]) -> Picture:
    """The inverse of `picture_to_json`. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
    changed = {
        "grid": _grid_from_json(data["grid"]),
        "shown": Box(**data["shown"]),
        "box": Box(**data["box"]) if data["box"] else None,
        "locator": _grid_from_json(data["locator"]) if data["locator"] else None,
    }
    return Picture(**(data | changed))


def _box_to_json(box: Box) -> dict[str, Any]:
    return {"x0": box.x0, "y0": box.y0, "x1": box.x1, "y1": box.y1, "page": box.page}


def _grid_to_json(grid: CellGrid) -> dict[str, Any]:
    levels = {name: base64.b64encode(getattr(grid, name)).decode() for name in ("ink", "paper", "mark")}
    return {"width": grid.width, "height": grid.height, "mode": grid.mode.value, "rows": list(grid.rows), **levels}


def _grid_from_json(data: dict[str, Any]) -> CellGrid:
    levels = {name: base64.b64decode(data[name]) for name in ("ink", "paper", "mark")}
    return CellGrid(data["width"], data["height"], Mode(data["mode"]), tuple(data["rows"]), **levels)
