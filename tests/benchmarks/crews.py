"""Crews of annotators with known habits, and how they answer; shared by the simulations.

Habits follow the literature on verifying mostly right predictions: a careful person detects 92 % of the wrong ones, an
average one 78 %, one who accepts nearly everything 43 %; "random" does not look at all; "suspicious" refuses a fifth of
the right ones as well. "Who doubts" is the same person with another way to be wrong about a right prediction: of the
false alarms three in four are *unsure*.
"""

from __future__ import annotations

import numpy as np

RIGHT, WRONG, UNCLEAR = range(3)
HABITS: dict[str, list[list[float]]] = {  # [truth][verdict]
    "careful": [[0.97, 0.02, 0.01], [0.06, 0.92, 0.02], [0.15, 0.15, 0.70]],
    "average": [[0.95, 0.04, 0.01], [0.19, 0.78, 0.03], [0.30, 0.25, 0.45]],
    "accepts": [[0.97, 0.02, 0.01], [0.55, 0.43, 0.02], [0.80, 0.10, 0.10]],
    "random": [[0.40, 0.40, 0.20], [0.40, 0.40, 0.20], [0.40, 0.40, 0.20]],
    "suspicious": [[0.75, 0.22, 0.03], [0.05, 0.92, 0.03], [0.10, 0.40, 0.50]],
    "careful, who doubts": [[0.97, 0.0075, 0.0225], [0.06, 0.92, 0.02], [0.15, 0.15, 0.70]],
    "average, who doubts": [[0.95, 0.0125, 0.0375], [0.19, 0.78, 0.03], [0.30, 0.25, 0.45]],
    "accepts, who doubts": [[0.97, 0.0075, 0.0225], [0.55, 0.43, 0.02], [0.80, 0.10, 0.10]],
}


def draw(rng: np.random.Generator, chances: np.ndarray) -> np.ndarray:
    """One verdict from each row of `chances`."""
    reached = chances.cumsum(axis=-1)
    drawn: np.ndarray = np.minimum((rng.random(chances.shape[:-1])[..., None] > reached).sum(axis=-1), 2)
    return drawn
