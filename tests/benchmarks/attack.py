"""Can an annotator tell gold? A logistic classifier over all he can observe, asked about tasks it was not trained on.

    python -m tests.benchmarks.attack [sqlite|postgresql] [LAYOUT …] [--votes fixed|by_risk] [--honest]
        [--served 5000] [--people 10] [--workers 1]

Several colluding annotators work through a campaign over a real uvicorn: what they see of each answer (fields, lengths,
nulls, ids, headers), when it comes, what came before and comes next, what the queue says before and after, what comes
again after it was given back, how often each sheet came, and how often each question was met by the ring. 0.5 is
guessing. Verdicts are drawn at random; `--honest` people are right nine times in ten, of work that is wrong in one of
eight, and of gold half of which is. The layouts say where gold lies and when it was posted: beside the work, on sheets
of its own like the work's, and where nothing has a drawing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from gonogo.server.settings import ServerSettings
from tests.benchmarks.pairs import database, ours, serving
from tests.server.house import House
from tests.server.live import Lean
from tests.server.storm import signed_in
from tests.server.web import LABELING, OURS

SERVED, PEOPLE, FRACTION = 5_000, 10, 0.1
KINDS = ("sqlite", "postgresql")
LAYOUTS = ("beside the work", "own sheets", "own sheets later", "no drawings")
LAGS = 20
SHEETS = 60
GIVEN_BACK = 0.1
"""The share of tasks given back unanswered, to see which come again."""
FOLDS = 10
Floats = npt.NDArray[np.float64]
Sheet = Callable[[random.Random], str | None]


@dataclass
class Seen:
    """What one person saw of one task, in the order served."""

    task: str
    question: str
    features: dict[str, float] = field(default_factory=dict)


async def work(
    token: str, port: int, campaign: str, count: int, rng: random.Random, truths: dict[str, str]
) -> list[Seen]:
    """One annotator's session; answers by `truths` (verdict by question), at random where there are none."""
    seen: list[Seen] = []
    given_back: dict[str, int] = {}
    async with Lean(port, {"authorization": f"Bearer {token}"}) as client:
        for position in range(count):
            started = time.perf_counter()
            status, task = await client.post(f"{LABELING}/campaigns/{campaign}/next-task")
            claimed = time.perf_counter() - started
            if task is None:
                break
            assert status == 200
            headers = dict(client.headers)
            if rng.random() < GIVEN_BACK:
                status, _answer = await client.post(f"{OURS}/tasks/{task['id']}/release")
                assert status == 200
                given_back[task["id"]] = position
                continue
            before = await client.get(f"{OURS}/campaigns/{campaign}/queue")
            body: dict[str, Any] = {"verdict": _verdict(truths.get(_key(task)), rng)}
            started = time.perf_counter()
            status, answer = await client.post(f"{LABELING}/tasks/{task['id']}/submit", body)
            submitted = time.perf_counter() - started
            assert status == 201, answer
            after = await client.get(f"{OURS}/campaigns/{campaign}/queue")
            question = json.dumps({name: value for name, value in task.items() if name != "id"}, sort_keys=True)
            here = Seen(task["id"], question)
            here.features = {
                "position": position / count,
                "position mod 10": position % 10,
                "claim ms": claimed * 1000,
                "submit ms": submitted * 1000,
                "task bytes": len(json.dumps(task)),
                "answer bytes": len(json.dumps({**answer, "verdict": ""})),  # what he said himself he knows
                "headers": len(headers),
                "expires in": float(headers.get("x-claim-expires-in", 0)),
                "id": int(task["id"][:8], 16) / 2**32,
                "came again": float(task["id"] in given_back),
                "came again after": position - given_back.get(task["id"], position),
                "same sheet": float(bool(seen) and _sheet(seen[-1].question) == task["part_revision_id"]),
                "same sheet next": 0.0,
                "sheet seen before": sum(_sheet(one.question) == task["part_revision_id"] for one in seen),
                **{f"null {name}": float(value is None) for name, value in task.items()},
                **{f"moved {name}": _moved(before, after, name) for name in _NUMBERS},
            }
            if seen:  # tasks are fetched ahead, so the next one is seen before the answer
                seen[-1].features["same sheet next"] = here.features["same sheet"]
            seen.append(here)
    return seen


