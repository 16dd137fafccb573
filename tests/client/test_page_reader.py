"""Page reader: a whole list from servers of any page size, or an error that says what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.client.errors import IncompleteListError, InvalidRequestError
from gonogo.client.page_reader import Fetch, read_all, read_all_by_status, read_what_there_is
from gonogo.schemas.labeling import LabelingTaskList, LabelingTaskPublic


@dataclass(frozen=True)
class OnePage:
    data: list[int]
    count: int
    next_cursor: str | None = None


@dataclass
class ListServer:
    """A server's list of `count` numbers; `most` is the largest page, `refuses` whether a larger limit is a 422."""

    count: int
    usual: int
    most: int
    refuses: bool
    cursors: bool
    requests: list[tuple[int | None, str | None]] = field(default_factory=list)

    async def fetch(self, limit: int | None, cursor: str | None) -> OnePage:
        self.requests.append((limit, cursor))
        if limit is not None and limit > self.most and self.refuses:
            raise InvalidRequestError("limit: too large", status=422)
        size = min(self.usual if limit is None else limit, self.most)
        start = int(cursor or 0)
        data = list(range(start, min(start + size, self.count)))
        end = start + len(data)
        return OnePage(data, self.count, str(end) if self.cursors and end < self.count else None)


SERVERS = st.builds(
    ListServer,
    count=st.integers(0, 3000),
    usual=st.integers(1, 1000),
    most=st.integers(1, 5000),
    refuses=st.booleans(),
    cursors=st.booleans(),
)


@given(SERVERS)
async def test_a_list_is_whole_or_an_error(server: ListServer) -> None:
    server.most = max(server.most, 500) if server.cursors else server.most
    incomplete: IncompleteListError | None = None
    try:
        items = await read_all(server.fetch)
    except IncompleteListError as error:
        items, incomplete = error.items, error
    assert items == list(range(len(items)))
    if incomplete is None:
        assert len(items) == server.count
    else:
        assert not server.cursors
        assert server.most < server.count
        assert incomplete.count == server.count > len(items)
    assert server.requests[0] == (None, None)
    assert len(server.requests) <= (
        15 if not server.cursors else 2 + server.count // 100 + server.count // server.usual
    )


async def test_half_is_asked_for_where_all_is_refused() -> None:
    server = ListServer(count=150, usual=20, most=100, refuses=True, cursors=False)
    items, count = await read_what_there_is(server.fetch)
    assert server.requests == [(None, None), (150, None), (75, None)]
    assert (len(items), count) == (75, 150)


@dataclass
class StatusServer:
    """Cuts each list at 100 and filters by status; `known` are the statuses that it takes as a filter."""

    tasks: list[LabelingTaskPublic]
    known: tuple[str, ...] = ()

    def fetch(self, status: str | None) -> Fetch[LabelingTaskPublic]:
        async def page(limit: int | None, cursor: str | None) -> LabelingTaskList:
            if status is not None and status not in self.known:
                raise InvalidRequestError("unknown status", status=422)
            tasks = [task for task in self.tasks if status in (None, task.status)]
            return LabelingTaskList(count=len(tasks), data=tasks[:100])

        return page


def tasks_of(**numbers: int) -> list[LabelingTaskPublic]:
    return [
        LabelingTaskPublic(id=f"{status} {n}", status=status) for status, many in numbers.items() for n in range(many)
    ]


async def test_a_cut_list_is_put_together_by_status() -> None:
    server = StatusServer(tasks_of(queued=90, open=80, resolved=100), ("queued", "open", "resolved"))
    items = await read_all_by_status(server.fetch)
    assert sorted(item.id for item in items) == sorted(task.id for task in server.tasks)


@pytest.mark.parametrize("known", [(), ("open", "resolved")])
async def test_what_is_still_cut_by_status_is_an_error(known: tuple[str, ...]) -> None:
    server = StatusServer(tasks_of(open=150, resolved=50), known)
    with pytest.raises(IncompleteListError, match=f"{150 if known else 100} of 200"):
        await read_all_by_status(server.fetch)


async def test_the_error_names_both_numbers_and_a_next_step() -> None:
    server = ListServer(count=340, usual=100, most=100, refuses=False, cursors=False)
    with pytest.raises(IncompleteListError, match="100 of 340") as caught:
        await read_all(server.fetch)
    assert caught.value.next_step
