"""A campaign's progress in words: for the lead's screen and for `gonogo campaign watch`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.schemas.lead import AtWork, CampaignProgress

LONGEST = timedelta(days=3650)


def queue_text(seen: CampaignProgress) -> str:
    """`60 left (3 of them held) · 4 in review · 33 done`."""
    held = f" ({seen.n_held} of them held)" if seen.n_held else ""
    return f"{seen.n_open} left{held} · {seen.n_in_review} in review · {seen.n_resolved} done"


def left(seen: CampaignProgress) -> timedelta | None:
    """How long it takes at the pace of the newest votes; `None` while there is no pace, or nothing to do."""
    if not seen.votes_per_hour or not seen.votes_left:
        return None
    return min(timedelta(hours=seen.votes_left / seen.votes_per_hour), LONGEST)


def pace_text(seen: CampaignProgress, now: datetime) -> str:
    """Pace and expected end, or why there is none."""
    if seen.status != "open":
        return f"The campaign is {seen.status}: nobody is asked any more."
    if not seen.votes_left:
        waits = f" {seen.n_in_review} wait for an expert." if seen.n_in_review else ""
        return f"No votes are missing.{waits}"
    needed = f"{seen.votes_left} votes to go"
    rest = left(seen)
    if rest is None:
        return f"{needed} · pace not known: there are no votes of the last day"
    return f"{seen.votes_per_hour:g} votes an hour · {needed} · at that pace done {_when(now.astimezone() + rest, now)}"


def _when(end: datetime, now: datetime) -> str:
    same_day = end.date() == now.astimezone().date()
    return f"at {end:%H:%M}" if same_day else f"on {end:%Y-%m-%d}"


def person_text(one: AtWork, now: datetime) -> str:
    """`12 done, 2 held, 5 min ago`."""
    held = f", {one.n_held} held" if one.n_held else ""
    return f"{one.n_done} done{held}{_ago(one.last_at, now)}"


def _ago(text: str | None, now: datetime) -> str:
    try:
        found = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return ""
    seconds = (now - (found if found.tzinfo else found.replace(tzinfo=UTC))).total_seconds()
    if seconds < 60:
        return ", now"
    if seconds < 5400:
        return f", {seconds / 60:.0f} min ago"
    return f", {seconds / 3600:.0f} h ago" if seconds < 172_800 else f", {seconds / 86_400:.0f} days ago"
