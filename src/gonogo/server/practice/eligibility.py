"""Who gets tasks at all: not while the lead has paused the person, a qualification is missing, or a warm-up is due.

All of it is off until a lead sets it, and then costs a claim one look-up. What a person already holds may always be
answered. Users with an API key are leads and are never held back, but by a pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_, select

from gonogo.schemas.review import WaitsFor
from gonogo.server.auth.principals import Voter
from gonogo.server.errors import conflict
from gonogo.server.practice.practice_items import practice_standing
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.schema import annotator_pauses, review_settings


@dataclass(frozen=True, slots=True)
class Ineligible:
    """Why somebody gets no tasks: `reason` for programs, `message` for the person."""

    reason: WaitsFor
    message: str


def require_eligible(connection: Connection, campaign_id: str, voter: Voter, now: datetime) -> None:
    """409 for a person who gets no tasks at the moment; its `details.reason` says why."""
    found = ineligibility(connection, campaign_id, voter, now)
    if found is not None:
        raise conflict(found.reason, found.message)


def ineligibility(connection: Connection, campaign_id: str, voter: Voter, now: datetime) -> Ineligible | None:
    """Why `voter` gets no tasks of the campaign; `None` when nothing is in the way."""
    here = {"campaign": campaign_id, "voter": voter.id}
    gate = _GATE.one(connection, here)
    if gate.paused_at is not None:
        message = "The lead has paused your work in this campaign: no new tasks for now. Your answers are kept; ask."
        return Ineligible("paused", message)
    if not gate.asks or voter.kind == "user":
        return None
    practice = practice_standing(connection, campaign_id, voter.id, now)
    if practice.waits_for == "qualification":
        share = f"{100 * (practice.pass_mark or 0):.0f} %"
        message = f"This campaign asks for a qualification: {share} of {practice.needed} practice items right. "
        message += _progress(practice.n, practice.right) if practice.available else _NO_ITEMS_YET
        return Ineligible("qualification", message)
    if practice.waits_for == "warm_up":
        left = practice.warm_up_left
        message = f"This campaign starts with a warm-up: {left} practice item{'s' if left != 1 else ''} to go. "
        return Ineligible("warm_up", message + "They count for nothing but your practice.")
    return None


def _progress(n: int, right: int) -> str:
    return f"Of your last {n}, {right} were right: practise on." if n else "Practise first; tasks come when you pass."


_NO_ITEMS_YET = "There are no practice items yet: ask the lead, who makes them by ruling on tasks."


def eligibility_columns(campaign_id: ColumnElement[str]) -> list[ColumnElement[Any]]:
    """`paused_at` of `:voter`, and whether the campaign `asks` for anything before tasks are given out."""
    paused = select(annotator_pauses.c.paused_at).where(
        annotator_pauses.c.campaign_id == campaign_id, annotator_pauses.c.voter_id == bindparam("voter")
    )
    asks = exists().where(
        review_settings.c.campaign_id == campaign_id,
        or_(review_settings.c.pass_mark.is_not(None), review_settings.c.warm_up_items > 0),
    )
    return [paused.scalar_subquery().label("paused_at"), asks.label("asks")]


_GATE = CompiledStatement(select(*eligibility_columns(bindparam("campaign"))))
