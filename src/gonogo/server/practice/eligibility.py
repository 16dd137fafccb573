"""Eligibility of a person for tasks: refused while paused, before a qualification, or during a warm-up.

All of it is off until a lead sets it, and then costs a claim one query. Tasks that a person already holds may always be
answered. Users with an API key are leads; only a pause stops them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_, select

from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.review import WaitsFor
from gonogo.server.auth.principals import Voter
from gonogo.server.errors import conflict
from gonogo.server.practice.standing import practice_standing
from gonogo.server.store.compiled_statements import CompiledQuery
from gonogo.server.store.schema import annotator_pauses, review_settings
from gonogo.server.store.typed_rows import AnyColumn

# --- queries -----------------------------------------------------------------------------------------------


class Gate(NamedTuple):
    """Whether anything may stand in a voter's way; fields are `eligibility_columns`."""

    paused_at: datetime | None
    asks: bool


def eligibility_columns(campaign_id: ColumnElement[str]) -> list[AnyColumn]:
    """The columns of `Gate`: the pause of `:voter`, and whether the campaign `asks` for anything before tasks."""
    paused = select(annotator_pauses.c.paused_at).where(
        annotator_pauses.c.campaign_id == campaign_id, annotator_pauses.c.voter_id == bindparam("voter")
    )
    asks = exists().where(
        review_settings.c.campaign_id == campaign_id,
        or_(review_settings.c.pass_mark.is_not(None), review_settings.c.warm_up_items > 0),
    )
    return [paused.scalar_subquery().label("paused_at"), asks.label("asks")]


_GATE = CompiledQuery(select(*eligibility_columns(bindparam("campaign"))), Gate)


# --- the check ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ineligible:
    """A reason why somebody gets no tasks: `reason` for programs, `message` for the person."""

    reason: WaitsFor
    message: str


def require_eligible(connection: Connection, campaign_id: str, voter: Voter, now: datetime) -> None:
    """Raises 409 for a person who gets no tasks now; its `details.reason` says why."""
    reason = ineligibility(connection, campaign_id, voter, now)
    if reason is not None:
        raise conflict(reason.reason, reason.message)


def ineligibility(connection: Connection, campaign_id: str, voter: Voter, now: datetime) -> Ineligible | None:
    """Why `voter` gets no tasks of the campaign; `None` if nothing stands in the way."""
    gate = _GATE.one(connection, {"campaign": campaign_id, "voter": voter.id})
    if gate.paused_at is not None:
        message = (
            "The lead has paused your work in this campaign: no new tasks for now. Your answers are kept; ask the lead."
        )
        return Ineligible("paused", message)
    if not gate.asks or voter.kind == "user":
        return None
    practice = practice_standing(connection, campaign_id, voter.id, now)
    if practice.waits_for == "qualification":
        share = f"{100 * (practice.pass_mark or 0):.0f} %"
        needed = counted(practice.needed, "practice item")
        message = f"This campaign asks for a qualification: {share} of {needed} right. "
        message += _progress(practice.n, practice.right) if practice.available else _NO_ITEMS_YET
        return Ineligible("qualification", message)
    if practice.waits_for == "warm_up":
        left = practice.warm_up_left
        message = f"This campaign starts with a warm-up: {counted(left, 'practice item')} to go. "
        return Ineligible("warm_up", message + "They count for nothing but your practice.")
    return None


def _progress(n: int, right: int) -> str:
    return f"Of your last {n}, {right} were right: practise more." if n else "Practise first; tasks come when you pass."


_NO_ITEMS_YET = "Practice appears once an expert has ruled on some questions."
