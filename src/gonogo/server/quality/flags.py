"""Quality flags of annotators: mark who is too fast, drifts, or always gives the same verdict. They only inform;
nothing is done by itself.

*Time of a vote.* From claim to submit by the server's clock. A client that fetches ahead claims early, which makes that
time longer than the look itself. So the pace of submits counts as well: the mean gap over the last `PACE_SPAN` submits,
more than anybody can hold at once, so that a batch sent late (after an outage) is no sign of haste.

*Too fast* is below 1.0 s and below the person's own fifth percentile of earlier votes; the latter only for people
who were slower than that before. Five of the last twenty votes raise the flag. Votes of a page (group verification)
arrive together and are left out: their errors on gold stand beside those of single votes (`gold_errors.py`).

*Always the same* is a run of equal verdicts that is improbable under the person's own error rates outside the run
(with a few votes' worth of the crew's), given what each task turned out to be: a sheet full of right predictions is no
reason to say anything but yes. *Drifting* is a fall of the agreement with the consensus, or of the accuracy on gold.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gonogo.schemas.verdicts import VERDICT_CLASSES
from gonogo.server.quality.report_parts import Drift, Run, Signs, SpeedSigns
from gonogo.server.scoring.campaign_consensus import ConsensusResult, consensus_matches, gold_matches

if TYPE_CHECKING:
    from gonogo.server.consensus.votes import Floats, Ints
    from gonogo.server.scoring.vote_matrix import Mask

TOO_FAST_MS = 1000.0
RECENT = 20
TOO_FAST_VOTES = 5
PACE_SPAN = 6
"""Submits whose mean gap is the pace; more than the claims a person may hold."""

RUN_WINDOW = 200
MIN_RUN = 10
MAX_RUN_PROBABILITY = 1e-3
"""Chance below which a run is flagged, all places where it could have begun included."""
CREW_WEIGHT = 20.0
"""Weight of the crew's error rates behind a person's own, in votes."""

DRIFT_WINDOW = 50
DRIFT_Z = 3.0
DRIFT_DROP = 0.1


def time_on_task_ms(claim_ms: Floats, created_ms: Floats) -> Floats:
    """Time that each of one person's votes took by the server's clock, in order (ms); NaN where unknown."""
    pace = np.full(created_ms.shape, np.nan)
    if created_ms.size > PACE_SPAN:
        pace[PACE_SPAN:] = (created_ms[PACE_SPAN:] - created_ms[:-PACE_SPAN]) / PACE_SPAN
    time_on_task: Floats = np.fmin(claim_ms, pace)
    return time_on_task


def too_fast(time_on_task: Floats) -> SpeedSigns:
    """Share of too fast votes, and the flag; the argument is that of `time_on_task_ms`."""
    known = time_on_task[np.isfinite(time_on_task)]
    limit = TOO_FAST_MS
    earlier = known[:-RECENT]
    if earlier.size >= RECENT and np.median(earlier) >= TOO_FAST_MS:
        limit = min(limit, float(np.quantile(earlier, 0.05)))
    recent = int((known[-RECENT:] < limit).sum())
    return {
        "too_fast_share": float((known < TOO_FAST_MS).mean()) if known.size else None,
        "too_fast_recent": recent,
        "too_fast": recent >= TOO_FAST_VOTES,
    }


def annotator_flags(result: ConsensusResult, own_votes: list[Ints]) -> list[Signs]:
    """Per voter `too_fast…`, `run` and `drift` (each `None` when there is nothing), and the names of raised `flags`."""
    matrix = result.matrix
    crew = _crew_rates(result)
    settled, agreed = consensus_matches(result)
    gold, right = gold_matches(matrix)
    flags: list[Signs] = []
    for voter, own in enumerate(own_votes):
        alone = own[matrix.group_size[own] == 1]
        speed = too_fast(time_on_task_ms(matrix.claim_ms[alone], matrix.created_ms[alone]))
        run = _run(result, voter, own, crew)
        drift = _drift(agreed[own][settled[own]], "consensus") or _drift(right[own][gold[own]], "gold")
        names = {"too_fast": speed["too_fast"], "always_the_same": run, "drifting": drift}
        raised = [name for name, sign in names.items() if sign]
        flags.append({**speed, "run": run, "drift": drift, "flags": raised})
    return flags


def _crew_rates(result: ConsensusResult) -> Floats:
    """`[true][given]` rates of everybody together, shape `(n_classes, n_classes)`."""
    consensus = result.consensus
    total = np.einsum("ajl,aj->jl", consensus.confusion, consensus.support)
    total += 1.0 / len(VERDICT_CLASSES)
    rates: Floats = total / total.sum(axis=1, keepdims=True)
    return rates


def longest_run(labels: Ints) -> tuple[int, int]:
    """Start and length of the longest run of equal labels; the last one of equally long ones."""
    breaks = np.flatnonzero(np.diff(labels)) + 1
    starts = np.concatenate([[0], breaks]).astype(np.intp)
    lengths = np.diff(np.append(starts, labels.size))
    best = lengths.size - 1 - int(np.argmax(lengths[::-1]))
    return int(starts[best]), int(lengths[best])


def _run(result: ConsensusResult, voter: int, own: Ints, crew: Floats) -> Run | None:
    recent = own[-RUN_WINDOW:]
    if recent.size < MIN_RUN:
        return None
    votes, consensus = result.matrix.votes, result.consensus
    start, length = longest_run(votes.label[recent])
    if length < MIN_RUN:
        return None
    run = recent[start : start + length]
    label = int(votes.label[run[0]])
    outside = _outside_run(votes.label[own], own.size - recent.size + start, length)
    truth = consensus.posterior[votes.task[own]]
    totals = np.zeros_like(crew)
    for verdict_class in range(len(VERDICT_CLASSES)):
        totals[:, verdict_class] = truth[outside & (votes.label[own] == verdict_class)].sum(axis=0)
    rates = (totals + CREW_WEIGHT * crew) / (totals.sum(axis=1, keepdims=True) + CREW_WEIGHT)
    chances = consensus.posterior[votes.task[run]] @ rates[:, label]
    chance = math.exp(min(0.0, float(np.log(np.maximum(chances, 1e-12)).sum()) + math.log(recent.size)))
    if chance >= MAX_RUN_PROBABILITY:
        return None
    return {"verdict": VERDICT_CLASSES[label], "length": length, "probability": chance}


def _outside_run(labels: Ints, start: int, length: int) -> Mask:
    """Per vote: whether it lies outside the run at `start`, wherever that began: what one always did is no habit."""
    others = np.flatnonzero(labels[:start] != labels[start])
    outside = np.ones(labels.shape, dtype=np.bool_)
    outside[(int(others[-1]) + 1 if others.size else 0) : start + length] = False
    return outside


def _drift(right: Mask, against: str) -> Drift | None:
    """Whether the last votes are right less often than those before (one-sided z-test of two shares)."""
    late, early = right[-DRIFT_WINDOW:], right[:-DRIFT_WINDOW]
    if early.size < DRIFT_WINDOW:
        return None
    before, now = float(early.mean()), float(late.mean())
    pooled = (before * early.size + now * late.size) / right.size
    spread = math.sqrt(pooled * (1 - pooled) * (1 / early.size + 1 / late.size))
    if before - now < DRIFT_DROP or spread == 0 or (before - now) / spread < DRIFT_Z:
        return None
    return {"against": against, "before": before, "now": now, "votes": int(late.size)}
