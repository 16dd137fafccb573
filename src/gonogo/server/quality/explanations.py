"""Explanations of a quality report: the meaning of each number that it has, and what to do about it.

A number that is not there, and advice that does not apply, have no words: a lead who reads each line shall not have to
find out which of them are for other campaigns.
"""

from __future__ import annotations

from typing import TypeGuard

from gonogo.server.consensus.intervals import MIN_DISSENT
from gonogo.server.quality.report_parts import CalibrationPart, ErrorShare, ModelConfidence, QualityParts
from gonogo.server.scoring.task_scoring import ASSUMED_ACCURACY

Explanations = dict[str, dict[str, str]]

WORRYING_FALSE_ACCEPT = 0.1
WORRYING_FALSE_REJECT = 0.15
HIGH_AC1 = 0.8
MANY = 30
"""Tasks from which advice on a whole campaign is more than a guess."""
RARE = 0.15
"""Prevalence of wrong predictions below which they are easily missed."""


def explain(
    report: QualityParts, alpha: float | None, threshold: float, n_submissions: int, redundancy: int = 1
) -> Explanations:
    """`{number: {means, do}}`, `do` empty where there is nothing to do; `report` is the report's `gonogo` block.

    `redundancy` is the number of votes that the campaign asks for.
    """
    if not n_submissions:
        has_tasks = any((report.get("statuses") or {}).values())
        do = "Invite annotators: `gonogo assign`." if has_tasks else "Add tasks: `gonogo import`."
        words = {"alpha": {"means": "Undefined: nobody has voted yet.", "do": do}, "gold_looks": _gold_looks(report)}
        return {name: said for name, said in words.items() if said is not None}
    all_words = {
        "settled": _settled(report),
        "gold_looks": _gold_looks(report),
        "alpha": _alpha(report, alpha, threshold, redundancy),
        "gwet_ac1": _ac1(report, alpha, threshold),
        "prevalence": _prevalence(report),
        "false_accept": _false_accept(report),
        "false_reject": _false_reject(report),
        "grouping": _grouping(report),
        "items_to_settle": _items_to_settle(report, alpha),
        "method": _method(report),
        "model_confidence": _model_confidence(report.get("model_confidence")),
        "calibration": _calibration(report.get("calibration")),
        **_people(report),
    }
    return {name: said for name, said in all_words.items() if said is not None}


def _settled(report: QualityParts) -> dict[str, str] | None:
    settled = report.get("settled")
    if not settled or not settled["n_correct"]:
        return None
    limit, above = settled["max_risk"], settled["n_above_limit"]
    means = f"By the limit up to {limit:.0%} of them may be wrong; the votes expect {settled['expected_wrong']:.1f}."
    if 0 < limit < 1:
        means = (
            f"By the limit 1 in {round(1 / limit)} may be wrong; expected: {_about(settled['expected_wrong'])} "
            f"of {settled['n_correct']}."
        )
    if not report.get("n_paired_tasks") and not report.get("n_gold_answers"):
        means += (
            f" That takes people to be right in {100 * ASSUMED_ACCURACY:.0f} % of the cases; nothing measures it yet."
        )
    do = f"{above} of them were settled under an earlier limit and are above this one." if above else ""
    return {"means": means, "do": do}


def _gold_looks(report: QualityParts) -> dict[str, str] | None:
    looks = report.get("gold_looks") or []
    if not looks:
        return None
    means = " ".join(str(look["text"]) for look in looks)
    return {"means": means, "do": "Take gold from the same drawings and of the same kinds as the work."}


def _about(number: float) -> str:
    return "fewer than 1" if number < 0.5 else str(round(number))


def _alpha(report: QualityParts, alpha: float | None, threshold: float, redundancy: int) -> dict[str, str]:
    means = "Krippendorff's alpha: agreement beyond chance over tasks with two votes or more."
    if alpha is None:
        paired = report.get("n_paired_tasks") or 0
        if not paired:
            do = "Ask for two votes a task." if redundancy < 2 else ""
            return {"means": means + " Undefined: no task has two votes.", "do": do}
        why = " Undefined: every vote says the same, so there is nothing to agree or disagree about."
        has_gold = report.get("false_accept") is not None
        do = "" if paired < MANY or has_gold else "Add gold with wrong predictions; it shows whether people look."
        return {"means": means + why, "do": do}
    interval = report.get("alpha_interval")
    if interval is None:
        why = f" Too few disagreements for an interval: under {MIN_DISSENT} tasks have a vote unlike the most."
        return {"means": means + why, "do": "Do not read much into alpha yet."}
    low, high = interval
    if low >= threshold:
        return {"means": means, "do": ""}
    if high < threshold:
        return {
            "means": means,
            "do": "Below what is wanted, not by chance: look at the kinds and sheets that split people most.",
        }
    return {"means": means, "do": "The threshold lies inside the interval: this may be luck either way. Collect more."}


def _ac1(report: QualityParts, alpha: float | None, threshold: float) -> dict[str, str] | None:
    ac1 = report.get("gwet_ac1")
    if ac1 is None:
        return None
    is_rare = (report.get("prevalence") or {}).get("incorrect", 0.0) < RARE
    is_split = alpha is not None and alpha < threshold and ac1 >= HIGH_AC1 and is_rare
    do = "People agree, there are just few wrong predictions. The false-accept rate decides then." if is_split else ""
    means = "Agreement beyond chance that hardly moves when one verdict is common."
    if report.get("gwet_ac1_interval") is None:
        means += " No interval: too few votes differ."
    return {"means": means, "do": do}


