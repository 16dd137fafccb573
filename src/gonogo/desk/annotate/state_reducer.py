"""State reducer: combines the parts of an annotate session into the one snapshot that the screen shows. Pure."""

from __future__ import annotations

from gonogo.desk.annotate.annotator_progress import Progress
from gonogo.desk.annotate.answer_log import AnswerLog
from gonogo.desk.core.models import SessionState, Stage
from gonogo.desk.session import messages
from gonogo.desk.session.outbox_session import OutboxSession
from gonogo.desk.session.prefetch import TaskPrefetcher


def derive_state(
    asking: bool,
    session: OutboxSession,
    log: AnswerLog,
    prefetcher: TaskPrefetcher,
    progress: Progress,
) -> SessionState:
    """Returns the snapshot; `asking`: a task or a page is on the screen."""
    stage, (message, next_step) = _stage(asking, session, log, prefetcher, progress)
    pace = log.pace
    left = None if pace is None or progress.total is None else pace * max(0, progress.total - progress.done)
    return SessionState(
        stage=stage,
        campaign_name=progress.campaign_name,
        done=progress.done,
        total=progress.total,
        ahead=len(prefetcher.ahead),
        unsent=session.counts.unsent,
        parked=session.counts.parked,
        can_undo=bool(session.undo.answers),
        message=message,
        next_step=next_step,
        retry_in=session.connection.retry_in,
        pace=pace,
        left_seconds=left,
        recent=log.recent(),
    )


def _stage(
    asking: bool,
    session: OutboxSession,
    log: AnswerLog,
    prefetcher: TaskPrefetcher,
    progress: Progress,
) -> tuple[Stage, tuple[str, str]]:
    outage, unsent = session.connection.trouble, session.counts.unsent
    if outage is not None and outage.signed_out:
        return Stage.SIGNED_OUT, messages.signed_out(outage, unsent)
    message = messages.offline(outage, unsent) if outage is not None else session.message
    if asking:
        return Stage.TASK, message
    if outage is not None:
        return Stage.OFFLINE, message
    if prefetcher.refused is not None:
        return Stage.REFUSED, messages.refused(prefetcher.refused)
    if prefetcher.repeating and log.rejection:
        return Stage.REFUSED, messages.stuck(log.rejection)
    if prefetcher.repeating and prefetcher.elsewhere:
        return Stage.LOADING, messages.elsewhere()
    if prefetcher.exhausted or (prefetcher.repeating and not prefetcher.limits.one_at_a_time):
        drained, step = messages.drained(progress.reported, unsent, progress.done, progress.total)
        problem, problem_step = session.message
        return Stage.DRAINED, (f"{drained} {problem}".strip(), problem_step or step)
    return Stage.LOADING, message
