"""Deciding all tasks at once is deciding each: the quick path of a refresh against the plain one of a submit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES
from gonogo.server.consensus.decide import Rule, Vote, decide_outcome
from gonogo.server.consensus.methods import estimate
from gonogo.server.consensus.values import Value
from gonogo.server.consensus.votes import Votes
from gonogo.server.scoring.campaign_consensus import compute_consensus
from gonogo.server.scoring.vote_matrix import VoteMatrix

BALLOT = st.tuples(st.integers(0, 4), st.sampled_from(VERDICT_CLASSES), st.sampled_from([None, "M8", "M10"]))
TASK = st.lists(BALLOT, max_size=5, unique_by=lambda ballot: ballot[0])
METHODS = ["dawid_skene", "one_coin", "majority", "weighted_majority"]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.lists(TASK, min_size=1, max_size=8),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.02, 0.05, 0.3, 1.0]),
    st.sampled_from(METHODS),
)
def test_all_at_once_is_one_by_one(
    cast: list[list[tuple[int, str, str | None]]], n_required: int, enough: int, max_risk: float, method: str
) -> None:
    rule = Rule(n_required, min(enough, n_required), max_risk)
    flat = [(task, *ballot) for task, ballots in enumerate(cast) for ballot in ballots]
    size = {"n_tasks": len(cast), "n_annotators": 5, "n_classes": len(VERDICT_CLASSES)}
    votes = Votes.of([f[0] for f in flat], [f[1] for f in flat], [CLASS_OF[f[2]] for f in flat], **size)
    given_values = {
        index: Value({"text": text}, text) for index, (_, _, said, text) in enumerate(flat) if text and said != "unsure"
    }
    row: Any = SimpleNamespace(n_required=n_required, adjudicated=False, status="open")
    nothing = np.full(len(cast), -1)
    ballots = VoteMatrix(
        tasks=[row] * len(cast),
        truths=[None] * len(cast),
        votes=votes,
        voter_ids=[str(person) for person in range(5)],
        values=given_values,
        duration_ms=np.full(len(flat), np.nan),
        claim_ms=np.full(len(flat), np.nan),
        group_size=np.ones(len(flat), dtype=np.intp),
        created_ms=np.zeros(len(flat)),
        rules=[rule] * len(cast),
        confidence=np.full(len(cast), np.nan),
        is_gold=np.zeros(len(cast), dtype=bool),
        gold_class=nothing,
        known=nothing,
        error_types={},
        sheets={},
    )
    measured = compute_consensus(ballots, method)
    consensus = estimate(method, votes, known=nothing)
    for task in range(len(cast)):
        own = [index for index, vote in enumerate(flat) if vote[0] == task]
        plain = [Vote(flat[i][2], given_values.get(i), float(measured.reliability[flat[i][1]])) for i in own]
        expected = decide_outcome(plain, consensus.posterior[task].tolist(), rule)
        assert measured.outcomes[task] == expected
