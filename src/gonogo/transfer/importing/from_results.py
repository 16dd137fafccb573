"""Import from a results API: makes a campaign from the cases that need a second look.

Flagged cases, and labeled ones with too little agreement, become tasks; the label they got there is the value that
is asked about. The others are counted only.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeGuard

from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.results_api import ResultsClient
from gonogo.json_types import JsonObject, JsonValue
from gonogo.schemas.results_api import CaseResult
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.spool import ImportOptions
from gonogo.transfer.progress_callback import ReportProgress


@dataclass(frozen=True, slots=True)
class ReimportSource:
    """Task of a results API: `centaur` or `gonogo`, the task's number, and the agreement that is enough."""

    source: str
    task: int
    min_agreement: float


async def reimport(
    client: GonogoClient,
    results: ResultsClient,
    source: ReimportSource,
    options: dict[str, Any],
    report: ReportProgress,
) -> ImportResult:
    """Reads the whole task from `results`, then imports what needs a second look; a second run adds nothing.

    `options` are those of `ImportOptions`, without the file.
    """
    n_cases = n_imported = 0
    with tempfile.TemporaryDirectory(prefix="gonogo-") as folder:
        file = Path(folder) / f"{source.source}-task-{source.task}.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            case_ids: set[int] = set()
            async for case in results.cases(source.task):
                if case.case_id is None or case.case_id in case_ids:
                    continue
                case_ids.add(case.case_id)
                n_cases += 1
                for record in _records(case, source):
                    n_imported += 1
                    lines.write(json.dumps(record, ensure_ascii=False) + "\n")
                report("cases", n_cases, 0)
        drawings = options.get("drawings") or Path(folder)
        result = await import_file(client, ImportOptions(file, **{**options, "drawings": drawings}), report)
    limit = f"{source.min_agreement:g}"
    note = f"{n_imported} of {n_cases} cases are flagged or below agreement {limit}; they are asked here."
    return replace(result, notes=(*result.notes, note))


def _records(case: CaseResult, source: ReimportSource) -> Iterator[JsonObject]:
    if not needs_second_look(case, source.min_agreement):
        return
    extension = case.gonogo or {}
    value = extension.get("consensus_value") or extension.get("predicted_value")
    if not isinstance(value, dict):
        label = case.majority_label if case.majority_label is not None else case.correct_label
        value = label if isinstance(label, dict) else {"text": "–" if label is None else str(label)}
    box = _box(case.patch)
    record: JsonObject = {
        "id": f"{source.source}-{source.task}-{case.case_id}",
        "part": extension.get("part") or _origin(case),
        "field_name": "label",
        "prompt": extension.get("prompt") or f"Is this label right? ({case.task_name or 'case'} {case.case_id})",
        "predicted_value": value,
        "predicted_confidence": case.agreement if _is_share(case.agreement) else None,
        "bbox": [*box] if box else None,
        "bbox_unit": "norm" if box else None,
        "source": f"{source.source}:{case.labeling_state}",
    }
    yield {name: item for name, item in record.items() if item is not None}


def needs_second_look(case: CaseResult, min_agreement: float) -> bool:
    """True for a case that is flagged, or labeled with an agreement below `min_agreement`."""
    if case.labeling_state == "Flagged":
        return True
    return case.labeling_state == "Labeled" and _is_share(case.agreement) and case.agreement < min_agreement


def _is_share(value: JsonValue) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _origin(case: CaseResult) -> str | None:
    first = (case.content_metadata or [None])[0]
    origin = first.get("origin") if isinstance(first, dict) else None
    return str(origin)[:200] if origin else None


def _box(patch: JsonValue) -> list[float] | None:
    """The bounds of a WKT polygon in 0…100, as fractions; `None` for anything else."""
    if not isinstance(patch, str) or "POLYGON" not in patch.upper():
        return None
    numbers = [float(text) / 100 for text in re.findall(r"-?\d+(?:\.\d+)?(?:[eE]-?\d+)?", patch)]
    across, down = numbers[::2], numbers[1::2]
    if len(across) < 3 or len(across) != len(down):
        return None
    box = [min(across), min(down), max(across), max(down)]
    return box if min(box) >= 0 and max(box) <= 1 and box[0] < box[2] and box[1] < box[3] else None
