"""Expectation-maximisation over votes, shared by Dawid–Skene and the one-coin model.

The models differ only in how they estimate error rates from expected counts, so each hands in that function. There is
no loop over votes or tasks: votes are laid out by their position within the task, so that one step is a few passes over
flat arrays, and tasks with the same votes are computed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gonogo.server.consensus.votes import UNKNOWN, Consensus, Votes, known_classes, prior_confusion

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gonogo.server.consensus.votes import Floats, Ints

MIN_PROBABILITY = 1e-10
"""Lower limit of a probability inside a logarithm; crowd-kit's, so that results can be compared."""

_BLOCK = 1 << 14
"""Columns of one block of the E step; a block fits into the processor's cache."""

Bound = Literal["per_task", "per_label"]
Estimate = Callable[["Floats", "Ints"], "Floats"]
"""Expected counts `(n_true, n_annotators, n_classes)` and the true classes → error rates of the same shape."""


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Layout of votes by position: `pair` holds every task's first vote, then every second vote, and so on.

    Tasks are ordered by falling number of votes, so that each position is a prefix of them. `pair` is
    `annotator * n_classes + label`; `weight` says how many tasks share the votes of a column; `column` leads from
    a task to its column (`UNKNOWN` for tasks without votes and without a known class).
    """

    pair: Ints
    sizes: list[int]
    weight: Floats
    known: Ints
    column: Ints


def _patterns(pair: Ints, starts: Ints, counts: Ints, known: Ints, base: int, n_classes: int) -> tuple[Ints, Ints]:
    """One representative task for each different set of votes, and each task's pattern.

    Votes are packed into one 64-bit integer a task; where they do not fit each task is its own pattern.
    """
    most = int(counts.max(initial=0))
    if (base + 1) ** most * (n_classes + 1) >= 2**63:
        same = np.arange(counts.size)
        return same, same
    code = (known + 1).astype(np.int64)
    scale = n_classes + 1
    for position in range(most):
        has = np.flatnonzero(counts > position)
        code[has] += (pair[starts[has] + position] + 1) * scale
        scale *= base + 1
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    return first, inverse


def _lay_out(votes: Votes, known: Ints) -> _Layout:
    base = votes.n_annotators * votes.n_classes
    if votes.n_tasks * max(base, 1) < 2**63:
        key = np.sort(votes.task * base + votes.annotator * votes.n_classes + votes.label)
        task, pair = np.divmod(key, base) if key.size else (key, key)
    else:
        pair = votes.annotator * votes.n_classes + votes.label
        order = np.lexsort((pair, votes.task))
        task, pair = votes.task[order], pair[order]
    all_counts = np.bincount(task, minlength=votes.n_tasks)
    used = np.flatnonzero((all_counts > 0) | (known != UNKNOWN))
    counts, starts = all_counts[used], (np.cumsum(all_counts) - all_counts)[used]
    first, inverse = _patterns(pair, starts, counts, known[used], base, votes.n_classes)
    by_count = np.argsort(-counts[first], kind="stable")
    rank = np.empty_like(by_count)
    rank[by_count] = np.arange(by_count.size)
    first = first[by_count]
    column = np.full(votes.n_tasks, UNKNOWN, dtype=np.intp)
    column[used] = rank[inverse]
    sizes = [int(np.count_nonzero(counts[first] > r)) for r in range(int(counts.max(initial=0)))]
    laid = [pair[starts[first[:size]] + r] for r, size in enumerate(sizes)]
    return _Layout(
        pair=np.concatenate(laid) if laid else pair,
        sizes=sizes,
        weight=np.bincount(column[used], minlength=first.size).astype(np.float64),
        known=known[used][first],
        column=column,
    )


class _Model:
    """State of one fit; arrays are class-major, `(n_true, columns)`, so that each pass is over flat memory."""

    def __init__(self, votes: Votes, known: Ints, estimate: Estimate, prior_count: float, bound: Bound) -> None:
        self.layout = layout = _lay_out(votes, known)
        seen = np.bincount(votes.label, minlength=votes.n_classes)
        seen += np.bincount(known[known != UNKNOWN], minlength=votes.n_classes)
        self.classes = np.flatnonzero(seen)
        self.shape = (self.classes.size, votes.n_annotators, votes.n_classes)
        self._estimate = estimate
        self._prior_count = prior_count
        self._free = layout.known == UNKNOWN
        self._fixed = np.flatnonzero(~self._free)
        self._fixed_class = np.searchsorted(self.classes, layout.known[self._fixed])
        self._free_weight = layout.weight * self._free
        self._bound_weight = layout.weight * (self._votes_of_column() if bound == "per_label" else 1.0)
        self.counts = np.zeros((self.classes.size, votes.n_annotators * votes.n_classes))
        # Reused at every step: fresh memory of this size would cost as much as the arithmetic.
        self._gathered = np.empty(_BLOCK)
        self._top, self._total, self._expected = (np.empty(layout.weight.size) for _ in range(3))
        self.posterior = self._shares(votes.n_classes)
        self._scores = np.empty_like(self.posterior)
        self._clamp()
        self.maximise()

    def _votes_of_column(self) -> Floats:
        total = np.zeros(self.layout.weight.size)
        for size in self.layout.sizes:
            total[:size] += 1
        return total

    def _shares(self, n_classes: int) -> Floats:
        """Initial posterior: each task's shares of votes."""
        label = self.layout.pair % n_classes
        shares = np.zeros((self.classes.size, self.layout.weight.size))
        for index, label_class in enumerate(self.classes):
            self._add_up(np.equal(label, label_class).astype(np.float64), shares[index])
        return shares / np.maximum(self._votes_of_column(), 1.0)

    def _add_up(self, by_vote: Floats, into: Floats) -> None:
        """Adds the number of each vote to its task's entry in `into`."""
        start = 0
        for size in self.layout.sizes:
            into[:size] += by_vote[start : start + size]
            start += size

    def _clamp(self) -> None:
        self.posterior[:, self._fixed] = 0.0
        self.posterior[self._fixed_class, self._fixed] = 1.0

    def maximise(self) -> None:
        """Error rates and class prior from the posterior (Dawid & Skene 1979, equations 2.3 and 2.4)."""
        layout = self.layout
        weighted = np.multiply(self.posterior, layout.weight, out=self._scores)
        n_pairs = self.counts.shape[1]
        self.counts[:] = 0.0
        start = 0
        for size in layout.sizes:
            pair = layout.pair[start : start + size]
            for index in range(self.classes.size):
                self.counts[index] += np.bincount(pair, weights=weighted[index, :size], minlength=n_pairs)
            start += size
        # A lead chose the mix of classes among gold, so known tasks say nothing about how common a class is.
        counted = self._free_weight if self._free.any() else layout.weight
        totals = np.einsum("kt,t->k", self.posterior, counted) + self._prior_count
        self.prior = totals / totals.sum() if totals.size else totals
        self.rates = self._estimate(self.counts.reshape(self.shape), self.classes)
        flat = self.rates.reshape(self.counts.shape)
        self._log_rates = np.log(flat, out=np.zeros_like(flat), where=flat > 0)
        self._log_prior = np.log(np.maximum(self.prior, MIN_PROBABILITY))

    def expect(self) -> None:
        """Posterior from error rates and prior (equation 2.5), by log-sum-exp; also likelihood and entropy."""
        layout, scores = self.layout, self._scores
        for start in range(0, layout.weight.size, _BLOCK):
            self._score(start, min(start + _BLOCK, layout.weight.size))
        fixed_scores = scores[self._fixed_class, self._fixed]
        total, top = self._total, self._top
        log_total = np.log(total, out=total)
        self._entropy = float(((log_total - self._expected) * self._free_weight).sum())
        log_total += top
        self.log_likelihood = float(
            (log_total * self._free_weight).sum()
            + ((fixed_scores + top[self._fixed]) * layout.weight[self._fixed]).sum()
        )
        self._clamp()

    def _score(self, start: int, stop: int) -> None:
        """The posterior of the columns from `start` to `stop`: few enough to stay in the processor's cache."""
        layout = self.layout
        scores, posterior = self._scores[:, start:stop], self.posterior[:, start:stop]
        scores[:] = self._log_prior[:, None]
        begin = start
        for size in layout.sizes:
            n = min(stop, size) - start
            if n > 0:
                pair, log_rate = layout.pair[begin : begin + n], self._gathered[:n]
                for index in range(self.classes.size):
                    # Indices are valid by construction; "clip" only spares numpy a buffered copy.
                    np.take(self._log_rates[index], pair, out=log_rate, mode="clip")
                    scores[index, :n] += log_rate
            begin += size
        top = scores.max(axis=0, out=self._top[start:stop])
        scores -= top
        np.exp(scores, out=posterior)
        total = posterior.sum(axis=0, out=self._total[start:stop])
        posterior *= 1.0 / total
        np.einsum("kt,kt->t", scores, posterior, out=self._expected[start:stop])

    def bound(self) -> float:
        """Evidence lower bound of posterior and newly estimated rates."""
        by_class = np.einsum("kt,t->k", self.posterior, self._bound_weight)
        return float((self.counts * self._log_rates).sum() + (by_class * self._log_prior).sum() + self._entropy)


