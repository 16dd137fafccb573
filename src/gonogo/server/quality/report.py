"""Quality report of measured votes: every share with its confidence interval; no NaN or infinity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from gonogo.json_types import JsonObject
from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.labeling import AnnotatorQuality, QualityReport
from gonogo.schemas.verdicts import VERDICT_CLASSES
from gonogo.server.consensus.agreement import (
    Share,
    gwet_ac1,
    items_to_settle,
    krippendorff_alpha,
)
from gonogo.server.consensus.intervals import ac1_interval, alpha_interval
from gonogo.server.quality.breakdown import by_kind, by_sheet, confusion, missed_errors
from gonogo.server.quality.explanations import explain
from gonogo.server.quality.flags import annotator_flags
from gonogo.server.quality.gold_errors import (
    gold_errors,
    grouped_errors,
    interval_pair,
    percentiles,
    pooled_gold_errors,
)
from gonogo.server.quality.next_steps import next_steps
from gonogo.server.quality.report_parts import MethodPart, PersonPart, QualityParts
from gonogo.server.quality.settled import calibration_part, model_confidence, settled_part
from gonogo.server.scoring.campaign_consensus import (
    MIN_GOLD_ANSWERS,
    ConsensusResult,
    consensus_matches,
    gold_matches,
)
from gonogo.server.scoring.vote_matrix import VoteMatrix
from gonogo.server.store.schema.rows import CampaignRow

if TYPE_CHECKING:
    from gonogo.server.consensus.votes import Ints
    from gonogo.server.scoring.vote_matrix import Mask

TREND_POINTS = 12
"""Points of a person's sparkline."""


def build_report(result: ConsensusResult, campaign: CampaignRow, looks: Sequence[JsonObject] = ()) -> QualityReport:
    """Agreement against the threshold, each voter's record, and the extension block `gonogo`.

    `looks` are the differences by which people can tell gold (`gold_looks`).

    `n_tasks` leaves gold out, `n_submissions` is every counted vote. Alpha without anything to pair or without
    variation is undefined: `None`, and the campaign is not accepted.
    """
    matrix = result.matrix
    counts = matrix.votes.counts()[~matrix.is_gold]
    alpha = krippendorff_alpha(counts)
    interval = alpha_interval(counts)
    paired = int((counts.sum(axis=1) >= 2).sum())
    threshold = float(campaign.acceptance_alpha)
    people = _annotators(result)
    to_settle = items_to_settle(alpha, interval, threshold, paired)
    is_accepted = alpha is not None and alpha >= threshold
    block: QualityParts = {
        "settled": settled_part(result, campaign),
        "next_steps": next_steps(result, campaign, people, to_settle, accepted=is_accepted),
        "gold_looks": list(looks),
        "model_confidence": model_confidence(result.calibration.evidence),
        "calibration": calibration_part(result.calibration.temperature, result.calibration.reliability),
        "alpha_interval": interval_pair(interval),
        "n_paired_tasks": paired,
        "n_voted_tasks": int((counts.sum(axis=1) >= 1).sum()),
        "items_to_settle": to_settle,
        "gwet_ac1": gwet_ac1(counts),
        "gwet_ac1_interval": interval_pair(ac1_interval(counts)),
        "prevalence": _prevalence(result),
        **_method(result, str(campaign.consensus_method)),
        **pooled_gold_errors(matrix, np.arange(len(matrix.votes))),
        "statuses": _statuses(result),
        "grouping": grouped_errors(matrix),
        "duration_ms": percentiles(matrix.duration_ms),
        "confusion": confusion(matrix),
        "by_kind": by_kind(result),
        "by_sheet": by_sheet(result),
        "error_types": missed_errors(matrix),
        "annotators": {str(person.annotator_user_id): more for person, more in people},
    }
    words = explain(block, alpha, threshold, len(matrix.votes), int(campaign.target_redundancy))
    return QualityReport(
        alpha=alpha,
        acceptance_alpha=threshold,
        accepted=is_accepted,
        n_tasks=len(counts),
        n_submissions=len(matrix.votes),
        annotators=[person for person, _ in people],
        gonogo=cast("JsonObject", {**block, "words": words}),
    )


