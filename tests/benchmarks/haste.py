"""Whether the time of a vote says what it is worth: three ways to discount fast votes, on clickers and honest people.

`python -m tests.benchmarks haste` lets eight people give three votes on each of 1,000 tasks, a tenth of them gold.
Clickers say *correct* without looking in a share of their votes, in about 0.7 s; when they look they take as long as
others (median 4 s). "Honest and fast" people look at everything in half the time. Escape (wrong predictions called
correct) and accuracy, as differences from Dawid–Skene without times, with two standard errors over seeds:

- `own fifth percentile`: votes faster than the fastest twentieth of the same person count half.
- `own split`: the same votes count as those of another person, with error rates of its own.
- `under a second`: votes under a second count as those of another person.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from gonogo.server.consensus.calibration import softmax
from gonogo.server.consensus.dawid_skene import dawid_skene
from gonogo.server.consensus.em import MIN_PROBABILITY
from gonogo.server.consensus.votes import UNKNOWN, Votes
from tests.benchmarks.crews import HABITS, RIGHT, WRONG, draw

N_TASKS, N_GOLD, N_PEOPLE, N_VOTES = 1000, 100, 8, 3
SEEDS = 20
CREWS: dict[str, dict[str, Any]] = {
    "nobody clicks": {"clickers": 0, "share": 0.0},
    "nobody clicks, half are fast": {"clickers": 0, "share": 0.0, "fast": 4},
    "2 click 5 %": {"clickers": 2, "share": 0.05},
    "2 click 30 %": {"clickers": 2, "share": 0.3},
    "4 click 30 %": {"clickers": 4, "share": 0.3},
    "4 click 30 %, the others are fast": {"clickers": 4, "share": 0.3, "fast": 4},
}
WAYS = ("own fifth percentile", "own split", "under a second")


def run(seeds: int = SEEDS) -> dict[str, Any]:
    """By crew: what the plain consensus reaches, and what each way changes."""
    table: dict[str, Any] = {}
    for crew, habits in CREWS.items():
        runs = [_campaign(seed, **habits) for seed in range(1, seeds + 1)]
        plain = np.array([single["plain"] for single in runs])
        table[crew] = {"escape": round(plain[:, 0].mean(), 4), "accuracy": round(plain[:, 1].mean(), 4)}
        for way in WAYS:
            change = np.array([single[way] for single in runs]) - plain
            doubt = 2 * change.std(axis=0, ddof=1) / np.sqrt(seeds)
            table[crew][way] = {
                name: [round(change[:, column].mean(), 4), round(doubt[column], 4)]
                for column, name in enumerate(("escape", "accuracy"))
            }
    return table


def _campaign(seed: int, *, clickers: int, share: float, fast: int = 0) -> dict[str, tuple[float, float]]:
    rng = np.random.default_rng(seed)
    truth = np.concatenate([rng.choice(3, N_TASKS, p=(0.85, 0.12, 0.03)), rng.choice(3, N_GOLD, p=(0.5, 0.4, 0.1))])
    known = np.where(np.arange(truth.size) < N_TASKS, UNKNOWN, truth)
    person = rng.random((truth.size, N_PEOPLE)).argsort(axis=1)[:, :N_VOTES].ravel()
    task = np.repeat(np.arange(truth.size), N_VOTES)
    label = draw(rng, np.array(HABITS["average"])[truth[task]])
    pace = np.where(person >= N_PEOPLE - fast, 2.0, 4.0)
    seconds = pace * np.exp(0.5 * rng.normal(size=task.size))
    clicks = (person < clickers) & (rng.random(task.size) < share)
    label = np.where(clicks, RIGHT, label)
    seconds = np.where(clicks, 0.7 * np.exp(0.2 * rng.normal(size=task.size)), seconds)
    limits = np.array([np.quantile(seconds[person == index], 0.05) for index in range(N_PEOPLE)])
    own_fast = seconds < limits[person]
    ones = np.ones(task.size)
    results = {
        "plain": _weigh(task, person, label, ones, known),
        "own fifth percentile": _weigh(task, person, label, np.where(own_fast, 0.5, 1.0), known),
        "own split": _weigh(task, person + N_PEOPLE * own_fast, label, ones, known),
        "under a second": _weigh(task, person + N_PEOPLE * (seconds < 1.0), label, ones, known),
    }
    return {name: _scores(posterior[:N_TASKS], truth[:N_TASKS]) for name, posterior in results.items()}


def _weigh(
    task: np.ndarray, person: np.ndarray, label: np.ndarray, weight: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Posteriors with each vote's log-likelihood multiplied by its weight."""
    votes = Votes.of(task, person, label, n_tasks=known.size, n_annotators=2 * N_PEOPLE, n_classes=3)
    model = dawid_skene(votes, known=known)
    logs = np.log(np.maximum(model.confusion[person, :, label], MIN_PROBABILITY)) * weight[:, None]
    columns = [np.bincount(task, weights=logs[:, index], minlength=known.size).astype(np.float64) for index in range(3)]
    return softmax(np.stack(columns, axis=1) + np.log(model.class_prior))


def _scores(posterior: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    decided = posterior.argmax(axis=1)
    return float((decided[truth == WRONG] == RIGHT).mean()), float((decided == truth).mean())


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
