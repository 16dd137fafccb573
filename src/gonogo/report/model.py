"""Model report as text: how far predictions can be trusted alone, with what is known, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from gonogo.report.tables import table_lines
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.model_report import AcceptThreshold, ModelError, ModelGroup, ModelReport, ReaderComparison
from gonogo.values import format_text, from_json

BAR = 20
"""Cells of a bar of the reliability curve."""
NOT_REPRESENTATIVE = (
    "The known ones were chosen by confidence, so the tables by kind and reader show only what is known; "
    "accuracy and thresholds are weighed by confidence."
)


def report_lines(report: ModelReport, *, bound: float | None = None, with_errors: bool = True) -> list[str]:
    """Returns the report as lines; the surest errors are the last ones."""
    if not report.n_predictions:
        return ["There are no predictions. `gonogo import` brings them in."]
    lines = _headline(report)
    if not report.n_known:
        return [
            *lines,
            "",
            "→ Let people answer some of them (`gonogo projects generate`), or import truths with them.",
        ]
    lines += _groups("By kind", report.by_kind, spaced=True) + _groups("By reader", report.by_reader)
    lines += _reliability(report) + _thresholds(report.thresholds)
    lines += [] if bound is None else ["", *_accept(report.accept, bound)]
    lines += _audits(report)
    lines += [] if report.comparison is None else ["", *_comparison(report.comparison)]
    return [*lines, *(_errors(report.errors) if with_errors else [])]


def _headline(report: ModelReport) -> list[str]:
    known = f"{report.n_known} known: {report.n_by_truth} by an imported truth, {report.n_by_task} by people"
    unsure = f", {report.n_unsure} not decidable" if report.n_unsure else ""
    lines = [f"predictions  {report.n_predictions} of {', '.join(report.runs)}", f"             {known}{unsure}"]
    if report.n_known:
        unknown = "not known for every level of confidence"
        accuracy = unknown if report.accuracy is None else percent(report.accuracy)
        lines.append(f"accuracy     {accuracy} (95 % range {_range(report.accuracy_interval)})")
    if not report.representative:
        lines.append(f"             {NOT_REPRESENTATIVE}")
    return lines


def _groups(title: str, groups: Sequence[ModelGroup], *, spaced: bool = False) -> list[str]:
    """Table of groups; `spaced` shows `title block` for `title_block`."""
    if not groups:
        return []
    rows = [[title, "predictions", "known", "right", "accuracy, 95 %"]]
    rows += [
        [
            group.name.replace("_", " ") if spaced else group.name,
            str(group.n),
            str(group.n_known),
            str(group.n_right),
            _share(group.share, group.interval),
        ]
        for group in groups
    ]
    return ["", *table_lines(rows)]


def _reliability(report: ModelReport) -> list[str]:
    """Reliability curve: ● right share, ┊ what the model claims."""
    if not report.reliability:
        return ["", "No prediction has a confidence, so there is no threshold to choose."]
    rows = [["Confidence", "predictions", "known", "claimed", "right", ""]]
    for each in report.reliability:
        bar = "" if each.share is None or each.claimed is None else _bar(each.share, each.claimed)
        edges = f"{each.low:.1f}–{each.high:.1f}"
        rows.append([edges, str(each.n), str(each.n_known), percent(each.claimed), percent(each.share), bar])
    gap = report.calibration_error
    meaning = "" if gap is None else f"On average the confidence is {percent(gap)} off (expected calibration error)."
    return ["", *table_lines(rows), *([meaning] if meaning else [])]


def _bar(share: float, claimed: float) -> str:
    cells = ["·"] * BAR
    cells[round(claimed * (BAR - 1))] = "┊"
    cells[round(share * (BAR - 1))] = "●"
    return f"├{''.join(cells)}┤"


def _thresholds(thresholds: Sequence[AcceptThreshold]) -> list[str]:
    rows = [["Accept from", "accepted", "share", "known", "wrong", "error", "at most (95 %)"]]
    rows += [
        [
            f"{each.above:g}",
            str(each.n_accepted),
            percent(each.share_accepted),
            str(each.n_known),
            str(each.n_wrong),
            fine(each.error),
            fine(each.upper),
        ]
        for each in thresholds
        if each.n_accepted
    ]
    return ["", *table_lines(rows)] if len(rows) > 1 else []


def _accept(accept: AcceptThreshold | None, bound: float) -> list[str]:
    if accept is None:
        return [
            f"No confidence keeps the error at {fine(bound)} or less: too little is known, or too much is wrong.",
            "→ Have people answer more of the surest ones, at random.",
        ]
    return [
        f"From {accept.above:g} on the error is at most {fine(accept.upper)} (95 %): "
        f"{counted(accept.n_accepted, 'prediction')}, {percent(accept.share_accepted)} of all."
    ]


def _audits(report: ModelReport) -> list[str]:
    lines = []
    for audit in report.audits:
        found = f"{audit.n_wrong} wrong of {audit.n_known} judged"
        error = "" if audit.interval is None else f"; error {fine(audit.error)}, 95 % {_range(audit.interval)}"
        lines.append(
            f"audit   {audit.campaign}: {audit.n_accepted} accepted from {audit.accept_above:g}, "
            f"{audit.n_audited} audited, {found}{error}"
        )
        if audit.bound is not None and audit.interval is not None and audit.interval[0] > audit.bound:
            lines.append(f"        ! more than the {fine(audit.bound)} that was asked for: have them all checked")
    return ["", *lines] if lines else []


def _comparison(pair: ReaderComparison) -> list[str]:
    if not pair.n_pairs:
        return [f"{pair.first} and {pair.second} have no place in common whose truth is known."]
    rows = [
        [f"{counted(pair.n_pairs, 'place')}", f"{pair.second} right", "wrong"],
        [f"{pair.first} right", str(pair.n_both), str(pair.n_first_only)],
        ["wrong", str(pair.n_second_only), str(pair.n_neither)],
    ]
    difference = f"{100 * (pair.difference or 0):+.1f} points, 95 % {_points(pair.interval)}"
    decided = pair.interval is not None and (pair.interval[0] > 0 or pair.interval[1] < 0)
    better = pair.first if (pair.difference or 0) > 0 else pair.second
    meaning = f"{better} is better." if decided else "The difference may be chance."
    return [*table_lines(rows), f"{pair.first} − {pair.second}: {difference}. {meaning}"]


def _errors(errors: Sequence[ModelError]) -> list[str]:
    if not errors:
        return []
    rows = [["Surest errors", "read", "right", "sure", "part", "why"]]
    rows += [
        [
            error.field_name or error.kind or error.prediction_id,
            value_text(error.predicted_value),
            "–" if error.truth is None else value_text(error.truth),
            percent(error.confidence),
            error.part or "–",
            error.reason,
        ]
        for error in errors[:10]
    ]
    return ["", *table_lines([[cell if len(cell) <= 30 else cell[:29] + "…" for cell in row] for row in rows])]


# --- formats ---------------------------------------------------------------------------------------------


def value_text(value: object) -> str:
    """A value on one line: its own text, else as a drawing has it."""
    text = value.get("text") if isinstance(value, dict) else None
    return " ".join((text if isinstance(text, str) else format_text(from_json(value))).split()) or "–"


def percent(share: float | None) -> str:
    """`97 %`; `–` for none."""
    return "–" if share is None else f"{100 * share:.0f} %"


def fine(share: float | None) -> str:
    """A small share, `0.34 %`; `–` for none."""
    return "–" if share is None else f"{100 * share:.2g} %" if share < 0.1 else percent(share)


def _share(share: float | None, interval: Sequence[float] | None) -> str:
    return "–" if share is None else f"{percent(share)}   {_range(interval)}"


def _range(interval: Sequence[float] | None) -> str:
    return "–" if interval is None else f"{fine(interval[0])} to {fine(interval[1])}"


def _points(interval: Sequence[float] | None) -> str:
    return "–" if interval is None else f"{100 * interval[0]:+.1f} to {100 * interval[1]:+.1f}"
