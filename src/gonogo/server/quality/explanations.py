"""Explanations of a quality report: the meaning of each number, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Explanations = dict[str, dict[str, str]]

WORRYING_FALSE_ACCEPT = 0.1
WORRYING_FALSE_REJECT = 0.15


def explain(report: Mapping[str, Any], alpha: float | None, threshold: float) -> Explanations:
    """`{number: {means, do}}`; `report` is the report's `gonogo` block."""
    return {
        "alpha": _alpha(report, alpha, threshold),
        "gwet_ac1": {
            "means": "Agreement beyond chance that hardly moves when one verdict is common, where alpha falls.",
            "do": "Low alpha beside high AC1: people agree, the campaign just has few wrong predictions. "
            "Look at the false-accept rate then.",
        },
        "prevalence": {
            "means": "Expected share of each verdict among the tasks with votes.",
            "do": "The rarer wrong predictions are, the easier they are missed: use gold with many wrong ones.",
        },
        "false_accept": _error_rate(
            report.get("false_accept"),
            "Share of known wrong predictions that were called correct: the costly mistake.",
            "Practise with seeded errors, and look at the error types missed.",
            WORRYING_FALSE_ACCEPT,
        ),
        "false_reject": _error_rate(
            report.get("false_reject"),
            "Share of known right predictions that were refused: it costs expert time.",
            "Look at the guideline: people may ask for more than the drawing shows.",
            WORRYING_FALSE_REJECT,
        ),
        "items_to_settle": _items_to_settle(report.get("items_to_settle")),
        "method": {
            "means": f"The consensus was found by {report.get('method_used')}.",
            "do": str(report.get("fallback") or "Nothing."),
        },
        "duration_ms": {
            "means": "Time a verdict as the clients report it, without idle time.",
            "do": "Compare people with themselves: a sudden fall says more than being fast.",
        },
        "too_fast_share": {
            "means": "Share of votes under a second by the server's clock. Fetching ahead makes claim to submit "
            "longer, so the pace of submits is used as well.",
            "do": "Look at some of those votes before you pause anybody.",
        },
        "reliability": {
            "means": "Mean share of right answers over the verdicts, by the consensus; trust is its lower bound.",
            "do": "Act on trust, not on reliability, while somebody has few votes.",
        },
        "gold_accuracy": {
            "means": "Share of right answers on gold; not shown below 10 gold answers.",
            "do": "Under 10 answers nothing can be said; raise the gold fraction.",
        },
        "error_types": {
            "means": "Which kinds of error in known wrong predictions were called correct.",
            "do": "Show the worst kind in practice and in the guideline.",
        },
        "flags": {
            "means": "Signs that somebody's votes deserve a look. Nothing is done by itself.",
            "do": "Look, then pause, re-open or discount if need be; each leaves a line in the trail.",
        },
    }


def _alpha(report: Mapping[str, Any], alpha: float | None, threshold: float) -> dict[str, str]:
    means = "Krippendorff's alpha: agreement beyond chance over tasks with two votes or more."
    if alpha is None:
        if not report.get("n_paired_tasks"):
            return {"means": means + " Undefined: no task has two votes.", "do": "Ask for two votes a task."}
        why = " Undefined: every vote says the same, so there is nothing to agree or disagree about."
        return {"means": means + why, "do": "Add gold with wrong predictions; it shows whether people look."}
    interval = report.get("alpha_interval")
    if interval is None:
        return {"means": means, "do": "Too few tasks for an interval: go on until there are some hundred."}
    low, high = interval
    if low >= threshold:
        return {"means": means, "do": "Safely above the threshold."}
    if high < threshold:
        return {
            "means": means,
            "do": "Safely below the threshold: look at the kinds and sheets that split people most.",
        }
    return {"means": means, "do": "The threshold lies inside the interval: this may be luck either way. Collect more."}


def _error_rate(share: Any, means: str, do: str, worrying: float) -> dict[str, str]:
    if not share or share.get("share") is None:
        return {"means": means, "do": "Not known below 10 gold answers: add gold, half of it wrong."}
    low, high = share["interval"]
    if high < worrying:
        return {"means": means, "do": "Fine."}
    if low > worrying:
        return {"means": means, "do": do}
    return {"means": means, "do": "Not clear yet: more gold answers narrow the interval."}


def _items_to_settle(more: Any) -> dict[str, str]:
    means = "About how many more doubly voted tasks would settle on which side of the threshold alpha lies."
    if more is None:
        return {"means": means, "do": "Not known, or too many to be worth it: alpha sits right on the threshold."}
    return {"means": means, "do": "Settled." if more == 0 else f"About {more} more doubly voted tasks would settle it."}
