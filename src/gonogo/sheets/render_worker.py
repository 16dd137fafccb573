"""Supervisor of the render process: starts it, sends requests, kills it on a timeout or a crash. No numpy here."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gonogo.sheets.child_messages import MOST, PREFIX, Answer, answer_from_message, pack, request_to_json, unpack
from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import NoPicture, Picture, PictureRequest, PixelCrop
from gonogo.sheets.sheet_text import SheetText

_INHERITED_ENVIRONMENT = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "TMPDIR"),
    *("SYSTEMROOT", "TEMP", "TMP"),  # Windows starts no program without the first
)
_STRIKES = 2
_TEXT_SECONDS = 8.0  # a picture may wait for it
_BAD_ANSWER = NoPicture("The viewer's answer could not be understood.")
_CRASHED = "The drawing's file made the viewer stop; it may be damaged or hostile."
_BROKEN = NoPicture(
    "Drawings can't be shown on this computer: the viewer doesn't start.",
    "Run `gonogo doctor`; it says why. Until then judge from the text, or answer unsure.",
)
_NO_TEXT = NoPicture("The text of this drawing can't be read: reading it failed twice and was stopped for safety.")
_CLOSING = NoPicture("The drawing is not shown: gonogo is closing.", retry=True)


@dataclass(slots=True)
class _Waiter:
    urgent: bool
    turn: asyncio.Future[None]


class RenderWorker:
    """Supervisor of one child process that renders, started by the first request. Belongs to one event loop.

    Requests are answered one at a time, urgent ones first. A child that crashes or takes too long is killed; the next
    request starts a new one. A drawing that kills it twice is not tried again.
    """

    def __init__(self, limits: DrawingLimits, command: tuple[str, ...] | None = None) -> None:
        start = (sys.executable, "-P", "-m", "gonogo.sheets.render.main", json.dumps(dataclasses.asdict(limits)))
        self._command = command or start
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None
        self._busy = False
        self._closed = False
        self._has_answered = False
        self._waiting: dict[Hashable, _Waiter] = {}
        self._strikes: dict[str, int] = {}

    @property
    def pid(self) -> int | None:
        """Process id of the child, `None` while none runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def draw(self, path: Path, key: str, request: PictureRequest, *, urgent: bool = True) -> Picture | NoPicture:
        """Returns the picture of the file with the content `key`. Never raises for a bad file. Don't cancel it."""
        answer = await self._ask({"op": "draw"}, path, key, request, urgent=urgent)
        return answer if isinstance(answer, (Picture, NoPicture)) else _BAD_ANSWER

    async def pixels(
        self, path: Path, key: str, request: PictureRequest, size: tuple[int, int] | None
    ) -> PixelCrop | NoPicture:
        """Returns the same view in `size` pixels, or at full resolution (`None`); else as `draw`."""
        answer = await self._ask({"op": "pixels", "size": size}, path, key, request, urgent=True)
        return answer if isinstance(answer, (PixelCrop, NoPicture)) else _BAD_ANSWER

    async def text(
        self, path: Path, key: str, page: int, query: str = "", *, urgent: bool = True
    ) -> SheetText | NoPicture:
        """Returns what the text layer of the file says, see `SheetText`; else as `draw`.

        A text that kills the child twice is not read again; the drawing is shown all the same.
        """
        strikes = f"text of {key}"
        if self._strikes.get(strikes, 0) >= _STRIKES:
            return _NO_TEXT
        message = pack({"op": "text", "path": str(path), "key": key, "page": page, "query": query})
        async with self._turn(object(), urgent=urgent):
            answer = await self._ask_child(message, strikes, min(self._limits.seconds, _TEXT_SECONDS))
        return answer if isinstance(answer, (SheetText, NoPicture)) else _BAD_ANSWER

    async def _ask(
        self, head: dict[str, object], path: Path, key: str, request: PictureRequest, *, urgent: bool
    ) -> Answer:
        if self._strikes.get(key, 0) >= _STRIKES:
            return NoPicture("The drawing cannot be shown: opening it failed twice and was stopped for safety.")
        message = pack({**head, "path": str(path), "key": key, "request": request_to_json(request)})
        name = (key, request) if head["op"] == "draw" else object()
        async with self._turn(name, urgent=urgent):
            return await self._ask_child(message, key)

    def prioritize(self, key: str, request: PictureRequest) -> None:
        """Makes a waiting request urgent."""
        if waiter := self._waiting.get((key, request)):
            waiter.urgent = True

    async def forget(self) -> None:
        """Closes all drawings that the child holds open, if there is a child."""
        if self.pid is None:
            return
        async with self._turn(object(), urgent=True):
            await self._ask_child(pack({"op": "forget"}), "")

    async def aclose(self) -> None:
        """Ends the child. Requests under way return a `NoPicture`."""
        self._closed = True
        await self._kill()

    @asynccontextmanager
    async def _turn(self, name: Hashable, *, urgent: bool) -> AsyncIterator[None]:
        if self._busy:
            waiter = _Waiter(urgent, asyncio.get_running_loop().create_future())
            self._waiting[name] = waiter
            await waiter.turn
        self._busy = True
        try:
            yield
        finally:
            self._release_turn()

    def _release_turn(self) -> None:
        """Passes the lock to the first urgent waiter, else to the first; it stays held in between."""
        if not self._waiting:
            self._busy = False
            return
        name = next((n for n, w in self._waiting.items() if w.urgent), next(iter(self._waiting)))
        self._waiting.pop(name).turn.set_result(None)

    async def _ask_child(self, message: bytes, key: str, seconds: float | None = None) -> Answer:
        if self._closed:
            return _CLOSING
        seconds = seconds or self._limits.seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(message)
        except TimeoutError:
            why = f"The drawing took longer than {seconds:g} seconds and was stopped."
        except (asyncio.IncompleteReadError, ConnectionError):
            why = _CRASHED
        except (ValueError, KeyError, TypeError, IndexError):
            why = "The viewer's answer could not be understood."
        except OSError as error:
            await self._kill()
            return NoPicture(f"The viewer could not be started ({error.strerror}).", retry=True)
        closing = self._process is None  # `aclose` took the child away
        await self._kill()
        if closing:
            return _CLOSING
        if why is _CRASHED and not self._has_answered and not await self._starts():
            return _BROKEN  # no drawing is to blame
        self._strikes[key] = self._strikes.get(key, 0) + 1
        return NoPicture(why, retry=self._strikes[key] < _STRIKES)

    async def _starts(self) -> bool:
        """Returns whether a child answers a request that opens no drawing."""
        try:
            async with asyncio.timeout(self._limits.seconds):
                await self._exchange(pack({"op": "forget"}))
        except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError, KeyError, TypeError, IndexError):
            await self._kill()
            return False
        return True

    async def _exchange(self, message: bytes) -> Answer:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(message)
        await process.stdin.drain()
        head_length, rest_length = PREFIX.unpack(await process.stdout.readexactly(PREFIX.size))
        if head_length + rest_length > MOST:
            raise ValueError("the answer is too long")
        text = await process.stdout.readexactly(head_length)
        rest = await process.stdout.readexactly(rest_length)
        answer = answer_from_message(*unpack(text, rest))
        self._has_answered = True
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            # The child sees no secret: neither our environment nor, by its own session, our terminal.
            environment = {name: os.environ[name] for name in _INHERITED_ENVIRONMENT if name in os.environ}
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={**environment, "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,
            )
            if self._closed:
                await self._kill()
                raise ConnectionAbortedError
        return self._process

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
