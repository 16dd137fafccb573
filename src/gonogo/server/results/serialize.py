"""Results API models from rows: a Task is a campaign, a Case one of its tasks, a Read a submission."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gonogo.json_types import JsonObject, JsonValue
from gonogo.schemas.results_api import CaseResult
from gonogo.schemas.verdicts import VERDICT_CLASSES
from gonogo.server.consensus.decide import parse_gold
from gonogo.server.results.queries import CaseRow, ResultsCampaign, VoteRow
from gonogo.server.serialize import instant


def case_result(campaign: ResultsCampaign, case: CaseRow, votes: Sequence[VoteRow], *, verbose: bool) -> CaseResult:
    """A case with its votes; each of them in detail if `verbose`."""
    counts = Counter(vote.verdict for vote in votes if vote.counted)
    counted = counts.total()
    correct = _correct_label(case)
    return CaseResult(
        task_id=campaign.number,
        task_name=campaign.name,
        project_id=campaign.project_number,
        project_name=campaign.project_name,
        case_id=case.number,
        task_type="choice",
        content_type="image" if case.drawing is None or case.content_type.startswith("image/") else "document",
        labeling_state=case.state,
        qualified_reads=counted,
        patch=_patch(case.drawing_bbox),
        content_metadata=_content_metadata(case),
        agreement=case.agreement,
        difficulty=1 - counts[correct] / counted if correct and counted else None,
        correct_label=correct,
        majority_label=case.consensus_verdict,
        read_stats=_read_stats(votes, counts, verbose=verbose),
        gonogo=_gonogo(campaign, case, verbose=verbose),
    )


def _correct_label(case: CaseRow) -> str | None:
    if case.is_gold and (truth := parse_gold(case.gold_answer)):
        return truth.verdict
    return case.consensus_verdict if case.state == "Labeled" else None


def _patch(box: Sequence[float] | None) -> str | None:
    """The area of interest as WKT in 0…100; `None` unless the box is in fractions of the page."""
    if not box or min(box[:4]) < 0 or max(box[:4]) > 1:
        return None
    x0, y0, x1, y1 = (f"{100 * number:.10g}" for number in box[:4])
    return f"POLYGON (({x0} {y0}, {x1} {y0}, {x1} {y1}, {x0} {y1}, {x0} {y0}))"


def _content_metadata(case: CaseRow) -> list[JsonValue]:
    if case.drawing is None:
        return []
    content: JsonObject = {"content_id": case.drawing, "origin": case.filename, "created_at": instant(case.drawn_at)}
    return [content | {"series": None, "series_index": None}]


def _read_stats(votes: Sequence[VoteRow], counts: Counter[str], *, verbose: bool) -> JsonObject:
    stats: JsonObject = {
        "counts": {verdict: counts[verdict] for verdict in VERDICT_CLASSES if counts[verdict]},
        "n_reads": len(votes),
        "n_qualified_reads": counts.total(),
    }
    return stats | {"reads": [_read(vote) for vote in votes]} if verbose else stats


def _read(vote: VoteRow) -> JsonObject:
    return {
        "read_id": vote.number,
        "labeler": vote.voter_id,
        "answer": {"answer_class": vote.verdict, "corrected_value": vote.corrected_value},
        "qualified": vote.counted,
        "duration_ms": vote.duration_ms,
        "created_at": instant(vote.created_at),
    }


def _gonogo(campaign: ResultsCampaign, case: CaseRow, *, verbose: bool) -> JsonObject:
    """Our own field: what joins the case to its task, drawing and value."""
    fields: JsonObject = {
        "task_id": case.id,
        "campaign_id": campaign.id,
        "part": case.part,
        "prediction_id": case.external_id,
        "run": case.run,
        "prompt": case.prompt,
        "predicted_value": case.predicted_value,
        "consensus_value": case.consensus_value,
        "adjudicated": case.adjudicated,
        "updated_at": instant(case.updated_at),
        "sequence_id": case.seq,
    }
    if not verbose:
        return fields
    more: JsonObject = {
        "target_kind": case.target_kind,
        "detail_kind": case.detail_kind,
        "drawing_bbox": None if case.drawing_bbox is None else [*case.drawing_bbox],
        "part_revision_id": case.part_revision_id,
    }
    return fields | more
