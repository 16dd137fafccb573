"""Next steps of a campaign: what would make its result better known, each with its price."""

from __future__ import annotations

from typing import Any

import numpy as np

from gonogo.schemas.enums import CampaignStatus, TaskStatus
from gonogo.schemas.labeling import AnnotatorQuality
from gonogo.server.scoring.campaign_consensus import MIN_GOLD_ANSWERS, ConsensusResult
from gonogo.server.store.schema.rows import CampaignRow

MAX_GAP = 0.15
"""Distance of trust from reliability above which more gold answers are worth asking for."""
MAX_PEOPLE = 5
MAX_ITEMS = 20
"""Task ids that a step lists."""


def next_steps(
    result: ConsensusResult, campaign: CampaignRow, people: list[tuple[AnnotatorQuality, dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Steps in the order of their use: `{step, n, items, price, text, annotator_user_id?}`."""
    steps = [*_rulings(result)]
    if campaign.status == CampaignStatus.OPEN:
        steps += [*_votes(result), *_gold_answers(people)]
    return steps


def _rulings(result: ConsensusResult) -> list[dict[str, Any]]:
    waiting = [
        task.id
        for task, outcome in zip(result.matrix.tasks, result.outcomes, strict=True)
        if outcome.status == TaskStatus.IN_REVIEW and not task.is_gold
    ]
    if not waiting:
        return []
    n = len(waiting)
    text = f"{_count(n, 'ruling')} by an expert on what votes left in doubt"
    return [{"step": "rule", "n": n, "price": n, "items": waiting[:MAX_ITEMS], "text": text}]


def _votes(result: ConsensusResult) -> list[dict[str, Any]]:
    """Votes that open tasks still want: those in doubt, and those nobody has seen."""
    matrix = result.matrix
    n_votes = matrix.votes.per_task()
    rules = np.array(matrix.rules, dtype=np.float64).reshape(-1, 3)
    is_open = np.array([outcome.status == TaskStatus.OPEN for outcome in result.outcomes], dtype=np.bool_)
    ordinary = is_open & ~matrix.is_gold
    steps = []
    # At least: a task whose risk is still too high then takes more, up to its redundancy.
    begun = np.flatnonzero(ordinary & (n_votes > 0))
    if begun.size:
        more = int(np.maximum(rules[begun, 1] - n_votes[begun], 1).sum())
        text = f"{_count(more, 'more vote')} on {_these(begun.size)}"
        items = [matrix.tasks[index].id for index in begun[:MAX_ITEMS].tolist()]
        steps.append({"step": "vote", "n": int(begun.size), "price": more, "items": items, "text": text})
    unseen = np.flatnonzero(ordinary & (n_votes == 0))
    if unseen.size:
        more = int(rules[unseen, 1].sum())
        text = f"{_count(more, 'vote')} on {_count(unseen.size, 'item')} that nobody has answered"
        items = [matrix.tasks[index].id for index in unseen[:MAX_ITEMS].tolist()]
        steps.append({"step": "begin", "n": int(unseen.size), "price": more, "items": items, "text": text})
    return steps


def _gold_answers(people: list[tuple[AnnotatorQuality, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Gold answers that would give a person a trust, or narrow it; those who vote most come first."""
    steps = []
    for person, more in sorted(people, key=lambda item: -(item[0].n_submissions or 0)):
        n_answers = int(more["n_gold_answers"])
        if person.trust is None:
            missing = MIN_GOLD_ANSWERS - n_answers
        else:
            gap = (person.reliability or 0.0) - person.trust
            # The distance falls with the square root of the number of answers.
            missing = round(n_answers * ((gap / MAX_GAP) ** 2 - 1)) if gap > MAX_GAP else 0
        if missing > 0:
            text = f"{_count(missing, 'more gold answer')} for trust of {{name}}"
            name = str(person.annotator_user_id)
            steps.append(
                {"step": "gold", "n": missing, "price": missing, "items": [], "text": text, "annotator_user_id": name}
            )
    return steps[:MAX_PEOPLE]


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _these(n: int) -> str:
    return "this item in doubt" if n == 1 else f"these {n} items in doubt"
