"""Quality report: formats a campaign's quality figures as lines of text, with a gauge of alpha, tables, and what
each number means. No terminal, no colour.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gonogo.report.grouping import grouping_lines
from gonogo.report.tables import table_lines
from gonogo.schemas.counted_nouns import counted

GAUGE_WIDTH = 33
"""Cells of the gauge; with its legend it fits on one line of 80 columns."""
MAX_SHARES = 4
"""Most verdicts whose prevalence is shown."""
MAX_ROWS = 10
"""Most rows of a table, that of the annotators excepted."""
MAX_NAME_WIDTH = 26
MAX_GROUP_WIDTH = 60
LEAST_IMPORTANT_COLUMNS = ("agree", "p50 s", "rel.", "fast", "gold", "missed", "pace")
"""Columns of the annotators that give way in a narrow terminal, first one first."""
NOT_COVERED = (
    "This server reports no intervals, prevalence, gold error rates or times, so alpha stands without its doubt. "
    "A bare alpha refuses careful teams where most predictions are right; look at conflicts before you close."
)
LEGEND_WIDTH = 110
"""Width of the legend where the report has none."""
COLUMN_LEGEND = {
    "rel.": "reliability",
    "trust": "lower bound of reliability, by gold",
    "gold": "accuracy on gold",
    "agree": "share of votes like the consensus",
    "missed": "share of known errors called correct",
    "p50 s": "median seconds a vote",
    "fast": "share of votes under a second",
    "pace": "time a vote, from the first to the last",
}
"""Meanings of the columns of the annotators."""
_INDENT = " " * 7
_FLAG_NAMES = {"too_fast": "fast", "always_the_same": "same", "drifting": "drift"}
_SPARKS = "▁▂▃▄▅▆▇█"

Json = Mapping[str, Any]


def report_lines(report: Json, names: Mapping[str, str] | None = None, width: int | None = None) -> list[str]:
    """Returns the report of `campaign_quality` (`model_dump`) as lines; `names` are annotators' names by id.

    Works with the report of a plain ARCNM server as well, which has no `gonogo` block. With a `width` in cells
    sentences are wrapped, and the table of annotators leaves out its least important columns.
    """
    lines = _lines(report, names or {}, width)
    return lines if width is None else [part for line in lines for part in _wrapped(line, width)]


def _lines(report: Json, names: Mapping[str, str], width: int | None) -> list[str]:
    details: Json = report.get("gonogo") or {}
    lines = [*_settled(details), *_next_steps(details, names), *_gold_looks(details), *_headline(report, details), ""]
    figures = _figures(details) if details else [NOT_COVERED]
    lines += [*figures, ""] if figures else []
    lines += grouping_lines(details.get("grouping"), _meaning(details, "grouping"))
    lines += _annotators(report, details, names, width)
    lines += _groups("By kind", details.get("by_kind") or [], width)
    lines += _groups("By sheet", details.get("by_sheet") or [], width)
    lines += _missed_errors(details.get("error_types") or [])
    lines += _confusion(details.get("confusion"), width)
    if details.get("fallback"):
        lines += ["", str(details["fallback"])]
    return lines


# --- charts ----------------------------------------------------------------------------------------------


def gauge(alpha: float | None, interval: Sequence[float] | None, threshold: float, width: int = GAUGE_WIDTH) -> str:
    """Gauge of alpha, `0 ┤······━━━●━━━──┊────├ 1`: ● alpha, ━ its interval, ┊ the threshold (⊙ where both meet)."""

    def cell_of(value: float) -> int:
        return round(min(max(value, 0.0), 1.0) * (width - 1))

    cells = ["─"] * width
    if alpha is not None and interval is not None:
        for cell in range(cell_of(interval[0]), cell_of(interval[1]) + 1):
            cells[cell] = "━"
    cells[cell_of(threshold)] = "┊"
    if alpha is not None:
        cells[cell_of(alpha)] = "⊙" if cell_of(alpha) == cell_of(threshold) else "●"
    return f"0 ├{''.join(cells)}┤ 1"


def sparkline(values: Sequence[float]) -> str:
    """Sparkline with one block a value, from the smallest to the largest; the middle one where all are equal."""
    if not values:
        return ""
    low, high = min(values), max(values)
    if high == low:
        return _SPARKS[3] * len(values)
    return "".join(_SPARKS[int((value - low) / (high - low) * (len(_SPARKS) - 1))] for value in values)


# --- figures ---------------------------------------------------------------------------------------------


def _settled(details: Json) -> list[str]:
    """What is settled, and with how many errors: a lead reads this first."""
    settled = details.get("settled")
    if not settled:
        return []
    statuses = details.get("statuses") or {}
    done = [
        (settled["n_correct"], "as correct"),
        (settled["n_other"], "as incorrect or unsure"),
        (settled["n_by_expert"], "by an expert"),
    ]
    left = [(statuses.get("in_review", 0), "in review"), (statuses.get("open", 0), "open")]
    texts = [f"{count} {name}" for count, name in done if count] or ["nothing yet"]
    line = " · ".join([*texts, *(f"{count} {name}" for count, name in left if count)])
    return [f"settled  {line}", *_meaning(details, "settled"), ""]


def _next_steps(details: Json, names: Mapping[str, str]) -> list[str]:
    """What to do next, with its price."""
    steps = details.get("next_steps") or []
    if not steps:
        return []
    texts = []
    for step in steps:
        person = str(step.get("annotator_user_id") or "")
        texts.append(str(step["text"]).replace("{name}", names.get(person, person)))
    return ["next", *(f"{_INDENT}→ {text}" for text in texts), ""]


def _gold_looks(details: Json) -> list[str]:
    """Warning that gold can be told from the work by what it shows."""
    if not details.get("gold_looks"):
        return []
    advice = ((details.get("words") or {}).get("gold_looks") or {}).get("do")
    lines = ["gold     looks different from the work: people can tell it"]
    lines += [f"{_INDENT}! {look['text']}" for look in details["gold_looks"]]
    return [*lines, *([f"{_INDENT}→ {advice}"] if advice else []), ""]


def _headline(report: Json, details: Json) -> list[str]:
    """Alpha with its interval, against what the campaign asks for."""
    alpha, interval = report.get("alpha"), details.get("alpha_interval")
    required = report.get("acceptance_alpha") or 0.0
    verdict = "accepted" if report.get("accepted") else "not accepted"
    figure = "not known yet" if alpha is None else f"{alpha:.3f}"
    doubt = "" if interval is None else f"   95 % {interval[0]:.2f} to {interval[1]:.2f}"
    return [
        f"alpha  {figure}{doubt}   wanted {required:g}   {verdict}",
        *([] if alpha is None else [f"{_INDENT}{gauge(alpha, interval, required)}  ● alpha ━ 95 % ┊ wanted"]),
        *_meaning(details, "alpha"),
        f"{counted(report.get('n_submissions') or 0, 'submission')} on {counted(report.get('n_tasks') or 0, 'task')}",
    ]


def _figures(details: Json) -> list[str]:
    prevalence, to_settle = details.get("prevalence"), details.get("items_to_settle")
    figures = [
        ("false accept", "false_accept", _share_with_interval(details.get("false_accept"))),
        ("false reject", "false_reject", _share_with_interval(details.get("false_reject"))),
        ("Gwet's AC1", "gwet_ac1", _coefficient(details, "gwet_ac1")),
        ("prevalence", "prevalence", "   ".join(_prevalence(prevalence)) if prevalence else "–"),
        ("to settle", "items_to_settle", str(to_settle) if to_settle else "–"),
        ("confidence", "model_confidence", _confidence(details.get("model_confidence"))),
        ("calibration", "calibration", _calibration(details.get("calibration"))),
    ]
    explained = details.get("words") or {}
    lines = []
    for label, key, figure in figures:
        if key in explained or figure[0] != "–":  # a number that is not there needs no line without advice
            lines += [f"{label:13} {figure}", *_meaning(details, key)]
    return lines


def _coefficient(details: Json, key: str) -> str:
    value, interval = details.get(key), details.get(f"{key}_interval")
    doubt = "" if interval is None else f"   95 % {interval[0]:.2f} to {interval[1]:.2f}"
    return "–" if value is None else f"{value:.3f}{doubt}"


def _confidence(confidence: Json | None) -> str:
    """AUC of the model's confidence, and whether it is used."""
    if not confidence:
        return "–"
    use = "used as evidence" if confidence.get("used") else "not used"
    auc, interval = confidence.get("auc"), confidence.get("interval")
    if auc is None or interval is None:
        return f"{use}   {confidence.get('n_known')} outcomes known" if confidence.get("n_known") else "–"
    return f"{use}   AUC {auc:.2f}   95 % {interval[0]:.2f} to {interval[1]:.2f}"


