"""JSON serialization: converts tasks, decisions and pictures to and from the desk's files. On the start path: no
pydantic.
"""

from __future__ import annotations

import base64
from typing import Any

from gonogo.desk.core.models import Decision, DeskTask, TaskNote, Times
from gonogo.json_types import JsonObject
from gonogo.schemas.default_question import question
from gonogo.sheets.child_messages import (
    PREFIX,
    answer_from_message,
    answer_to_message,
    request_from_json,
    request_to_json,
    unpack,
)
from gonogo.sheets.models import NoPicture, Picture, PictureRequest

LINKS = (
    ("pmi", "pmi_id"),
    ("feature", "feature_id"),
    ("face", "face_uuid"),
    ("issue", "dfm_issue_id"),
    ("part revision", "part_revision_id"),
    ("calculation", "calculation_id"),
)
"""Ids that a task may carry, in reading order: the name shown, and the field."""


def task_from_served(served: dict[str, Any], campaign_id: str) -> DeskTask:
    """Returns the desk's task for the fields of a served one, already cleaned."""
    bbox, position = served.get("drawing_bbox"), served.get("position")
    return DeskTask(
        id=served["id"],
        campaign_id=served.get("campaign_id") or campaign_id,
        prompt=served.get("prompt")
        or question(served.get("target_kind"), served.get("detail_kind"), served.get("field_name")),
        predicted_value=served.get("predicted_value"),
        target_kind=served.get("target_kind") or "",
        detail_kind=served.get("detail_kind") or "",
        field_name=served.get("field_name") or "",
        field_path=served.get("field_path") or "",
        bbox=tuple(float(number) for number in bbox) if bbox else None,
        part_revision_id=served.get("part_revision_id"),
        links=tuple((name, served[key]) for name, key in LINKS if served.get(key)),
        n_required=served.get("n_required"),
        position=tuple(float(number) for number in position) if position else None,
        other_readings=tuple(served.get("other_readings") or ()),
    )


def task_to_json(task: DeskTask) -> JsonObject:
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
        "position": list(task.position) if task.position is not None else None,
        "other_readings": list(task.other_readings),
    }


def task_from_json(data: dict[str, Any]) -> DeskTask:
    """Parses the result of `task_to_json`. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
    bbox, links, position = data["bbox"], data["links"], data.get("position")
    others = data.get("other_readings", [])  # absent in rows of an earlier version
    special = ("bbox", "links", "position", "other_readings")
    rest = {key: value for key, value in data.items() if key not in special}
    return DeskTask(
        **rest,
        bbox=tuple(float(number) for number in bbox) if bbox is not None else None,
        links=tuple((str(name), str(link)) for name, link in links),
        position=tuple(float(number) for number in position) if position is not None else None,
        other_readings=tuple(others),
    )


def decision_to_json(decision: Decision) -> JsonObject:
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
        "note": {"reason": decision.note.reason, "words": decision.note.words},
        "group_size": decision.group_size,
    }


def decision_from_json(data: dict[str, Any]) -> Decision:
    """Parses the result of `decision_to_json`. Raises `KeyError` or `TypeError` on anything else."""
    note, group_size = data.get("note") or {}, data.get("group_size", 1)  # absent in rows of an earlier version
    times = Times(**data["times"])
    return Decision(data["verdict"], data["corrected_value"], data["confidence"], times, TaskNote(**note), group_size)


def picture_to_json(request: PictureRequest, picture: Picture) -> JsonObject:
    """Returns a picture with its request, in the form in which it comes from the drawing process."""
    return {"request": request_to_json(request), "picture": base64.b64encode(answer_to_message(picture)).decode()}


def picture_from_json(data: dict[str, Any]) -> tuple[PictureRequest, Picture | NoPicture]:
    """Parses the result of `picture_to_json`. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
    message = base64.b64decode(data["picture"])
    start, head = PREFIX.size, PREFIX.unpack_from(message)[0]
    answer = answer_from_message(*unpack(message[start : start + head], message[start + head :]))
    if not isinstance(answer, (Picture, NoPicture)):
        raise ValueError("no cells, where cells were kept")
    return request_from_json(data["request"]), answer