def _verdict(truth: str | None, rng: random.Random) -> str:
    """The truth nine times in ten; without one any verdict."""
    if truth is None:
        return rng.choice(["correct", "correct", "incorrect", "unsure"])
    other = "correct" if truth == "incorrect" else "incorrect"
    return truth if rng.random() < 0.9 else other


def _key(body: dict[str, Any]) -> str:
    """What tells one question from another, before and after it is posted."""
    names = ("detail_kind", "predicted_value", "pmi_id", "part_revision_id")
    return json.dumps([body.get(name) for name in names], sort_keys=True)


_NUMBERS = ("left_for_me", "held_by_me", "done_by_me", "in_review")


def _moved(before: dict[str, Any], after: dict[str, Any], name: str) -> float:
    return float((after[name] or 0) - (before[name] or 0))


def _sheet(question: str) -> Any:
    return json.loads(question)["part_revision_id"]


def classify(x: Floats, y: Floats, rng: np.random.Generator) -> tuple[float, float, dict[str, float]]:
    """Mean AUC on the tenths not trained on, its standard error, and the weights of the last training.

    The standard error is Hanley and McNeil's (1982) for all tasks together: each is asked about once.
    """
    order = rng.permutation(len(y))
    areas = []
    for fold in range(FOLDS):
        rest = order[fold::FOLDS]
        train = np.setdiff1d(order, rest)
        scores, weights = _trained(x, y, train)
        areas.append(auc(scores[rest], y[rest]))
    area = float(np.mean(areas))
    n1, n0 = y.sum(), (1 - y).sum()
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    error = ((area * (1 - area) + (n1 - 1) * (q1 - area**2) + (n0 - 1) * (q2 - area**2)) / (n1 * n0)) ** 0.5
    return area, float(error), weights


def _trained(x: Floats, y: Floats, train: npt.NDArray[np.int64]) -> tuple[Floats, dict[str, float]]:
    """The score of every task after training on some, and the weight of each feature."""
    scale = x[train].std(axis=0)
    kept = np.flatnonzero(scale > 1e-9)
    z = (x[:, kept] - x[train][:, kept].mean(axis=0)) / scale[kept]
    z = np.clip(z, -4, 4)
    z = np.hstack([z, z**2, np.ones((len(y), 1))])
    weights = np.zeros(z.shape[1])
    share = y[train].mean()
    balance = np.where(y[train] > 0, 0.5 / share, 0.5 / (1 - share))
    for _step in range(60):  # Newton with a ridge
        p = 1 / (1 + np.exp(-(z[train] @ weights)))
        gradient = z[train].T @ (balance * (p - y[train])) + 5.0 * weights
        curve = (z[train] * (balance * p * (1 - p))[:, None]).T @ z[train] + 5.0 * np.eye(len(weights))
        weights -= np.linalg.solve(curve, gradient)
    return z @ weights, {str(i): round(float(w), 2) for i, w in zip(kept, weights, strict=False)}


def auc(score: Floats, y: Floats) -> float:
    """The chance that a gold task scores higher than another one, ties half."""
    _values, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n1 = y.sum()
    return float((ranks[y > 0].sum() - n1 * (n1 + 1) / 2) / (n1 * (len(y) - n1)))


