"""Campaigns as the results API has them: a Task is a campaign, a Case one of its tasks, a Read a submission."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from gonogo.schemas.verdicts import VERDICT_CLASSES
from gonogo.server.consensus.decide import parse_gold
from gonogo.server.results.queries import CaseFilter, CaseRecord, CaseVote, read_cases, read_votes
from gonogo.server.serialize import instant
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.store.schema.campaigns import campaigns, cases, projects
from gonogo.server.store.schema.columns import EPOCH

CLOCK_SLACK: Final = timedelta(hours=1)
"""How far the database's clock may be set back, and two writers at once be apart, without harm to `updated_after`."""
_SHORT = 500  # so many cases are read sooner than a place between them is looked up


@dataclass(frozen=True)
class CaseQuery:
    """Filters of a page. `after` is the change counter of the last case seen."""

    after: int = 0
    limit: int = 100
    state: str | None = None
    updated_after: datetime | None = None
    verbose: bool = False


@dataclass(frozen=True)
class CasePage:
    """`payload` is a JSON object a case."""

    payload: list[str]
    has_next: bool
    last_sequence_id: int


def campaign_numbered(store: Store, org_id: str, number: int) -> Row[Any] | None:
    """The campaign with this integer id, its project's number and name beside it."""
    found: Row[Any] | None = store.look(_CAMPAIGN, {"number": number, "org": org_id})
    return found


def committed_up_to(store: Store, campaign_id: str) -> int | None:
    """The change counter up to which nothing can still turn up; `None` where writers come one after the other.

    See `DatabaseDialect.last_case_change`.
    """
    dialect = dialect_of(store.url)
    if not dialect.CONCURRENT_WRITERS:
        return None
    with store.write() as connection:
        return dialect.last_case_change(connection, campaign_id)


@contextmanager
def caught_up(store: Store) -> Iterator[Connection]:
    """A view in which all shows that was committed before now: the replica's, if it is there already.

    A replica that lags could show a later change before an earlier one counts as seen, and a page walk would miss it.
    """
    dialect = dialect_of(store.url)
    if store.replica_url is not None and dialect.WRITE_POSITION is not None:
        written = store.look(dialect.WRITE_POSITION).position
        with store.report() as connection:
            if dialect.has_replayed(connection, written):
                yield connection
                return
    with store.read() as connection:
        yield connection


def page(connection: Connection, campaign: Row[Any], wanted: CaseQuery, horizon: int | None) -> CasePage:
    """The cases that changed after `wanted.after`, in the order of their last change.

    A case that changes during a walk moves to its end, so it may be seen twice and is never missed.
    """
    after = wanted.after
    if wanted.updated_after is not None:
        after = max(after, _all_older(connection, campaign.id, after, wanted.updated_after - CLOCK_SLACK))
    chosen = CaseFilter(
        limit=wanted.limit + 1,
        verbose=wanted.verbose,
        state=wanted.state is not None,
        updated_after=wanted.updated_after is not None,
        horizon=horizon is not None,
    )
    values = {"campaign": campaign.id, "after": after, "horizon": horizon}
    values |= {"state": wanted.state, "updated_after": wanted.updated_after}
    found = read_cases(connection, chosen, values)
    shown = found[: wanted.limit]
    last = shown[-1].seq if shown else wanted.after
    about = _about(campaign)
    return CasePage([_case(campaign, about, case, wanted.verbose) for case in shown], len(found) > wanted.limit, last)


def _all_older(connection: Connection, campaign_id: str, low: int, when: datetime) -> int:
    """A change counter from `low` up to which no case changed after `when`.

    Counter and clock grow together, so a few looks at the index find the place; read from `low` on, a page of what
    changed lately would pass by all that did not.
    """
    high: int = _LAST.scalar(connection, {"campaign": campaign_id}) or 0
    while high - low > _SHORT:
        middle = (low + high) // 2
        found = _NEXT.first(connection, {"campaign": campaign_id, "after": middle})
        if found is None or found.updated_at > when:
            high = middle
        else:
            low = found.seq
    return low


def one(connection: Connection, campaign: Row[Any], case_id: int, verbose: bool) -> str | None:
    """One case of the campaign, as JSON, or `None`."""
    values = {"campaign": campaign.id, "after": -1, "case": case_id}
    found = read_cases(connection, CaseFilter(verbose=verbose, case=True), values)
    return _case(campaign, _about(campaign), found[0], verbose) if found else None


def _about(campaign: Row[Any]) -> str:
    """What all cases of a campaign have in common."""
    project = f'"project_id":{_number(campaign.project_number)},"project_name":{_text(campaign.project_name)}'
    return f'"task_id":{campaign.number},"task_name":{_text(campaign.name)},{project}'