def _calibration(calibration: Json | None) -> str:
    """Expected calibration error, and claim and truth of each bin."""
    if not calibration:
        return "–"
    rows = calibration["bins"]
    bins = "   ".join(f"{_percent(row['claimed'])} → {_percent(row['right'])} of {row['n']}" for row in rows)
    return f"ECE {calibration['ece']:.3f}   {bins}"


def _prevalence(shares: Mapping[str, float]) -> list[str]:
    """Shares in their own order; of many verdicts the most frequent ones."""
    if len(shares) <= MAX_SHARES:
        return [f"{name} {_percent(share)}" for name, share in shares.items()]
    frequent = sorted(shares.items(), key=lambda item: -item[1])[: MAX_SHARES - 1]
    return [*(f"{name} {_percent(share)}" for name, share in frequent), f"and {len(shares) - len(frequent)} more"]


def _meaning(details: Json, key: str) -> list[str]:
    """Meaning of a figure, and the advice."""
    words = (details.get("words") or {}).get(key)
    if not words:
        return []
    return [f"{_INDENT}{words['means']}", *([f"{_INDENT}→ {words['do']}"] if words["do"] else [])]


# --- annotators ------------------------------------------------------------------------------------------


def _annotators(report: Json, details: Json, names: Mapping[str, str], width: int | None) -> list[str]:
    """Table of the annotators, the evidence of their flags, and the legend."""
    annotators = report.get("annotators") or []
    if not annotators:
        return ["Nobody has voted yet."]
    rows = [["annotator", "votes", "rel.", "trust", "gold", "agree", "missed", "p50 s", "fast", "pace", "look at"]]
    flags = []
    for annotator in annotators:
        signs = (details.get("annotators") or {}).get(annotator["annotator_user_id"], {})
        name = names.get(annotator["annotator_user_id"], annotator["annotator_user_id"])
        rows.append(_annotator_row(annotator, signs, name))
        flags += [f"{_INDENT}! {name}: {reason}" for reason in evidence(signs)]
    rows = _narrowed(rows, width)
    legend = "; ".join(f"{column} = {COLUMN_LEGEND[column]}" for column in rows[0] if column in COLUMN_LEGEND)
    return [*table_lines(rows), *flags, *_wrapped(f"{_INDENT}{legend}.", width or LEGEND_WIDTH)]


