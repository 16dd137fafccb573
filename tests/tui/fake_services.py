"""Fake account, annotate session and pictures made of lists, for tests and previews of the screens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gonogo.desk.annotate.answer_timer import AnswerTimer
from gonogo.desk.core.models import Decided, Decision, DeskTask, SendState, SessionState, Stage
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import Settings
from gonogo.desk.session.task_pictures import Form, PictureSource
from gonogo.sheets.models import Box, CellGrid, NoPicture, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.sheet_text import SheetText
from gonogo.tui.app import GonogoApp
from gonogo.tui.terminal.capabilities import TerminalCapabilities

Drawer = Callable[[DeskTask, PictureRequest], Picture | NoPicture | None]


def task(number: int = 0, value: Any = None, **changes: Any) -> DeskTask:
    base = DeskTask(
        id=f"task-{number}",
        campaign_id="campaign-1",
        prompt="Is this dimension read right?",
        predicted_value={"text": "⌀16,5 +0,1 0"} if value is None else value,
        target_kind="pmi",
        detail_kind="dimension",
        field_name="diameter",
        bbox=(0.4, 0.4, 0.5, 0.5),
        part_revision_id="2f0c8d1e-77aa-4c0e-9b1f-5d5e2a9c0001",
        links=(
            ("part", "LIU0010"),
            ("feature", "7a31f7ce-2a2b-4c74-8c2e-19b6ad10aa01"),
            ("face", "02bcf7ce-2a2b-4c74-8c2e-19b6ad10aa02"),
        ),
    )
    return replace(base, **changes)


def fake_grid(columns: int, rows: int) -> CellGrid:
    """A hand-made drawing: a circle of half blocks and a marked box."""
    lines, ink, paper, mark = [], bytearray(), bytearray(), bytearray()
    for y in range(rows):
        line = ""
        for x in range(columns):
            on_frame = (x in (4, 14) and 2 <= y <= 5) or (y in (2, 5) and 4 <= x <= 14)
            line += "█" if on_frame else "▚" if (x + 2 * y) % 17 == 0 else " "
            ink.append(0 if not on_frame else 128)
            paper.append(255)
            mark.append(1 if on_frame else 0)
        lines.append(line)
    return CellGrid(columns, rows, PictureMode.QUADRANT, tuple(lines), bytes(ink), bytes(paper), bytes(mark))


def fake_picture(_task: DeskTask, request: PictureRequest) -> Picture:
    shown = Box(0.3, 0.3, 0.6, 0.6)
    locator = fake_grid(*request.locator) if request.locator else None
    return Picture(
        fake_grid(request.columns, request.rows),
        shown,
        Box(0.4, 0.4, 0.5, 0.5),
        1,
        1,
        4.2 * request.zoom,
        request.rotation or 0,
        locator,
    )


class NoPage:
    """Page of a session that asks its questions one by one."""

    tasks: tuple[DeskTask, ...] = ()

    def limit(self, n_tiles: int) -> None:
        return None


class FakeAnnotateSession:
    """Annotate session over a list: all tasks are prefetched, nothing is sent, the last answer can be taken back."""

    def __init__(
        self,
        tasks: Sequence[DeskTask],
        *,
        draw: Drawer = fake_picture,
        name: str = "PMI batch 12",
        clock: Callable[[], float] = lambda: 0.0,
        done: int = 0,
        total: int | None = None,
    ) -> None:
        self.tasks = list(tasks)
        self.draw = draw
        self.answers: list[tuple[DeskTask, Decision]] = []
        self.requests: list[PictureRequest] = []
        self.asked: dict[str, PictureRequest] = {}
        self.calls: list[str] = []
        self.pictures: PictureSource = self
        self.rejected = self
        self.page = NoPage()
        self.stopwatch = AnswerTimer(clock)
        self.past: list[Decided] = []
        self.again: Decided | None = None
        self.exported: Path | None = None
        self.sheet_text: Callable[[int, str], SheetText] | None = None
        self.asked_texts: list[tuple[int, str]] = []
        self.fails: Exception | None = None
        self.guideline = ""
        self.unit = ""
        self.takes_notes: bool | None = True
        self.left_until: float | None = None
        self._done = done
        self._listeners: list[Callable[[], None]] = []
        self.state = SessionState(Stage.LOADING, campaign_name=name, done=done, total=total)
        self.current: DeskTask | None = None

    async def start(self) -> None:
        self.calls.append("start")
        self.advance()

    async def close(self) -> None:
        self.calls.append("close")

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def advance(self, **changes: Any) -> None:
        """Show the next task of the list, or that there is none; `changes` to the state win."""
        self.current = self.tasks[0] if self.tasks else None
        recent = tuple(Decided(task, decision, SendState.ON_DESK) for task, decision in self.answers[-8:])
        self.state = replace(
            self.state,
            stage=Stage.TASK if self.current else Stage.DRAINED,
            done=self._done + len(self.answers),
            ahead=max(len(self.tasks) - 1, 0),
            can_undo=bool(self.answers),
            recent=recent,
        )
        self.tell(**changes)

    def tell(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
        for listener in self._listeners:
            listener()

    def put_off(self) -> bool:
        if len(self.tasks) < 2:
            return False
        self.tasks.append(self.tasks.pop(0))
        self.advance()
        return True

    def shown(self) -> None:
        self.calls.append(f"shown {self.current.id if self.current else ''}".strip())

    def begun(self) -> None:
        self.calls.append("begun")

    def decide(self, decision: Decision) -> None:
        if self.fails is not None:
            raise self.fails
        self.again = None
        self.answers.append((self.tasks.pop(0), decision))
        self.advance()

    def undo(self) -> tuple[DeskTask, Decision] | None:
        if not self.answers:
            return None
        undone = self.answers.pop()
        self.tasks.insert(0, undone[0])
        self.advance()
        return undone

    async def picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture:
        return self.ready(task, request) or NoPicture("This drawing never came.")

    def ready(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        self.requests.append(request)
        self.asked[task.id] = request
        return self.draw(task, request)

    async def text(self, task: DeskTask, page: int, query: str = "") -> SheetText | NoPicture:
        self.asked_texts.append((page, query))
        return self.sheet_text(page, query) if self.sheet_text is not None else NoPicture("This drawing never came.")

    def others(self, task: DeskTask) -> tuple[tuple[float, ...], ...]:
        return tuple(each.bbox for each in self.tasks if each.bbox is not None and each.bbox != task.bbox)

    async def export(self, task: DeskTask, request: PictureRequest) -> Path | NoPicture:
        return self.exported or NoPicture("This part has no drawing.")

    def history(self, *, since: float = 0.0, limit: int = 1_000_000) -> list[Decided]:
        return list(reversed(self.past))[:limit]

    takes_amendments: bool | None = True

    @property
    def amending(self) -> bool:
        return self.again is not None and self.again.state is not SendState.PARKED

    def amend(self, number: int) -> Decision | None:
        return self.answer_again(number)

    @property
    def answering(self) -> bool:
        return self.again is not None

    def answer_again(self, number: int) -> Decision | None:
        """The refused answer's task is put before the others; `decide` answers it."""
        item = next(answer for answer in self.past if answer.number == number)
        self.again = item
        self.tasks.insert(0, item.task)
        self.advance()
        return item.decision

    def cancel(self) -> bool:
        if self.again is None:
            return False
        self.again = None
        self.tasks.pop(0)
        self.advance()
        return True

    def resend(self, number: int) -> bool:
        return self._settle(number, SendState.QUEUED)

    def drop(self, number: int) -> bool:
        self.past = [answer for answer in self.past if answer.number != number]
        return True

    def _settle(self, number: int, state: SendState) -> bool:
        self.past = [replace(answer, state=state) if answer.number == number else answer for answer in self.past]
        return True

    def upcoming(self) -> DeskTask | None:
        return self.tasks[1] if len(self.tasks) > 1 else None

    def prepare(self, form: Form) -> None:
        if not self.tasks:
            return
        request = form(self.tasks[0])
        self.calls.append(f"prepare {request.columns}x{request.rows}")

    def key(self) -> None:
        self.stopwatch.key()

    def edit(self, editing: bool) -> None:
        self.calls.append(f"edit {editing}")
        self.stopwatch.edit(editing)

    def focused(self, focused: bool) -> None:
        self.calls.append(f"focused {focused}")

    def retry_now(self) -> None:
        self.calls.append("retry_now")


