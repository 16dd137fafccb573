"""How many wrong predictions escape: crews with known habits answer tasks with known truths.

`python -m tests.benchmarks simulation` prints, for crews, error rates, gold shares and votes a task, the share of wrong
predictions that are finally called correct (*escape*), the accuracy, and the votes and expert rulings spent; under the
majority (ties broken at random), under Dawid–Skene, and under the adaptive rule: two votes, a third where they
disagree, then the expert where it is still unsafe. Gold is answered by everybody; its votes are not counted as spent.

Habits are those of `crews`.

"Known error rates" is the posterior of somebody who knows everybody's habits: no consensus of bare verdicts gets more
of them right. Where it escapes more than 0.6 times as often as the majority, no method will do better without the
expert: a lone *incorrect* among mostly right predictions is then more often a false alarm than a find. Where people who
look and people who accept everything work together, gold tells them apart, and one careful *incorrect* wins.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from gonogo.server.consensus.decide import SAFE_POSTERIOR
from gonogo.server.consensus.methods import estimate
from gonogo.server.consensus.votes import UNKNOWN, Votes
from tests.benchmarks.crews import HABITS, RIGHT, WRONG, draw

CREWS: dict[str, dict[str, int]] = {
    "careful": {"careful": 8},
    "average": {"average": 8},
    "mixed": {"careful": 2, "average": 4, "accepts": 2},
    "with a random one": {"careful": 3, "average": 4, "random": 1},
    "accepting": {"average": 4, "accepts": 4},
    "careful, 3 in 8 accept everything": {"careful": 5, "accepts": 3},
    "careful, half accept everything": {"careful": 4, "accepts": 4},
    "careful, 5 in 8 accept everything": {"careful": 3, "accepts": 5},
    "careful, accepting, one random": {"careful": 4, "accepts": 3, "random": 1},
    "mixed, who doubt": {"careful, who doubts": 2, "average, who doubts": 4, "accepts, who doubts": 2},
}
WANTED = 0.6
"""Escape against the majority's that the consensus should reach."""
GOLD_MIXES = {"natural": None, "half-wrong": (0.5, 0.4, 0.1)}


@dataclass(frozen=True)
class Setting:
    """One campaign; `gold_share` of its tasks' number are gold besides them, of the mix `gold_mix`."""

    crew: str = "mixed"
    error_rate: float = 0.12
    unclear: float = 0.03
    gold_share: float = 0.1
    gold_mix: str = "half-wrong"
    votes: int = 3
    n_tasks: int = 1000


def run(repetitions: int = 12) -> dict[str, Any]:
    """The tables: votes and gold, crews, error rates; means over `repetitions` campaigns."""
    found: dict[str, Any] = {"votes and gold, mixed crew": {}, "crews, 3 votes": {}, "error rates, 3 votes": {}}
    found["escape by crew"] = escapes(repetitions)
    for votes, share, mix in (
        (1, 0.0, "half-wrong"),
        (1, 0.1, "half-wrong"),
        (2, 0.0, "half-wrong"),
        (2, 0.1, "natural"),
        (2, 0.1, "half-wrong"),
        (2, 0.2, "half-wrong"),
        (3, 0.0, "half-wrong"),
        (3, 0.1, "half-wrong"),
        (5, 0.1, "half-wrong"),
    ):
        setting = Setting(votes=votes, gold_share=share, gold_mix=mix)
        name = f"{votes} votes, gold {share:.0%} {mix if share else ''}".strip()
        found["votes and gold, mixed crew"][name] = average(setting, repetitions)
    for crew in CREWS:
        found["crews, 3 votes"][crew] = average(Setting(crew=crew), repetitions)
    for rate in (0.02, 0.05, 0.12, 0.3):
        found["error rates, 3 votes"][f"{rate:.0%} wrong"] = average(Setting(error_rate=rate), repetitions)
    return found


