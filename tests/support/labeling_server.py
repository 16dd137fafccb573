"""A tiny labeling server whose faults are programmed, and a clock that moves when it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from gonogo.desk.core.clock import Clock

T = TypeVar("T")
BASE = "http://scripted.localhost"
CAMPAIGN = "campaign-1"
LABELING = "/api/v1/parts/labeling"
GONOGO = "/api/v1/gonogo"
NOT_ARRIVED: dict[Any, Exception] = {
    "refused": httpx.ConnectError("connection refused"),
    "dns": httpx.ConnectError("[Errno -2] Name or service not known"),
    "stall": httpx.ReadTimeout("nothing came"),
}


class FakeClock(Clock):
    """Time stands still until `advance`; sleepers are woken in order."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept = 0.0
        self.shifted = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self.now

    def boot(self) -> float:
        return self.now + self.slept

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now + self.slept + self.shifted

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (self.now + seconds, waiting)
        self._sleepers.append(entry)
        try:
            await waiting
        finally:
            if entry in self._sleepers:
                self._sleepers.remove(entry)

    def lid_closed(self, seconds: float) -> None:
        """The machine sleeps: only the boot clock and the wall clock go on."""
        self.slept += seconds

    async def run_until(self, condition: Callable[[], Any], *, step: float = 0.25, most: float = 900.0) -> float:
        """Let time pass until `condition` holds; the seconds that took. Threads get real time to do their work."""
        start = self.now
        while not condition():
            assert self.now - start < most, f"did not happen in {most:g} s"
            await self.advance(step)
            for _ in range(3):
                await asyncio.sleep(0.001)
        return self.now - start

    async def finish(self, work: Awaitable[T]) -> T:
        """Run `work` to its end while time goes on."""
        job = asyncio.ensure_future(work)
        await self.run_until(job.done, step=0.05)
        return job.result()

    async def to_next_waking(self) -> None:
        """Waits until something sleeps, then lets time pass until the first sleeper is due, to the moment."""
        await until(lambda: any(not waiting.done() for _at, waiting in self._sleepers), "somebody sleeps")
        at = min(at for at, waiting in self._sleepers if not waiting.done())
        await self.advance(max(0.0, at - self.now))

    async def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            due = sorted((at for at, waiting in self._sleepers if at <= end and not waiting.done()))
            self.now = due[0] if due else end
            for at, waiting in list(self._sleepers):
                if at <= self.now and not waiting.done():
                    waiting.set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
            if not due:
                return


