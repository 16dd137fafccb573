"""Drawing service: locates, fetches, caches and renders drawings; the only entry point for the rest of the app."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

from gonogo.sheets.cache import DrawingFileCache, LocatedDrawing, LruCache
from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.fetch import DrawingFetcher
from gonogo.sheets.folder_lookup import find_in_folders
from gonogo.sheets.models import NoPicture, Picture, PictureRequest, PixelCrop, SheetRef
from gonogo.sheets.render_worker import RenderWorker
from gonogo.sheets.sheet_text import SheetText

_Answer = Picture | NoPicture
_Key = tuple[SheetRef, PictureRequest]


class DrawingService:
    """Service that renders views of drawings. Belongs to one event loop; heavy work runs in a child process.

    A drawing is searched in `folders` first, then among the `known` ones of this machine (by part revision; called in a
    thread), in the cache, and by `fetcher`. Two requests for the same picture at the same time render it once.
    """

    def __init__(
        self,
        cache_dir: Path,
        *,
        fetcher: DrawingFetcher | None = None,
        folders: tuple[Path, ...] = (),
        known: Callable[[str], LocatedDrawing | None] = lambda revision: None,
        limits: DrawingLimits | None = None,
    ) -> None:
        self._limits = limits or DrawingLimits()
        self._fetcher = fetcher
        self._folders = folders
        self._known = known
        self._raw = DrawingFileCache(cache_dir, self._limits.cache_bytes)
        self._worker = RenderWorker(self._limits)
        self._ready: LruCache[_Key, _Answer] = LruCache(self._limits.pictures_kept)
        self._texts: LruCache[tuple[str, int], SheetText] = LruCache(self._limits.pictures_kept)
        self._making: dict[_Key, asyncio.Task[_Answer]] = {}
        self._locating: dict[SheetRef, asyncio.Task[LocatedDrawing | NoPicture]] = {}
        self._located: LruCache[SheetRef, LocatedDrawing] = LruCache(self._limits.pictures_kept)

    async def picture(self, ref: SheetRef, request: PictureRequest) -> _Answer:
        """Returns the requested view. Never raises for a bad drawing; cancelling the caller does not lose the work."""
        if (ready := self._ready.get((ref, request))) is not None:
            return ready
        if (located := self._located.get(ref)) is not None:
            self._worker.prioritize(located.key, request)
        return await asyncio.shield(self._start(ref, request, urgent=True))

    def picture_ready(self, ref: SheetRef, request: PictureRequest) -> _Answer | None:
        """Returns the view if it is rendered already, else `None`; does not wait."""
        return self._ready.get((ref, request))

    def prepare(self, ref: SheetRef, request: PictureRequest) -> None:
        """Starts to render a view that will be needed soon, with less priority than views that somebody waits for."""
        if self._ready.get((ref, request)) is None:
            self._start(ref, request, urgent=False)

    async def pixels(self, ref: SheetRef, request: PictureRequest, width: int, height: int) -> PixelCrop | NoPicture:
        """Returns the view as a PNG of `width` × `height` pixels, for a pixel protocol. Not cached."""
        return await asyncio.shield(asyncio.create_task(self._pixels(ref, request, (width, height))))

    async def export_png(self, ref: SheetRef, request: PictureRequest) -> Path | NoPicture:
        """Writes the view at full resolution to a file that only this user may read; `clear` deletes it."""
        crop = await asyncio.shield(asyncio.create_task(self._pixels(ref, request, None)))
        if isinstance(crop, NoPicture):
            return crop
        name = f"crop-{hashlib.sha256(crop.png).hexdigest()[:16]}.png"
        try:
            return await asyncio.to_thread(self._raw.export, name, crop.png)
        except OSError as error:
            why = f"The crop could not be written ({error.strerror})."
            return NoPicture(why, "Make room on the disk, then try again.", retry=True)

    async def text(self, ref: SheetRef, page: int, query: str = "") -> SheetText | NoPicture:
        """Returns the hits of a search in the drawing's text, its bookmarks, and the facts of a page.

        Without a `query` it is answered once, with less priority than a picture that somebody waits for.
        """
        return await asyncio.shield(asyncio.create_task(self._text(ref, page, query)))

    async def _text(self, ref: SheetRef, page: int, query: str) -> SheetText | NoPicture:
        located = await self._locate(ref)
        if isinstance(located, NoPicture):
            return located
        if not query and (known := self._texts.get((located.key, page))) is not None:
            return known
        answer = await self._worker.text(located.path, located.key, page, query, urgent=bool(query))
        if isinstance(answer, SheetText) and not query:
            self._texts.put((located.key, page), answer)
        return answer

    async def clear(self) -> None:
        """Deletes every drawing, in memory and on disk (sign-out)."""
        await self._wait_for_tasks()
        self._ready.clear()
        self._texts.clear()
        self._located.clear()
        await self._worker.forget()
        await asyncio.to_thread(self._raw.clear)

    async def aclose(self) -> None:
        """Ends the child process; requests under way return a `NoPicture`."""
        await self._worker.aclose()
        await self._wait_for_tasks(cancel=True)

    async def _wait_for_tasks(self, *, cancel: bool = False) -> None:
        tasks = [*self._making.values(), *self._locating.values()]
        if cancel:
            for task in self._locating.values():
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, ref: SheetRef, request: PictureRequest, *, urgent: bool) -> asyncio.Task[_Answer]:
        key = (ref, request)
        if key not in self._making:
            task = asyncio.create_task(self._make(ref, request, urgent=urgent))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return self._making[key]

    async def _make(self, ref: SheetRef, request: PictureRequest, *, urgent: bool) -> _Answer:
        located = await self._locate(ref)
        if isinstance(located, NoPicture):
            answer: _Answer = located
        else:
            answer = await self._worker.draw(located.path, located.key, request, urgent=urgent)
        if isinstance(answer, Picture):
            answer = dataclasses.replace(answer, title=located.title if isinstance(located, LocatedDrawing) else None)
        if isinstance(answer, Picture) or not answer.retry:
            self._ready.put((ref, request), answer)
        else:
            self._located.forget(ref)
        return answer

    async def _pixels(
        self, ref: SheetRef, request: PictureRequest, size: tuple[int, int] | None
    ) -> PixelCrop | NoPicture:
        located = await self._locate(ref)
        if isinstance(located, NoPicture):
            return located
        answer = await self._worker.pixels(located.path, located.key, request, size)
        return dataclasses.replace(answer, title=located.title) if isinstance(answer, PixelCrop) else answer

    async def _locate(self, ref: SheetRef) -> LocatedDrawing | NoPicture:
        if (located := self._located.get(ref)) is not None:
            return located
        if ref not in self._locating:
            task = asyncio.create_task(self._find(ref))
            self._locating[ref] = task
            task.add_done_callback(lambda _: self._locating.pop(ref, None))
        return await self._locating[ref]

    async def _find(self, ref: SheetRef) -> LocatedDrawing | NoPicture:
        try:
            located = await self._source(ref)
        except CannotShowError as refused:
            default = NoPicture(refused.reason)
            return NoPicture(refused.reason, refused.next_step or default.next_step, refused.retry)
        self._located.put(ref, located)
        return located

    async def _source(self, ref: SheetRef) -> LocatedDrawing:
        if self._folders and (located := await asyncio.to_thread(find_in_folders, self._folders, ref)):
            return located
        if not ref.part_revision_id:
            where = "No folder holds this part's drawing, and the task names no revision." if ref.part else ""
            raise CannotShowError(where or "This task names no drawing.")
        if known := await asyncio.to_thread(self._known, ref.part_revision_id):
            return known
        if self._fetcher is None:
            raise CannotShowError("No folder holds this part's drawing, and there is no server to ask.")
        name = self._fetcher.name_of(ref.part_revision_id)
        if located := await asyncio.to_thread(self._raw.find, name):
            return located
        fetched = await self._fetcher.fetch(ref.part_revision_id)
        try:
            return await asyncio.to_thread(self._raw.store, name, fetched.data, fetched.title)
        except OSError as error:
            raise CannotShowError(
                f"The drawing was fetched but could not be kept ({error.strerror}).",
                next_step="Make room on the disk, then try again; or judge from the text.",
                retry=True,
            ) from error
