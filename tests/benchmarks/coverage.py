"""How often each interval of the quality report holds the true value.

`python -m tests.benchmarks coverage` prints, as JSON, the share of simulated campaigns whose interval covers, and in
how many there was one: alpha and AC1 over crews, prevalences, sizes and votes; trust over habits and gold answers; the
pooled rate of false accepts over gold items that differ in difficulty. Nominal is .95 (trust: one-sided, .975).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from gonogo.server.consensus.agreement import Interval, gwet_ac1, krippendorff_alpha, wilson_interval
from gonogo.server.consensus.intervals import ac1_interval, alpha_interval, clustered_interval, mean_share_low
from tests.benchmarks.crews import HABITS, draw

CREWS = {
    "careful": {"careful": 8},
    "average": {"average": 8},
    "mixed": {"careful": 2, "average": 4, "accepts": 2},
    "accepting": {"average": 4, "accepts": 4},
}
UNCLEAR = 0.03
POPULATION = 300_000
"""Tasks behind what counts as the true coefficient."""


def run(repetitions: int = 400) -> dict[str, Any]:
    """All three tables."""
    agreement = {
        f"{crew}, {prevalence:.0%} wrong, {n} tasks, {votes} votes": agreement_coverage(
            crew, prevalence, n, votes, repetitions=repetitions
        )
        for crew in CREWS
        for prevalence in (0.05, 0.2)
        for votes in (2, 3)
        for n in (50, 200, 1000)
    }
    trust = {
        f"{habit}, {answers} gold answers": trust_coverage(habit, answers, repetitions=10 * repetitions)
        for habit in ("careful", "average", "accepts", "random")
        for answers in (10, 20, 50, 100, 300)
    }
    pooled = {
        f"{items} items, {answers} answers each, spread {spread:g}": gold_coverage(
            spread, items, answers, repetitions=2 * repetitions
        )
        for spread in (0.0, 1.0, 2.0)
        for items in (10, 25, 50)
        for answers in (3, 8)
    }
    return {"alpha and AC1": agreement, "trust": trust, "false accept": pooled}


def agreement_coverage(
    crew: str, prevalence: float, n_tasks: int, votes: int, *, repetitions: int, seed: int = 7
) -> dict[str, Any]:
    """Shares covered and shown of alpha and AC1; the truth is that of a very large campaign of the same crew."""
    rng = np.random.default_rng(seed)
    large = _counts(rng, crew, prevalence, POPULATION, votes)
    samples = [_counts(rng, crew, prevalence, n_tasks, votes) for _ in range(repetitions)]
    pairs = {"alpha": (krippendorff_alpha(large), alpha_interval), "ac1": (gwet_ac1(large), ac1_interval)}
    return {
        name: _covered([interval(sample) for sample in samples], truth) for name, (truth, interval) in pairs.items()
    }


def _covered(intervals: list[Interval | None], truth: float | None) -> dict[str, Any]:
    assert truth is not None
    shown = [interval for interval in intervals if interval is not None]
    held = sum(interval.low <= truth <= interval.high for interval in shown)
    return {
        "truth": round(truth, 3),
        "shown": round(len(shown) / len(intervals), 3),
        "covered": round(held / len(shown), 3) if shown else None,
    }


def _counts(rng: np.random.Generator, crew: str, prevalence: float, n_tasks: int, votes: int) -> np.ndarray:
    people = np.array([HABITS[habit] for habit, n in CREWS[crew].items() for _ in range(n)])
    truth = rng.choice(3, n_tasks, p=(1 - prevalence - UNCLEAR, prevalence, UNCLEAR))
    seats = rng.random((n_tasks, len(people))).argsort(axis=1)[:, :votes]
    said = draw(rng, people[seats, truth[:, None]])
    return np.stack([(said == verdict).sum(axis=1) for verdict in range(3)], axis=1)


def trust_coverage(habit: str, answers: int, *, repetitions: int, seed: int = 7) -> dict[str, float]:
    """How often trust lies below the true mean diagonal, and its mean; gold is half right, and a tenth unclear."""
    rng = np.random.default_rng(seed)
    accuracy = np.diag(np.array(HABITS[habit]))
    n = rng.multinomial(answers, (0.5, 0.4, 0.1), size=repetitions)
    low = mean_share_low(rng.binomial(n, accuracy), n)
    truth = float(accuracy.mean())
    return {"truth": round(truth, 3), "below": round(float((low <= truth).mean()), 3), "mean": round(low.mean(), 3)}


def gold_coverage(spread: float, items: int, answers: int, *, repetitions: int, seed: int = 7) -> dict[str, float]:
    """Coverage of the pooled false-accept rate where items differ in difficulty (logits with this spread)."""
    rng = np.random.default_rng(seed)

    def rates(n: int) -> np.ndarray:
        rate: np.ndarray = 1 / (1 + np.exp(np.log(0.8 / 0.2) + spread * rng.normal(size=n)))
        return rate

    truth = float(rates(POPULATION).mean())
    held = {"wilson alone": 0, "by design effect": 0}
    n = np.full(items, answers)
    for _ in range(repetitions):
        k = rng.binomial(n, rates(items))
        plain, clustered = wilson_interval(k.sum(), n.sum()), clustered_interval(k, n)
        assert clustered is not None
        held["wilson alone"] += plain.low <= truth <= plain.high
        held["by design effect"] += clustered.low <= truth <= clustered.high
    return {name: round(count / repetitions, 3) for name, count in held.items()}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
