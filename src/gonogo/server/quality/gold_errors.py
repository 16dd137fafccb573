"""Errors on gold: wrong gold accepted and right gold refused, of one person, of all, and by the way of asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gonogo.schemas.verdicts import CLASS_OF, Verdict
from gonogo.server.consensus.agreement import Interval, Share
from gonogo.server.consensus.intervals import clustered_interval, design_effect
from gonogo.server.consensus.votes import UNKNOWN
from gonogo.server.quality.report_parts import ErrorShare, GoldErrors, GroupedErrors, WayOfAsking
from gonogo.server.scoring.campaign_consensus import MIN_GOLD_ANSWERS
from gonogo.server.scoring.vote_matrix import VoteMatrix

if TYPE_CHECKING:
    from gonogo.server.consensus.votes import Floats, Ints


def gold_errors(matrix: VoteMatrix, own: Ints) -> GoldErrors:
    """How often wrong gold was accepted and right gold refused, in the votes `own`; `None` below 10 answers."""
    truth, given = matrix.gold_class[matrix.votes.task[own]], matrix.votes.label[own]
    answers = int((truth != UNKNOWN).sum())
    right, wrong = CLASS_OF[Verdict.CORRECT], CLASS_OF[Verdict.INCORRECT]

    def share(was: int, answered: int) -> ErrorShare | None:
        of = truth == was
        errors = Share(int((of & (given == answered)).sum()), int(of.sum()))
        return _share_block(errors) if answers >= MIN_GOLD_ANSWERS else None

    return {"n_gold_answers": answers, "false_accept": share(wrong, right), "false_reject": share(right, wrong)}


def pooled_gold_errors(matrix: VoteMatrix, own: Ints) -> GoldErrors:
    """`gold_errors` of votes of several people; by the intervals, answers to one gold item stand and fall together."""
    errors = gold_errors(matrix, own)
    names = [task.gold_item_id or task.id for task in matrix.tasks]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    item = np.array([numbers[name] for name in names], dtype=np.intp)[matrix.votes.task[own]]
    truth, given = matrix.gold_class[matrix.votes.task[own]], matrix.votes.label[own]
    right, wrong = CLASS_OF[Verdict.CORRECT], CLASS_OF[Verdict.INCORRECT]
    for share, was, answered in ((errors["false_accept"], wrong, right), (errors["false_reject"], right, wrong)):
        if share is None:
            continue
        of = truth == was
        n = np.bincount(item[of], minlength=len(numbers))
        k = np.bincount(item[of & (given == answered)], minlength=len(numbers))[n > 0]
        n = n[n > 0]
        share["interval"] = interval_pair(clustered_interval(k, n))
        share["design_effect"], share["n_items"] = design_effect(k, n), int(n.size)
    return errors


def grouped_errors(matrix: VoteMatrix) -> GroupedErrors | None:
    """Errors of votes on pages of equal values beside those of votes given alone; `None` without any of the first."""
    on_pages = matrix.group_size > 1
    if not on_pages.any():
        return None
    grouped, single = (_way(matrix, np.flatnonzero(chosen)) for chosen in (on_pages, ~on_pages))
    pairs = {
        "false_accept": (grouped["false_accept"], single["false_accept"]),
        "false_reject": (grouped["false_reject"], single["false_reject"]),
    }
    return {"grouped": grouped, "single": single, "worse": [name for name, pair in pairs.items() if _is_above(*pair)]}


def _way(matrix: VoteMatrix, own: Ints) -> WayOfAsking:
    errors = pooled_gold_errors(matrix, own)
    return {**errors, "n_votes": int(own.size), "duration_ms": percentiles(matrix.duration_ms[own])}


def _is_above(share: ErrorShare | None, other: ErrorShare | None) -> bool:
    """Whether the interval of `share` lies above that of `other`."""
    if share is None or other is None or share["interval"] is None or other["interval"] is None:
        return False
    return share["interval"][0] > other["interval"][1]


def percentiles(values: Floats) -> dict[str, float] | None:
    """Median and ninth decile of the values that are known."""
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    p50, p90 = np.quantile(known, (0.5, 0.9))
    return {"p50": float(p50), "p90": float(p90)}


def _share_block(share: Share) -> ErrorShare:
    return {"k": share.k, "n": share.n, "share": share.share, "interval": interval_pair(share.interval)}


def interval_pair(interval: Interval | None) -> list[float] | None:
    """Lower and upper bound of an interval, as JSON has them."""
    return None if interval is None else [interval.low, interval.high]
