"""Makes `expected.json`: what independent implementations make of the same votes.

Not a test and not needed by one. Run it in an environment of its own that has crowd-kit 1.4.2 and krippendorff 0.9.0
(neither is a dependency of gonogo), from the repository's root: `python -m tests.server.consensus.make_expected`.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import krippendorff  # type: ignore[import-not-found]
import numpy as np
import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]
from crowdkit.aggregation import DawidSkene, OneCoinDawidSkene  # type: ignore[import-not-found]

from tests.server.consensus.data_1979 import anaesthetist_votes
from tests.server.consensus.simulate import simulated_votes

HERE = Path(__file__).parent


def frame(votes: Any) -> pd.DataFrame:
    return pd.DataFrame({"task": votes.task, "worker": votes.annotator, "label": votes.label})


def fitted(model: Any, votes: Any) -> dict[str, Any]:
    model.fit(frame(votes))
    columns = range(votes.n_classes)
    posterior = model.probas_.reindex(range(votes.n_tasks)).reindex(columns=columns)
    return {
        "iterations": len(model.loss_history_),
        "prior": model.priors_.reindex(columns).tolist(),
        "posterior": posterior.to_numpy().tolist(),
    }


def anaesthetists() -> dict[str, Any]:
    """Observer 1's three ratings are three rows of one worker; no early stop, 100 steps."""
    votes = anaesthetist_votes()
    model = DawidSkene(n_iter=100, tol=-np.inf)
    found = fitted(model, votes)
    errors = np.zeros((votes.n_annotators, votes.n_classes, votes.n_classes))
    for (worker, label), row in model.errors_.iterrows():
        errors[worker, :, label] = row.reindex(range(votes.n_classes)).to_numpy()
    return {**found, "confusion": errors.tolist()}


def alphas() -> list[dict[str, Any]]:
    found = []
    for seed in range(6):
        votes = simulated_votes(seed, n_tasks=40, n_annotators=5, n_classes=4, per_task=3)
        counts = votes.counts()
        counts[::7] = 0  # nobody saw these
        counts[1::7] = np.eye(4, dtype=int)[1]  # one vote: cannot be paired
        alpha = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
        found.append({"counts": counts.tolist(), "alpha": float(alpha)})
    return found


def main() -> None:
    simulated = [
        {
            "votes": {name: getattr(votes, name).tolist() for name in ("task", "annotator", "label")},
            "dawid_skene": fitted(DawidSkene(), votes),
            "one_coin": fitted(OneCoinDawidSkene(), votes),
        }
        for votes in map(simulated_votes, (1, 2, 3))
    ]
    made_by = {name: version(name) for name in ("crowd-kit", "krippendorff", "numpy", "pandas")}
    expected = {"made_by": made_by, "anaesthetists": anaesthetists(), "simulated": simulated, "alphas": alphas()}
    rounded = json.loads(json.dumps(expected), parse_float=lambda text: float(f"{float(text):.12g}"))
    (HERE / "expected.json").write_text(json.dumps(rounded, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
