"""From the votes of one task to its outcome; values by engineering equality."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.server.consensus.decide import (
    Outcome,
    Rule,
    Truth,
    Vote,
    agreement_share,
    class_posterior,
    decide_outcome,
    parse_gold,
    ruled_outcome,
)
from gonogo.server.consensus.values import Value, consensus_of_values, to_value

MATRIX = [[0.85, 0.075, 0.075], [0.075, 0.85, 0.075], [0.075, 0.075, 0.85]]
EVEN = [1 / 3] * 3
LABEL = {"correct": 0, "incorrect": 1, "unsure": 2}
A, B, C = {"text": "⌀16,5"}, {"text": "⌀18,5"}, {"text": "M8"}


def value(raw: Any, *, trailing_zeros: bool = False) -> Value:
    found = to_value(raw, trailing_zeros=trailing_zeros)
    assert found is not None
    return found


def decide(*votes: Any, rule: Rule = Rule(3), trailing_zeros: bool = False) -> Outcome:  # noqa: B008
    pairs = [vote if isinstance(vote, tuple) else (vote, None) for vote in votes]
    cast = [Vote(verdict, to_value(raw, trailing_zeros=trailing_zeros)) for verdict, raw in pairs]
    probabilities = class_posterior([LABEL[vote.verdict] for vote in cast], [MATRIX] * len(cast), EVEN)
    return decide_outcome(cast, probabilities, rule)


def test_a_task_is_open_until_it_has_its_votes() -> None:
    assert decide() == Outcome("open")
    assert decide("correct", "correct") == Outcome("open")


def test_two_to_one_resolves_with_two_thirds_agreement() -> None:
    found = decide("correct", "incorrect", "correct")
    assert (found.status, found.verdict, found.value) == ("resolved", "correct", None)
    assert found.agreement == pytest.approx(2 / 3)


@pytest.mark.parametrize("votes", [("correct", "incorrect"), ("correct", "incorrect", "unsure")])
def test_a_tie_goes_to_review_without_a_consensus(votes: tuple[str, ...]) -> None:
    found = decide(*votes, rule=Rule(len(votes)))
    assert found.status == "in_review"
    assert (found.verdict, found.value, found.agreement) == (None, None, None)


def test_a_tie_goes_to_review_even_if_one_side_is_trusted_far_more() -> None:
    found = decide_outcome([Vote("correct"), Vote("incorrect")], [0.02, 0.97, 0.01], Rule(2))
    assert found.status == "in_review"
    assert found.posterior == 0.97


def test_an_unsafe_posterior_goes_to_review() -> None:
    votes = [Vote("correct")] * 3
    assert decide_outcome(votes, [0.79, 0.2, 0.01], Rule(3)).status == "in_review"
    assert decide_outcome(votes, [0.8 - 1e-12, 0.2, 0.0], Rule(3)).status == "resolved"


def test_early_stop_settles_a_task_of_three_by_two_that_agree() -> None:
    early = Rule(3, early_stop=True)
    assert decide("correct", rule=early).status == "open"
    assert decide("correct", "correct", rule=early).status == "resolved"
    assert decide("correct", "incorrect", rule=early).status == "open"
    assert decide("correct", "correct", rule=Rule(5, early_stop=True)).status == "open"
    assert decide(("incorrect", A), ("incorrect", B), rule=early).status == "open"
    assert decide("correct", rule=Rule(2, early_stop=True)).status == "open"
    assert decide_outcome([Vote("correct")] * 3, [0.6, 0.4, 0.0], early).status == "in_review"


def test_equal_values_written_differently_are_one_value() -> None:
    found = decide(("incorrect", {"text": "⌀16,5"}), ("incorrect", {"text": "Ø 16.5"}), ("incorrect", C))
    assert (found.status, found.verdict, found.value) == ("resolved", "incorrect", value({"text": "⌀16,5"}))
    assert found.agreement == pytest.approx(2 / 3)


def test_trailing_zeros_matter_only_where_the_campaign_says_so() -> None:
    votes = ("incorrect", {"text": "16,5"}), ("incorrect", {"text": "16,50"})
    assert decide(*votes, rule=Rule(2)).status == "resolved"
    assert decide(*votes, rule=Rule(2), trailing_zeros=True).status == "in_review"


def test_wrong_without_a_value_agrees_with_any_value() -> None:
    found = decide(("incorrect", A), "incorrect", "incorrect")
    assert (found.value, found.agreement) == (value(A), 1)
    assert decide("incorrect", "incorrect", "incorrect").value is None


def test_two_values_with_equal_support_go_to_review() -> None:
    assert decide(("incorrect", A), ("incorrect", B), "incorrect").status == "in_review"


def test_a_value_does_not_count_for_a_verdict_that_lost() -> None:
    found = decide("correct", "correct", ("incorrect", A))
    assert (found.verdict, found.value) == ("correct", None)


def test_a_ruling_stays_and_agreement_follows_the_votes() -> None:
    votes = [Vote("correct"), Vote("correct"), Vote("incorrect", value(A))]
    found = ruled_outcome(votes, Truth("incorrect", value(A)))
    assert (found.status, found.verdict, found.value) == ("resolved", "incorrect", value(A))
    assert found.agreement == pytest.approx(1 / 3)
    assert ruled_outcome([], Truth("unsure")) == Outcome("resolved", "unsure", None, None, 1.0)


def test_the_reliable_voter_carries_a_value_and_speaks_for_it() -> None:
    votes = [(value(A), 0.6), (value(B), 0.97), (value({"text": "⌀18.5"}), 0.7)]
    found = consensus_of_values(votes)
    assert found is not None
    assert found.value.raw == B
    assert found.voters == (1, 2)
    assert found.posterior > 0.9


def test_values_with_equal_support_share_the_posterior() -> None:
    found = consensus_of_values([(value(A), 0.9), (value(B), 0.9)])
    assert found is not None
    assert found.posterior == pytest.approx(0.5)
    assert consensus_of_values([]) is None


json_value = st.recursive(
    st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.tuples(json_value, st.floats(0, 1)), min_size=1, max_size=6))
def test_values_of_any_shape_give_a_probability(given_values: list[tuple[Any, float]]) -> None:
    votes = [(value(raw), reliability) for raw, reliability in given_values]
    found = consensus_of_values(votes)
    assert found is not None
    assert 0 < found.posterior <= 1
    assert found.value in [given_value for given_value, _ in votes]
    again = consensus_of_values(votes[::-1])
    assert again is not None
    assert again.posterior == pytest.approx(found.posterior)


@given(
    st.lists(st.sampled_from(["correct", "incorrect", "unsure"]), max_size=7),
    st.integers(1, 5),
    st.booleans(),
)
def test_an_outcome_is_whole(verdicts: list[str], n_required: int, early: bool) -> None:
    found = decide(*verdicts, rule=Rule(n_required, early))
    assert (found.status == "resolved") == (found.verdict is not None) == (found.agreement is not None)
    if len(verdicts) >= n_required:
        assert found.status != "open"
    if found.verdict is not None:
        assert found.agreement == verdicts.count(found.verdict) / len(verdicts)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("incorrect", Truth("incorrect")),
        (" correct ", Truth("correct")),
        ('{"verdict": "incorrect", "corrected_value": {"text": "M8"}}', Truth("incorrect", value(C))),
        ('{"verdict": "correct"}', Truth("correct")),
        ('{"verdict": ["correct"]}', None),
        ("maybe", None),
        ("[]", None),
        ("[" * 100_000, None),
        ("", None),
        (None, None),
    ],
)
def test_gold_answers(text: str | None, truth: Truth | None) -> None:
    assert parse_gold(text) == truth


def test_agreement_needs_votes_and_a_verdict() -> None:
    assert agreement_share([], "correct", None) is None
    assert agreement_share([Vote("correct")], None, None) is None


def test_refreshing_a_task_needs_no_numpy() -> None:
    """It runs inside each submit; the first one shall not wait for an import."""
    modules = "gonogo.server.scoring.task_scoring, gonogo.server.consensus.values"
    code = f"import sys, {modules}; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
