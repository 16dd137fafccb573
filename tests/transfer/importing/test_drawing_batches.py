"""Several drawings by one request: as if one after the other, all or none; and a server that takes one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.client.errors import InvalidRequestError
from gonogo.client.gonogo_client import GONOGO, GonogoClient
from gonogo.client.lead_client import store_drawings
from gonogo.schemas.gonogo_api import Capabilities, DrawingsStored, DrawingStored
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.spool import MAX_DRAWINGS, MAX_DRAWINGS_BYTES, ImportOptions, drawing_batches
from tests.transfer.importing.conftest import PNG, WriteLines, reading

GIVEN = [
    ("shaft", "1.png", PNG + b"1"),
    ("shaft", "2.png", PNG + b"2"),
    ("wheel", "1.png", PNG + b"1"),
    ("shaft", "again.png", PNG + b"1"),
    ("wheel", "r.pdf", b"%PDF-1.7\n\n[]"),
    ("shaft", "2.png", PNG + b"2"),
]


async def test_a_batch_is_as_one_drawing_after_the_other(client: GonogoClient) -> None:
    found = (await store_drawings(client, GIVEN)).data
    assert [item.created for item in found] == [True, True, True, False, True, False]
    first, second, wheel, again, newer, twice = (item.part_revision_id for item in found)
    assert (again, twice) == (first, second)
    assert len({first, second, wheel, newer}) == 4
    single = [await client.store_drawing(part, name, "image/png", data) for part, name, data in GIVEN]
    assert [(item.part_revision_id, item.created) for item in single] == [
        (item.part_revision_id, False) for item in found
    ]
    assert [item.size_bytes for item in found] == [len(data) for _, _, data in GIVEN]
    kinds = [(await client.drawing_url(revision)).content_type for revision in (first, newer)]
    assert kinds == ["image/png", "application/pdf"]


async def test_a_part_that_a_prediction_named_first_gets_its_drawing(client: GonogoClient, write: WriteLines) -> None:
    await import_file(client, ImportOptions(write(reading(drawing=..., part="a")), "early"))
    done = await import_file(client, ImportOptions(write(*(reading(id=f"{n}") for n in range(2))), "late"))
    assert (done.n_drawings, done.n_drawings_new) == (1, 1)
    (again,) = (await store_drawings(client, [("a", "a.png", PNG + b"a")])).data
    assert not again.created


HEAD = b'[{"part":"p","filename":"a.png","size_bytes":3}]'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "JSON"),
        (b"abc", "JSON"),
        (HEAD, "announces 3 bytes"),
        (HEAD + b"\nab", "announces 3 bytes"),
        (HEAD + b"\nabcd", "announces 3 bytes"),
        (b"[]\n", "at least 1"),
        (b'{"part":"p"}\nabc', "list"),
        (b'[{"part":"","size_bytes":3}]\nabc', "part"),
        (b'[{"part":"p","size_bytes":0}]\n', "size_bytes"),
        (b'[{"part":"p","size_bytes":-3},{"part":"p","size_bytes":6}]\nabc', "size_bytes"),
        (b'[{"part":"p","size_bytes":"3"}]\nabc', "size_bytes"),
        (b'[{"part":"p\\u0000","size_bytes":3}]\nabc', "NUL"),
        (b"[" + HEAD[1:-1] * 2 + b"]\nabcabc", "JSON"),
        (b"\xff" + HEAD + b"\nabc", "UTF-8"),
    ],
)
async def test_a_batch_that_is_none_is_refused_whole(client: GonogoClient, body: bytes, said: str) -> None:
    kind = "application/octet-stream"
    with pytest.raises(InvalidRequestError, match=said):
        await client.call(DrawingsStored, "POST", f"{GONOGO}/drawings/batch", body=body, content_type=kind)
    assert (await client.store_drawing("p", "a.png", kind, PNG)).created


class Older(GonogoClient):
    """Of a server that takes one drawing at a time."""

    def __init__(self, inner: GonogoClient) -> None:
        self.__dict__.update(inner.__dict__)
        self.stored: list[str] = []

    async def capabilities(self) -> Capabilities | None:
        found = await super().capabilities()
        assert found is not None
        return found.model_copy(update={"extensions": [name for name in found.extensions if name != "drawings_batch"]})

    async def store_drawing(self, part: str, filename: str, *rest: Any, **more: Any) -> DrawingStored:
        self.stored.append(filename)
        return await super().store_drawing(part, filename, *rest, **more)


async def test_an_older_server_gets_them_one_by_one(client: GonogoClient, write: WriteLines) -> None:
    options = ImportOptions(write(reading(id="1"), reading(id="2", part="b", drawing="deep/b.png")), "pmi")
    older = Older(client)
    first = await import_file(older, options)
    assert (first.n_drawings_new, older.stored) == (2, ["a.png", "b.png"])
    second = await import_file(client, options)
    assert (second.n_drawings, second.n_drawings_new, second.n_predictions_new) == (2, 0, 0)


def test_what_is_sent_together_is_bounded(write: WriteLines) -> None:
    folder = write(reading()).parent
    sizes = [1, MAX_DRAWINGS_BYTES + 1, *[MAX_DRAWINGS_BYTES // 2] * 3, *[1] * 250]
    named = []
    for n, size in enumerate(sizes):
        path = folder / f"{n}.png"
        with path.open("wb") as file:
            file.truncate(size)
        named.append((f"{n}", path))
    found = list(drawing_batches(named))
    assert [item for batch in found for item in batch] == named
    assert [len(batch) for batch in found] == [1, 1, 2, MAX_DRAWINGS, MAX_DRAWINGS, 51]