def _annotators(result: ConsensusResult) -> list[tuple[AnnotatorQuality, PersonPart]]:
    matrix, votes = result.matrix, result.matrix.votes
    settled, agreed = consensus_matches(result)
    settled &= (votes.per_task() > 1)[votes.task]  # alone, a vote agrees with itself
    gold, right = gold_matches(matrix)
    n_votes = _per_voter(matrix, None)
    n_settled, n_agreed = _per_voter(matrix, settled), _per_voter(matrix, settled & agreed)
    n_gold, n_right = _per_voter(matrix, gold), _per_voter(matrix, right)
    by_voter = np.argsort(votes.annotator, kind="stable")
    own_votes = np.split(by_voter, np.cumsum(n_votes)[:-1]) if len(matrix.voter_ids) else []
    people = []
    signs = annotator_flags(result, own_votes)
    for index, (voter_id, own) in enumerate(zip(matrix.voter_ids, own_votes, strict=True)):
        n_answers = int(n_gold[index])
        scored = n_answers >= MIN_GOLD_ANSWERS
        person = AnnotatorQuality(
            annotator_user_id=voter_id,
            n_submissions=int(n_votes[index]),
            consensus_agreement=Share(int(n_agreed[index]), int(n_settled[index])).share,
            gold_accuracy=Share(int(n_right[index]), n_answers).share if scored else None,
            reliability=float(result.reliability[index]),
            trust=None if np.isnan(result.trust[index]) else float(result.trust[index]),
        )
        part: PersonPart = {
            **gold_errors(matrix, own),
            "duration_ms": percentiles(matrix.duration_ms[own]),
            **signs[index],
            "confusion": confusion(matrix, own),
            "trend": _trend(matrix, own),
        }
        people.append((person, part))
    return people


def _per_voter(matrix: VoteMatrix, chosen: Mask | None) -> Ints:
    voter = matrix.votes.annotator if chosen is None else matrix.votes.annotator[chosen]
    return np.bincount(voter, minlength=len(matrix.voter_ids))


def _trend(matrix: VoteMatrix, own: Ints) -> list[float]:
    """Median reported time (ms) of a person's votes in up to `TREND` equal stretches, oldest first; a sparkline."""
    known = matrix.duration_ms[own]
    known = known[np.isfinite(known)]
    return (
        [float(np.median(part)) for part in np.array_split(known, min(TREND_POINTS, known.size))] if known.size else []
    )


def _prevalence(result: ConsensusResult) -> dict[str, float] | None:
    """Expected share of each verdict among the tasks, gold aside, that have votes."""
    matrix = result.matrix
    chosen = (matrix.votes.per_task() > 0) & ~matrix.is_gold
    if not chosen.any():
        return None
    shares = result.consensus.posterior[chosen].mean(axis=0)
    return {verdict: float(share) for verdict, share in zip(VERDICT_CLASSES, shares, strict=True)}


def _method(result: ConsensusResult, asked: str) -> MethodPart:
    consensus = result.consensus
    return {
        "method": asked,
        "method_used": consensus.method,
        "fallback": None
        if consensus.method == asked
        else "Most tasks have one vote and there are under 20 gold answers: Dawid–Skene would follow the commonest "
        "verdict, so the weighted majority was used. A second vote a task, or more gold, brings it back.",
        "iterations": consensus.iterations,
        "converged": consensus.converged,
        "log_likelihood": consensus.log_likelihood if consensus.iterations else None,
    }


def _statuses(result: ConsensusResult) -> dict[str, int]:
    statuses = dict.fromkeys((status.value for status in TaskStatus), 0)
    for task, outcome in zip(result.matrix.tasks, result.outcomes, strict=True):
        statuses[str(outcome.status)] += not task.is_gold
    return statuses
