"""Results of another annotation brought home: the cases that are worth a second look become a campaign here.

Flagged cases, and labeled ones on which too few agreed, become tasks; the label they got there is the value that is
asked about. The others are left where they are, and counted.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gonogo.client.gonogo_api import GonogoClient
from gonogo.schemas.results_api import CaseResult
from gonogo.transfer.importing.run import ImportResult, import_file
from gonogo.transfer.importing.spool import ImportOptions, Report


@dataclass(frozen=True, slots=True)
class ReimportSource:
    """From where: `centaur` or `gonogo`, its address, the task's number, and the agreement that is enough."""

    source: str
    url: str | None
    task: int
    min_agreement: float


async def bring_home(
    client: GonogoClient, bring: ReimportSource, options: dict[str, Any], report: Report
) -> ImportResult:
    """Read the whole task, then import what is worth a second look; a second run adds nothing."""
    from gonogo.cli.commands.results import results_client

    n_cases = n_taken = 0
    with tempfile.TemporaryDirectory(prefix="gonogo-") as folder:
        file = Path(folder) / f"{bring.source}-task-{bring.task}.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            async with results_client(bring.source, bring.url, clean=False) as results:
                seen: set[int] = set()
                async for case in results.cases(bring.task):
                    if case.case_id is None or case.case_id in seen:
                        continue
                    seen.add(case.case_id)
                    n_cases += 1
                    for record in _records(case, bring):
                        n_taken += 1
                        lines.write(json.dumps(record, ensure_ascii=False) + "\n")
                    report("cases", n_cases, 0)
        beside = options.get("drawings")
        wanted = ImportOptions(file, **{**options, "drawings": beside or Path(folder)})
        result = await import_file(client, wanted, report)
    note = f"{n_taken} of {n_cases} cases are flagged or below agreement {bring.min_agreement:g}; they are asked here."
    return replace(result, notes=(*result.notes, note))


def _records(case: CaseResult, bring: ReimportSource) -> Iterator[dict[str, Any]]:
    if not worth_a_look(case, bring.min_agreement):
        return
    ours = case.gonogo or {}
    value = ours.get("consensus_value") or ours.get("predicted_value")
    if not isinstance(value, dict):
        label = case.majority_label if case.majority_label is not None else case.correct_label
        value = label if isinstance(label, dict) else {"text": "–" if label is None else str(label)}
    box = _box(case.patch)
    record = {
        "id": f"{bring.source}-{bring.task}-{case.case_id}",
        "part": ours.get("part") or _origin(case),
        "field_name": "label",
        "prompt": ours.get("prompt") or f"Is this label right? ({case.task_name or 'case'} {case.case_id})",
        "predicted_value": value,
        "predicted_confidence": case.agreement if _is_share(case.agreement) else None,
        "bbox": box,
        "bbox_unit": "norm" if box else None,
        "source": f"{bring.source}:{case.labeling_state}",
    }
    yield {name: item for name, item in record.items() if item is not None}


def worth_a_look(case: CaseResult, min_agreement: float) -> bool:
    """Flagged, or labeled with an agreement below `min_agreement`."""
    if case.labeling_state == "Flagged":
        return True
    return case.labeling_state == "Labeled" and _is_share(case.agreement) and case.agreement < min_agreement


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _origin(case: CaseResult) -> str | None:
    first = (case.content_metadata or [None])[0]
    origin = first.get("origin") if isinstance(first, dict) else None
    return str(origin)[:200] if origin else None


def _box(patch: Any) -> list[float] | None:
    """The bounds of a WKT polygon in 0…100, as fractions; `None` for anything else."""
    import re

    if not isinstance(patch, str) or "POLYGON" not in patch.upper():
        return None
    numbers = [float(text) / 100 for text in re.findall(r"-?\d+(?:\.\d+)?(?:[eE]-?\d+)?", patch)]
    across, down = numbers[::2], numbers[1::2]
    if len(across) < 3 or len(across) != len(down):
        return None
    box = [min(across), min(down), max(across), max(down)]
    return box if min(box) >= 0 and max(box) <= 1 and box[0] < box[2] and box[1] < box[3] else None