def escapes(repetitions: int = 12) -> dict[str, Any]:
    """Per crew, at 2 and 3 votes with 10 % half-wrong gold: escapes of Dawid–Skene against the majority's.

    Beside the ratio what knowing all error rates would reach, and whether the ratio is at most `WANTED`.
    """
    found: dict[str, Any] = {}
    for crew in CREWS:
        for votes in (2, 3):
            means = average(Setting(crew=crew, votes=votes), repetitions)
            ratio = means["escape, dawid_skene / majority"]
            found[f"{crew}, {votes} votes"] = {
                "majority": means["majority escape"],
                "dawid_skene": means["dawid_skene escape"],
                "ratio": ratio,
                "ratio of known error rates": means["escape, known error rates / majority"],
                "ratio with the expert": means["escape, dawid_skene + expert / majority"],
                f"at most {WANTED}": ratio <= WANTED,
            }
    return found


def average(setting: Setting, repetitions: int, first_seed: int = 1) -> dict[str, Any]:
    """Means of `campaign` over so many seeds, and ratios of escapes: of the verdicts, and after the expert."""
    runs = [campaign(setting, seed) for seed in range(first_seed, first_seed + repetitions)]
    means = {name: float(np.mean([one[name] for one in runs])) for name in runs[0]}
    of_majority = max(means["majority escape"], 1e-9)
    means["escape, dawid_skene / majority"] = means["dawid_skene escape"] / of_majority
    means["escape, known error rates / majority"] = means["known error rates escape"] / of_majority
    means["escape, dawid_skene + expert / majority"] = means["dawid_skene + expert escape"] / of_majority
    of_rule = max(means["majority + expert escape"], 1e-9)
    means["escape after the expert, dawid_skene / majority"] = means["dawid_skene + expert escape"] / of_rule
    return {name: round(value, 4) for name, value in means.items()}


def campaign(setting: Setting, seed: int) -> dict[str, float]:
    """One campaign under all three rules, on the same votes."""
    rng = np.random.default_rng(seed)
    people = [HABITS[habit] for habit, n in CREWS[setting.crew].items() for _ in range(n)]
    confusion = np.array(people)
    mix = (1 - setting.error_rate - setting.unclear, setting.error_rate, setting.unclear)
    truth = rng.choice(3, setting.n_tasks, p=mix)
    n_gold = round(setting.gold_share * setting.n_tasks)
    gold = rng.choice(3, n_gold, p=GOLD_MIXES[setting.gold_mix] or mix)
    seats = rng.random((setting.n_tasks, len(people))).argsort(axis=1)[:, : max(setting.votes, 3)]
    said = draw(rng, confusion[seats, truth[:, None]])
    gold_seats = np.tile(np.arange(len(people)), (n_gold, 1))
    gold_said = draw(rng, confusion[gold_seats, gold[:, None]])
    known = (gold, gold_seats, gold_said)
    asked = np.ones((setting.n_tasks, setting.votes), dtype=bool)
    plain = _majority(rng, said[:, : setting.votes], asked)
    used = np.pad(asked, ((0, 0), (0, seats.shape[1] - setting.votes)))
    posterior = _posterior(seats, said, used, known)
    best = _best(people, mix, seats, said, used)
    found = {
        "majority escape": _escape(truth, plain),
        "majority accuracy": float((plain == truth).mean()),
        "dawid_skene escape": _escape(truth, posterior.argmax(axis=1)),
        "dawid_skene accuracy": float((posterior.argmax(axis=1) == truth).mean()),
        "known error rates escape": _escape(truth, best.argmax(axis=1)),
        "known error rates accuracy": float((best.argmax(axis=1) == truth).mean()),
        **_with_expert("majority", truth, np.eye(3)[plain], _tied(said, used)),
        **_with_expert("dawid_skene", truth, posterior, _tied(said, used)),
        **_with_expert("known error rates", truth, best, _tied(said, used)),
    }
    return found | _adaptive(rng, truth, seats, said, known)


