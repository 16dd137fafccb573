"""One person's desk: the next task is already there, and what is called saved is on disk."""

from __future__ import annotations

from collections.abc import Callable

from gonogo.desk.stopwatch import Stopwatch
from gonogo.desk.types import Decision, DeskState, DeskTask
from gonogo.sheets.types import NoPicture, Picture, PictureRequest


class Desk:
    """The one object the annotate screen talks to. All methods belong to the event loop's thread.

    `await start()` opens the outbox and shows held tasks from the last run, then begins to fetch behind.
    `current` is the task to show or `None`; `state` explains. Listeners are called (on the loop) on each change.
    `stopwatch` takes the screen's events: `key()` on each key or mouse event, `edit(True/False)` around the text
    field, `focused(True/False)` when the terminal reports it. A decision without times of its own gets its times.
    """

    state: DeskState
    current: DeskTask | None
    stopwatch: Stopwatch

    async def start(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        """Send what may be sent within a short time, release claims, close files. Idempotent."""
        raise NotImplementedError

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change of `state` or `current`; returns the function that ends it."""
        raise NotImplementedError

    def shown(self) -> None:
        """The current task's prompt and picture have been painted: its time begins."""
        raise NotImplementedError

    def decide(self, decision: Decision) -> None:
        """Journal the answer (on disk when this returns) and make the next task current, if one is ahead.

        Raises `OSError` or `OutboxError` when it could not be saved; then the task stays current.
        """
        raise NotImplementedError

    def undo(self) -> tuple[DeskTask, Decision] | None:
        """Take back the last verdict if it has not left the desk; its task is current again. Else `None`."""
        raise NotImplementedError

    async def picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture:
        """The task's drawing; from the cache at once when it was made ahead. Never raises for a bad drawing."""
        raise NotImplementedError

    def picture_ready(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        """The picture if it is already there, so that a verdict and the next crop paint in one frame."""
        raise NotImplementedError

    def prepare(self, request: PictureRequest) -> None:
        """The pane's size and mode changed: make crops ahead in this form from now on."""
        raise NotImplementedError

    def retry_now(self) -> None:
        """Try the server again at once (key `r`)."""
        raise NotImplementedError
