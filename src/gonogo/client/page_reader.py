"""Page reader: reads whole lists from any server of the API, whatever its page size.

Our server gives cursors. Others may cut a list at any length, or at the `limit` that is asked for: the first request
names none, a cut list is asked for again with its whole `count`, and half of it where that is refused. A list that is
still cut is an error, never a result. Tasks can also be asked for status by status.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, Final, Protocol, TypeVar

from gonogo.client.errors import IncompleteListError, InvalidRequestError

PAGE: Final = 500
"""Items asked for at once from a server with cursors."""

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


USUAL_STATUSES: Final = ("open", "in_review", "resolved")


class WithStatus(Protocol):
    """Item of a list that can be filtered by status."""

    @property
    def id(self) -> str: ...

    @property
    def status(self) -> str | None: ...


S = TypeVar("S", bound=WithStatus)


class Page(Protocol[T_co]):
    """One page of a list of the API; `count` is the total, whatever the page holds."""

    @property
    def data(self) -> Sequence[T_co]: ...

    @property
    def count(self) -> int: ...

    @property
    def next_cursor(self) -> str | None: ...


Fetch = Callable[[int | None, str | None], Awaitable[Page[T]]]
"""Fetches one page; gets `limit` and `cursor`, each of which may be `None`."""


async def read_pages(fetch: Fetch[T]) -> AsyncGenerator[list[T], None]:
    """Yields all items of a list, page by page as they arrive.

    Raises:
        IncompleteListError: the server holds back a part; its `items` are those that it gave, and none is yielded.
    """
    page = await fetch(None, None)
    items = list(page.data)
    if page.next_cursor is None and len(items) < page.count:
        items = await _with_limit(fetch, items, page.count)
        if len(items) < page.count:
            raise IncompleteListError(items, page.count)
    yield items
    cursor: str | None = None
    while page.data and page.next_cursor not in (None, cursor):
        cursor = page.next_cursor
        page = await fetch(PAGE, cursor)
        yield list(page.data)


async def read_all(fetch: Fetch[T]) -> list[T]:
    """Returns all items of a list. Raises as `read_pages`."""
    return [item async for page in read_pages(fetch) for item in page]


async def read_all_by_status(fetch: Callable[[str | None], Fetch[S]]) -> list[S]:
    """Returns all items of a list, `fetch(None)`; of one that the server cuts, those of its lists by status.

    Asks for the statuses that occur and for the usual ones. Raises as `read_pages`, with all items that came.
    """
    try:
        return await read_all(fetch(None))
    except IncompleteListError as error:
        items: dict[str, S] = {item.id: item for item in error.items}
        count = error.count
    for status in sorted({item.status for item in items.values() if item.status} | set(USUAL_STATUSES)):
        with contextlib.suppress(InvalidRequestError):  # no status of this server
            of_status, _ = await read_what_there_is(fetch(status))
            items |= {item.id: item for item in of_status}
        if len(items) >= count:
            return list(items.values())
    raise IncompleteListError(list(items.values()), count)


async def read_what_there_is(fetch: Fetch[T]) -> tuple[list[T], int]:
    """Returns the items that the server gives, and how many it has: for screens, which say what is missing."""
    try:
        items = await read_all(fetch)
    except IncompleteListError as error:
        partial: list[Any] = error.items
        return partial, error.count
    return items, len(items)


async def _with_limit(fetch: Fetch[T], items: list[T], count: int) -> list[T]:
    """Returns the longest list that the server gives for a `limit`; `items` if none is longer."""
    limit = count
    while limit > len(items):
        try:
            page = await fetch(limit, None)
        except InvalidRequestError:
            limit //= 2
            continue
        return list(page.data) if len(page.data) > len(items) else items
    return items
