"""Consensus, quality and promotion in the database."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from sqlalchemy import select

from gonogo.schemas.labeling import PromoteResult, QualityReport
from gonogo.server.quality.campaign_report import campaign_quality
from gonogo.server.review.promotion import promote
from gonogo.server.scoring.refresh import refresh_campaign
from gonogo.server.scoring.task_scoring import rescore_task
from gonogo.server.store.schema import annotator_scores, campaign_scores, golden_items, submissions, tasks
from tests.server.consensus.conftest import NOW, Campaign

RIGHT, WRONG, UNSURE = "correct", "incorrect", "unsure"
VALUE = {"text": "⌀16,5"}


def quality(campaign: Campaign) -> QualityReport:
    with campaign.store.write() as connection:
        return campaign_quality(connection, campaign.row(), NOW)


def promoted(campaign: Campaign, *, force: bool = False) -> PromoteResult:
    with campaign.store.write() as connection:
        return promote(connection, campaign.row(), force, NOW)


def more(report: QualityReport) -> dict[str, Any]:
    assert report.gonogo is not None
    return report.gonogo


def assert_json_safe(report: QualityReport) -> None:
    """Every number of the report can travel as JSON."""
    text = json.dumps(report.model_dump(), allow_nan=False)
    assert json.loads(text) == report.model_dump()


def agreeing_campaign(campaign: Campaign, n: int = 12) -> list[str]:
    """`n` tasks, every fourth wrong, on which three people agree."""
    made = []
    for index in range(n):
        task = campaign.add_task(predicted_value={"text": f"R{index}"})
        verdict = (WRONG, VALUE) if index % 4 == 0 else RIGHT
        campaign.vote(task, verdict, verdict, verdict)
        made.append(task)
    return made


def test_a_submit_resolves_its_task(campaign: Campaign) -> None:
    task = campaign.add_task()
    campaign.vote(task, WRONG, WRONG)
    assert campaign.statuses([task]) == [("open", None)]
    campaign.vote(task, RIGHT, start=2)
    row = campaign.task(task)
    assert (row.status, row.consensus_verdict, row.resolved_at) == ("resolved", WRONG, NOW)
    assert row.agreement == pytest.approx(2 / 3)
    assert row.posterior is not None
    assert row.posterior > 0.8


def test_a_tie_waits_for_an_expert(campaign: Campaign) -> None:
    task = campaign.add_task(n_required=2)
    campaign.vote(task, RIGHT, WRONG)
    row = campaign.task(task)
    assert (row.status, row.consensus_verdict, row.resolved_at) == ("in_review", None, None)


def test_the_value_of_a_wrong_reading_is_the_one_most_mean(campaign: Campaign) -> None:
    task = campaign.add_task()
    campaign.vote(task, (WRONG, VALUE), (WRONG, {"text": "Ø16.5"}), RIGHT)
    row = campaign.task(task)
    assert (row.consensus_verdict, row.consensus_value) == (WRONG, VALUE)


def test_a_ruling_stays_whatever_votes_come(campaign: Campaign) -> None:
    task = campaign.add_task()
    campaign.vote(task, RIGHT, RIGHT)
    ruling = {"status": "resolved", "consensus_verdict": WRONG, "consensus_value": VALUE, "adjudicated": True}
    with campaign.store.write() as connection:
        connection.execute(tasks.update().where(tasks.c.id == task).values(**ruling, resolved_at=NOW))
    campaign.vote(task, RIGHT, start=2)
    quality(campaign)
    row = campaign.task(task)
    assert (row.status, row.consensus_verdict, row.consensus_value) == ("resolved", WRONG, VALUE)
    assert row.agreement == 0


def test_votes_that_do_not_count_change_nothing(campaign: Campaign) -> None:
    task = campaign.add_task()
    campaign.vote(task, RIGHT, RIGHT, RIGHT)
    campaign.vote(task, WRONG, WRONG, WRONG, WRONG, start=3, counted=False)
    report = quality(campaign)
    assert campaign.statuses([task]) == [("resolved", RIGHT)]
    assert report.n_submissions == 3


def test_a_known_clicker_weighs_less_in_the_next_submit(campaign: Campaign) -> None:
    for index in range(40):
        truth = WRONG if index % 2 else RIGHT
        gold = campaign.add_task(is_gold=True, gold_answer=truth)
        campaign.vote(gold, truth, RIGHT, RIGHT)
        work = campaign.add_task()
        campaign.vote(work, truth, RIGHT, truth)
    with campaign.store.write() as connection:
        refresh_campaign(connection, campaign.id, NOW)
    with campaign.store.read() as connection:
        scores = connection.execute(select(annotator_scores).order_by(annotator_scores.c.voter_id)).all()
        assert connection.execute(select(campaign_scores.c.method_used)).scalar_one() == "dawid_skene"
    assert scores[0].reliability > 0.9 > 0.7 > scores[1].reliability
    task = campaign.add_task()
    campaign.vote(task, WRONG, RIGHT, RIGHT)
    row = campaign.task(task)
    assert (row.status, row.consensus_verdict) == ("resolved", WRONG)


def test_a_refresh_writes_only_what_changed_and_keeps_the_time(campaign: Campaign) -> None:
    made = agreeing_campaign(campaign)
    with campaign.store.write() as connection:
        refresh_campaign(connection, campaign.id, NOW)
    before = [campaign.task(task) for task in made]
    with campaign.store.write() as connection:
        refresh_campaign(connection, campaign.id, NOW.replace(year=2027))
    assert [campaign.task(task) for task in made] == before


def test_quality_of_a_campaign_that_agrees(campaign: Campaign) -> None:
    made = agreeing_campaign(campaign)
    report = quality(campaign)
    assert_json_safe(report)
    assert (report.alpha, report.accepted, report.acceptance_alpha) == (1, True, 0.8)
    assert (report.n_tasks, report.n_submissions) == (12, 36)
    assert {status for status, _ in campaign.statuses(made)} == {"resolved"}
    assert report.annotators is not None
    for person in report.annotators:
        assert person.n_submissions == 12
        assert person.consensus_agreement == 1
        assert person.gold_accuracy is None
        assert person.reliability is not None
        assert person.trust is None  # nobody answered gold
        assert 0 < person.reliability < 1
    assert more(report)["alpha_interval"] is None  # three wrong ones say nothing
    assert more(report)["gwet_ac1"] == 1
    assert more(report)["prevalence"][WRONG] == pytest.approx(0.25, abs=0.02)
    assert more(report)["statuses"] == {"open": 0, "in_review": 0, "resolved": 12}
    assert more(report)["duration_ms"] == {"p50": 3000, "p90": 3000}


@pytest.mark.parametrize("method", ["dawid_skene", "one_coin", "majority", "weighted_majority"])
@pytest.mark.parametrize(
    "votes",
    [[], [[]], [[RIGHT]], [[RIGHT] * 3] * 4, [[RIGHT, WRONG]] * 3, [[RIGHT, WRONG, UNSURE]], [[UNSURE] * 3]],
    ids=["no tasks", "no votes", "one vote", "all the same", "all ties", "all different", "all unsure"],
)
def test_thin_campaigns_have_a_report_too(campaign: Campaign, method: str, votes: list[list[str]]) -> None:
    campaign.set(consensus_method=method)
    for verdicts in votes:
        campaign.vote(campaign.add_task(), *verdicts)
    report = quality(campaign)
    assert_json_safe(report)
    assert report.n_tasks == len(votes)
    if len({verdict for verdicts in votes for verdict in verdicts}) < 2:
        assert report.alpha is None
        assert report.accepted is False
    assert promoted(campaign).promoted == 0


def test_single_votes_say_that_they_fell_back(campaign: Campaign) -> None:
    for _ in range(5):
        campaign.vote(campaign.add_task(n_required=1), RIGHT)
    report = quality(campaign)
    assert (more(report)["method"], more(report)["method_used"]) == ("dawid_skene", "weighted_majority")
    assert "one vote" in more(report)["fallback"]
    assert more(report)["statuses"]["resolved"] == 5


def test_gold_is_scored_from_ten_answers_on_and_left_out_of_alpha(campaign: Campaign) -> None:
    agreeing_campaign(campaign)
    alone = quality(campaign)
    answer = json.dumps({"verdict": WRONG, "corrected_value": VALUE})
    for index in range(12):
        gold = campaign.add_task(is_gold=True, gold_answer=answer if index % 2 else RIGHT)
        said = (WRONG, {"text": "Ø 16.5"}) if index % 2 else RIGHT
        campaign.vote(gold, said, RIGHT)
        if index < 9:
            campaign.vote(gold, (WRONG, {"text": "M8"}) if index % 2 else RIGHT, start=2)
    report = quality(campaign)
    assert_json_safe(report)
    assert (report.n_tasks, report.alpha) == (alone.n_tasks, alone.alpha)
    assert report.annotators is not None
    careful, clicker, third = report.annotators
    assert careful.gold_accuracy == 1
    assert clicker.gold_accuracy == 0.5
    assert third.gold_accuracy is None  # nine answers
    people = more(report)["annotators"]
    false_accept = people[clicker.annotator_user_id]["false_accept"]
    assert (false_accept["k"], false_accept["n"], false_accept["share"]) == (6, 6, 1)
    assert false_accept["interval"][0] > 0.5
    assert people[careful.annotator_user_id]["false_accept"]["share"] == 0
    assert people[third.annotator_user_id]["false_accept"] is None
    assert more(report)["n_gold_answers"] == 33
    assert more(report)["false_reject"]["share"] == 0


def test_a_wrong_value_on_gold_is_a_wrong_answer(campaign: Campaign) -> None:
    answer = json.dumps({"verdict": WRONG, "corrected_value": VALUE})
    for _ in range(10):
        gold = campaign.add_task(n_required=2, is_gold=True, gold_answer=answer)
        campaign.vote(gold, (WRONG, {"text": "M8"}), WRONG)
    report = quality(campaign)
    assert report.annotators is not None
    assert [person.gold_accuracy for person in report.annotators] == [0, 1]


def test_gold_resolves_to_its_answer_and_never_waits_for_review(campaign: Campaign) -> None:
    gold = campaign.add_task(is_gold=True, gold_answer=WRONG)
    campaign.vote(gold, RIGHT, WRONG)
    assert campaign.statuses([gold]) == [("open", None)]
    campaign.vote(gold, UNSURE, start=2)
    assert campaign.statuses([gold]) == [("resolved", WRONG)]
    quality(campaign)
    assert campaign.statuses([gold]) == [("resolved", WRONG)]


def test_fast_clicks_are_flagged(campaign: Campaign) -> None:
    for _ in range(6):
        task = campaign.add_task(n_required=2)
        campaign.vote_of(task, "slow", RIGHT)
        campaign.vote_of(task, "fast", RIGHT, claimed_at=NOW, duration_ms=None)
    people = more(quality(campaign))["annotators"]
    slow, fast = (people[campaign.people[name]] for name in ("slow", "fast"))
    assert (slow["too_fast"], slow["too_fast_share"]) == (False, 0)
    assert (fast["too_fast"], fast["too_fast_share"], fast["duration_ms"]) == (True, 1, None)


def test_promotion_below_acceptance_changes_nothing_unless_forced(campaign: Campaign) -> None:
    for index in range(6):
        campaign.vote(campaign.add_task(), RIGHT, WRONG if index % 2 else RIGHT, WRONG if index % 3 else RIGHT)
    refused = promoted(campaign)
    assert (refused.accepted, refused.forced, refused.promoted) == (False, False, 0)
    assert campaign.row().status == "open"
    forced = promoted(campaign, force=True)
    assert forced.alpha == refused.alpha
    assert (forced.accepted, forced.forced) == (False, True)
    assert forced.promoted
    assert forced.promoted > 0


def test_promotion_copies_true_values_once_and_later_only_what_is_new(campaign: Campaign) -> None:
    agreeing_campaign(campaign)
    campaign.vote(campaign.add_task(is_gold=True, gold_answer=RIGHT), RIGHT, RIGHT, RIGHT)
    first = promoted(campaign, force=True)
    assert (first.accepted, first.forced, first.promoted) == (True, False, 12)
    assert promoted(campaign).promoted == 0
    campaign.vote(campaign.add_task(), RIGHT, RIGHT, RIGHT)
    campaign.set(status="closed")
    assert promoted(campaign).promoted == 1
    assert campaign.row().status == "promoted"
    with campaign.store.read() as connection:
        rows = connection.execute(select(golden_items).order_by(golden_items.c.number)).all()
    assert [(row.verdict, row.value) for row in rows[:2]] == [(WRONG, VALUE), (RIGHT, {"text": "R1"})]
    assert not any(row.forced for row in rows)


def test_a_vote_between_measuring_and_writing_is_not_overwritten(campaign: Campaign) -> None:
    from gonogo.server.scoring.refresh import measure_campaign
    from gonogo.server.scoring.store_consensus import write_consensus

    task = campaign.add_task(n_required=2)
    campaign.vote(task, RIGHT, refresh=False)
    with campaign.store.read() as connection:
        measured = measure_campaign(connection, campaign.row())
    campaign.vote(task, RIGHT, start=1)
    with campaign.store.write() as connection:
        write_consensus(connection, campaign.row(), measured, NOW)
    assert campaign.statuses([task]) == [("resolved", RIGHT)]


def test_one_task_and_the_whole_campaign_agree(campaign: Campaign) -> None:
    """After a refresh of the campaign, refreshing each task alone changes no outcome."""
    made = []
    for index in range(30):
        task = campaign.add_task()
        campaign.vote(
            task,
            WRONG if index % 5 == 0 else RIGHT,
            (WRONG, VALUE) if index % 4 == 0 else RIGHT,
            UNSURE if index % 7 == 0 else RIGHT,
        )
        made.append(task)
    with campaign.store.write() as connection:
        refresh_campaign(connection, campaign.id, NOW)
    before = campaign.statuses(made)
    with campaign.store.write() as connection:
        found = [rescore_task(connection, task, NOW) for task in made]
    assert campaign.statuses(made) == before
    assert all(outcome.posterior is None or math.isfinite(outcome.posterior) for outcome in found)
    with campaign.store.read() as connection:
        assert len(connection.execute(select(submissions)).all()) == 90
