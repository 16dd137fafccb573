"""Consensus: computes a verdict for each task and an error rate for each annotator from the votes.

`estimate` runs a campaign's method on all its votes (numpy, imported on first use). `decide` and `values` are plain
Python, cheap enough to run inside a submit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gonogo.schemas.enums import ConsensusMethod

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gonogo.server.consensus.votes import Consensus, Votes

ENOUGH_GOLD = 20
"""Gold answers from which Dawid–Skene may be used on single votes."""


def estimate(method: str, votes: Votes, *, known: ArrayLike | None = None, n_gold_answers: int = 0) -> Consensus:
    """The consensus of `votes` by `method`; `Consensus.method` names the method that really ran.

    Dawid–Skene gives way to the weighted majority while most voted tasks have one vote and there are fewer than
    20 gold answers: with nothing to compare, it explains everything by the commonest class.

    Args:
        method: A `ConsensusMethod`.
        votes: The counted votes, gold tasks included.
        known: Class of each gold or adjudicated task, -1 elsewhere.
        n_gold_answers: Number of votes on gold tasks.

    Raises:
        ValueError: There is no such method.
    """
    # numpy: kept out of the server's start and of the first submit
    from gonogo.server.consensus.methods import METHODS

    chosen = ConsensusMethod(method)
    if chosen is ConsensusMethod.DAWID_SKENE and too_sparse(votes, n_gold_answers):
        chosen = ConsensusMethod.WEIGHTED_MAJORITY
    return METHODS[chosen](votes, known=known)


def too_sparse(votes: Votes, n_gold_answers: int) -> bool:
    """Whether most voted tasks have a single vote and there are fewer than 20 gold answers."""
    per_task = votes.per_task()
    single, voted = int((per_task == 1).sum()), int((per_task > 0).sum())
    return n_gold_answers < ENOUGH_GOLD and 2 * single > voted
