"""Example rulings: what one ruling asks for on the items like it, and what waits for a key of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.desk.review.example import Example, Proposal, Waits, is_example
from gonogo.desk.review.example import proposed as proposed_by
from gonogo.desk.review.models import QueueRow, Ruling
from gonogo.schemas.review import GivenAnswer, LikelyOutcome
from tests.tui.fake_services import task

RIGHT, WRONG = Ruling("correct"), Ruling("incorrect", {"text": "16,5"}, error_type="decimal_sign")


def row(*answers: tuple[str, str | None, int]) -> QueueRow:
    given = (
        GivenAnswer(verdict=verdict, value=None if text is None else {"text": text}, count=count)
        for verdict, text, count in answers
    )
    return QueueRow(task(0, {"text": "165"}), "in_review", answers=tuple(given))


def proposed(of: QueueRow, ruling: Ruling) -> Proposal:
    return proposed_by(of, Example(TIE, ruling, "decimal_sign"))


TIE = row(("correct", None, 1), ("incorrect", "16,5", 1))


@pytest.mark.parametrize(
    ("ruling", "is_one"),
    [
        (RIGHT, True),
        (Ruling("incorrect", {"text": "16.50"}), True),
        (Ruling("incorrect", {"text": "1,65"}), False),
        (Ruling("incorrect"), False),
        (Ruling("unsure"), False),
        (Ruling("correct", by_page=True), False),
    ],
)
def test_an_example_is_a_ruling_on_what_the_votes_disagree_about(ruling: Ruling, is_one: bool) -> None:
    assert is_example(TIE, ruling) is is_one


def test_the_value_that_was_read_is_no_example_of_a_wrong_one() -> None:
    same = row(("correct", None, 1), ("incorrect", "165,0", 1))
    assert not is_example(same, Ruling("incorrect", {"text": "165,0"}))
    assert is_example(same, RIGHT)


def test_wrong_asks_for_each_rows_own_value_and_right_for_none() -> None:
    other = row(("correct", None, 1), ("incorrect", "2,28", 2))
    assert proposed(other, WRONG).ruling == Ruling(
        "incorrect", {"text": "2,28"}, error_type="decimal_sign", by_page=True
    )
    assert proposed(TIE, RIGHT).ruling == Ruling("correct", by_page=True)
    assert proposed(TIE, RIGHT).waits is Waits.NO


@pytest.mark.parametrize(
    ("answers", "example", "waits", "has_ruling"),
    [
        ([("correct", None, 2), ("incorrect", "16,5", 1)], WRONG, Waits.OUTVOTED, True),
        ([("correct", None, 1), ("incorrect", "16,5", 2)], RIGHT, Waits.OUTVOTED, True),
        ([("unsure", None, 2), ("incorrect", "16,5", 1)], WRONG, Waits.OUTVOTED, True),
        ([("incorrect", "16,5", 1), ("incorrect", "1,65", 1)], WRONG, Waits.TWO_VALUES, False),
        ([("incorrect", "16,5", 1), ("incorrect", "1,65", 1)], RIGHT, Waits.NO_VOTE, True),
        ([("correct", None, 1), ("incorrect", None, 1)], WRONG, Waits.NO_VALUE, False),
        ([("correct", None, 1), ("incorrect", "16,5", 1), ("incorrect", None, 1)], WRONG, Waits.NO, True),
        ([("correct", None, 1), ("incorrect", "165,0", 1)], WRONG, Waits.AS_READ, False),
        ([("correct", None, 1), ("incorrect", "165,0", 1)], RIGHT, Waits.NO, True),
        ([], RIGHT, Waits.NO_VOTES, True),
        ([], WRONG, Waits.NO_VOTES, False),
    ],
)
def test_what_a_page_key_leaves(
    answers: list[tuple[str, str | None, int]], example: Ruling, waits: Waits, has_ruling: bool
) -> None:
    proposal = proposed(row(*answers), example)
    assert (proposal.waits, proposal.ruling is not None) == (waits, has_ruling)


@pytest.mark.parametrize(("verdict", "waits"), [("correct", Waits.NO), ("incorrect", Waits.LIKELY_WRONG)])
def test_without_an_example_nothing_is_right_that_the_weighed_votes_call_wrong(verdict: str, waits: Waits) -> None:
    likely = LikelyOutcome(verdict=verdict, probability=0.6, n_votes=2, n_against=1)
    asked = Example(None, RIGHT, "16.5")
    assert proposed_by(replace(TIE, likely=likely), asked) == Proposal(Ruling("correct", by_page=True), waits)
    assert proposed(replace(TIE, likely=likely), RIGHT).waits is Waits.NO


def test_what_a_page_does_not_show_has_to_be_opened() -> None:
    noted = replace(TIE, reasons=(("unreadable", 1),))
    assert proposed(noted, WRONG) == Proposal(None, Waits.NOTE)
    plain = replace(row(), why="plain")
    assert (proposed(plain, RIGHT).waits, proposed(plain, WRONG).waits) == (Waits.NOT_LISTED, Waits.NOT_LISTED)


_answers = st.lists(
    st.tuples(st.sampled_from(["correct", "unsure"]), st.none(), st.integers(1, 3))
    | st.tuples(st.just("incorrect"), st.sampled_from(["16,5", "1,65", None]), st.integers(1, 3)),
    max_size=4,
    unique_by=lambda answer: answer[:2],
)


@settings(max_examples=100, deadline=None)
@given(answers=_answers, example=st.sampled_from([RIGHT, WRONG]))
def test_a_page_key_never_rules_against_more_votes_than_it_has(
    answers: list[tuple[str, str | None, int]], example: Ruling
) -> None:
    proposal = proposed(row(*answers), example)
    if proposal.waits:
        return
    assert proposal.ruling is not None
    votes = {
        verdict: sum(count for other, _, count in answers if other == verdict)
        for verdict in ("correct", "incorrect", "unsure")
    }
    assert votes[proposal.ruling.verdict] == max(votes.values()) > 0
    if proposal.ruling.verdict == "incorrect":
        assert {text for _, text, _ in answers if text} == {str((proposal.ruling.value or {})["text"])}
