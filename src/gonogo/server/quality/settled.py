"""Settled part of a quality report: counts settled tasks, estimates their errors, and shows the calibration on gold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.verdicts import Verdict
from gonogo.server.consensus.agreement import wilson_interval
from gonogo.server.consensus.calibration import Reliability
from gonogo.server.consensus.decide import INCORRECT
from gonogo.server.consensus.model_confidence import MIN_AUC, MIN_OUTCOMES, Evidence
from gonogo.server.quality.report_parts import CalibrationBin, CalibrationPart, ModelConfidence, SettledPart
from gonogo.server.scoring.campaign_consensus import ConsensusResult

if TYPE_CHECKING:
    from gonogo.server.store.schema.rows import CampaignRow


def settled_part(result: ConsensusResult, campaign: CampaignRow) -> SettledPart:
    """Counts of settled tasks, and the errors that the posteriors expect among the values settled as correct.

    `n_above_limit` are tasks settled under an earlier limit whose risk is above the present one.
    """
    risks, n_expert, n_other = [], 0, 0
    wrong = result.consensus.posterior[:, INCORRECT].tolist()
    for task, outcome, risk in zip(result.matrix.tasks, result.outcomes, wrong, strict=True):
        if task.is_gold or outcome.status != TaskStatus.RESOLVED:
            continue
        if task.adjudicated:
            n_expert += 1
        elif outcome.verdict == Verdict.CORRECT:
            risks.append(risk)
        else:
            n_other += 1
    n_above = sum(risk > campaign.max_risk for risk in risks)
    expected = float(np.sum(risks))
    return {
        "max_risk": float(campaign.max_risk),
        "votes": campaign.votes,
        "n_correct": len(risks),
        "expected_wrong": expected,
        "n_above_limit": n_above,
        "n_other": n_other,
        "n_by_expert": n_expert,
    }


def model_confidence(evidence: Evidence) -> ModelConfidence:
    """Whether the model's confidence is used as evidence, its AUC, and why not."""
    interval = None if evidence.interval is None else [evidence.interval.low, evidence.interval.high]
    return {
        "used": evidence.is_used,
        "auc": evidence.auc,
        "interval": interval,
        "n_known": evidence.n_known,
        "why": _why(evidence),
    }


def _why(evidence: Evidence) -> str:
    if evidence.is_used:
        return "It tells right predictions from wrong ones, so it moves the prior of each task."
    if not evidence.n_known:
        return "No prediction with a confidence has a known outcome yet."
    if evidence.n_known < MIN_OUTCOMES or evidence.auc is None:
        return f"Too few known outcomes yet: it takes {MIN_OUTCOMES}, five of them wrong and five right."
    if evidence.auc <= MIN_AUC:
        return f"It hardly tells right predictions from wrong ones: its AUC is not above {MIN_AUC}."
    return "Its AUC could be chance: the 95 % interval reaches down to 0.5."


def calibration_part(temperature: float, table: Reliability | None) -> CalibrationPart | None:
    """Reliability table on gold with its expected calibration error; `None` below 50 gold answers."""
    if table is None:
        return None
    rows: list[CalibrationBin] = []
    for row in table.bins:
        interval = wilson_interval(row.n_right, row.n)
        rows.append(
            {
                "from": row.low,
                "to": row.high,
                "n": row.n,
                "claimed": row.claimed,
                "right": row.n_right / row.n,
                "interval": [interval.low, interval.high],
            }
        )
    return {"temperature": temperature, "ece": table.error, "bins": rows}
