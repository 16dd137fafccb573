"""Consensus methods: the function of each by its name, and the one that runs on a campaign's votes. Imports numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from numpy.typing import ArrayLike

from gonogo.schemas.enums import ConsensusMethod
from gonogo.server.consensus.dawid_skene import dawid_skene
from gonogo.server.consensus.majority import majority, weighted_majority
from gonogo.server.consensus.one_coin import one_coin
from gonogo.server.consensus.votes import Consensus, Votes

METHODS: Final[dict[ConsensusMethod, Callable[..., Consensus]]] = {
    ConsensusMethod.DAWID_SKENE: dawid_skene,
    ConsensusMethod.ONE_COIN: one_coin,
    ConsensusMethod.MAJORITY: majority,
    ConsensusMethod.WEIGHTED_MAJORITY: weighted_majority,
}

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
    chosen = ConsensusMethod(method)
    if chosen is ConsensusMethod.DAWID_SKENE and too_sparse(votes, n_gold_answers):
        chosen = ConsensusMethod.WEIGHTED_MAJORITY
    return METHODS[chosen](votes, known=known)


def too_sparse(votes: Votes, n_gold_answers: int) -> bool:
    """Whether most voted tasks have a single vote and there are fewer than 20 gold answers."""
    per_task = votes.per_task()
    single, voted = int((per_task == 1).sum()), int((per_task > 0).sum())
    return n_gold_answers < ENOUGH_GOLD and 2 * single > voted
