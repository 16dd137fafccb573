"""Drawing service: folders, cache, shared requests, prefetch; and the rules of the caches."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from gonogo.sheets.cache import DrawingFileCache, LruCache
from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.drawing_service import DrawingService
from gonogo.sheets.fetch import DrawingFetcher
from gonogo.sheets.folder_lookup import find_in_folders
from gonogo.sheets.models import NoPicture, Picture, PictureRequest, PixelCrop, SheetRef
from tests.sheets.conftest import sheet_pdf

REQUEST = PictureRequest(52, 24, (0.1, 0.1, 0.2, 0.2))
REF = SheetRef("rev-1", "sheet")


@dataclass(frozen=True)
class Answer:
    url: str | None
    status: str | None = "ready"
    sha256: str | None = None
    title: str | None = None


class Store:
    """A server of one drawing that counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.online = True
        self.headers: dict[str, str] = {}

    async def drawing_url(self, _: str) -> Answer:
        return Answer("https://store.example/d.pdf")

    def handle(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        if not self.online:
            raise httpx.ConnectError("no route")
        return httpx.Response(200, content=sheet_pdf(), headers=self.headers)

    def fetcher(self) -> DrawingFetcher:
        transport = httpx.MockTransport(self.handle)
        return DrawingFetcher(self.drawing_url, base_url="https://api.example", transport=transport)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def open_sheets(tmp_path: Path) -> AsyncIterator[Callable[..., DrawingService]]:
    opened: list[DrawingService] = []

    def opener(**settings: object) -> DrawingService:
        opened.append(DrawingService(tmp_path / "cache", **settings))  # type: ignore[arg-type]
        return opened[-1]

    yield opener
    for sheets in opened:
        await sheets.aclose()


Opener = Callable[..., DrawingService]


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - it is another process that we wait for
            await asyncio.sleep(0.01)


async def test_a_sheet_is_fetched_once_for_all_its_crops_and_runs(open_sheets: Opener, store: Store) -> None:
    sheets = open_sheets(fetcher=store.fetcher())
    requests = [REQUEST, REQUEST, PictureRequest(40, 20), PictureRequest(78, 32)]
    pictures = await asyncio.gather(*(sheets.picture(REF, request) for request in requests))
    assert all(isinstance(picture, Picture) for picture in pictures)
    assert pictures[0] is pictures[1]
    assert store.asked == 1
    await sheets.aclose()
    assert isinstance(await open_sheets(fetcher=store.fetcher()).picture(REF, REQUEST), Picture)
    assert store.asked == 1


async def test_what_was_prepared_is_there_at_once(open_sheets: Opener, store: Store) -> None:
    sheets = open_sheets(fetcher=store.fetcher())
    assert sheets.picture_ready(REF, REQUEST) is None
    sheets.prepare(REF, REQUEST)
    await _until(lambda: sheets.picture_ready(REF, REQUEST))
    ready = sheets.picture_ready(REF, REQUEST)
    assert await sheets.picture(REF, REQUEST) is ready


async def test_giving_up_waiting_does_not_lose_the_work(open_sheets: Opener, store: Store) -> None:
    sheets = open_sheets(fetcher=store.fetcher())
    waiting = asyncio.create_task(sheets.picture(REF, REQUEST))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await _until(lambda: sheets.picture_ready(REF, REQUEST))
    assert store.asked == 1


async def test_offline_is_not_remembered(open_sheets: Opener, store: Store) -> None:
    sheets = open_sheets(fetcher=store.fetcher())
    store.online = False
    offline = await sheets.picture(REF, REQUEST)
    assert isinstance(offline, NoPicture)
    assert offline.retry
    assert sheets.picture_ready(REF, REQUEST) is None
    store.online = True
    assert isinstance(await sheets.picture(REF, REQUEST), Picture)


async def test_logout_leaves_nothing(open_sheets: Opener, store: Store, tmp_path: Path) -> None:
    sheets = open_sheets(fetcher=store.fetcher())
    await sheets.picture(REF, REQUEST)
    assert isinstance(await sheets.export_png(REF, REQUEST), Path)
    await sheets.clear()
    assert sheets.picture_ready(REF, REQUEST) is None
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
    assert isinstance(await sheets.picture(REF, REQUEST), Picture)
    assert store.asked == 2


async def test_a_crop_for_the_systems_viewer_is_private(open_sheets: Opener, folder: Path, store: Store) -> None:
    sheets = open_sheets(folders=(folder,), fetcher=store.fetcher())
    path = await sheets.export_png(SheetRef(None, "sheet"), REQUEST)
    assert isinstance(path, Path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    missing = await sheets.export_png(SheetRef(None, "other"), REQUEST)
    assert isinstance(missing, NoPicture)


async def test_pixels_come_in_the_size_asked_for(open_sheets: Opener, folder: Path) -> None:
    crop = await open_sheets(folders=(folder,)).pixels(SheetRef(None, "vector"), REQUEST, 320, 200)
    assert isinstance(crop, PixelCrop)
    assert (crop.width, crop.height, crop.title) == (320, 200, "vector")


async def test_a_drawing_keeps_its_name_in_the_cache(open_sheets: Opener, store: Store) -> None:
    store.headers = {"Content-Disposition": 'inline; filename="Halter v2.pdf"'}
    for _ in range(2):  # fetched, then found in the cache by the next run
        sheets = open_sheets(fetcher=store.fetcher())
        picture = await sheets.picture(REF, REQUEST)
        assert isinstance(picture, Picture)
        assert picture.title == "Halter v2"
        await sheets.aclose()
    assert store.asked == 1


async def test_folders_come_first_and_need_no_server(open_sheets: Opener, folder: Path) -> None:
    sheets = open_sheets(folders=(folder,))
    assert isinstance(await sheets.picture(SheetRef(None, "sheet"), REQUEST), Picture)
    assert isinstance(await sheets.picture(SheetRef("vector", "other"), REQUEST), Picture)
    missing = await sheets.picture(SheetRef("rev-9", "other"), REQUEST)
    assert isinstance(missing, NoPicture)
    assert missing.reason == "No folder holds this part's drawing, and there is no server to ask."
    nothing = await sheets.picture(SheetRef(), REQUEST)
    assert isinstance(nothing, NoPicture)
    assert nothing.reason == "This task names no drawing."


async def test_a_changed_file_is_read_again(open_sheets: Opener, folder: Path) -> None:
    sheets = open_sheets(folders=(folder,))
    before = await sheets.picture(SheetRef(None, "sheet"), REQUEST)
    (folder / "sheet.png").write_bytes(b"overwritten")
    after = await open_sheets(folders=(folder,)).picture(SheetRef(None, "sheet"), REQUEST)
    assert isinstance(before, Picture)
    assert isinstance(after, NoPicture)


async def test_closing_while_fetching_ends_cleanly(open_sheets: Opener) -> None:
    started = asyncio.Event()

    async def never(_: str) -> Answer:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    sheets = open_sheets(fetcher=DrawingFetcher(never, base_url="https://api.example"))
    sheets.prepare(REF, REQUEST)
    await started.wait()
    await sheets.aclose()


@pytest.mark.parametrize("drawing_url_fails", [RuntimeError("bug"), OSError("disk")])
async def test_whatever_the_server_call_raises_becomes_a_sentence(
    open_sheets: Opener, drawing_url_fails: Exception
) -> None:
    async def fails(_: str) -> Answer:
        raise drawing_url_fails

    failing: Callable[[str], Awaitable[Answer]] = fails
    answer = await open_sheets(fetcher=DrawingFetcher(failing, base_url="https://api.example")).picture(REF, REQUEST)
    assert isinstance(answer, NoPicture)


def test_folder_names_are_compared_not_joined(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "inside" / "Halter.PDF").write_bytes(b"x")
    (tmp_path / "inside" / "halter.jpg").write_bytes(b"x")
    (tmp_path / "inside" / "notes.txt").write_bytes(b"x")
    folders = (tmp_path / "inside", tmp_path / "away")
    assert find_in_folders(folders, SheetRef(None, "../secret")) is None
    assert find_in_folders(folders, SheetRef(None, "notes")) is None

    def found(part: str) -> str:
        located = find_in_folders(folders, SheetRef(None, part))
        assert located is not None
        return located.path.name

    assert found("Halter") == "Halter.PDF"
    assert found("halter") == "halter.jpg"
    assert found("HALTER") == "halter.jpg"


def test_cache_files_are_private_and_bounded(tmp_path: Path) -> None:
    cache = DrawingFileCache(tmp_path / "cache", most=2500)
    for number in range(4):
        cache.store(f"rev-{number}", bytes([number]) * 1000)
    assert cache.find("rev-0") is None
    kept = cache.find("rev-3")
    assert kept is not None
    assert kept.path.read_bytes() == bytes([3]) * 1000
    assert sum(path.stat().st_size for path in (tmp_path / "cache" / "blobs").iterdir()) <= 2500
    for path in (tmp_path / "cache").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_cache_drops_what_was_used_longest_ago(tmp_path: Path) -> None:
    cache = DrawingFileCache(tmp_path / "cache", most=2500)
    cache.store("rev-0", b"0" * 1000)
    cache.store("rev-1", b"1" * 1000)
    assert cache.find("rev-0")
    cache.store("rev-2", b"2" * 1000)
    assert cache.find("rev-0")
    assert cache.find("rev-1") is None


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    cache = DrawingFileCache(tmp_path / "cache", most=DrawingLimits().cache_bytes)
    one, two = cache.store("rev-1", b"same"), cache.store("rev-2", b"same")
    assert one == two
    assert len(list((tmp_path / "cache" / "blobs").iterdir())) == 1


def test_memory_is_bounded() -> None:
    memory: LruCache[int, int] = LruCache(2)
    for number in (1, 2):
        memory.put(number, number)
    memory.get(1)
    memory.put(3, 3)
    assert (memory.get(1), memory.get(2), memory.get(3)) == (1, None, 3)
