"""Crews with known habits answer questions with known answers."""

from __future__ import annotations

import numpy as np

from gonogo.server.consensus.votes import Votes


def simulated_votes(
    seed: int, *, n_tasks: int = 120, n_annotators: int = 8, n_classes: int = 3, per_task: int = 3
) -> Votes:
    """Votes of annotators with random confusion matrices; classes get rarer with their number."""
    return simulate(seed, n_tasks=n_tasks, n_annotators=n_annotators, n_classes=n_classes, per_task=per_task)[0]


def simulate(seed: int, *, n_tasks: int, n_annotators: int, n_classes: int, per_task: int) -> tuple[Votes, np.ndarray]:
    """The votes and the true class of each task."""
    rng = np.random.default_rng(seed)
    weights = np.arange(n_classes, 0, -1.0)
    truth = rng.choice(n_classes, n_tasks, p=weights / weights.sum())
    likely = np.ones((n_classes, n_classes)) + 6 * np.eye(n_classes)
    confusion = np.stack([[rng.dirichlet(row) for row in likely] for _ in range(n_annotators)])
    task = np.repeat(np.arange(n_tasks), per_task)
    start = rng.integers(0, n_annotators, n_tasks)
    seats = np.arange(per_task) * rng.integers(1, max(n_annotators // per_task, 2), n_tasks)[:, None]
    annotator = ((start[:, None] + seats) % n_annotators).ravel()
    reached = confusion[annotator, truth[task]].cumsum(axis=1)
    label = np.minimum((reached < rng.random(task.size)[:, None]).sum(axis=1), n_classes - 1)
    sizes = {"n_tasks": n_tasks, "n_annotators": n_annotators, "n_classes": n_classes}
    return Votes.of(task, annotator, label, **sizes), truth