def run(
    kind: str | None = None,
    layouts: list[str] | None = None,
    served: int = SERVED,
    people: int = PEOPLE,
    workers: int = 1,
    votes: str = "fixed",
    honest: bool = False,
) -> dict[str, Any]:
    """AUC with its 95 % interval, the share of gold served, and the differences of the mean times in milliseconds."""
    found: dict[str, Any] = {}
    for name in KINDS if kind is None else (kind,):
        for layout in layouts or LAYOUTS:
            with tempfile.TemporaryDirectory() as folder, database(name, folder) as url, House(url, seed=7) as house:
                found.setdefault(name, {})[layout] = _run(house, layout, served, people, workers, votes, honest)
    return found


def _run(house: House, layout: str, served: int, people: int, workers: int, votes: str, honest: bool) -> dict[str, Any]:
    house.now = datetime.now(UTC)
    rng = random.Random(11)
    campaign = house.campaign(target_redundancy=3, gold_fraction=FRACTION, votes=votes)
    n_gold = round(1.05 * served * FRACTION / (1 - FRACTION))
    sheet, gold_sheet = _sheets(layout, n_gold, served)
    bodies = [{**_body(rng), "part_revision_id": sheet(rng)} for _task in range(served)]
    pool = [{**_body(rng), "part_revision_id": gold_sheet(rng), "is_gold": True} for _task in range(n_gold)]
    truths: dict[str, str] = {}
    for body in bodies + pool:
        is_gold = body.get("is_gold", False)
        truths[_key(body)] = "incorrect" if rng.random() < (0.5 if is_gold else 0.125) else "correct"
        body.update({"gold_answer": truths[_key(body)] if honest else "correct"} if is_gold else {})
    if layout.endswith("later"):
        house.add(campaign, *bodies)
        house.add(campaign, *pool)
    else:
        mixed = bodies + pool
        rng.shuffle(mixed)
        house.add(campaign, *mixed)
    tokens = signed_in(house, campaign, people)
    settings = ServerSettings(
        database_url=house.store.url.render_as_string(hide_password=False),
        requests_per_minute_per_caller=None,
        requests_per_minute_per_key=None,
        upkeep_seconds=1,
    )

    async def crowd(port: int) -> list[list[Seen]]:
        each = round(served / people / (1 - GIVEN_BACK))
        return await asyncio.gather(
            *(work(token, port, campaign, each, rng, truths if honest else {}) for token in tokens)
        )

    with serving(ours, settings, workers) as (port, _process):
        sessions = asyncio.run(crowd(port))
    return measure(house, sessions)


def _sheets(layout: str, n_gold: int, n_tasks: int) -> tuple[Sheet, Sheet]:
    """What draws the sheet of an ordinary task, and of gold."""

    def beside(rng: random.Random) -> str | None:
        return f"part-{rng.randrange(SHEETS)}"

    def own(rng: random.Random) -> str | None:
        return f"piece-{rng.randrange(round(SHEETS * n_gold / n_tasks))}"

    def nowhere(_rng: random.Random) -> str | None:
        return None

    if layout == "no drawings":
        return nowhere, nowhere
    return beside, (beside if layout == "beside the work" else own)


def _body(rng: random.Random) -> dict[str, Any]:
    """A question as a model's prediction makes it; gold comes from the same source."""
    value = {"text": f"⌀{rng.randint(2, 90)},{rng.randint(0, 9)} +0,1 0"}
    return {
        "detail_kind": rng.choice(["dimension", "tolerance", "gdt"]),
        "predicted_value": value if rng.random() < 0.95 else None,
        "predicted_confidence": round(rng.random(), 3),
        "drawing_bbox": [0.1, 0.1, 0.2, 0.2],
        "pmi_id": f"pmi-{rng.randrange(10**6)}" if rng.random() < 0.8 else None,
    }


