"""Way from a ruling to the sheet of its group, for the queue and for the adjudicate screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gonogo.desk.review.clusters import Grouping
from gonogo.desk.review.example import verification
from gonogo.tui.app_protocol import app_of
from gonogo.tui.presenters.expert.review_clusters import cannot_apply_message, cluster_name
from gonogo.tui.screens.expert.cluster_sheet import ClusterSheetScreen

if TYPE_CHECKING:
    from textual.widget import Widget

    from gonogo.desk.review.session import ReviewSession


def open_cluster_sheet(below: Widget, session: ReviewSession, task_id: str, then: Callable[[], None]) -> None:
    """Opens the sheet of the task's group, with the last ruling on it as the example; else a notice says why not.

    A group of one value needs no example: its sheet then asks whether each is read right. `then` is called when the
    sheet is left.
    """
    app = app_of(below)
    example, cluster = session.example_for(task_id), session.queue.cluster_of(task_id)
    if example is None and cluster is not None and session.queue.grouping is Grouping.VALUE:
        example = verification(cluster) if any(map(session.waits, cluster.rows)) else None
    if example is None or cluster is None:
        app.show_notice(cannot_apply_message(session, task_id), seconds=8)
        return
    name = cluster_name(cluster, session.queue.grouping)
    sheet = ClusterSheetScreen(session, example, name, app.clock, app.services.profile)
    below.app.push_screen(sheet, lambda _: then())