def _annotator_row(annotator: Json, signs: Json, name: str) -> list[str]:
    median = (signs.get("duration_ms") or {}).get("p50")
    missed = signs.get("false_accept")
    return [
        name if len(name) <= MAX_NAME_WIDTH else name[: MAX_NAME_WIDTH - 1] + "…",
        str(annotator["n_submissions"]),
        *(_two_places(annotator[key]) for key in ("reliability", "trust", "gold_accuracy", "consensus_agreement")),
        _percent(missed["share"]) if missed else "–",
        "–" if median is None else f"{median / 1000:.1f}",
        _percent(signs.get("too_fast_share")),
        sparkline(signs.get("trend") or []),
        " ".join(f"!{_FLAG_NAMES.get(str(flag), str(flag))}" for flag in signs.get("flags") or []),
    ]


def _narrowed(rows: list[list[str]], width: int | None) -> list[list[str]]:
    """Rows without as many of the least important columns as it takes to fit."""
    for name in LEAST_IMPORTANT_COLUMNS:
        if width is None or max(map(len, table_lines(rows))) <= width:
            break
        column = rows[0].index(name)
        rows = [[*row[:column], *row[column + 1 :]] for row in rows]
    return rows


def evidence(signs: Json) -> list[str]:
    """Returns why each flag of an annotator is raised, in numbers. `signs` is their part of the `gonogo` block."""
    reasons = []
    if signs.get("too_fast"):
        reasons.append(f"too fast: {signs.get('too_fast_recent')} of the last 20 votes, by the server's clock")
    run = signs.get("run")
    if run:
        odds = round(1 / max(float(run.get("probability") or 0.0), 1e-12))
        chance = f"chance by the person's own rates 1 in {odds:,}".replace(",", " ")
        reasons.append(f"always the same: {run.get('length')} times {run.get('verdict')} in a row; {chance}")
    drift = signs.get("drift")
    if drift:
        reference = "the consensus" if drift.get("against") == "consensus" else str(drift.get("against"))
        votes = int(drift.get("votes") or 0)
        before, now = _percent(drift.get("before")), _percent(drift.get("now"))
        reasons.append(f"drifting: right by {reference} {before} before, {now} in the last {counted(votes, 'vote')}")
    return reasons