def measure(house: House, sessions: list[list[Seen]]) -> dict[str, Any]:
    everything = [seen for session in sessions for seen in session]
    met: dict[str, int] = {}
    for seen in everything:
        met[seen.question] = met.get(seen.question, 0) + 1
        met[seen.task] = met.get(seen.task, 0) + 1
    names = sorted(everything[0].features)
    rows = [[seen.features[name] for name in names] + [met[seen.task], met[seen.question]] for seen in everything]
    with house.store.read() as connection:
        from sqlalchemy import select

        from gonogo.server.store.schema import tasks

        known = {row.id: row.is_gold for row in connection.execute(select(tasks.c.id, tasks.c.is_gold))}
    y = np.array([float(known[seen.task]) for seen in everything])
    x = np.array(rows)
    gold_of = [[float(known[seen.task]) for seen in session] for session in sessions]
    area, error, weights = classify(x, y, np.random.default_rng(3))
    times = {name: _difference(everything, known, name) for name in ("claim ms", "submit ms")}
    labels = [*names, "id met by the ring", "question met by the ring"]
    top = sorted(((abs(w), labels[int(i)], w) for i, w in weights.items()), reverse=True)[:5]
    single = {name: round(auc(x[:, i], y), 3) for i, name in enumerate(labels)}
    far = sorted(single.items(), key=lambda item: -abs(item[1] - 0.5))[:5]
    return {
        "served": len(y),
        "gold": int(y.sum()),
        "share": round(float(y.mean()), 4),
        "auc": round(area, 3),
        "auc_interval_95": [round(area - 1.96 * error, 3), round(area + 1.96 * error, 3)],
        "autocorrelation": autocorrelation(gold_of),
        "gold_minus_other_ms": times,
        "largest_weights": {name: w for _size, name, w in top},
        "auc_of_single_features": dict(far),
    }


def autocorrelation(sessions: list[list[float]]) -> dict[str, float]:
    """The largest correlation of gold with gold some places on, and the bound of noise (99.9 % of one lag in 20)."""
    mean = float(np.mean([value for session in sessions for value in session]))
    together = [np.array(session) - mean for session in sessions]
    power = sum(float(session @ session) for session in together)
    found: list[float] = [sum(float(s[:-lag] @ s[lag:]) for s in together) / power for lag in range(1, LAGS + 1)]
    n_pairs = sum(len(session) for session in sessions)
    largest: float = max(found, key=abs)
    return {"largest": round(largest, 4), "noise": round(3.9 / n_pairs**0.5, 4)}


def _difference(everything: list[Seen], known: dict[str, bool], name: str) -> dict[str, Any]:
    """Gold less other, in milliseconds: of the trimmed means with its 95 % interval, and of the medians.

    Each time is taken less the median of its neighbours, so that what the machine did meanwhile falls out; gold and
    other work come in turns anyhow. The slowest and fastest twentieth are left out of the means.
    """
    times = [seen.features[name] for seen in everything]
    local = np.array([time - median(times[max(0, i - 8) : i + 9]) for i, time in enumerate(times)])
    is_gold = np.array([known[seen.task] for seen in everything])
    low, high = np.quantile(local, [0.05, 0.95])
    kept = (low <= local) & (local <= high)
    gold_times, other = local[kept & is_gold], local[kept & ~is_gold]
    mean = gold_times.mean() - other.mean()
    half = 1.96 * (gold_times.var(ddof=1) / len(gold_times) + other.var(ddof=1) / len(other)) ** 0.5
    return {
        "trimmed_mean": round(float(mean), 3),
        "interval_95": [round(float(mean - half), 3), round(float(mean + half), 3)],
        "median": round(float(np.median(local[is_gold]) - np.median(local[~is_gold])), 3),
    }


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("kind", nargs="?", choices=KINDS)
    arguments.add_argument("layouts", nargs="*", metavar="LAYOUT", help=", ".join(LAYOUTS))
    arguments.add_argument("--votes", choices=("fixed", "by_risk"), default="fixed")
    arguments.add_argument("--honest", action="store_true")
    for name, default in (("served", SERVED), ("people", PEOPLE), ("workers", 1)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    print(json.dumps(run(**vars(arguments.parse_args())), indent=2))


if __name__ == "__main__":
    main()