Known = tuple[np.ndarray, np.ndarray, np.ndarray]


def _adaptive(
    rng: np.random.Generator, truth: np.ndarray, seats: np.ndarray, said: np.ndarray, known: Known
) -> dict[str, float]:
    """Two votes, a third where they disagree; against three votes for all, by majority and with the expert."""
    asked = np.zeros(said.shape, dtype=bool)
    asked[:, :2] = True
    asked[:, 2] = said[:, 0] != said[:, 1]
    three = np.zeros(said.shape, dtype=bool)
    three[:, :3] = True
    found = {"adaptive votes a task": float(asked.sum(axis=1).mean())}
    tie_break = int(rng.integers(2**31))
    for name, used in (("adaptive", asked), ("three votes", three)):
        decided = _majority(np.random.default_rng(tie_break), said, used)
        found[f"{name} majority accuracy"] = float((decided == truth).mean())
        found[f"{name} majority escape"] = _escape(truth, decided)
        found |= _with_expert(f"{name} dawid_skene", truth, _posterior(seats, said, used, known), _tied(said, used))
    return found


def _with_expert(name: str, truth: np.ndarray, posterior: np.ndarray, tied: np.ndarray) -> dict[str, float]:
    """The rule of the server: what is tied or unsafe goes to an expert, who is taken to be right."""
    safe = (posterior.max(axis=1) >= SAFE_POSTERIOR) & ~tied
    final = np.where(safe, posterior.argmax(axis=1), truth)
    return {
        f"{name} + expert escape": _escape(truth, final),
        f"{name} + expert accuracy": float((final == truth).mean()),
        f"{name} + expert share to expert": float(1 - safe.mean()),
    }


def _posterior(seats: np.ndarray, said: np.ndarray, asked: np.ndarray, known: Known) -> np.ndarray:
    gold, gold_seats, gold_said = known
    n_tasks = len(seats)
    rows, columns = np.nonzero(asked)
    task = np.concatenate([rows, n_tasks + np.repeat(np.arange(gold.size), gold_seats.shape[1])])
    person = np.concatenate([seats[rows, columns], gold_seats.ravel()]).astype(np.intp)
    label = np.concatenate([said[rows, columns], gold_said.ravel()]).astype(np.intp)
    votes = Votes.of(task, person, label, n_tasks=n_tasks + gold.size, n_classes=3)
    classes = np.concatenate([np.full(n_tasks, UNKNOWN), gold])
    found = estimate("dawid_skene", votes, known=classes, n_gold_answers=gold_said.size)
    return found.posterior[:n_tasks]


def _best(
    people: list[list[list[float]]], mix: tuple[float, ...], seats: np.ndarray, said: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """The posterior of who knows everybody's error rates and the mix: no method can do better on these votes."""
    log_rates = np.log(np.array(people))  # [person][truth][verdict]
    scores = np.tile(np.log(np.array(mix)), (len(seats), 1))
    for place in range(seats.shape[1]):
        heard = log_rates[seats[:, place], :, said[:, place]]
        scores += heard * asked[:, place][:, None]
    scores -= scores.max(axis=1, keepdims=True)
    found: np.ndarray = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return found


def _tied(said: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Whether two verdicts of a task have the most votes."""
    counts = np.sort(np.stack([((said == verdict) & asked).sum(axis=1) for verdict in range(3)], axis=1), axis=1)
    found: np.ndarray = counts[:, -1] == counts[:, -2]
    return found


def _majority(rng: np.random.Generator, said: np.ndarray, asked: np.ndarray) -> np.ndarray:
    counts = np.stack([((said == verdict) & asked).sum(axis=1) for verdict in range(3)], axis=1)
    decided: np.ndarray = (counts + rng.random(counts.shape) * 0.5).argmax(axis=1)
    return decided


def _escape(truth: np.ndarray, decided: np.ndarray) -> float:
    wrong = truth == WRONG
    return float((decided[wrong] == RIGHT).mean())


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
