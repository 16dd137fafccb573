"""Resume store: saves the tasks of a session on the disk, so that the next run shows its first task before the server
responds.

It also reserves them among this person's other windows.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gonogo.desk.annotate.annotator_progress import Progress
from gonogo.desk.core.clock import Clock
from gonogo.desk.core.models import ClaimedTask
from gonogo.desk.core.serialize import picture_from_json, picture_to_json, task_from_json, task_to_json
from gonogo.desk.core.state_store import StateStore
from gonogo.desk.outbox.rows import Address
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.running_instances import RunningInstances
from gonogo.desk.session.task_pictures import TaskPicture
from gonogo.sheets.models import Picture

UNKNOWN_LEASE_SECONDS = 600.0
"""Lifetime of a saved claim when the server never told its lease."""
LONGEST_LEASE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class ResumeSnapshot:
    """What is saved: `tasks` in the order they are shown, the current one first; `picture` is the current one's."""

    tasks: tuple[ClaimedTask, ...] = ()
    picture: TaskPicture | None = None
    progress: Progress = field(default_factory=Progress)


class SessionStore:
    """Snapshot of one session on the disk. `instances`: this person's open windows, each with its tasks."""

    def __init__(self, dependencies: SessionDependencies, owner: str) -> None:
        self.instances = RunningInstances(dependencies.memory, dependencies.address, owner)
        self._memory, self._address, self._clock = dependencies.memory, dependencies.address, dependencies.clock
        self._embedded = dependencies.embedded
        self._saved: list[str] = []

    def load(self) -> ResumeSnapshot:
        """Returns the last run's snapshot, without the tasks that another window has."""
        snapshot = load(self._memory, self._address, self._clock, forever=self._embedded)
        own = tuple(held for held in snapshot.tasks if self.instances.reserve(held.task.id))
        same_first = own[:1] == snapshot.tasks[:1]
        return replace(snapshot, tasks=own, picture=snapshot.picture if same_first else None)

    def save(self, tasks: Sequence[ClaimedTask], picture: TaskPicture | None, progress: Progress) -> None:
        """Saves `tasks`, the current one first. Raises `OSError`."""
        self._saved = [held.task.id for held in tasks]
        save(self._memory, self._address, ResumeSnapshot(tuple(tasks), picture, progress), self._clock)

    def first_until(self, held: ClaimedTask | None) -> float | None:
        """Returns until when (wall clock) `load` gives `held` first; `None` when it does not."""
        if held is None or self._saved[:1] != [held.task.id]:
            return None
        return expires_at(held, self._clock, forever=self._embedded)

    def differs(self, tasks: Sequence[ClaimedTask]) -> bool:
        """Returns whether `tasks` are others than those saved last."""
        return self._saved != [held.task.id for held in tasks]

    def forget(self) -> None:
        """Deletes the snapshot. Raises `OSError`."""
        self._memory.drop(_key(self._address))

    def leave(self) -> None:
        """Frees this window's tasks for the other windows."""
        with contextlib.suppress(OSError):
            self.instances.remove()


def save(memory: StateStore, address: Address, snapshot: ResumeSnapshot, clock: Clock) -> None:
    """Writes the snapshot of one login and campaign. Raises `OSError`."""
    tasks = [
        {"task": task_to_json(held.task), "until": expires_at(held, clock), "lease": held.lease, "page": held.page}
        for held in snapshot.tasks
    ]
    picture = None
    if snapshot.picture and isinstance(snapshot.picture[1], Picture):
        picture = picture_to_json(snapshot.picture[0], snapshot.picture[1])
    memory.put(
        _key(address),
        {
            "tasks": tasks,
            "picture": picture,
            "campaign_name": snapshot.progress.campaign_name,
            "done": snapshot.progress.done,
            "total": snapshot.progress.total,
            "guideline": snapshot.progress.guideline,
            "grouping": snapshot.progress.grouping,
        },
    )


def load(memory: StateStore, address: Address, clock: Clock, *, forever: bool) -> ResumeSnapshot:
    """Reads the snapshot, without tasks whose claim has expired, unless `forever` (nobody else wants them)."""
    data = memory.get(_key(address))
    if data is None:
        return ResumeSnapshot()
    try:
        wall, now = clock.wall(), clock.boot()
        tasks = []
        for saved in data["tasks"]:
            left = float(saved["until"]) - wall
            if forever or 0 < left <= LONGEST_LEASE_SECONDS:
                expiry = None if forever else now + left
                task, page = task_from_json(saved["task"]), saved.get("page", "")
                tasks.append(ClaimedTask(task, expiry, saved["lease"], claimed=False, page=page))
        picture = picture_from_json(data["picture"]) if data["picture"] else None
        progress = Progress(
            data["campaign_name"], data["done"], data["total"], data["guideline"], data.get("grouping", False)
        )
        return ResumeSnapshot(tuple(tasks), picture, progress)
    except (KeyError, TypeError, ValueError, IndexError):
        return ResumeSnapshot()  # written by another version: the server knows better anyway


def expires_at(held: ClaimedTask, clock: Clock, *, forever: bool = False) -> float:
    """Returns when, by the wall clock, the claim on a saved task expires."""
    if forever:
        return math.inf
    left = held.expires_at - clock.boot() if held.expires_at is not None else UNKNOWN_LEASE_SECONDS
    return clock.wall() + left


def _key(address: Address) -> str:
    return f"desk {address.base_url} {address.annotator} {address.campaign_id}"