# --- tables ----------------------------------------------------------------------------------------------


def _groups(title: str, groups: Sequence[Json], width: int | None) -> list[str]:
    """Table of alpha by kind or by sheet, where there are several and two votes to compare; names give way."""
    if len(groups) < 2 or not any(group["n_paired"] for group in groups):
        return []
    room = MAX_GROUP_WIDTH if width is None else max(width - 46, 12)

    def shorten(name: str) -> str:
        return name if len(name) <= room else f"{name[: room - 1]}…"

    rows = [[title, "tasks", "two or more votes", "split", "alpha"]]
    rows += [
        [
            shorten(str(group.get("title") or group["name"].replace("_", " ")) or "(no drawing)"),
            str(group["n_tasks"]),
            str(group["n_paired"]),
            str(group["n_split"]),
            "–" if group["alpha"] is None else f"{group['alpha']:.2f}",
        ]
        for group in groups[:MAX_ROWS]
    ]
    return ["", *table_lines(rows)]


def _missed_errors(kinds: Sequence[Json]) -> list[str]:
    """Table of the error types and how often each was called correct."""
    if not kinds:
        return []
    rows = [["Errors missed", "called correct", "share"]]
    for kind in kinds[:MAX_ROWS]:
        name = str(kind["error_type"]).replace("_", " ")
        rows.append([name, f"{kind['missed']} of {kind['n']}", _with_interval(kind["share"], kind["interval"])])
    return ["", *table_lines(rows)]


class Confusion(NamedTuple):
    """Pair of a known answer and a wrong one that was given instead so many `times`."""

    times: int
    known: int
    given: int


def _confusion(matrix: Json | None, width: int | None) -> list[str]:
    """Confusion matrix of the known answers; where it is too wide, the most frequent confusions."""
    if not matrix or not any(map(any, matrix["counts"])):
        return []
    rows = [["Known answer ↓  given →", *matrix["verdicts"]]]
    for verdict, counts in zip(matrix["verdicts"], matrix["counts"], strict=True):
        rows.append([verdict, *map(str, counts)])
    table = table_lines(rows)
    fits = width is None or max(map(len, table)) <= width
    return ["", *(table if fits else _frequent_confusions(matrix))]


def _frequent_confusions(matrix: Json) -> list[str]:
    verdicts = matrix["verdicts"]
    confusions = [
        Confusion(count, known, given)
        for known, counts in enumerate(matrix["counts"])
        for given, count in enumerate(counts)
        if count and known != given
    ]
    confusions.sort(key=lambda confusion: (-confusion.times, confusion.known, confusion.given))
    rows = [[verdicts[pair.known], verdicts[pair.given], str(pair.times)] for pair in confusions[:MAX_ROWS]]
    return table_lines([["Known answer", "given instead", "times"], *rows]) if rows else []


def _wrapped(line: str, width: int) -> list[str]:
    """Lines of a sentence, which is indented when it belongs to a figure; the line of a table is left as it is."""
    is_sentence = "   " not in line.strip() or line.startswith(_INDENT)
    if len(line) <= width or not is_sentence:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    next_indent = indent + ("  " if line.lstrip().startswith("→") else "")
    return textwrap.wrap(line.strip(), max(width, 20), initial_indent=indent, subsequent_indent=next_indent)


# --- formats ---------------------------------------------------------------------------------------------


def _share_with_interval(share: Json | None) -> str:
    if not share:
        return "– (not known below 10 gold answers)"
    if share.get("share") is None:
        return "– (no such gold was answered)"
    return f"{share['k']} of {share['n']} ({_with_interval(share['share'], share['interval'])})"


def _with_interval(share: float, interval: Sequence[float]) -> str:
    """Share and its doubt: `0 %, 95 % range 0–56 %`."""
    return f"{_percent(share)}, 95 % range {100 * interval[0]:.0f}–{100 * interval[1]:.0f} %"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _two_places(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