def _case(campaign: Row[Any], about: str, case: CaseRecord, verbose: bool) -> str:
    """One case in JSON. Written as text, for a page has up to a thousand and most of each is in JSON already."""
    votes = read_votes(case, verbose=verbose)
    counts = Counter(vote.verdict for vote in votes if vote.counted)
    counted = counts.total()
    truth = parse_gold(case.gold_answer) if case.is_gold else None
    correct = truth.verdict if truth else case.consensus_verdict if case.state == "Labeled" else None
    difficulty = 1 - counts[correct] / counted if correct and counted else None
    agreement = None if case.agreement is None else float(case.agreement)
    return (
        f'{{{about},"case_id":{case.number},"task_type":"choice","content_type":"{_kind(case)}",'
        f'"labeling_state":"{case.state}","qualified_reads":{counted},"patch":{_patch(case.drawing_bbox)},'
        f'"content_metadata":{_metadata(case)},"agreement":{_number(agreement)},"difficulty":{_number(difficulty)},'
        f'"correct_label":{_text(correct)},"majority_label":{_text(case.consensus_verdict)},'
        f'"read_stats":{_stats(votes, counts, verbose)},"gonogo":{_ours(campaign, case, verbose)}}}'
    )


def _stats(votes: list[CaseVote], counts: Counter[str], verbose: bool) -> str:
    by_verdict = ",".join([f'"{verdict}":{n}' for verdict in VERDICT_CLASSES if (n := counts[verdict])])
    reads = f',"reads":[{",".join([_read(vote) for vote in votes])}]' if verbose else ""
    return f'{{"counts":{{{by_verdict}}},"n_reads":{len(votes)},"n_qualified_reads":{counts.total()}{reads}}}'


def _read(vote: CaseVote) -> str:
    answer = f'{{"answer_class":"{vote.verdict}","corrected_value":{vote.corrected_value or "null"}}}'
    return (
        f'{{"read_id":{vote.number},"labeler":"{vote.voter_id}","answer":{answer},"qualified":{_flag(vote.counted)},'
        f'"duration_ms":{_number(vote.duration_ms)},"created_at":"{_instant(vote.created_at)}"}}'
    )


def _ours(campaign: Row[Any], case: CaseRecord, verbose: bool) -> str:
    """What joins the case to its task, drawing and value."""
    more = (
        f',"target_kind":{_text(case.target_kind)},"detail_kind":{_text(case.detail_kind)},'
        f'"drawing_bbox":{case.drawing_bbox or "null"},"part_revision_id":{_text(case.part_revision_id)}'
    )
    return (
        f'{{"task_id":"{case.id}","campaign_id":"{campaign.id}","part":{_text(case.part)},'
        f'"prediction_id":{_text(case.external_id)},"run":{_text(case.run)},"prompt":{_text(case.prompt)},'
        f'"predicted_value":{case.predicted_value or "null"},"consensus_value":{case.consensus_value or "null"},'
        f'"adjudicated":{_flag(case.adjudicated)},"updated_at":"{_instant(case.updated_at)}",'
        f'"sequence_id":{case.seq}{more if verbose else ""}}}'
    )


def _patch(written: str | None) -> str:
    """The area of interest as WKT in 0…100; only a box in fractions of the page can be given so."""
    box = json.loads(written or "[]")
    if not box or min(box[:4]) < 0 or max(box[:4]) > 1:
        return "null"
    x0, y0, x1, y1 = (f"{100 * number:.10g}" for number in box[:4])
    return f'"POLYGON (({x0} {y0}, {x1} {y0}, {x1} {y1}, {x0} {y1}, {x0} {y0}))"'


def _kind(case: CaseRecord) -> str:
    return "image" if case.drawing is None or case.content_type.startswith("image/") else "document"


def _metadata(case: CaseRecord) -> str:
    if case.drawing is None:
        return "[]"
    known = f'"content_id":{case.drawing},"origin":{_text(case.filename)},"created_at":"{_instant(case.drawn_at)}"'
    return f'[{{{known},"series":null,"series_index":null}}]'


def _text(value: str | None) -> str:
    return "null" if value is None else _encode(value)


def _number(value: float | None) -> str:
    return "null" if value is None else repr(value)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _instant(microseconds: int) -> str:
    return instant(EPOCH + timedelta(microseconds=microseconds))


_encode = json.JSONEncoder(ensure_ascii=False).encode
_CAMPAIGN = CompiledStatement(
    select(campaigns, projects.c.number.label("project_number"), projects.c.name.label("project_name"))
    .outerjoin(projects, projects.c.id == campaigns.c.project_id)
    .where(campaigns.c.number == bindparam("number"), campaigns.c.org_id == bindparam("org"))
)
_LAST = CompiledStatement(
    select(cases.c.seq).where(cases.c.campaign_id == bindparam("campaign")).order_by(cases.c.seq.desc()).limit(1)
)
_NEXT = CompiledStatement(
    select(cases.c.seq, cases.c.updated_at)
    .where(cases.c.campaign_id == bindparam("campaign"), cases.c.seq > bindparam("after"))
    .order_by(cases.c.seq)
    .limit(1)
)
