"""The share of wrong predictions that escape, with its doubt, by crew, votes, vote policy, confidence and experts.

`python -m tests.benchmarks escape` simulates campaigns of 1,000 tasks, 12 % of them wrong and 3 % unclear, answered by
crews with known habits (`crews`). A tenth of what a person answers is gold, half of it right. *Escape* is the share of
wrong predictions finally called correct; its ratio is to the majority's at as many votes a task (ties at random), over
all seeds, with a 95 % interval by the jackknife over them.

- `fixed`: every task gets the votes. `by risk`: tasks begin with one vote; the next vote goes where the risk is
  highest, to the most thorough of a random half of the people who have not voted there, and one task in sixteen is
  drawn at random, until as many votes are spent.
- `with confidence`: the model gives each prediction a confidence with an AUC of about 0.78 (`AUC` in the output).
- `with experts`: what the campaign's rule does not settle at a `max_risk` of 0.05 goes to an expert, who is right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from gonogo.server.consensus.calibration import fit_temperature, gold_scores, log_likelihoods, softmax
from gonogo.server.consensus.dawid_skene import dawid_skene
from gonogo.server.consensus.decide import RECHECK_SHARE, SAFE_POSTERIOR
from gonogo.server.consensus.model_confidence import area_under_curve, fit_evidence
from gonogo.server.consensus.votes import UNKNOWN, Votes
from tests.benchmarks.crews import HABITS, RIGHT, UNCLEAR, WRONG, draw

CREWS: dict[str, dict[str, int]] = {
    "careful": {"careful": 8},
    "average": {"average": 8},
    "mixed": {"careful": 2, "average": 4, "accepts": 2},
    "accepting": {"average": 4, "accepts": 4},
    "four of eight random": {"careful": 2, "average": 2, "random": 4},
    "one careful among seven": {"careful": 1, "accepts": 6},
    "suspicious": {"suspicious": 4, "average": 4},
}
MIX = (0.85, 0.12, 0.03)
GOLD_MIX = (0.5, 0.4, 0.1)
GOLD_SHARE = 0.1
N_TASKS, N_GOLD = 1000, 100
MAX_RISK = 0.05
ROUNDS = 12
SEEDS = 20


@dataclass(frozen=True)
class Way:
    """How votes are spent and weighed."""

    by_risk: bool
    confidence: bool

    @property
    def name(self) -> str:
        """As it stands in the table."""
        return f"{'by risk' if self.by_risk else 'fixed'}, {'with' if self.confidence else 'without'} confidence"


WAYS = [Way(by_risk, confidence) for by_risk in (False, True) for confidence in (False, True)]


def run(seeds: int = SEEDS) -> dict[str, Any]:
    """Escapes by crew and votes: the majority's, and for each way the ratios with their intervals."""
    table: dict[str, Any] = {"seeds": seeds, "AUC": round(_auc(), 3)}
    for crew in CREWS:
        for votes in (2, 3):
            table[f"{crew}, {votes} votes"] = compare(crew, votes, seeds)
    return table


def compare(crew: str, votes: int, seeds: int, ways: list[Way] | None = None) -> dict[str, Any]:
    """One row of the table."""
    campaigns = [Campaign(crew, votes, seed) for seed in range(1, seeds + 1)]
    majority = np.array([campaign.escape(campaign.majority()) for campaign in campaigns])
    row: dict[str, Any] = {"majority": round(float(majority.mean()), 4)}
    for way in ways or WAYS:
        outcomes = [campaign.decide(way) for campaign in campaigns]
        for name, column in (("votes alone", 0), ("with experts", 1)):
            escapes = np.array([outcome[column] for outcome in outcomes])
            row[f"{way.name}, {name}"] = _ratio(escapes, majority)
        row[f"{way.name}, expert share"] = round(float(np.mean([outcome[2] for outcome in outcomes])), 3)
        row[f"{way.name}, votes a task"] = round(float(np.mean([outcome[3] for outcome in outcomes])), 3)
    return row


def _ratio(escapes: np.ndarray, majority: np.ndarray) -> list[float]:
    """Ratio of two means and its 95 % interval, by the jackknife over seeds."""
    whole = float(escapes.mean() / majority.mean())
    n = len(escapes)
    if n < 2:
        return [round(whole, 3)] * 3
    without = (escapes.sum() - escapes) / (majority.sum() - majority)
    half = 2.09 * float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))
    return [round(value, 3) for value in (whole, max(whole - half, 0.0), whole + half)]


def _confidence(rng: np.random.Generator, truth: np.ndarray) -> np.ndarray:
    level: np.ndarray = np.where(truth == RIGHT, rng.beta(5, 1.5, truth.size), rng.beta(2.6, 2, truth.size))
    return level


def _auc() -> float:
    rng = np.random.default_rng(0)
    truth = rng.choice([RIGHT, WRONG], 20_000)
    level = _confidence(rng, truth)
    return area_under_curve(level[truth == RIGHT], level[truth == WRONG])[0]


