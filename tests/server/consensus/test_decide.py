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
    Policy,
    Rule,
    Truth,
    Vote,
    agreement_share,
    class_posterior,
    decide_outcome,
    gold_outcome,
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


def decide(*votes: Any, rule: Rule = Rule(3, 3), trailing_zeros: bool = False) -> Outcome:  # noqa: B008
    pairs = [vote if isinstance(vote, tuple) else (vote, None) for vote in votes]
    cast = [Vote(verdict, to_value(raw, trailing_zeros=trailing_zeros)) for verdict, raw in pairs]
    probabilities = class_posterior([LABEL[vote.verdict] for vote in cast], [MATRIX] * len(cast), EVEN)
    return decide_outcome(cast, probabilities, rule)


def test_a_task_is_open_until_it_has_its_votes() -> None:
    assert decide() == Outcome("open")
    assert decide("correct", "correct") == Outcome("open")


def test_two_to_one_for_incorrect_resolves_with_two_thirds_agreement() -> None:
    found = decide("incorrect", "correct", "incorrect")
    assert (found.status, found.verdict, found.value) == ("resolved", "incorrect", None)
    assert found.agreement == pytest.approx(2 / 3)


def test_two_to_one_for_correct_waits_for_an_expert_as_its_risk_is_above_the_limit() -> None:
    found = decide("correct", "incorrect", "correct")
    assert (found.status, found.verdict) == ("in_review", None)
    assert decide("correct", "incorrect", "correct", rule=Rule(3, 3, max_risk=0.1)).verdict == "correct"


@pytest.mark.parametrize(
    ("probabilities", "max_risk", "status"),
    [
        ([0.95, 0.05, 0.0], 0.05, "resolved"),
        ([0.94, 0.051, 0.009], 0.05, "in_review"),
        ([0.94, 0.051, 0.009], 0.06, "resolved"),
        ([0.78, 0.02, 0.2], 0.05, "in_review"),  # hardly wrong, but hardly legible either
        ([0.7, 0.28, 0.02], 0.3, "resolved"),
        ([1.0, 0.0, 0.0], 0.0, "in_review"),
        ([0.34, 0.33, 0.33], 1.0, "resolved"),
    ],
)
def test_a_value_settles_as_correct_only_below_the_risk_that_the_lead_accepts(
    probabilities: list[float], max_risk: float, status: str
) -> None:
    assert decide_outcome([Vote("correct")], probabilities, Rule(1, 1, max_risk)).status == status


@pytest.mark.parametrize("max_risk", [0.0, 0.05, 1.0])
def test_the_other_verdicts_settle_from_four_fifths_on_whatever_the_limit(max_risk: float) -> None:
    rule = Rule(1, 1, max_risk)
    assert decide_outcome([Vote("incorrect")], [0.2, 0.8, 0.0], rule).verdict == "incorrect"
    assert decide_outcome([Vote("unsure")], [0.1, 0.1, 0.8], rule).verdict == "unsure"
    assert decide_outcome([Vote("incorrect")], [0.21, 0.79, 0.0], rule).status == "in_review"


@pytest.mark.parametrize("votes", [("correct", "incorrect"), ("correct", "incorrect", "unsure")])
def test_a_tie_goes_to_review_without_a_consensus(votes: tuple[str, ...]) -> None:
    found = decide(*votes, rule=Rule(len(votes), len(votes)))
    assert found.status == "in_review"
    assert (found.verdict, found.value, found.agreement) == (None, None, None)


def test_a_tie_goes_to_review_even_if_one_side_is_trusted_far_more() -> None:
    found = decide_outcome([Vote("correct"), Vote("incorrect")], [0.02, 0.97, 0.01], Rule(2, 2))
    assert found.status == "in_review"
    assert found.posterior == 0.97


