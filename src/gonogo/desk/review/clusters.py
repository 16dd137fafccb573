"""Clusters of the review queue: rows with one cause, or one predicted value, stand together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gonogo.desk.review.models import QueueRow
from gonogo.values import canonical_key


class Grouping(StrEnum):
    """Grouping of the queue."""

    NONE = "none"
    CAUSE = "cause"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Cluster of rows that follow each other in the list; `start` is the index of the first.

    `key` is the cause, or the key of the value; empty for the rows at the end that have nothing in common. `known` is
    false where the server named no causes.
    """

    key: str
    start: int
    rows: tuple[QueueRow, ...]
    known: bool = True


def cluster_key(row: QueueRow, grouping: Grouping) -> str:
    """Returns the text that is the same for the rows of one cluster; empty for a row without one."""
    if grouping is Grouping.CAUSE:
        return row.cause or ""
    value = row.task.predicted_value
    return "" if grouping is Grouping.NONE or value in (None, "", {}) else canonical_key(value)


def clustered(rows: Sequence[QueueRow], keys: Sequence[str]) -> list[Cluster]:
    """Returns the clusters of `rows`, the largest first; a row without its like stands at the end.

    Inside a cluster, and where clusters are of one size, the order of `rows` is kept.
    """
    by_key: dict[str, list[QueueRow]] = {}
    for row, key in zip(rows, keys, strict=True):
        by_key.setdefault(key, []).append(row)
    large = {key: members for key, members in by_key.items() if key and len(members) > 1}
    alone = [row for row, key in zip(rows, keys, strict=True) if key not in large]
    groups = [*sorted(large.items(), key=lambda group: -len(group[1])), *([("", alone)] if alone else [])]
    clusters: list[Cluster] = []
    start = 0
    for key, members in groups:
        known = bool(key) or all(row.cause is not None for row in members)
        clusters.append(Cluster(key, start, tuple(members), known))
        start += len(members)
    return clusters
