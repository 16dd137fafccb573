"""A quality report as text: a gauge of characters, tables, and words beside the numbers. Report in, lines out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_GAUGE = 33  # with its legend on one line of 80 columns
_MOST_SHARES = 4
_SPARE = ("agree", "p50 s", "rel.", "fast", "gold", "missed", "pace")
_PLAIN = (
    "This server tells no intervals, prevalence, gold error rates or times: alpha stands here without its doubt. "
    "A bare alpha refuses careful teams where most predictions are right; look at conflicts before you close."
)
_COLUMNS = (
    "rel. is reliability, trust its safe lower bound; gold the accuracy on gold, missed known wrong called correct.",
    "fast is the share under a second by the server's clock; pace the time a vote, from the first to the last.",
)
_FLAGS = {"too_fast": "fast", "always_the_same": "same", "drifting": "drift"}
_LONGEST_NAME = 26
_SPARKS = "▁▂▃▄▅▆▇█"


def report_lines(
    report: Mapping[str, Any], names: Mapping[str, str] | None = None, width: int | None = None
) -> list[str]:
    """The report of `campaign_quality` (`model_dump`) as lines without colour; `names` by annotator id.

    Works with a plain ARCNM server as well, whose report has no `gonogo` block. With a `width` in cells words are
    wrapped, and the table of annotators leaves out the columns that matter least.
    """
    lines = _lines(report, names or {}, width)
    return lines if width is None else [part for line in lines for part in _wrapped(line, width)]


def _lines(report: Mapping[str, Any], names: Mapping[str, str], width: int | None) -> list[str]:
    more: Mapping[str, Any] = report.get("gonogo") or {}
    lines = [*_headline(report, more), ""]
    if more:
        lines += [*_numbers(more), ""]
    else:
        lines += [_PLAIN, ""]
    lines += _people(report, more, names, width)
    for title, key in (("By kind", "by_kind"), ("By sheet", "by_sheet")):
        lines += _groups(title, more.get(key) or [])
    lines += _missed(more.get("error_types") or [])
    lines += _confusion(more.get("confusion"), width)
    if more.get("fallback"):
        lines += ["", str(more["fallback"])]
    return lines


def gauge(alpha: float | None, interval: Sequence[float] | None, threshold: float, width: int = _GAUGE) -> str:
    """`0 ┤······━━━●━━━──┊────├ 1`: ● alpha, ━ its interval, ┊ the threshold (⊙ where both meet)."""

    def at(value: float) -> int:
        return round(min(max(value, 0.0), 1.0) * (width - 1))

    cells = ["─"] * width
    if alpha is not None and interval is not None:
        for place in range(at(interval[0]), at(interval[1]) + 1):
            cells[place] = "━"
    cells[at(threshold)] = "┊"
    if alpha is not None:
        cells[at(alpha)] = "⊙" if at(alpha) == at(threshold) else "●"
    return f"0 ├{''.join(cells)}┤ 1"


def sparkline(values: Sequence[float]) -> str:
    """One block a value, from the smallest to the largest; all alike → the middle."""
    if not values:
        return ""
    low, high = min(values), max(values)
    if high == low:
        return _SPARKS[3] * len(values)
    return "".join(_SPARKS[int((value - low) / (high - low) * (len(_SPARKS) - 1))] for value in values)


def evidence(signs: Mapping[str, Any]) -> list[str]:
    """Why each flag of a person is raised, in numbers; `signs` is the person's part of the report's `gonogo` block."""
    found = []
    if signs.get("too_fast"):
        found.append(f"too fast: {signs.get('too_fast_recent')} of the last 20 votes, by the server's clock")
    run = signs.get("run")
    if run:
        odds = round(1 / max(float(run.get("probability") or 0.0), 1e-12))
        odd = f"chance by the person's own rates 1 in {odds:,}".replace(",", " ")
        found.append(f"always the same: {run.get('length')} times {run.get('verdict')} in a row; {odd}")
    drift = signs.get("drift")
    if drift:
        against = "the consensus" if drift.get("against") == "consensus" else str(drift.get("against"))
        was, now = _percent(drift.get("before")), _percent(drift.get("now"))
        found.append(f"drifting: right by {against} {was} before, {now} in the last {drift.get('votes')} votes")
    return found


def _headline(report: Mapping[str, Any], more: Mapping[str, Any]) -> list[str]:
    alpha, interval = report.get("alpha"), more.get("alpha_interval")
    wanted = report.get("acceptance_alpha") or 0.0
    verdict = "accepted" if report.get("accepted") else "not accepted"
    shown = "undefined" if alpha is None else f"{alpha:.3f}"
    doubt = "" if interval is None else f"   95 % {interval[0]:.2f} to {interval[1]:.2f}"
    lines = [f"alpha  {shown}{doubt}   wanted {wanted:g}   {verdict}"]
    lines.append(f"       {gauge(alpha, interval, wanted)}  ● alpha ━ 95 % ┊ wanted")
    lines += _said(more, "alpha")
    lines.append(f"{report.get('n_submissions') or 0} submissions on {report.get('n_tasks') or 0} tasks")
    return lines


def _numbers(more: Mapping[str, Any]) -> list[str]:
    prevalence = more.get("prevalence")
    shares = "–" if not prevalence else "   ".join(_shares(prevalence))
    rows = [
        ("false accept", _with_interval(more.get("false_accept")), "false_accept"),
        ("false reject", _with_interval(more.get("false_reject")), "false_reject"),
        ("Gwet's AC1", "undefined" if more.get("gwet_ac1") is None else f"{more['gwet_ac1']:.3f}", "gwet_ac1"),
        ("prevalence", shares, "prevalence"),
        ("to settle", "–" if more.get("items_to_settle") is None else str(more["items_to_settle"]), "items_to_settle"),
    ]
    lines = []
    for label, value, key in rows:
        lines.append(f"{label:13} {value}")
        lines += _said(more, key)
    return lines


def _shares(prevalence: Mapping[str, float]) -> list[str]:
    """In their own order; of many verdicts the commonest."""
    if len(prevalence) <= _MOST_SHARES:
        return [f"{name} {_percent(share)}" for name, share in prevalence.items()]
    common = sorted(prevalence.items(), key=lambda item: -item[1])[: _MOST_SHARES - 1]
    return [*(f"{name} {_percent(share)}" for name, share in common), f"and {len(prevalence) - len(common)} more"]


def _said(more: Mapping[str, Any], key: str) -> list[str]:
    found = (more.get("words") or {}).get(key)
    return [f"       {found['means']}", f"       → {found['do']}"] if found else []


def _people(
    report: Mapping[str, Any], more: Mapping[str, Any], names: Mapping[str, str], width: int | None
) -> list[str]:
    people = report.get("annotators") or []
    if not people:
        return ["Nobody has voted yet."]
    head = ["annotator", "votes", "rel.", "trust", "gold", "agree", "missed", "p50 s", "fast", "pace", "look at"]
    rows = [head]
    for who in people:
        own = (more.get("annotators") or {}).get(who["annotator_user_id"], {})
        p50 = (own.get("duration_ms") or {}).get("p50")
        accepted = own.get("false_accept")
        rows.append(
            [
                _short(names.get(who["annotator_user_id"], who["annotator_user_id"])),
                str(who["n_submissions"]),
                *(_two(who[key]) for key in ("reliability", "trust", "gold_accuracy", "consensus_agreement")),
                "–" if not accepted else _percent(accepted["share"]),
                "–" if p50 is None else f"{p50 / 1000:.1f}",
                _percent(own.get("too_fast_share")),
                sparkline(own.get("trend") or []),
                " ".join(f"!{_FLAGS.get(str(flag), str(flag))}" for flag in own.get("flags") or []),
            ]
        )
    lines = _table(_narrowed(rows, width))
    for who in people:
        own = (more.get("annotators") or {}).get(who["annotator_user_id"], {})
        name = names.get(who["annotator_user_id"], who["annotator_user_id"])
        lines += [f"       ! {name}: {why}" for why in evidence(own)]
    return [*lines, *(f"       {words}" for words in _COLUMNS)]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _narrowed(rows: list[list[str]], width: int | None) -> list[list[str]]:
    """Without as many of `_SPARE` columns as it takes to fit."""
    for name in _SPARE:
        if width is None or max(map(len, _table(rows))) <= width:
            break
        gone = rows[0].index(name)
        rows = [[*row[:gone], *row[gone + 1 :]] for row in rows]
    return rows


def _wrapped(line: str, width: int) -> list[str]:
    """Words behind a number, which are indented, go on under themselves; a table is left as it is."""
    if len(line) <= width or ("   " in line.strip() and not line.startswith("       ")):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    more = indent + ("  " if line.lstrip().startswith("→") else "")
    return textwrap.wrap(line.strip(), max(width, 20), initial_indent=indent, subsequent_indent=more)


def _groups(title: str, groups: Sequence[Mapping[str, Any]]) -> list[str]:
    if len(groups) < 2:
        return []
    rows = [[title, "tasks", "voted twice", "split", "alpha"]]
    rows += [
        [
            str(group.get("title") or group["name"]) or "(no drawing)",
            str(group["n_tasks"]),
            str(group["n_paired"]),
            str(group["n_split"]),
            "undefined" if group["alpha"] is None else f"{group['alpha']:.2f}",
        ]
        for group in groups[:10]
    ]
    return ["", *_table(rows)]


def _missed(kinds: Sequence[Mapping[str, Any]]) -> list[str]:
    if not kinds:
        return []
    rows = [["Errors missed", "called correct", "share, 95 %"]]
    for kind in kinds[:10]:
        name = str(kind["error_type"]).replace("_", " ")
        rows.append([name, f"{kind['missed']} of {kind['n']}", _interval(kind["share"], kind["interval"])])
    return ["", *_table(rows)]


def _confusion(found: Mapping[str, Any] | None, width: int | None) -> list[str]:
    if not found or not any(map(any, found["counts"])):
        return []
    rows = [["Known answer ↓  given →", *found["verdicts"]]]
    for verdict, counts in zip(found["verdicts"], found["counts"], strict=True):
        rows.append([verdict, *map(str, counts)])
    table = _table(rows)
    return ["", *(table if width is None or max(map(len, table)) <= width else _mix_ups(found))]


def _mix_ups(found: Mapping[str, Any]) -> list[str]:
    """The commonest mistakes, where the whole matrix is too wide."""
    names, counts = found["verdicts"], found["counts"]
    cells = [(n, i, j) for i, row in enumerate(counts) for j, n in enumerate(row) if n and i != j]
    rows = [[names[i], names[j], str(n)] for n, i, j in sorted(cells, key=lambda cell: (-cell[0], *cell[1:]))[:10]]
    return _table([["Known answer", "given instead", "times"], *rows]) if rows else []


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [_row(row, widths) for row in rows]


def _row(cells: Iterable[str], widths: Sequence[int]) -> str:
    first, *rest = cells
    numbers = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
    return "   ".join([first.ljust(widths[0]), *numbers]).rstrip()


def _with_interval(share: Mapping[str, Any] | None) -> str:
    if not share or share.get("share") is None:
        return "– (not known below 10 gold answers)"
    return f"{_interval(share['share'], share['interval'])}   {share['k']} of {share['n']}"


def _interval(share: float, interval: Sequence[float]) -> str:
    return f"{_percent(share)}   {_percent(interval[0])} to {_percent(interval[1])}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
