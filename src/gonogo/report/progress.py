"""Progress text: formats a campaign's progress as sentences, for the lead's screen and `gonogo campaigns watch`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.statuses import takes_answers

if TYPE_CHECKING:
    from gonogo.schemas.lead import AtWork, CampaignProgress

MAX_TIME_LEFT = timedelta(days=3650)


def queue_text(progress: CampaignProgress) -> str:
    """Text of the queue's counts: `60 left (3 of them held) · 4 in review · 33 done`."""
    held = f" ({progress.n_held} of them held)" if progress.n_held else ""
    return f"{progress.n_open} left{held} · {progress.n_in_review} in review · {progress.n_resolved} done"


def time_left(progress: CampaignProgress) -> timedelta | None:
    """Time for the missing votes at the pace of the newest ones; `None` without a pace, or when none is missing."""
    if not progress.votes_per_hour or not progress.votes_left:
        return None
    return min(timedelta(hours=progress.votes_left / progress.votes_per_hour), MAX_TIME_LEFT)


def rate_text(votes_per_hour: float) -> str:
    """Pace: `12.5 votes an hour`."""
    return f"{votes_per_hour:g} {'vote' if votes_per_hour == 1 else 'votes'} an hour"


def pace_text(progress: CampaignProgress, now: datetime) -> str:
    """Pace and expected end, or the reason why there is none."""
    if not takes_answers(progress.status):
        return f"The campaign is {progress.status}: no more questions."
    if not progress.votes_left:
        waiting = f" {progress.n_in_review} in review, for an expert." if progress.n_in_review else ""
        return f"No votes are missing.{waiting}"
    needed = f"{counted(progress.votes_left, 'vote')} to go"
    rest = time_left(progress)
    if rest is None or progress.votes_per_hour is None:
        return f"{needed} · pace unknown: no votes in the last day"
    end = _end_text(now.astimezone() + rest, now)
    return f"{rate_text(progress.votes_per_hour)} · {needed} · at that pace done {end}"


def _end_text(end: datetime, now: datetime) -> str:
    """Text of the expected end: `at 16:20` today, else `on 2026-11-30`."""
    same_day = end.date() == now.astimezone().date()
    return f"at {end:%H:%M}" if same_day else f"on {end:%Y-%m-%d}"


def person_text(person: AtWork, now: datetime) -> str:
    """Work of a person: `12 done, 2 held, 5 min ago`."""
    held = f", {person.n_held} held" if person.n_held else ""
    return f"{person.n_done} done{held}{_age_text(person.last_at, now)}"


def _age_text(timestamp: str | None, now: datetime) -> str:
    """Age of an ISO timestamp, `, 5 min ago`; empty for anything else."""
    try:
        time = datetime.fromisoformat((timestamp or "").replace("Z", "+00:00"))
    except ValueError:
        return ""
    seconds = (now - (time if time.tzinfo else time.replace(tzinfo=UTC))).total_seconds()
    if seconds < 60:
        return ", now"
    if seconds < 5400:
        return f", {seconds / 60:.0f} min ago"
    return f", {seconds / 3600:.0f} h ago" if seconds < 172_800 else f", {seconds / 86_400:.0f} days ago"
