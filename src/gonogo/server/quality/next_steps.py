"""Next steps of a campaign: what would make its result better known, each with its price."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.enums import CampaignStatus, TaskStatus
from gonogo.schemas.labeling import AnnotatorQuality
from gonogo.server.consensus.agreement import wilson_interval
from gonogo.server.quality.report_parts import NextStep, PersonPart
from gonogo.server.scoring.campaign_consensus import MIN_GOLD_ANSWERS, ConsensusResult, gold_matches
from gonogo.server.store.schema.rows import CampaignRow

MAX_GAP = 0.15
"""Distance of trust from reliability above which more gold answers are worth asking for."""
HARDLY_MORE_THAN_GUESSING = 0.65
"""Share of right gold answers that a crew surely stays below where its votes are worth little."""
PRACTICE_ITEMS = 20
"""Practice items of a person, as of a qualification."""
MAX_PEOPLE = 5
MAX_ITEMS = 20
"""Task ids that a step lists."""


People = Sequence[tuple[AnnotatorQuality, PersonPart]]


def next_steps(
    result: ConsensusResult, campaign: CampaignRow, people: People, to_settle: int | None, *, accepted: bool
) -> list[NextStep]:
    """Steps in the order of their use: `{step, n, items, price, text, annotator_user_id?}`.

    `to_settle` is the number of tasks after which alpha lies on one side of what is wanted, `None` if unknown.
    """
    is_open = campaign.status == CampaignStatus.OPEN
    steps = [*_rulings(result), *(_votes(result) if is_open else [])]
    is_all_settled = not steps and campaign.status != CampaignStatus.PROMOTED
    if is_open:
        more_tasks = _collect(campaign, to_settle) if is_all_settled and not accepted else []
        steps += [*more_tasks, *(_practice(result, people) or _first_gold(result, people) or _gold_answers(people))]
    return [*steps, *(_promote(result, accepted=accepted) if is_all_settled else [])]


def _collect(campaign: CampaignRow, to_settle: int | None) -> list[NextStep]:
    """More tasks, where all are settled and alpha may lie on either side of what is wanted."""
    if not to_settle:
        return []
    price = to_settle * max(int(campaign.target_redundancy), 2)
    wanted = f"whether alpha is {campaign.acceptance_alpha:g} or more"
    text = f"about {counted(price, 'vote')} on {counted(to_settle, 'more task')} to know {wanted}"
    return [{"step": "collect", "n": to_settle, "price": price, "items": [], "text": text}]


def _promote(result: ConsensusResult, *, accepted: bool) -> list[NextStep]:
    """Promotion, where all tasks are settled."""
    statuses = zip(result.matrix.tasks, result.outcomes, strict=True)
    n = sum(outcome.status == TaskStatus.RESOLVED and not task.is_gold for task, outcome in statuses)
    if not n:
        return []
    text = f"nothing is left in doubt: `gonogo campaigns promote` copies {counted(n, 'settled task')}"
    if not accepted:
        text = f"all is settled, alpha is not accepted: `gonogo campaigns promote --force` copies {counted(n, 'task')}"
    return [{"step": "promote", "n": n, "price": 0, "items": [], "text": text}]


def _rulings(result: ConsensusResult) -> list[NextStep]:
    waiting = [
        task.id
        for task, outcome in zip(result.matrix.tasks, result.outcomes, strict=True)
        if outcome.status == TaskStatus.IN_REVIEW and not task.is_gold
    ]
    if not waiting:
        return []
    n = len(waiting)
    text = f"{counted(n, 'ruling')} by an expert on what votes left in doubt"
    return [{"step": "rule", "n": n, "price": n, "items": waiting[:MAX_ITEMS], "text": text}]


def _votes(result: ConsensusResult) -> list[NextStep]:
    """Votes that open tasks still want: those in doubt, and those nobody has seen."""
    matrix = result.matrix
    n_votes = matrix.votes.per_task()
    rules = np.array(matrix.rules, dtype=np.float64).reshape(-1, 3)
    is_open = np.array([outcome.status == TaskStatus.OPEN for outcome in result.outcomes], dtype=np.bool_)
    ordinary = is_open & ~matrix.is_gold
    steps: list[NextStep] = []
    # At least: a task whose risk is still too high then takes more, up to its redundancy.
    begun = np.flatnonzero(ordinary & (n_votes > 0))
    if begun.size:
        more = int(np.maximum(rules[begun, 1] - n_votes[begun], 1).sum())
        text = f"{counted(more, 'more vote')} on {_these(begun.size)}"
        items = [matrix.tasks[index].id for index in begun[:MAX_ITEMS].tolist()]
        steps.append({"step": "vote", "n": int(begun.size), "price": more, "items": items, "text": text})
    unseen = np.flatnonzero(ordinary & (n_votes == 0))
    if unseen.size:
        more = int(rules[unseen, 1].sum())
        text = f"{counted(more, 'vote')} on {counted(unseen.size, 'item')} that nobody has answered"
        items = [matrix.tasks[index].id for index in unseen[:MAX_ITEMS].tolist()]
        steps.append({"step": "begin", "n": int(unseen.size), "price": more, "items": items, "text": text})
    return steps


def _practice(result: ConsensusResult, people: People) -> list[NextStep]:
    """Practice, where all people together get hardly more gold right than guessers: more of it would not help."""
    is_gold, right = gold_matches(result.matrix)
    n, k = int(is_gold.sum()), int(right.sum())
    if n < MIN_GOLD_ANSWERS or wilson_interval(k, n).high >= HARDLY_MORE_THAN_GUESSING:
        return []
    price = PRACTICE_ITEMS * len(people)
    guessing = f"{k} of {counted(n, 'gold answer')} right is hardly more than guessing"
    text = f"{counted(price, 'practice item')}, or other people: {guessing}"
    return [{"step": "practise", "n": len(people), "price": price, "items": [], "text": text}]


def _first_gold(result: ConsensusResult, people: People) -> list[NextStep]:
    """Gold tasks, where there are none: without them nobody's trust can be known."""
    if not people or result.matrix.is_gold.any():
        return []
    text = f"{MIN_GOLD_ANSWERS} gold tasks, half of them wrong: there are none, and nobody's trust is known without"
    n = MIN_GOLD_ANSWERS
    return [{"step": "add_gold", "n": n, "price": n, "items": [], "text": text}]


def _gold_answers(people: People) -> list[NextStep]:
    """Gold answers that would give a person a trust, or narrow it; those who vote most come first."""
    steps: list[NextStep] = []
    for person, more in sorted(people, key=lambda item: -(item[0].n_submissions or 0)):
        n_answers = more["n_gold_answers"]
        if person.trust is None:
            missing = MIN_GOLD_ANSWERS - n_answers
        else:
            gap = (person.reliability or 0.0) - person.trust
            # The distance falls with the square root of the number of answers.
            missing = round(n_answers * ((gap / MAX_GAP) ** 2 - 1)) if gap > MAX_GAP else 0
        if missing > 0:
            text = f"{counted(missing, 'more gold answer')} for trust of {{name}}"
            name = str(person.annotator_user_id)
            steps.append(
                {"step": "gold", "n": missing, "price": missing, "items": [], "text": text, "annotator_user_id": name}
            )
    return steps[:MAX_PEOPLE]


def _these(n: int) -> str:
    return "this item in doubt" if n == 1 else f"these {n} items in doubt"