def _prevalence(report: QualityParts) -> dict[str, str] | None:
    shares = report.get("prevalence")
    if not shares:
        return None
    has_gold = _is_known(report.get("false_accept"))
    is_rare = shares.get("incorrect", 0.0) < RARE and (report.get("n_voted_tasks") or 0) >= MANY and not has_gold
    do = "Wrong predictions are rare and easily missed: use gold with many wrong ones." if is_rare else ""
    return {"means": "Expected share of each verdict among the tasks with votes.", "do": do}


def _false_accept(report: QualityParts) -> dict[str, str]:
    share = report.get("false_accept")
    means = "Share of known wrong predictions that were called correct: the costly mistake."
    if not _is_known(share):
        kind = "add gold that is wrong" if share is not None else "add gold, half of it wrong"
        return {"means": means, "do": f"Not known yet: {kind}."}
    do = "Practise with seeded errors, and look at the error types missed."
    return {"means": means, "do": _worry(share, do, WORRYING_FALSE_ACCEPT)}


def _false_reject(report: QualityParts) -> dict[str, str] | None:
    share = report.get("false_reject")
    if share is None:
        return None  # the words on false accept say what both need
    means = "Share of known right predictions that were refused: it costs expert time."
    if not _is_known(share):
        return {"means": means, "do": "Not known yet: add gold that is right."}
    do = "Look at the guideline: people may ask for more than the drawing shows."
    return {"means": means, "do": _worry(share, do, WORRYING_FALSE_REJECT)}


def _grouping(report: QualityParts) -> dict[str, str] | None:
    grouping = report.get("grouping")
    if grouping is None:
        return None
    means = "Errors on gold where equal values were asked on one page, beside those of single questions."
    shares = [grouping[way][error] for way in ("grouped", "single") for error in ("false_accept", "false_reject")]
    if "false_accept" in grouping["worse"]:
        do = "People miss more errors on pages, not by chance: switch grouping off, or practise and look at it again."
    elif "false_reject" in grouping["worse"]:
        do = "Right values are struck more often on pages, not by chance: look at the sizes of terminals, and practise."
    elif not all(map(_is_known, shares)):
        do = "Not known yet: each way needs 10 answers to gold, right and wrong ones among them."
    else:
        means += " The intervals overlap: no difference is shown."
        do = ""
    return {"means": means, "do": do}


def _is_known(share: ErrorShare | None) -> TypeGuard[ErrorShare]:
    return share is not None and share.get("share") is not None


def _worry(share: ErrorShare, do: str, worrying: float) -> str:
    """The advice on a share of errors, as far as its interval lies above what worries."""
    low, high = share["interval"] or (0.0, 1.0)
    if high < worrying:
        return ""
    return do if low > worrying else "Not clear yet: more gold items narrow the interval."


def _items_to_settle(report: QualityParts, alpha: float | None) -> dict[str, str] | None:
    more = report.get("items_to_settle")
    if alpha is None or report.get("alpha_interval") is None or more == 0:
        return None
    means = "About how many more tasks with two or more votes would settle on which side of the threshold alpha lies."
    if more is None:
        return {"means": means, "do": "Too many to be worth it: alpha sits right on the threshold."}
    return {"means": means, "do": ""}


def _method(report: QualityParts) -> dict[str, str]:
    return {"means": f"The consensus is by {report.get('method_used')}.", "do": str(report.get("fallback") or "")}


def _model_confidence(confidence: ModelConfidence | None) -> dict[str, str] | None:
    if not confidence or not confidence["n_known"]:
        return None
    means = "How often a right prediction has the higher confidence of a right and a wrong one (AUC; 0.5 is chance)."
    return {"means": f"{means} {confidence['why']}", "do": ""}


def _calibration(calibration: CalibrationPart | None) -> dict[str, str] | None:
    if not calibration:
        return None
    means = "On gold: how far the probabilities claimed are from the shares that are right (ECE)."
    if calibration["temperature"] > 1.05:
        means += " Voters err together, so the weight of their votes was reduced."
    return {"means": means, "do": ""}


def _people(report: QualityParts) -> Explanations:
    """Words on the table of annotators."""
    words = {
        "reliability": {
            "means": "Mean share of right answers over the verdicts, by the consensus; trust its lower bound by gold.",
            "do": "Act on trust, not on reliability.",
        }
    }
    people = list((report.get("annotators") or {}).values())
    if any(person["n_gold_answers"] for person in people):
        words["gold_accuracy"] = {"means": "Share of right answers on gold; not shown below 10 gold answers.", "do": ""}
    if report.get("error_types"):
        words["error_types"] = {
            "means": "Which kinds of error in known wrong predictions were called correct.",
            "do": "Show the worst kind in practice and in the guideline.",
        }
    if report.get("duration_ms"):
        words["duration_ms"] = {
            "means": "Time a verdict as the clients report it, without idle time.",
            "do": "Compare people with themselves: a sudden fall says more than being fast.",
        }
    flagged = [flag for person in people for flag in person.get("flags") or []]
    if "too_fast" in flagged:
        words["too_fast_share"] = {
            "means": "Share of votes under a second by the server's clock. Fetching ahead makes claim to submit "
            "longer, so the pace of submits is used as well.",
            "do": "Look at some of those votes before you pause anybody.",
        }
    if flagged:
        words["flags"] = {
            "means": "Signs that somebody's votes deserve a look. Nothing is done by itself.",
            "do": "Look, then pause, re-open or discount if need be; each is recorded in the audit log.",
        }
    return words
