"""Settled tasks of a campaign as JSON Lines, in the order they settled, from any place in it."""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import Final

from sqlalchemy import bindparam, literal, select

from gonogo.server.export.merged_readings import with_derived_verdicts
from gonogo.server.export.sql import SETTLED_STATE, settled_json_lines
from gonogo.server.results.pages import committed_horizon, read_latest
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import cases

_LINES: Final = settled_json_lines()
_ANY: Final = (
    select(literal(1))
    .select_from(cases)
    .where(
        cases.c.campaign_id == bindparam("campaign"),
        cases.c.state == SETTLED_STATE,
        cases.c.seq > bindparam("after"),
    )
    .limit(1)
)
_NO_HORIZON: Final = 2**63 - 1


def settled_lines(store: Store, campaign_id: str, name: str, after: int, limit: int) -> bytes:
    """The first `limit` lines whose cursor is above `after`, each with its newline; empty if there is none yet.

    A task that changes after it settled moves to the end. No line ever comes in before a cursor that was given out: a
    reader that goes on from the last one misses none, whichever worker or database answers.
    """
    if store.query_one(_ANY, {"campaign": campaign_id, "after": after}) is None:
        return b""  # most looks of a follower end here, without the lock that the horizon needs
    horizon = committed_horizon(store, campaign_id)
    parameters = {
        "campaign": campaign_id,
        "name": encode_basestring(name),
        "after": after,
        "horizon": _NO_HORIZON if horizon is None else horizon,
        "size": limit,
    }
    with read_latest(store) as connection:
        lines: str | None = connection.execute(_LINES, parameters).scalar()
        lines = lines and with_derived_verdicts(connection, campaign_id, lines)
    return b"" if lines is None else lines.encode() + b"\n"