def fit_em(
    votes: Votes,
    estimate: Estimate,
    *,
    method: str,
    known: ArrayLike | None,
    prior_count: float,
    penalty: Callable[[Floats, Ints], float],
    max_iterations: int,
    tolerance: float,
    bound: Bound,
) -> Consensus:
    """Runs EM from the shares of votes until a step gains less than `tolerance` per vote.

    Args:
        votes: The votes.
        estimate: The model's M step.
        method: Name for the report.
        known: Known class of each task or `UNKNOWN`; known tasks keep it.
        prior_count: Votes' worth of evenness in the class prior.
        penalty: Log prior density of the error rates, up to a constant; keeps the bound monotone under smoothing.
        max_iterations: Upper limit of steps.
        tolerance: Smallest gain of the bound per vote that is worth another step.
        bound: `per_task` counts the class prior once a task, as the likelihood does; `per_label` once a vote, as
            crowd-kit does, to stop at the same step as that library.
    """
    known_array = known_classes(known, votes.n_tasks, votes.n_classes)
    model = _Model(votes, known_array, estimate, prior_count, bound)
    iterations, converged, before = 0, False, -np.inf
    while iterations < max_iterations and not converged and model.classes.size:
        model.expect()
        model.maximise()
        iterations += 1
        reached = (model.bound() + penalty(model.rates, model.classes)) / max(len(votes), 1)
        converged = reached - before < tolerance
        before = reached
    return _report(votes, model, method, iterations, converged or not model.classes.size)


def _report(votes: Votes, model: _Model, method: str, iterations: int, converged: bool) -> Consensus:
    """The fit in full shape: classes that nobody gave have probability 0, tasks without votes the class prior."""
    prior = np.zeros(votes.n_classes)
    prior[model.classes] = model.prior
    if not model.classes.size and votes.n_classes:
        prior[:] = 1.0 / votes.n_classes
    posterior = np.zeros((votes.n_tasks, votes.n_classes))
    has = model.layout.column != UNKNOWN
    posterior[np.ix_(has, model.classes)] = model.posterior.T[model.layout.column[has]]
    posterior[~has] = prior
    confusion = np.repeat(prior_confusion(votes.n_classes)[None], votes.n_annotators, axis=0)
    confusion[:, model.classes, :] = model.rates.transpose(1, 0, 2)
    support = np.zeros((votes.n_annotators, votes.n_classes))
    support[:, model.classes] = model.counts.reshape(model.shape).sum(axis=2).T
    return Consensus(
        posterior=posterior,
        class_prior=prior,
        confusion=confusion,
        support=support,
        method=method,
        iterations=iterations,
        converged=converged,
        log_likelihood=getattr(model, "log_likelihood", 0.0),
    )
