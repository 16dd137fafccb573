"""Breakdown of disagreement: counts it by kind of value, by sheet, by verdict and by missed error type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, select

from gonogo.json_types import JsonObject
from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES, Verdict
from gonogo.server.consensus.agreement import Share, grouped_alpha
from gonogo.server.consensus.votes import UNKNOWN
from gonogo.server.quality.report_parts import ConfusionPart, Group, MissedError
from gonogo.server.scoring.campaign_consensus import ConsensusResult
from gonogo.server.scoring.vote_matrix import VoteMatrix
from gonogo.server.store.schema import part_revisions, parts

if TYPE_CHECKING:
    from gonogo.server.consensus.votes import Ints
    from gonogo.server.scoring.vote_matrix import Mask

MAX_GROUPS = 50
"""Groups shown; those with the most disagreeing tasks first."""


def by_kind(result: ConsensusResult) -> list[Group]:
    """Agreement of each kind of task: `pmi · thread`."""
    rows = result.matrix.tasks
    return _groups(result, [f"{t.target_kind} · {t.detail_kind}" if t.detail_kind else t.target_kind for t in rows])


def by_sheet(result: ConsensusResult) -> list[Group]:
    """Agreement of each sheet, `revision#page`; tasks without a revision share one, named ``."""
    names = result.matrix.sheets
    return _groups(result, [names.get(task.sheet_seq, "") for task in result.matrix.tasks])


def name_sheets(connection: Connection, groups: Sequence[JsonObject]) -> None:
    """Adds a `title` to each group of `by_sheet`: the part's name and the page, where the drawing is ours."""
    places = [str(group["name"]).rpartition("#") for group in groups]
    known = select(part_revisions.c.id, parts.c.name).join(parts, parts.c.id == part_revisions.c.part_id)
    rows = connection.execute(known.where(part_revisions.c.id.in_({revision for revision, _, _ in places}))).all()
    names = {row.id: row.name for row in rows}
    for group, (revision, _, page) in zip(groups, places, strict=True):
        if revision in names:
            group["title"] = names[revision] if page == "1" else f"{names[revision]}, page {page}"


def _groups(result: ConsensusResult, names: Sequence[str]) -> list[Group]:
    matrix = result.matrix
    numbers: dict[str, int] = {}
    group = np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.intp)
    counts = matrix.votes.counts()
    n_votes = counts.sum(axis=1)
    ordinary = ~matrix.is_gold
    paired = ordinary & (n_votes >= 2)
    split = paired & (counts.max(axis=1, initial=0) < n_votes)
    size = len(numbers)

    def count(chosen: Mask) -> list[int]:
        counts_of_groups: list[int] = np.bincount(group[chosen], minlength=size).tolist()
        return counts_of_groups

    alphas = grouped_alpha(counts[ordinary], group[ordinary], size)
    totals = zip(numbers, count(ordinary), count(paired), count(split), alphas, strict=True)
    rows: list[Group] = [
        {
            "name": name,
            "n_tasks": n_tasks,
            "n_paired": n_paired,
            "n_split": n_split,
            "unanimous": 1 - n_split / n_paired if n_paired else None,
            "alpha": alpha,
        }
        for name, n_tasks, n_paired, n_split, alpha in totals
        if n_tasks
    ]
    return sorted(rows, key=lambda item: (-item["n_split"], -item["n_tasks"], item["name"]))[:MAX_GROUPS]


def confusion(matrix: VoteMatrix, own: Ints | None = None) -> ConfusionPart:
    """Confusion counts `[known answer][given answer]`, on gold and on tasks that an expert ruled on."""
    votes = matrix.votes
    truth = matrix.known[votes.task] if own is None else matrix.known[votes.task[own]]
    labels = votes.label if own is None else votes.label[own]
    known = truth != UNKNOWN
    size = len(VERDICT_CLASSES)
    cells = np.bincount(truth[known] * size + labels[known], minlength=size * size)
    return {"verdicts": list(VERDICT_CLASSES), "counts": cells.reshape(size, size).tolist()}


def missed_errors(matrix: VoteMatrix) -> list[MissedError]:
    """Per type of error in known-wrong predictions: how often it was called correct. The most missed first."""
    votes = matrix.votes
    wrong = (matrix.known == CLASS_OF[Verdict.INCORRECT])[votes.task]
    accepted = votes.label == CLASS_OF[Verdict.CORRECT]
    seen: dict[str, list[int]] = {}
    for index in np.flatnonzero(wrong).tolist():
        kind = matrix.error_types.get(int(votes.task[index]))
        if kind is not None:
            cell = seen.setdefault(kind, [0, 0])
            cell[0] += int(accepted[index])
            cell[1] += 1
    shares = {kind: Share(missed, n) for kind, (missed, n) in seen.items()}
    rows: list[MissedError] = [
        {
            "error_type": kind,
            "missed": share.k,
            "n": share.n,
            "share": share.share,
            "interval": None if share.interval is None else [share.interval.low, share.interval.high],
        }
        for kind, share in shares.items()
    ]
    return sorted(rows, key=lambda item: (-(item["share"] or 0.0), -item["n"], item["error_type"]))
