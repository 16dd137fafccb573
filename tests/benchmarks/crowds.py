"""Two real crowds with known truth (Snow et al. 2008): accuracy and log loss with fixed votes and with votes by risk.

`python -m tests.benchmarks crowds` reads `rte.tsv` and `temp.tsv` of `shared/crowds` beside the checkout; without them
it returns nothing. A tenth of the tasks is gold, and gets as many votes as other tasks. With votes by risk the tasks
begin with one vote, and the next vote goes to the task of highest risk, from the most thorough of a random half of the
people who answered it in the data. crowd-kit's Dawid–Skene, where the environment has it, sees the same votes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gonogo.server.consensus.calibration import (
    MIN_GOLD_ANSWERS,
    fit_temperature,
    gold_scores,
    log_likelihoods,
    softmax,
)
from gonogo.server.consensus.dawid_skene import dawid_skene
from gonogo.server.consensus.decide import RECHECK_SHARE
from gonogo.server.consensus.votes import UNKNOWN, Consensus, Votes

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "crowds"
GOLD_SHARE = 0.1
ROUNDS = 24
SEEDS = 10


def run(seeds: int = SEEDS) -> dict[str, Any]:
    """Means over seeds by crowd, votes a task and policy."""
    table: dict[str, Any] = {}
    for name in ("rte", "temp"):
        if (FOLDER / f"{name}.tsv").exists():
            for votes in (2, 3):
                for by_risk in (False, True):
                    policy = "by risk" if by_risk else "fixed"
                    table[f"{name}, {votes} votes, {policy}"] = measure(name, votes, seeds, by_risk=by_risk)
    return table


def measure(name: str, votes: int, seeds: int, *, by_risk: bool) -> dict[str, float]:
    """Means of one row; `crowd-kit …` only where it is installed."""
    runs = [_measure(Crowd.read(name, seed), votes, by_risk) for seed in range(seeds)]
    return {key: round(float(np.mean([single[key] for single in runs])), 4) for key in runs[0]}


@dataclass
class Crowd:
    """A crowd's votes in random order: of each task up to ten voters and their labels (-1 where there is none)."""

    rng: np.random.Generator
    truth: np.ndarray
    known: np.ndarray
    voters: np.ndarray
    labels: np.ndarray

    @classmethod
    def read(cls, name: str, seed: int) -> Crowd:
        """The crowd with another order and another tenth of gold for each seed."""
        rows = np.loadtxt(FOLDER / f"{name}.tsv", skiprows=1, dtype=np.intp)
        rng = np.random.default_rng(seed)
        rows = rows[rng.permutation(len(rows))]
        task, voter, label, truth = (np.unique(rows[:, column], return_inverse=True)[1] for column in range(4))
        n_tasks = int(task.max()) + 1
        order = np.argsort(task, kind="stable")
        counts = np.bincount(task)
        place = np.empty_like(task)
        place[order] = np.arange(task.size) - np.repeat(np.cumsum(counts) - counts, counts)
        voters, labels = np.full((2, n_tasks, int(counts.max())), UNKNOWN)
        voters[task, place], labels[task, place] = voter, label
        of_task = np.zeros(n_tasks, dtype=np.intp)
        of_task[task] = truth
        known = np.where(rng.random(n_tasks) < GOLD_SHARE, of_task, UNKNOWN)
        return cls(rng, of_task, known, voters, labels)

    def votes(self, asked: np.ndarray) -> Votes:
        """The votes that were asked for."""
        n_people = int(self.voters.max()) + 1
        rows = np.nonzero(asked)[0]
        sizes = {"n_tasks": len(self.truth), "n_annotators": n_people, "n_classes": 2}
        return Votes.of(rows, self.voters[asked], self.labels[asked], **sizes)


def _measure(crowd: Crowd, votes: int, by_risk: bool) -> dict[str, float]:
    exists = crowd.voters != UNKNOWN
    asked = exists.copy()
    asked[:, 1 if by_risk else votes :] = False
    budget = votes * len(crowd.truth)
    step = max((budget - int(asked.sum())) // ROUNDS, 1)
    while by_risk and asked.sum() < budget:
        posterior, model = weigh(crowd.votes(asked), crowd.known)
        thorough = model.confusion[:, 0, 0] + model.confusion[:, 1, 1]
        _ask(crowd, asked, posterior, thorough, min(step, budget - int(asked.sum())))
    cast = crowd.votes(asked)
    posterior, _ = weigh(cast, crowd.known)
    judged = crowd.known == UNKNOWN
    result = {"votes a task": float(asked.sum() / len(crowd.truth)), **_scores(posterior[judged], crowd.truth[judged])}
    peer = _crowd_kit(cast)
    if peer is not None:
        theirs = _scores(peer[judged], crowd.truth[judged])
        result |= {f"crowd-kit {name}": value for name, value in theirs.items()}
    return result


def weigh(votes: Votes, known: np.ndarray) -> tuple[np.ndarray, Consensus]:
    """Tempered posteriors as if no answer were known, and the model."""
    model = dawid_skene(votes, known=known)
    enough = int((known[votes.task] != UNKNOWN).sum()) >= MIN_GOLD_ANSWERS
    temperature = fit_temperature(gold_scores(votes, model, known)) if enough else 1.0
    return softmax(log_likelihoods(votes, model.confusion) / temperature + np.log(model.class_prior)), model


def _ask(crowd: Crowd, asked: np.ndarray, posterior: np.ndarray, thorough: np.ndarray, n: int) -> None:
    free = (crowd.voters != UNKNOWN) & ~asked
    has_room = free.sum(axis=1) > 0
    tasks = np.argsort(np.where(has_room, posterior.max(axis=1), np.inf), kind="stable")[:n]
    drawn = crowd.rng.random(n) < RECHECK_SHARE
    tasks[drawn] = crowd.rng.choice(np.flatnonzero(has_room), int(drawn.sum()))
    for task in np.unique(tasks[has_room[tasks]]).tolist():
        others = np.flatnonzero(free[task])
        here = crowd.rng.choice(others, (others.size + 1) // 2, replace=False)
        asked[task, here[np.argmax(thorough[crowd.voters[task, here]])]] = True


def _scores(posterior: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    claimed = np.clip(posterior[np.arange(truth.size), truth], 1e-10, 1.0)
    return {"accuracy": float((posterior.argmax(axis=1) == truth).mean()), "log loss": float(-np.log(claimed).mean())}


def _crowd_kit(votes: Votes) -> np.ndarray | None:
    try:
        import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]
        from crowdkit.aggregation import DawidSkene  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    frame = pd.DataFrame({"task": votes.task, "worker": votes.annotator, "label": votes.label})
    shares = DawidSkene(n_iter=100).fit(frame).probas_
    filled: np.ndarray = shares.reindex(range(votes.n_tasks)).reindex(columns=range(2)).fillna(0.5).to_numpy()
    return filled


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