class Campaign:
    """One simulated campaign: truths, what everybody would say, and gold as each person met it."""

    def __init__(self, crew: str, votes: int, seed: int) -> None:
        self._rng = rng = np.random.default_rng(seed)
        people = np.array([HABITS[habit] for habit, n in CREWS[crew].items() for _ in range(n)])
        self.n_people, self.votes = len(people), votes
        self.truth = rng.choice(3, N_TASKS, p=MIX)
        gold = rng.choice(3, N_GOLD, p=GOLD_MIX)
        self.known = np.concatenate([np.full(N_TASKS, UNKNOWN), gold])
        self.level = _confidence(rng, np.concatenate([self.truth, gold]))
        self.level[N_TASKS:] = np.nan  # its errors are seeded: they say nothing of the model
        self.seats = rng.random((N_TASKS, self.n_people)).argsort(axis=1)
        self.said = draw(rng, people[self.seats, self.truth[:, None]])
        each = min(round(GOLD_SHARE / (1 - GOLD_SHARE) * votes * N_TASKS / self.n_people), N_GOLD)
        items = np.concatenate([rng.choice(N_GOLD, each, replace=False) for _ in range(self.n_people)])
        who = np.repeat(np.arange(self.n_people), each)
        self.gold_votes = (N_TASKS + items, who, draw(rng, people[who, gold[items]]))

    def majority(self) -> np.ndarray:
        """The verdict of most of the first votes, ties at random."""
        said = self.said[:, : self.votes]
        counts = np.stack([(said == verdict).sum(axis=1) for verdict in range(3)], axis=1)
        decided: np.ndarray = (counts + self._rng.random(counts.shape) * 0.5).argmax(axis=1)
        return decided

    def escape(self, decided: np.ndarray) -> float:
        """Share of wrong predictions called correct."""
        return float((decided[self.truth == WRONG] == RIGHT).mean())

    def decide(self, way: Way) -> tuple[float, float, float, float]:
        """Escape by the votes alone and with experts, the experts' share, and votes a task."""
        asked = np.zeros((N_TASKS, self.n_people), dtype=bool)
        asked[:, : 1 if way.by_risk else self.votes] = True
        posterior, thorough = self._weigh(asked, way)
        budget = self.votes * N_TASKS
        step = max((budget - int(asked.sum())) // ROUNDS, 1)
        while asked.sum() < budget:
            self._ask(asked, posterior, thorough, min(step, budget - int(asked.sum())))
            posterior, thorough = self._weigh(asked, way)
        best = posterior.argmax(axis=1)
        reached = posterior.max(axis=1)
        accepted = (posterior[:, WRONG] <= MAX_RISK) & (reached >= SAFE_POSTERIOR)
        settled = np.where(best == RIGHT, accepted, reached >= SAFE_POSTERIOR)
        after = np.where(settled, best, self.truth)
        share = float(1 - settled.mean())
        return self.escape(best), self.escape(after), share, float(asked.sum() / N_TASKS)

    def _ask(self, asked: np.ndarray, posterior: np.ndarray, thorough: np.ndarray, n: int) -> None:
        """One more vote on each of `n` tasks at most."""
        best = posterior.argmax(axis=1)
        risk = np.where(best == RIGHT, posterior[:, WRONG], 0.25 * (1 - posterior.max(axis=1)))
        has_room = asked.sum(axis=1) < self.n_people
        tasks = np.argsort(np.where(has_room, -risk, np.inf), kind="stable")[:n]
        drawn = self._rng.random(n) < RECHECK_SHARE
        tasks[drawn] = self._rng.choice(np.flatnonzero(has_room), int(drawn.sum()))
        for task in np.unique(tasks[has_room[tasks]]).tolist():
            free = np.flatnonzero(~asked[task])
            here = self._rng.choice(free, (free.size + 1) // 2, replace=False)
            asked[task, here[np.argmax(thorough[self.seats[task, here]])]] = True

    def _weigh(self, asked: np.ndarray, way: Way) -> tuple[np.ndarray, np.ndarray]:
        """Posteriors of the ordinary tasks as the server has them, and how thorough each person is."""
        rows, columns = np.nonzero(asked)
        gold_task, gold_person, gold_label = self.gold_votes
        votes = Votes.of(
            np.concatenate([rows, gold_task]),
            np.concatenate([self.seats[rows, columns], gold_person]),
            np.concatenate([self.said[rows, columns], gold_label]),
            n_tasks=N_TASKS + N_GOLD,
            n_annotators=self.n_people,
            n_classes=3,
        )
        model = dawid_skene(votes, known=self.known)
        temperature = fit_temperature(gold_scores(votes, model, self.known))
        scores = log_likelihoods(votes, model.confusion) / temperature + np.log(model.class_prior)
        posterior = softmax(scores)
        if way.confidence:
            outcome = np.where(posterior.max(axis=1) >= 1 - MAX_RISK, posterior.argmax(axis=1), UNKNOWN)
            evidence = fit_evidence(self.level, outcome, UNCLEAR + 1, RIGHT, WRONG)
            if evidence.is_used:
                posterior = posterior * evidence.of(self.level)
                posterior /= posterior.sum(axis=1, keepdims=True)
        return posterior[:N_TASKS], model.confusion[:, RIGHT, RIGHT] + model.confusion[:, WRONG, WRONG]


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
