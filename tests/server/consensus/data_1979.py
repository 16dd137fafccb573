"""The anaesthetist data: five observers judge the fitness of 45 patients, observer 1 three times (grades 1 to 4).

A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm",
Journal of the Royal Statistical Society C 28 (1979) 20–28, Table 1. One cell a patient; in it the grades by
observer 1 (three), then by observers 2, 3, 4 and 5.
"""

from __future__ import annotations

from gonogo.server.consensus.votes import Votes

TABLE_1 = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343 1111111 2223212 1211111
1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111 2322222 1111111 1111111 1121121
1111111 3333233 1111111 2222222 2223232 4334343 2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
"""

OBSERVER = (0, 0, 0, 1, 2, 3, 4)

PUBLISHED_MARGINALS = (0.40, 0.42, 0.11, 0.07)
"""Estimated share of each grade among the patients, as the paper prints it."""

OBSERVER_1 = (
    (0.89, 0.11, 0.00, 0.00),
    (0.07, 0.88, 0.05, 0.00),
    (0.00, 0.34, 0.66, 0.00),
    (0.00, 0.00, 0.56, 0.44),
)
"""Estimated error rates of observer 1, two decimals: row = true grade, column = grade given."""


def anaesthetist_votes() -> Votes:
    cells = [
        (patient, seat, int(grade) - 1) for patient, row in enumerate(TABLE_1.split()) for seat, grade in enumerate(row)
    ]
    task, seat, label = zip(*cells, strict=True)
    return Votes.of(task, [OBSERVER[s] for s in seat], label)