async def until(condition: Callable[[], Any], what: str = "", seconds: float = 30.0) -> None:
    """Return when `condition` holds; fails after a deadline of real time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        if loop.time() > deadline:
            raise AssertionError(f"did not happen: {what or condition}")
        await asyncio.sleep(0.001)


@dataclass
class Fault:
    """What happens to the next request of `operation`.

    `how` is a status, `html`, `truncated` (JSON broken off), `refused`, `dns` or `stall` (the request does not arrive),
    `lost` (the answer does not).
    """

    operation: str
    how: int | str
    code: str = "conflict"
    details: dict[str, Any] = field(default_factory=dict)
    only_task: str | None = None


MAX_GROUPED = 72


@dataclass
class ScriptedServer:
    """An ASGI app that speaks next-task and submit. `calls`: (operation, task or campaign, key, body)."""

    tasks: list[str] = field(default_factory=list)
    max_held: int = 5
    extensions: bool = True
    lease_seconds: int | None = 600
    idempotent: bool = True
    closed: bool = False
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Questions given to the lead."""
    replays: dict[str, tuple[bytes, int, Any]] = field(default_factory=dict)
    annotator: str = "annotator-1"
    credential: str = "good-token"
    gate: asyncio.Event | None = None
    down: bool = False
    boxes: bool = False
    """Each task has a box of its own."""
    grouping: bool = False
    """All tasks have one value, and are claimed as pages."""
    revision: str | None = None
    """Drawing of all tasks."""

    def transport(self) -> httpx.ASGITransport:
        return httpx.ASGITransport(app=self)

    def count(self, operation: str) -> int:
        return sum(1 for call in self.calls if call[0] == operation)

    def bodies(self, task_id: str) -> list[tuple[str, bytes]]:
        return [(key, body) for operation, name, key, body in self.calls if operation == "submit" and name == task_id]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        status, answer, extra = await self._answer(scope["method"], scope["path"], headers, body)
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        kind = b"text/html" if raw.startswith(b"<") else b"application/json"
        pairs = [(b"content-type", kind), (b"x-request-id", b"req_1"), *extra]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": raw})

    async def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        operation, name = _route(path)
        if self.down:
            raise httpx.ConnectError("no route to host")
        fault = self._fault(operation, name)
        key = headers.get("idempotency-key", "")
        self.calls.append((operation, name, key, body))
        if self.gate is not None:
            await self.gate.wait()
        if fault is not None and fault.how in NOT_ARRIVED:
            raise NOT_ARRIVED[fault.how]
        if fault is not None and fault.how == "truncated":
            return 200, b'{"id": "s-1", "task_', []
        if fault is not None and fault.how == "html":
            return 200, b"<html>please log in</html>", []
        if fault is not None and isinstance(fault.how, int):
            return fault.how, _envelope(fault.code, fault.details), []
        if operation not in ("capabilities", "redeem") and not self._known(headers):
            return 401, _envelope("invalid_session", {}), []
        status, answer, extra = self._replayed(operation, name, key, body)
        if fault is not None and fault.how == "lost":
            raise httpx.ReadError("connection reset")
        return status, answer, extra

    def _known(self, headers: dict[str, str]) -> bool:
        given = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        return given == self.credential

    def _fault(self, operation: str, name: str) -> Fault | None:
        for fault in self.faults:
            if fault.operation == operation and fault.only_task in (None, name):
                self.faults.remove(fault)
                return fault
        return None

    def _replayed(self, operation: str, name: str, key: str, body: bytes) -> Any:
        if self.idempotent and key in self.replays:
            old, status, answer = self.replays[key]
            if old != body:
                return 409, _envelope("idempotency_conflict", {}), []
            return status, answer, [(b"idempotent-replayed", b"true")]
        status, answer, extra = getattr(self, f"_{operation}")(name, body)
        if key and status < 500:
            self.replays[key] = (body, status, answer)
        return status, answer, extra

    def _next_task(self, name: str, body: bytes) -> Any:
        lease = [] if self.lease_seconds is None else [(b"x-claim-expires-in", str(self.lease_seconds).encode())]
        done = {*self.answers, *self.asked, *self.held}
        free = [task for task in self.tasks if task not in done]
        if self.closed or (not free and len(self.held) < self.max_held):
            return 200, None, []
        if len(self.held) >= self.max_held:
            return 200, self._task(self.held[0]), lease
        self.held.append(free[0])
        return 200, self._task(free[0]), lease

    def _next_group(self, name: str, body: bytes) -> Any:
        done = {*self.answers, *self.asked, *self.held}
        free = [] if self.closed else [task for task in self.tasks if task not in done]
        page = free[: min(json.loads(body)["limit"], MAX_GROUPED - len(self.held))]
        self.held += page
        return 200, {"tasks": [self._task(task) for task in page], "expires_in": self.lease_seconds}, []

    def _submit(self, name: str, body: bytes) -> Any:
        if name in self.answers:
            return 409, _envelope("conflict", {"reason": "already_submitted"}), []
        if self.closed:
            return 409, _envelope("conflict", {"reason": "campaign_closed", "receipt_id": "r1"}), []
        self.answers[name] = json.loads(body)
        if name in self.held:
            self.held.remove(name)
        stored = {"id": f"s-{name}", "task_id": name, **self.answers[name]}
        return 200, stored, []

    def _amend(self, name: str, body: bytes) -> Any:
        if name not in self.answers or self.closed:
            reason = "campaign_closed" if self.closed else "not_submitted"
            return 409, _envelope("conflict", {"reason": reason}), []
        self.answers[name] = json.loads(body)
        return 201, {"id": f"s-{name}", "task_id": name, **self.answers[name]}, []

    def _help(self, name: str, body: bytes) -> Any:
        self.asked[name] = json.loads(body)
        if name in self.held:
            self.held.remove(name)
        return 201, {"id": f"h-{name}", "task_id": name, **self.asked[name]}, []

    def _renew(self, name: str, body: bytes) -> Any:
        held = name in self.held
        return 200, {"task_id": name, "held": held, "expires_in": self.lease_seconds if held else None}, []

    def _release(self, name: str, body: bytes) -> Any:
        if name in self.held:
            self.held.remove(name)
        return 200, {"task_id": name, "held": False, "expires_in": None}, []

    def _capabilities(self, name: str, body: bytes) -> Any:
        if not self.extensions:
            return 404, _envelope("not_found", {}), []
        return (
            200,
            {
                "server": "scripted",
                "extensions": ["queue", "notes", "amendments", "groups"],
                "max_held_claims": self.max_held,
                "max_grouped_claims": MAX_GROUPED,
            },
            [],
        )

    def _queue(self, name: str, body: bytes) -> Any:
        free = [task for task in self.tasks if task not in self.answers]
        view = {
            "campaign_id": CAMPAIGN,
            "campaign_name": "Scripted",
            "campaign_status": "closed" if self.closed else "open",
            "left_for_me": len(free),
            "held_by_me": len(self.held),
            "done_by_me": len(self.answers),
            "held_by_others": {"n_tasks": 0, "until": None},
            "in_review": 0,
            "guideline": "Judge the drawing, not the model.",
            "grouping": self.grouping,
        }
        return 200, view, []

    def _campaign(self, name: str, body: bytes) -> Any:
        return 200, {"id": CAMPAIGN, "name": "Scripted", "task_count": len(self.tasks), "resolved_count": 0}, []

    def _campaigns(self, name: str, body: bytes) -> Any:
        return 200, {"count": 1, "data": [{"id": CAMPAIGN, "name": "Scripted", "status": "open"}]}, []

    def _me(self, name: str, body: bytes) -> Any:
        campaign = {"id": CAMPAIGN, "name": "Scripted", "status": "open", "task_count": len(self.tasks)}
        me = {"id": self.annotator, "kind": "annotator", "role": "annotator", "name": "Ann", "campaigns": [campaign]}
        return 200, me, []

    def _redeem(self, name: str, body: bytes) -> Any:
        token = json.loads(body)["magic_link_token"]
        if token != "invitation-1":
            return 401, _envelope("invalid_magic_link", {}), []
        who = {"id": self.annotator, "email": "ann@example.org", "display_name": "Ann"}
        return (
            201,
            {"session_token": self.credential, "role": "annotator", "annotator": who, "campaign_id": CAMPAIGN},
            [],
        )

    def _end(self, name: str, body: bytes) -> Any:
        return 200, {"ended": True}, []

    def _drawing(self, name: str, body: bytes) -> Any:
        return 200, {"url": None, "status": "no_dataset", "content_type": None}, []

    def _unknown(self, name: str, body: bytes) -> Any:
        return 404, _envelope("not_found", {}), []

    def _task(self, name: str) -> dict[str, Any]:
        return {
            "id": name,
            "campaign_id": CAMPAIGN,
            "status": "open",
            "target_kind": "pmi",
            "detail_kind": "dimension",
            "prompt": f"Is {name} read right?",
            "predicted_value": {"text": "⌀16,5 +0,1 0"},
            "drawing_bbox": [0.1, 0.1, 0.2, 0.2 + 0.01 * self.tasks.index(name) * self.boxes],
            "part_revision_id": self.revision,
            "feature_id": f"feature-of-{name}",
            "n_required": 3,
        }


def _route(path: str) -> tuple[str, str]:
    parts = path.strip("/").split("/")
    last, before = parts[-1], parts[-2]
    by_last = {"next-task": "next_task", "submit": "submit", "renew": "renew", "release": "release", "queue": "queue"}
    by_last |= {"help": "help", "amend": "amend", "next-group": "next_group"}
    if last in by_last:
        return by_last[last], before
    simple = {
        "capabilities": "capabilities",
        "me": "me",
        "sessions": "redeem",
        "current": "end",
        "campaigns": "campaigns",
    }
    if last in simple:
        return simple[last], ""
    if last == "drawing-url":
        return "drawing", before
    return ("campaign", last) if before == "campaigns" and LABELING in path else ("unknown", last)


def _envelope(code: str, details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": f"scripted {code}", "details": details}, "request_id": "req_1"}


def names(count: int) -> list[str]:
    return [f"task-{number:03d}" for number in range(count)]