@dataclass
class FakeSignedIn:
    base_url: str = "https://labels.example"
    kind: str = "session"
    role: str = "annotator"
    name: str = "Ada"
    campaign_id: str | None = "campaign-1"
    storage: str = "keyring"
    note: str = ""


@dataclass
class FakeCampaign:
    id: str
    name: str
    status: str = "open"
    task_count: int | None = 100
    resolved_count: int | None = 12


@dataclass
class FakeAccount:
    """Account that signs everybody in, or raises `refuses`."""

    home: AppPaths
    session: FakeAnnotateSession
    profile: Settings = field(default_factory=Settings)
    signed: FakeSignedIn | None = field(default_factory=FakeSignedIn)
    refuses: Exception | None = None
    listed: list[FakeCampaign] = field(default_factory=list)
    calls: list[tuple[str, ...]] = field(default_factory=list)

    embedded_available: bool = True
    has_workspace: bool = True
    has_login: bool = True
    demo_available: bool = False

    async def aclose(self) -> None:
        self.calls.append(("aclose",))

    def remembered(self) -> FakeSignedIn | None:
        return self.signed

    async def sign_in_link(self, text: str, base_url: str | None = None) -> FakeSignedIn:
        return self._sign("link", text, base_url or "")

    async def sign_in_key(self, key: str, base_url: str) -> FakeSignedIn:
        return self._sign("key", key, base_url)

    async def sign_in_embedded(self) -> FakeSignedIn:
        return self._sign("embedded")

    def _sign(self, *call: str) -> FakeSignedIn:
        self.calls.append(call)
        if self.refuses is not None:
            raise self.refuses
        self.signed = FakeSignedIn(campaign_id=None if self.listed else "campaign-1")
        return self.signed

    async def campaigns(self, signed: FakeSignedIn) -> list[FakeCampaign]:
        if self.refuses is not None:
            raise self.refuses
        return self.listed

    def tour_lessons(self, campaign_id: str) -> list[Any]:
        return []

    def open_desk(self, signed: FakeSignedIn, campaign_id: str) -> FakeAnnotateSession:
        self.calls.append(("open", campaign_id))
        return self.session

    async def sign_out(self) -> None:
        self.signed = None


class Clock:
    """Clock that only `pass_` moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


def fake_app(
    session: FakeAnnotateSession,
    home: Path,
    *,
    clock: Callable[[], float],
    profile: Settings | None = None,
    theme_folders: Sequence[Path] | None = None,
    terminal: TerminalCapabilities | None = None,
    **services: Any,
) -> GonogoApp:
    """Application on a fake account and session."""
    account: Any = FakeAccount(AppPaths(home), session, profile or Settings(), **services)
    return GonogoApp(account, clock=clock, theme_folders=theme_folders, terminal=terminal)
