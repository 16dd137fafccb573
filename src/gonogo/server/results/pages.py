"""Pages of the results API: the cases of a campaign in the order of their last change, none missed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gonogo.schemas.results_api import CaseResult, ResultPage
from gonogo.server.results.queries import CaseFilter, ResultsCampaign, read_cases, read_votes, skip_unchanged
from gonogo.server.results.serialize import case_result
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store

CLOCK_SLACK: Final = timedelta(hours=1)
"""How far the database's clock may be set back, and two writers at once be apart, without harm to `updated_after`."""


@dataclass(frozen=True)
class CaseQuery:
    """Filters of a page. `after` is the change counter of the last case of the page before."""

    after: int = 0
    limit: int = 100
    state: str | None = None
    updated_after: datetime | None = None
    verbose: bool = False


def committed_horizon(store: Store, campaign_id: str) -> int | None:
    """The change counter up to which all changes are committed; `None` where writers exclude each other.

    See `DatabaseDialect.last_case_change`.
    """
    dialect = dialect_of(store.url)
    if not dialect.CONCURRENT_WRITERS:
        return None
    with store.write() as connection:
        return dialect.last_case_change(connection, campaign_id)


@contextmanager
def read_latest(store: Store) -> Iterator[Connection]:
    """A consistent view that shows all that was committed before now: the replica's, if it has replayed that.

    A replica that lags could show a later change before an earlier one counts as seen, and a page walk would miss it.
    """
    dialect = dialect_of(store.url)
    if store.replica_url is not None and dialect.WRITE_POSITION is not None:
        written = store.query_one(dialect.WRITE_POSITION)
        with store.report() as connection:
            if written is not None and dialect.has_replayed(connection, written[0]):
                yield connection
                return
    with store.read() as connection:
        yield connection


def read_page(connection: Connection, campaign: ResultsCampaign, query: CaseQuery, horizon: int | None) -> ResultPage:
    """The cases that changed after `query.after`.

    A case that changes during a walk moves to its end, so a walk may see it twice and never misses it.
    """
    after = query.after
    if query.updated_after is not None:
        after = max(after, skip_unchanged(connection, campaign.id, after, query.updated_after - CLOCK_SLACK))
    filters = CaseFilter(after, query.limit + 1, query.state, query.updated_after, horizon)
    rows = read_cases(connection, campaign.id, filters)
    page = rows[: query.limit]
    votes = read_votes(connection, page)
    return ResultPage(
        payload=[case_result(campaign, row, votes.get(row.id, []), verbose=query.verbose) for row in page],
        has_next=len(rows) > query.limit,
        last_sequence_id=page[-1].seq if page else query.after,
        limit=query.limit,
    )


def read_case(connection: Connection, campaign: ResultsCampaign, number: int, *, verbose: bool) -> CaseResult | None:
    """One case of the campaign, by its task's number."""
    rows = read_cases(connection, campaign.id, CaseFilter(number=number))
    if not rows:
        return None
    votes = read_votes(connection, rows)
    return case_result(campaign, rows[0], votes.get(rows[0].id, []), verbose=verbose)