def test_votes_by_risk_settle_a_task_as_soon_as_it_is_safe_and_ask_on_while_it_is_not() -> None:
    rule = Rule(3, 1)
    assert decide(rule=rule).status == "open"
    assert decide("incorrect", rule=rule).status == "resolved"
    assert decide("correct", rule=rule).status == "open"  # 1 in 13 may be wrong
    assert decide("correct", "correct", rule=rule).status == "resolved"
    assert decide("correct", "incorrect", rule=rule).status == "open"
    assert decide(("incorrect", A), ("incorrect", B), rule=rule).status == "open"
    assert decide("correct", "incorrect", "correct", rule=rule).status == "in_review"


def test_min_votes_come_first_and_a_random_share_of_tasks_gets_one_more() -> None:
    policy = Policy(votes="by_risk", min_votes=2)
    enough = [policy.rule(f"task {number}", 5).n_enough for number in range(20_000)]
    assert set(enough) == {2, 3}
    assert 0.05 <= enough.count(3) / len(enough) <= 0.075
    assert policy.rule("task 1", 5) == policy.rule("task 1", 5)
    assert policy.rule("task 1", 1).n_enough == 1
    assert Policy(votes="fixed", min_votes=2).rule("task 1", 5).n_enough == 5


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 5), st.sampled_from(["fixed", "by_risk"]))
def test_what_is_settled_stays_settled_when_the_settings_change(
    before: float, after: float, votes: int, policy: str
) -> None:
    rule = Rule(5, 1, before)
    settled = decide_outcome([Vote("correct")] * votes, [0.9, 0.06, 0.04], rule)
    if settled.status == "resolved":
        assert settled.rule is not None
        kept = Policy(after, policy).rule("task", 5, settled.rule.max_risk, settled.rule.n_enough)
        assert decide_outcome([Vote("correct")] * votes, [0.9, 0.06, 0.04], kept).status == "resolved"


def test_gold_asks_for_votes_as_if_nobody_knew_its_answer() -> None:
    doubtful, safe, rule = [0.9, 0.07, 0.03], [0.99, 0.005, 0.005], Rule(3, 1)
    assert gold_outcome([Vote("correct")], doubtful, Truth("incorrect"), rule).status == "open"
    found = gold_outcome([Vote("correct")], safe, Truth("incorrect"), rule)
    assert (found.status, found.verdict, found.agreement) == ("resolved", "incorrect", 0)
    found = gold_outcome([Vote("correct")] * 3, doubtful, Truth("incorrect"), rule)
    assert (found.status, found.verdict) == ("resolved", "incorrect")


def test_equal_values_written_differently_are_one_value() -> None:
    found = decide(("incorrect", {"text": "⌀16,5"}), ("incorrect", {"text": "Ø 16.5"}), ("incorrect", C))
    assert (found.status, found.verdict, found.value) == ("resolved", "incorrect", value({"text": "⌀16,5"}))
    assert found.agreement == pytest.approx(2 / 3)


def test_trailing_zeros_matter_only_where_the_campaign_says_so() -> None:
    votes = ("incorrect", {"text": "16,5"}), ("incorrect", {"text": "16,50"})
    assert decide(*votes, rule=Rule(2, 2)).status == "resolved"
    assert decide(*votes, rule=Rule(2, 2), trailing_zeros=True).status == "in_review"


def test_wrong_without_a_value_agrees_with_any_value() -> None:
    found = decide(("incorrect", A), "incorrect", "incorrect")
    assert (found.value, found.agreement) == (value(A), 1)
    assert decide("incorrect", "incorrect", "incorrect").value is None


def test_two_values_with_equal_support_go_to_review() -> None:
    assert decide(("incorrect", A), ("incorrect", B), "incorrect").status == "in_review"


def test_a_value_does_not_count_for_a_verdict_that_lost() -> None:
    found = decide("correct", "correct", ("incorrect", A), rule=Rule(3, 3, max_risk=0.1))
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
    st.integers(1, 5),
)
def test_an_outcome_is_whole(verdicts: list[str], n_required: int, n_enough: int) -> None:
    found = decide(*verdicts, rule=Rule(n_required, min(n_enough, n_required)))
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
