"""Campaigns that are thin, odd or overfull: every one has a report, and the report has words for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gonogo.report.quality import report_lines
from gonogo.schemas.labeling import QualityReport
from gonogo.server.consensus.agreement import gwet_ac1, krippendorff_alpha
from gonogo.server.consensus.intervals import alpha_interval
from gonogo.server.consensus.methods import estimate
from gonogo.server.consensus.votes import Votes
from tests.server.consensus.conftest import Campaign
from tests.server.scoring.test_refresh import RIGHT, UNSURE, WRONG, assert_json_safe, quality

THIN: dict[str, list[list[str]]] = {
    "nothing": [],
    "no votes": [[], []],
    "one vote": [[RIGHT]],
    "all the same": [[RIGHT, RIGHT]] * 4,
    "all unsure": [[UNSURE, UNSURE, UNSURE]],
}


def lines(report: QualityReport, width: int = 80) -> str:
    found = report_lines(report.model_dump(), {}, width)
    assert max(map(len, found)) <= width
    text = "\n".join(found)
    for odd in ("nan", "None", "inf "):
        assert odd not in text
    return text


@pytest.mark.parametrize("votes", THIN.values(), ids=THIN)
def test_without_variation_alpha_is_undefined_and_says_why(campaign: Campaign, votes: list[list[str]]) -> None:
    for verdicts in votes:
        campaign.vote(campaign.add_task(), *verdicts)
    report = quality(campaign)
    assert_json_safe(report)
    assert (report.alpha, report.accepted) == (None, False)
    text = lines(report)
    assert "alpha  not known yet" in text
    assert "Undefined:" in text
    if any(votes):
        assert "not known below 10 gold answers" in text
    else:  # no word on numbers that are not there
        assert "gold" not in text


def test_one_annotator_alone_has_a_record_but_no_agreement(campaign: Campaign) -> None:
    for index in range(12):
        campaign.vote_of(campaign.add_task(n_required=1), "solo", WRONG if index % 3 == 0 else RIGHT)
    report = quality(campaign)
    assert report.alpha is None
    assert report.annotators is not None
    (solo,) = report.annotators
    assert (solo.n_submissions, solo.gold_accuracy) == (12, None)
    assert "no task has two votes" in " ".join(lines(report).split())


def test_values_of_all_shapes_are_grouped_or_left_alone_and_never_break_anything(campaign: Campaign) -> None:
    shapes: list[Any] = [
        {"text": "16,5"},
        {"nominal": 16.5, "unit": "mm"},
        {"text": 5},
        {"rows": [["1", None], [{"deep": [True]}]]},
        {"": ""},
        {"text": ""},
        {"text": "⌀" * 5000},
        {"text": None, "nominal": None},
        None,
    ]
    for index, shape in enumerate(shapes):
        other = shapes[(index + 1) % len(shapes)]
        campaign.vote(campaign.add_task(), (WRONG, shape), (WRONG, other), (WRONG, shape))
    report = quality(campaign)
    assert_json_safe(report)
    assert report.gonogo is not None
    statuses = report.gonogo["statuses"]
    assert isinstance(statuses, dict)
    assert sum(n for n in statuses.values() if isinstance(n, int)) == len(shapes)
    assert statuses["open"] == 0
    lines(report)


@pytest.mark.parametrize("method", ["dawid_skene", "one_coin", "majority", "weighted_majority"])
def test_thirty_classes_are_as_good_as_three(method: str) -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 30, 900)
    said = np.where(rng.random((900, 5)) < 0.75, truth[:, None], rng.integers(0, 30, (900, 5)))
    votes = Votes.of(np.repeat(np.arange(900), 5), np.tile(np.arange(5), 900), said.ravel(), n_classes=30)
    found = estimate(method, votes)
    assert found.posterior.shape == (900, 30)
    assert np.isfinite(found.posterior).all()
    assert np.allclose(found.posterior.sum(axis=1), 1)
    assert found.confusion.shape == (5, 30, 30)
    assert (found.posterior.argmax(axis=1) == truth).mean() > 0.95
    counts = votes.counts()
    alpha, interval = krippendorff_alpha(counts), alpha_interval(counts)
    assert alpha is not None
    assert interval is not None
    assert interval.low < alpha < interval.high
    assert gwet_ac1(counts) is not None


def test_a_server_with_thirty_verdicts_is_laid_out_all_the_same() -> None:
    names = [f"verdict-{number:02}" for number in range(30)]
    report = {
        "alpha": 0.5, "acceptance_alpha": 0.8, "accepted": False, "n_tasks": 900, "n_submissions": 2700,
        "annotators": [],
        "gonogo": {
            "alpha_interval": [0.4, 0.6], "prevalence": dict.fromkeys(names, 1 / 30),
            "confusion": {"verdicts": names, "counts": [[3] * 30] * 30}, "by_kind": [], "by_sheet": [],
        },
    }  # fmt: skip
    text = "\n".join(found := report_lines(report, {}, 80))
    assert max(map(len, found)) <= 80
    assert "and 27 more" in text
    assert "given instead" in text
