"""Protocols of a session, as the screens and widgets that annotate, practise and review share need it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gonogo.desk.core.models import DeskTask, SessionState
from gonogo.desk.session.pictures import PictureSource


class TaskSource(Protocol):
    """Source of the tasks that one screen shows, one after the other; annotate and practice sessions are sources."""

    @property
    def current(self) -> DeskTask | None:
        """The task to show, `None` when there is none; `state` says why."""
        ...

    @property
    def state(self) -> SessionState: ...

    @property
    def guideline(self) -> str:
        """The campaign's guideline (Markdown); empty when there is none."""
        ...

    @property
    def pictures(self) -> PictureSource: ...

    def upcoming(self) -> DeskTask | None:
        """The next task, if it is prefetched."""
        ...

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after each change; returns the function that unsubscribes it."""
        ...

    def retry_now(self) -> None:
        """Tries the server again at once (key `r`)."""
        ...


class AnswerTiming(Protocol):
    """Receiver of what the screen observes of the person at it; only annotating is timed."""

    def shown(self) -> None:
        """The current task's prompt and picture have been painted: its time starts."""
        ...

    def key(self) -> None:
        """A key or mouse event came."""
        ...

    def edit(self, editing: bool) -> None:
        """The text field was opened or left."""
        ...

    def focused(self, focused: bool) -> None:
        """The terminal reported that it gained or lost the focus."""
        ...
