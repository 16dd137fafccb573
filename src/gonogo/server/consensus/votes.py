"""Vote and consensus types: votes as three integer columns, the input of every method; the consensus, its output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]

UNKNOWN = -1
"""Class of a task that nobody knows, in an array of known classes."""

PRIOR_ACCURACY = 0.85
"""Mean diagonal assumed of a confusion matrix before any measurement: between a careful and an average crew."""

CREW_ACCURACY = 0.9
"""Share of right votes assumed of a crew before any measurement: an average crew's where most predictions are right."""


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Votes of annotators on tasks; `task`, `annotator` and `label` are indices from 0, shape `(n_votes,)`.

    One annotator may vote several times on one task (the 1979 data do); each vote counts.
    """

    task: Ints
    annotator: Ints
    label: Ints
    n_tasks: int
    n_annotators: int
    n_classes: int

    @classmethod
    def of(
        cls,
        task: ArrayLike,
        annotator: ArrayLike,
        label: ArrayLike,
        *,
        n_tasks: int | None = None,
        n_annotators: int | None = None,
        n_classes: int | None = None,
    ) -> Votes:
        """Votes from any integer sequences; sizes that are not given are the largest index plus one.

        Raises:
            ValueError: The columns differ in length, or an index is negative or beyond its size.
        """
        columns = [np.ascontiguousarray(column, dtype=np.intp) for column in (task, annotator, label)]
        if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            raise ValueError("task, annotator and label must be one-dimensional and equally long")
        sizes = []
        for column, size, name in zip(
            columns, (n_tasks, n_annotators, n_classes), ("task", "annotator", "label"), strict=True
        ):
            top = int(column.max()) + 1 if column.size else 0
            if column.size and int(column.min()) < 0:
                raise ValueError(f"{name} has a negative index")
            if size is not None and size < top:
                raise ValueError(f"{name} has index {top - 1}, its size is {size}")
            sizes.append(top if size is None else size)
        return cls(columns[0], columns[1], columns[2], *sizes)

    def __len__(self) -> int:
        return int(self.task.size)

    def per_task(self) -> Ints:
        """Number of votes of each task, shape `(n_tasks,)`."""
        return np.bincount(self.task, minlength=self.n_tasks)

    def counts(self) -> Ints:
        """Votes of each task for each class, shape `(n_tasks, n_classes)`."""
        cells = np.bincount(self.task * self.n_classes + self.label, minlength=self.n_tasks * self.n_classes)
        return cells.reshape(self.n_tasks, self.n_classes)


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """Consensus of a method: posteriors of the tasks, confusion matrices of the annotators.

    Attributes:
        posterior: Probability of each class for each task, shape `(n_tasks, n_classes)`; rows sum to 1.
        class_prior: Share of each class among tasks, shape `(n_classes,)`.
        confusion: `confusion[a, j, l]` = probability that annotator `a` says `l` of a task of class `j`,
            shape `(n_annotators, n_classes, n_classes)`; rows sum to 1.
        support: Expected number of votes behind each row of `confusion`, shape `(n_annotators, n_classes)`.
        method: The name of the method that ran.
        iterations: EM steps done; 0 for methods without any.
        converged: Whether the last step gained less than the tolerance.
        log_likelihood: Natural logarithm of the likelihood of the votes (and of the known classes).
    """

    posterior: Floats
    class_prior: Floats
    confusion: Floats
    support: Floats
    method: str
    iterations: int = 0
    converged: bool = True
    log_likelihood: float = 0.0


def prior_confusion(n_classes: int, accuracy: float = PRIOR_ACCURACY) -> Floats:
    """Confusion matrix with `accuracy` on the diagonal and the rest spread evenly, shape `(n_classes, n_classes)`."""
    if n_classes <= 1:
        return np.ones((n_classes, n_classes))
    matrix = np.full((n_classes, n_classes), (1.0 - accuracy) / (n_classes - 1))
    np.fill_diagonal(matrix, accuracy)
    return matrix


def known_classes(known: ArrayLike | None, n_tasks: int, n_classes: int) -> Ints:
    """`known` as an index array of shape `(n_tasks,)`, `UNKNOWN` where nothing is known.

    Raises:
        ValueError: Wrong length, or a class that does not exist.
    """
    if known is None:
        return np.full(n_tasks, UNKNOWN, dtype=np.intp)
    array = np.ascontiguousarray(known, dtype=np.intp)
    if array.shape != (n_tasks,):
        raise ValueError("known classes must have one entry a task")
    if array.size and (int(array.min()) < UNKNOWN or int(array.max()) >= n_classes):
        raise ValueError("a known class does not exist")
    return array
