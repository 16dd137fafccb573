"""Annotator's progress: counts the answered and all tasks of one annotator in one campaign."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.desk.connection.server_protocol import WorkProgress


@dataclass(slots=True)
class Progress:
    """Progress of an annotator: read from the last run, then replaced by the server's report, then counted on."""

    campaign_name: str = ""
    done: int = 0
    total: int | None = None
    guideline: str = ""
    grouping: bool = False
    reported: WorkProgress | None = None

    def take_over(self, saved: Progress) -> None:
        """Takes over what the last run saved."""
        self.campaign_name, self.done, self.total = saved.campaign_name, saved.done, saved.total
        self.guideline, self.grouping = saved.guideline, saved.grouping

    def update(self, reported: WorkProgress, least_unsent: int, most_unsent: int) -> None:
        """Takes over the server's report. The server was asked a moment ago: of the answers that it may not have
        counted there are at least `least_unsent` and at most `most_unsent`; within that, the shown count stays, so
        that it never jumps back. A server without a report of the person leaves the own count as it is.
        """
        self.reported, self.guideline = reported, reported.guideline
        self.campaign_name, self.total, self.grouping = reported.campaign_name, reported.total, reported.grouping
        if reported.done is not None:
            self.done = min(max(self.done, reported.done + least_unsent), reported.done + most_unsent)
