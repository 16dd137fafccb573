"""The rules do what they are for, on crews with known habits."""

from __future__ import annotations

import pytest

from tests.benchmarks.simulation import Setting, average


@pytest.fixture(scope="module")
def mixed() -> dict[str, float]:
    return average(Setting(votes=3), 4)


def test_two_votes_and_a_third_on_disagreement_are_as_good_as_three(mixed: dict[str, float]) -> None:
    assert mixed["adaptive votes a task"] <= 2.3
    assert mixed["adaptive majority accuracy"] >= mixed["three votes majority accuracy"] - 0.003


def test_fewer_wrong_predictions_escape_than_with_a_majority(mixed: dict[str, float]) -> None:
    assert mixed["dawid_skene + expert escape"] <= 0.6 * mixed["majority escape"]
    assert mixed["dawid_skene + expert escape"] <= 0.6 * mixed["majority + expert escape"]
    assert mixed["dawid_skene + expert share to expert"] <= 0.1
    assert mixed["dawid_skene escape"] <= mixed["majority escape"]


def test_single_votes_without_gold_are_never_worse_than_the_majority() -> None:
    found = average(Setting(votes=1, gold_share=0), 2)
    assert found["dawid_skene escape"] == found["majority escape"]


@pytest.mark.parametrize("votes", [2, 3])
def test_gold_tells_those_who_look_from_those_who_accept_everything(votes: int) -> None:
    """On bare verdicts, without the expert: one careful *incorrect* outweighs who accepts everything."""
    found = average(Setting(crew="careful, half accept everything", votes=votes), 6)
    assert found["dawid_skene escape"] <= 0.6 * found["majority escape"]
    assert found["dawid_skene accuracy"] > found["majority accuracy"]
