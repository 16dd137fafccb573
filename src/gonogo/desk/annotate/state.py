"""From the parts of a desk to the one snapshot that the screen shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.desk.annotate.progress import Progress
from gonogo.desk.connection.circuit import Outage
from gonogo.desk.core.models import Decided, DeskTask, SessionState, Stage
from gonogo.desk.outbox.outbox import Counts
from gonogo.desk.session import messages
from gonogo.desk.session.prefetch import TaskPrefetcher


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the stream. `stuck` is the reason why the answer to a repeated task was refused."""

    current: DeskTask | None
    trouble: Outage | None
    retry_in: float | None
    counts: Counts
    progress: Progress
    can_undo: bool
    recent: tuple[Decided, ...]
    stuck: str = ""
    problem: tuple[str, str] = ("", "")
    pace: float | None = None


def derive_state(facts: Facts, stream: TaskPrefetcher) -> SessionState:
    stage, (message, next_step) = _stage(facts, stream)
    return SessionState(
        stage=stage,
        campaign_name=facts.progress.campaign_name,
        done=facts.progress.done,
        total=facts.progress.total,
        ahead=len(stream.ahead),
        unsent=facts.counts.unsent,
        parked=facts.counts.parked,
        can_undo=facts.can_undo,
        message=message,
        next_step=next_step,
        retry_in=facts.retry_in,
        pace=facts.pace,
        left_seconds=_left(facts),
        recent=facts.recent,
    )


def _left(facts: Facts) -> float | None:
    total = facts.progress.total
    if facts.pace is None or total is None:
        return None
    return facts.pace * max(0, total - facts.progress.done)


def _stage(facts: Facts, stream: TaskPrefetcher) -> tuple[Stage, tuple[str, str]]:
    trouble, unsent = facts.trouble, facts.counts.unsent
    if trouble is not None and trouble.signed_out:
        return Stage.SIGNED_OUT, messages.signed_out(trouble, unsent)
    words = messages.offline(trouble, unsent) if trouble is not None else facts.problem
    if facts.current is not None:
        return Stage.TASK, words
    if trouble is not None:
        return Stage.OFFLINE, words
    if stream.refused is not None:
        return Stage.REFUSED, messages.refused(stream.refused)
    if stream.repeating and facts.stuck:
        return Stage.REFUSED, messages.stuck(facts.stuck)
    if stream.repeating and stream.elsewhere:
        return Stage.LOADING, messages.elsewhere()
    if stream.exhausted or (stream.repeating and not stream.limits.one_at_a_time):
        return Stage.DRAINED, messages.drained(facts.progress.standing, unsent)
    return Stage.LOADING, words
