"""Clusters of the queue: every row stands once, with its like, in the order of harm inside."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.desk.review.clusters import Grouping, cluster_key, clustered
from gonogo.desk.review.models import QueueRow
from tests.tui.fake_services import task

_rows = st.lists(
    st.tuples(st.sampled_from(["", "decimal_sign", "sign", "unit"]), st.sampled_from(["16,5", "16.50", "R5", ""])),
    max_size=25,
).map(lambda drawn: [row(number, cause, value) for number, (cause, value) in enumerate(drawn)])


def row(number: int, cause: str | None = None, value: str = "16,5") -> QueueRow:
    return QueueRow(task(number, {"text": value} if value else {}), "in_review", cause=cause)


@settings(max_examples=60, deadline=None)
@given(rows=_rows, grouping=st.sampled_from([Grouping.CAUSE, Grouping.VALUE]))
def test_each_row_stands_once_and_beside_its_like(rows: list[QueueRow], grouping: Grouping) -> None:
    keys = [cluster_key(each, grouping) for each in rows]
    key_of = dict(zip([each.task.id for each in rows], keys, strict=True))
    clusters = clustered(rows, keys)
    listed = [each for cluster in clusters for each in cluster.rows]
    assert sorted(each.task.id for each in listed) == sorted(key_of)
    start = 0
    for cluster in clusters:
        assert cluster.start == start
        assert [rows.index(each) for each in cluster.rows] == sorted(rows.index(each) for each in cluster.rows)
        if cluster.key:
            assert len(cluster.rows) > 1
            assert {key_of[each.task.id] for each in cluster.rows} == {cluster.key}
        start += len(cluster.rows)
    sizes = [len(cluster.rows) for cluster in clusters if cluster.key]
    assert sizes == sorted(sizes, reverse=True)
    assert [cluster.key for cluster in clusters].count("") <= 1
    assert not clusters or all(cluster.key for cluster in clusters[:-1])


def test_equal_values_are_one_cluster_however_they_are_written() -> None:
    rows = [row(0, value="⌀16,5"), row(1, value="R5"), row(2, value="Ø 16.50")]
    first, rest = clustered(rows, [cluster_key(each, Grouping.VALUE) for each in rows])
    assert [each.task.id for each in first.rows] == ["task-0", "task-2"]
    assert (rest.key, [each.task.id for each in rest.rows]) == ("", ["task-1"])


def test_causes_that_the_server_did_not_name_are_not_called_missing() -> None:
    for cause, known in (("", True), (None, False)):
        (rest,) = clustered([row(0, cause), row(1, cause)], ["", ""])
        assert rest.known is known
