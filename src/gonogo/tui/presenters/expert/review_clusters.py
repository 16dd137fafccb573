"""Texts of the clusters of the review queue: their heads, and the words for a ruling that others can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gonogo.desk.review.clusters import Cluster, Grouping
from gonogo.tui.presenters.common.format import value_text
from gonogo.tui.presenters.expert.rulings import error_type_text

if TYPE_CHECKING:
    from gonogo.desk.review.queue import ReviewQueue
    from gonogo.desk.review.session import ReviewSession

_ALONE = {Grouping.CAUSE: "no common cause", Grouping.VALUE: "values that stand alone"}
_GROUPED = {Grouping.CAUSE: "by cause", Grouping.VALUE: "by equal value"}
_ORDER = (Grouping.NONE, Grouping.CAUSE, Grouping.VALUE)


def next_grouping(grouping: Grouping, *, plain: bool) -> Grouping:
    """Returns the grouping after `grouping`; a `plain` server lists no votes, which a cause is made of."""
    following = _ORDER[(_ORDER.index(grouping) + 1) % len(_ORDER)]
    return Grouping.VALUE if plain and following is Grouping.CAUSE else following


def grouping_message(grouping: Grouping, *, plain: bool) -> str:
    """Message about what the server has no data for; empty where nothing is missing."""
    if plain and grouping is Grouping.VALUE:
        return "Grouped by equal value. This server lists no votes, so a cause isn't known."
    return ""


def grouped_summary(queue: ReviewQueue, cursor: int) -> list[tuple[str, str]]:
    """Texts and colours of the summary line: the grouping, the group at the cursor, and what is not in the list."""
    if queue.grouping is Grouping.NONE:
        return []
    parts = [(_GROUPED[queue.grouping], "$accent")]
    row = queue.row(cursor)
    cluster = queue.cluster_of(row.task.id) if row is not None else None
    if cluster is not None:
        name = cluster_name(cluster, queue.grouping)
        parts.append((f"{name} {cursor - cluster.start + 1} of {len(cluster.rows)}", "$strong"))
    if queue.total is not None and queue.loaded < queue.total:
        rest = f"the worst {queue.loaded} of {queue.total}"
        parts.append((rest if queue.at_rest else f"fetching: {queue.loaded} of {queue.total}", "$warning"))
    return parts


def cluster_name(cluster: Cluster, grouping: Grouping) -> str:
    """Name of a cluster: its cause, or its value."""
    if not cluster.key:
        return _ALONE.get(grouping, "") if cluster.known else "cause not known"
    if grouping is Grouping.CAUSE:
        return error_type_text(cluster.key)
    return value_text(cluster.rows[0].task.predicted_value, 40)


def cluster_heads(session: ReviewSession) -> list[tuple[int, str]]:
    """Heads of the table, by the index of the row below: name, and how many wait, are ruled, and were refused."""
    queue = session.queue
    return [
        (cluster.start, _head(cluster, cluster_name(cluster, queue.grouping), session)) for cluster in queue.clusters
    ]


def _head(cluster: Cluster, name: str, session: ReviewSession) -> str:
    n_waiting = sum(map(session.waits, cluster.rows))
    n_refused = sum(row.task.id in session.ruled and session.ruled[row.task.id].refused for row in cluster.rows)
    n_ruled = len(cluster.rows) - n_waiting - n_refused
    counts = [str(n_waiting)] if n_waiting else []
    counts += [f"{n_ruled} ruled" if n_waiting or n_refused else f"all {n_ruled} ruled"] if n_ruled else []
    counts += [f"{n_refused} refused"] if n_refused else []
    return f"{name} · {', '.join(counts)}"


def cannot_apply_message(session: ReviewSession, task_id: str) -> str:
    """Message why no ruling can be applied to the others of a task's group, with the next step."""
    queue = session.queue
    if queue.grouping is Grouping.NONE:
        return "The list isn't grouped: b groups it in the queue, then a ruling can be applied to items like it."
    cluster = queue.cluster_of(task_id)
    if cluster is None:
        return "This one has nothing in common with others in the list."
    if not any(map(session.waits, cluster.rows)):
        return "All items of this group have a ruling."
    if any(row.task.id in session.ruled for row in cluster.rows):
        return "Your rulings here decide nothing about the others: rule one right, or take its voters' value."
    return "Rule on one of this group first; then o applies that ruling to the others."
