"""Record of a task that the published list of tasks gives: an export line without votes."""

from __future__ import annotations

import json

from gonogo.schemas.export_records import ExportRecord
from gonogo.schemas.labeling import LabelingCampaignPublic, LabelingTaskPublic
from gonogo.schemas.sanitize import escape_json


def task_record(task: LabelingTaskPublic, campaign: LabelingCampaignPublic) -> bytes:
    """Returns the export line of `task`, with its newline; `submissions` is empty."""
    identity = {"task_id": task.id, "campaign_id": campaign.id, "campaign": campaign.name or ""}
    fields = {name: value for name, value in task.model_dump().items() if value is not None}
    record = ExportRecord.model_validate({"status": "", **fields, **identity})
    return escape_json(json.dumps(record.model_dump(), ensure_ascii=False)).encode() + b"\n"
