"""What lies on the desk, kept from one run to the next, so that the first question is there before the server is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gonogo.desk.annotate.progress import Progress
from gonogo.desk.core.clock import Clock
from gonogo.desk.core.serialize import picture_from_json, picture_to_json, task_from_json, task_to_json
from gonogo.desk.core.state_db import StateStore
from gonogo.desk.outbox.outbox import Address
from gonogo.desk.session.prefetch import ClaimedTask
from gonogo.sheets.models import NoPicture, Picture, PictureRequest

UNKNOWN_LEASE_SECONDS = 600.0
"""How long a remembered claim is believed when the server never said how long it is."""


@dataclass(frozen=True, slots=True)
class ResumeSnapshot:
    """`tasks` in the order they are shown, the current one first; `picture` is the current one's."""

    tasks: tuple[ClaimedTask, ...] = ()
    picture: tuple[PictureRequest, Picture | NoPicture] | None = None
    progress: Progress = field(default_factory=Progress)


def key_of(address: Address) -> str:
    return f"desk {address.base_url} {address.annotator} {address.campaign_id}"


def save(memory: StateStore, address: Address, snapshot: ResumeSnapshot, clock: Clock) -> None:
    """Raises `OSError`."""
    tasks = [
        {"task": task_to_json(held.task), "until": until(held, clock), "lease": held.lease} for held in snapshot.tasks
    ]
    picture = None
    if snapshot.picture and isinstance(snapshot.picture[1], Picture):
        picture = picture_to_json(snapshot.picture[0], snapshot.picture[1])
    memory.put(
        key_of(address),
        {
            "tasks": tasks,
            "picture": picture,
            "campaign_name": snapshot.progress.campaign_name,
            "done": snapshot.progress.done,
            "total": snapshot.progress.total,
            "guideline": snapshot.progress.guideline,
        },
    )


def until(held: ClaimedTask, clock: Clock, *, forever: bool = False) -> float:
    """When, by the wall clock, the claim on a task that is kept has run out."""
    if forever:
        return math.inf
    left = held.expires_at - clock.boot() if held.expires_at is not None else UNKNOWN_LEASE_SECONDS
    return clock.wall() + left


def load(memory: StateStore, address: Address, clock: Clock, *, forever: bool) -> ResumeSnapshot:
    """What was saved; without the tasks whose claim has run out since, unless `forever` (nobody else wants them)."""
    data = memory.get(key_of(address))
    if data is None:
        return ResumeSnapshot()
    try:
        wall, now = clock.wall(), clock.boot()
        tasks = []
        for one in data["tasks"]:
            left = float(one["until"]) - wall
            if forever or 0 < left <= 3600:
                expires_at = None if forever else now + left
                tasks.append(ClaimedTask(task_from_json(one["task"]), expires_at, one["lease"], claimed=False))
        picture = picture_from_json(data["picture"]) if data["picture"] else None
        progress = Progress(data["campaign_name"], data["done"], data["total"], data["guideline"])
        return ResumeSnapshot(tuple(tasks), picture, progress)
    except (KeyError, TypeError, ValueError, IndexError):
        return ResumeSnapshot()  # written by another version: the server knows better anyway


def forget(memory: StateStore, address: Address) -> None:
    memory.drop(key_of(address))
