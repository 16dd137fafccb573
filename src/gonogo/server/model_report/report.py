"""Model report of some runs: accuracy by kind and reader, reliability, thresholds, audits, comparison, worst errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from gonogo.json_types import JsonValue
from gonogo.schemas.model_report import (
    AcceptThreshold,
    ConfidenceBin,
    ModelError,
    ModelGroup,
    ModelReport,
    ReaderComparison,
)
from gonogo.server.consensus.agreement import Interval, Share
from gonogo.server.model_report.audits import audits_of
from gonogo.server.model_report.known_outcomes import KnownOutcome, Place, ValueComparer, known_outcomes, parsed
from gonogo.server.model_report.risk import (
    Outcomes,
    Risk,
    accept_above,
    as_outcomes,
    paired_difference,
    risk_of,
)
from gonogo.server.store.schema import calculations, part_revisions, parts, predictions
from gonogo.values import equal

CUTS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
"""Confidences of the table of thresholds."""
N_BINS = 10
"""Bins of the reliability curve, of equal width."""
MAX_ERRORS = 20
"""Wrong predictions that are listed, the surest first."""
MAX_GROUPS = 50


class ReportQuery(NamedTuple):
    """What a report is asked for.

    Attributes:
        calculation_ids: The runs.
        against: Another run to compare with, or empty.
        readers: Two readers (sources) to compare, or none.
        bound: Upper bound of the error that a threshold is wanted for.
    """

    calculation_ids: Sequence[str]
    against: str = ""
    readers: tuple[str, str] | None = None
    bound: float | None = None


def model_report(connection: Connection, project_id: str, query: ReportQuery) -> ModelReport:
    """The report; reads all predictions of the runs."""
    comparer = ValueComparer()
    known = known_outcomes(connection, query.calculation_ids, comparer)
    outcomes = as_outcomes([one.prediction.confidence for one in known], [one.right for one in known])
    whole = risk_of(outcomes)
    bins = _reliability(outcomes)
    names = _names(connection, query.calculation_ids)
    return ModelReport(
        runs=names,
        n_predictions=len(known),
        n_known=whole.n_known,
        n_by_truth=sum(one.by_truth for one in known),
        n_by_task=sum(one.right is not None and not one.by_truth for one in known),
        n_unsure=sum(one.unsure for one in known),
        accuracy=None if whole.error is None else 1 - whole.error,
        accuracy_interval=[1 - whole.interval.high, 1 - whole.interval.low] if whole.n_known else None,
        representative=whole.pooled,
        calibration_error=_calibration_error(bins),
        by_kind=_groups(known, lambda one: one.prediction.kind),
        by_reader=_groups(known, lambda one: one.prediction.source or ""),
        reliability=bins,
        thresholds=[_threshold(cut, outcomes) for cut in CUTS],
        accept=_accepted(outcomes, query.bound),
        audits=audits_of(connection, project_id, query.calculation_ids),
        comparison=_comparison(connection, known, comparer, query, names),
        errors=_errors(connection, known),
    )


def _names(connection: Connection, ids: Sequence[str]) -> list[str]:
    found = {row.id: row.run for row in connection.execute(select(calculations).where(calculations.c.id.in_(ids)))}
    return [str(found[each]) for each in ids if each in found]


# --- groups and confidence ---------------------------------------------------------------------------------


def _groups(known: Sequence[KnownOutcome], name_of: Callable[[KnownOutcome], str]) -> list[ModelGroup]:
    """Groups by name, the largest first; one that has no name is left out where it is the only one."""
    members: dict[str, list[KnownOutcome]] = defaultdict(list)
    for one in known:
        members[name_of(one)].append(one)
    if set(members) == {""}:
        return []
    largest = sorted(members.items(), key=lambda group: (-len(group[1]), group[0]))[:MAX_GROUPS]
    return [_group(name or "–", outcomes) for name, outcomes in largest]


def _group(name: str, outcomes: Sequence[KnownOutcome]) -> ModelGroup:
    judged = [one.right for one in outcomes if one.right is not None]
    share = Share(sum(judged), len(judged))
    return ModelGroup(
        name=name,
        n=len(outcomes),
        n_known=share.n,
        n_right=share.k,
        share=share.share,
        interval=_bounds(share.interval),
    )


def _reliability(outcomes: Outcomes) -> list[ConfidenceBin]:
    """Bins of equal width that have predictions; the last one takes the confidence 1, too."""
    has = ~np.isnan(outcomes.confidence)
    bin_of = np.minimum((np.nan_to_num(outcomes.confidence) * N_BINS).astype(np.int64), N_BINS - 1)
    bins = []
    for number in range(N_BINS):
        inside = has & (bin_of == number)
        if not inside.any():
            continue
        judged = inside & outcomes.known
        share = Share(int((judged & ~outcomes.wrong).sum()), int(judged.sum()))
        bins.append(
            ConfidenceBin(
                low=number / N_BINS,
                high=(number + 1) / N_BINS,
                n=int(inside.sum()),
                n_known=share.n,
                n_right=share.k,
                claimed=float(outcomes.confidence[judged].mean()) if share.n else None,
                share=share.share,
                interval=_bounds(share.interval),
            )
        )
    return bins


def _calibration_error(bins: Sequence[ConfidenceBin]) -> float | None:
    """Expected calibration error over the predictions of bins with known outcomes; `None` without any."""
    judged = [
        (each.n, each.claimed, each.share) for each in bins if each.claimed is not None and each.share is not None
    ]
    total = sum(n for n, _, _ in judged)
    return sum(n * abs(claimed - share) for n, claimed, share in judged) / total if total else None


# --- thresholds --------------------------------------------------------------------------------------------


def _threshold(cut: float, outcomes: Outcomes) -> AcceptThreshold:
    above = np.nan_to_num(outcomes.confidence, nan=-1.0) >= cut
    risk = risk_of(outcomes, above) if above.any() else Risk(0, 0, 0, None, Interval(0.0, 1.0), True)
    return AcceptThreshold(
        above=cut,
        n_accepted=risk.n,
        share_accepted=risk.n / max(outcomes.known.size, 1),
        n_known=risk.n_known,
        n_wrong=risk.n_wrong,
        error=risk.error,
        upper=risk.interval.high,
    )


def _accepted(outcomes: Outcomes, bound: float | None) -> AcceptThreshold | None:
    cut = None if bound is None else accept_above(outcomes, bound)
    return None if cut is None else _threshold(cut, outcomes)


# --- comparison --------------------------------------------------------------------------------------------


def _comparison(
    connection: Connection,
    known: Sequence[KnownOutcome],
    comparer: ValueComparer,
    query: ReportQuery,
    names: Sequence[str],
) -> ReaderComparison | None:
    """The first against the second run or reader, at the places that both read and whose truth is known."""
    if query.readers is not None:
        first, second = ([one for one in known if one.prediction.source == reader] for reader in query.readers)
        return _paired(first, second, _truths(known), query.readers, comparer)
    if query.against:
        other = known_outcomes(connection, [query.against], comparer)
        called = (", ".join(names), _names(connection, [query.against])[0])
        return _paired(known, other, _truths([*known, *other]), called, comparer)
    return None


def _truths(outcomes: Sequence[KnownOutcome]) -> dict[Place, str]:
    """The right value of each place where any of these readings tells it."""
    return {one.place: one.truth for one in outcomes if one.truth is not None}


def _paired(
    first: Sequence[KnownOutcome],
    second: Sequence[KnownOutcome],
    truths: Mapping[Place, str],
    names: tuple[str, str],
    comparer: ValueComparer,
) -> ReaderComparison:
    at_place = {one.place: one for one in second}
    cells: dict[tuple[bool, bool], int] = defaultdict(int)
    for one in first:
        other, truth = at_place.pop(one.place, None), truths.get(one.place)
        if other is None or truth is None:
            continue
        cells[_is_right(one, truth, comparer), _is_right(other, truth, comparer)] += 1
    n_pairs = sum(cells.values())
    paired = paired_difference(cells[True, False], cells[False, True], n_pairs)
    return ReaderComparison(
        first=names[0],
        second=names[1],
        n_pairs=n_pairs,
        n_both=cells[True, True],
        n_first_only=cells[True, False],
        n_second_only=cells[False, True],
        n_neither=cells[False, False],
        difference=None if paired is None else paired[0],
        interval=None if paired is None else _bounds(paired[1]),
    )


def _is_right(outcome: KnownOutcome, truth: str, comparer: ValueComparer) -> bool:
    row = outcome.prediction
    zeros = bool(row.trailing_zeros_matter)
    return comparer.same(row.value, truth, unit=row.unit or "", trailing_zeros=zeros)


# --- errors ------------------------------------------------------------------------------------------------


class _ErrorRow(NamedTuple):
    number: int
    prompt: str | None
    field_name: str | None
    drawing_bbox: list[float] | None
    part: str | None


def _errors(connection: Connection, known: Sequence[KnownOutcome]) -> list[ModelError]:
    """The wrong predictions that were surest."""
    wrong = sorted((one for one in known if one.right is False), key=lambda one: -(one.prediction.confidence or 0))
    wrong = wrong[:MAX_ERRORS]
    query = (
        select(
            predictions.c.number,
            predictions.c.prompt,
            predictions.c.field_name,
            predictions.c.drawing_bbox,
            parts.c.name.label("part"),
        )
        .outerjoin(part_revisions, part_revisions.c.id == predictions.c.part_revision_id)
        .outerjoin(parts, parts.c.id == part_revisions.c.part_id)
        .where(predictions.c.number.in_([one.prediction.number for one in wrong]))
    )
    facts = {row.number: _ErrorRow._make(row) for row in connection.execute(query)}
    return [_error(one, facts[one.prediction.number]) for one in wrong]


def _error(one: KnownOutcome, facts: _ErrorRow) -> ModelError:
    row = one.prediction
    value, truth = parsed(row.value), parsed(one.truth)
    return ModelError(
        prediction_id=row.external_id,
        task_id=row.task_id,
        part=facts.part,
        part_revision_id=row.part_revision_id,
        drawing_bbox=facts.drawing_bbox,
        prompt=facts.prompt,
        field_name=facts.field_name,
        kind=row.kind,
        source=row.source,
        confidence=row.confidence,
        predicted_value=value,
        truth=truth,
        reason=_reason(value, truth, row.unit),
    )


def _reason(value: JsonValue, truth: JsonValue, unit: str | None) -> str:
    if truth is None:
        return "people say it is wrong; nobody typed the right value"
    return equal(value, truth, unit=unit or "").reason.removeprefix("differs: ")


def _bounds(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
