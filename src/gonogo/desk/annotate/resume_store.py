"""What a desk keeps for its next run, and tells this person's other windows."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from gonogo.desk.annotate import resume
from gonogo.desk.annotate.progress import Progress
from gonogo.desk.annotate.resume import ResumeSnapshot
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.instances import RunningInstances
from gonogo.desk.session.pictures import TaskPicture
from gonogo.desk.session.prefetch import ClaimedTask


class SessionStore:
    """The tasks of one desk on the disk. `windows`: those of all desks that are open."""

    def __init__(self, setup: SessionDependencies, mark: str) -> None:
        self.windows = RunningInstances(setup.memory, setup.address, mark)
        self._memory, self._address, self._clock = setup.memory, setup.address, setup.clock
        self._embedded = setup.embedded
        self._kept: list[str] = []

    def load(self) -> ResumeSnapshot:
        """What the last run left; without what another window has on its desk."""
        old = resume.load(self._memory, self._address, self._clock, forever=self._embedded)
        mine = tuple(held for held in old.tasks if self.windows.take(held.task.id))
        return replace(old, tasks=mine, picture=old.picture if mine[:1] == old.tasks[:1] else None)

    def save(self, tasks: Sequence[ClaimedTask], picture: TaskPicture | None, progress: Progress) -> None:
        """Remember `tasks`, the current one first. Raises `OSError`."""
        self._kept = [held.task.id for held in tasks]
        resume.save(self._memory, self._address, ResumeSnapshot(tuple(tasks), picture, progress), self._clock)

    def kept_until(self, held: ClaimedTask | None) -> float | None:
        """Until when (wall clock) `held` is the first thing `load` gives; `None` when it is not."""
        if held is None or self._kept[:1] != [held.task.id]:
            return None
        return resume.until(held, self._clock, forever=self._embedded)

    def differs(self, tasks: Sequence[ClaimedTask]) -> bool:
        return self._kept != [held.task.id for held in tasks]

    def forget(self) -> None:
        resume.forget(self._memory, self._address)

    def leave(self) -> None:
        """The desk is closed: what it held is free for the other windows."""
        with contextlib.suppress(OSError):
            self.windows.leave()
