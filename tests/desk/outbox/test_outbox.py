"""The outbox: what it says is saved is there, whatever happens to the program, the disk or the file."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from gonogo.desk.annotate.submit_request import submission_request
from gonogo.desk.core.errors import OutboxError
from gonogo.desk.core.models import Decision, SendState, Times
from gonogo.desk.outbox.outbox import LEASE_SECONDS, Outbox
from gonogo.desk.outbox.schema import on_network
from tests.support.outbox_rows import ANN, BOB, put, task


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.sqlite"


def test_a_row_comes_back_whole(path: Path) -> None:
    outbox = Outbox(path)
    decision = Decision("incorrect", {"text": "⌀16,4"}, 0.8, Times(1200, 300, 10, 20, True))
    request = submission_request("t/1", decision)
    number = outbox.add(ANN, task("t/1"), decision, request)
    outbox.close()
    row = Outbox(path).get(number)
    assert row is not None
    assert (row.request, row.task, row.decision, row.address) == (request, task("t/1"), decision, ANN)
    assert row.request.path.endswith("/tasks/t%2F1/submit")


def test_files_are_private_and_commits_are_synced(path: Path) -> None:
    outbox = Outbox(path)
    put(outbox, "a")
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_one_login_never_claims_the_rows_of_another(path: Path) -> None:
    outbox = Outbox(path)
    outbox.release([put(outbox, "a"), put(outbox, "b", BOB)])
    claimed = outbox.claim(BOB)
    assert claimed is not None
    assert claimed.task_id == "b"
    outbox.finish(claimed.id, SendState.SENT)
    assert outbox.claim(BOB) is None


def test_one_row_on_its_way_at_a_time_and_in_order(path: Path) -> None:
    first, second = Outbox(path), Outbox(path)
    first.release([put(first, "a"), put(first, "b")])
    claimed = first.claim(ANN)
    assert claimed is not None
    assert claimed.task_id == "a"
    assert second.claim(ANN) is None
    first.finish(claimed.id, SendState.SENT)
    after = second.claim(ANN)
    assert after is not None
    assert after.task_id == "b"


def test_a_lease_that_ran_out_or_lies_in_the_future_holds_nobody_up(path: Path) -> None:
    now = [1000.0]
    outbox = Outbox(path, wall=lambda: now[0])
    outbox.release([put(outbox, "a")])
    assert outbox.claim(ANN) is not None
    now[0] += LEASE_SECONDS + 1
    again = outbox.claim(ANN)
    assert again is not None
    assert again.attempts == 2
    now[0] -= 86_400  # the clock was put right
    assert outbox.claim(ANN) is not None


def test_rows_of_a_program_that_is_gone_are_taken_over(path: Path) -> None:
    gone = Outbox(path, owner="gone")
    put(gone, "on desk")
    gone.release([put(gone, "on its way")])
    gone.claim(ANN)
    gone.close()
    living = Outbox(path, alive=lambda mark: mark != "gone")
    assert living.adopt() == 2
    other = Outbox(path, alive=lambda mark: True)
    put(other, "other's desk")
    assert living.adopt() == 0
    assert living.counts(ANN).queued == 2


def test_a_full_disk_is_said_and_loses_nothing(path: Path) -> None:
    outbox = Outbox(path)
    numbers = [put(outbox, f"t{number}") for number in range(3)]
    with file_size_limit(64 * 1024), pytest.raises(OutboxError, match="not saved") as caught:
        _fill(outbox, numbers)
    assert caught.value.next_step
    assert [row.id for row in reversed(outbox.history())] == numbers
    put(outbox, "after")
    assert Outbox(path).counts(ANN).on_desk == len(numbers) + 1


def _fill(outbox: Outbox, numbers: list[int]) -> None:
    for number in range(200):
        numbers.append(put(outbox, f"more{number}", size=3000))  # noqa: PERF401 - what was saved before the error counts


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def _zero_head(raw: bytearray) -> None:
    raw[:16] = bytes(16)


def _flip_middle(raw: bytearray) -> None:
    middle = len(raw) // 2
    raw[middle : middle + 16] = bytes(255 - byte for byte in raw[middle : middle + 16])


def _cut(raw: bytearray) -> None:
    del raw[len(raw) // 2 :]


def _nothing_left(raw: bytearray) -> None:
    raw[:] = os.urandom(len(raw))


@pytest.mark.parametrize("damage", [_zero_head, _flip_middle, _cut, _nothing_left])
def test_a_damaged_file_is_kept_aside_and_work_goes_on(path: Path, damage: object) -> None:
    outbox = Outbox(path)
    for number in range(60):
        put(outbox, f"t{number}", size=300)
    outbox.close()
    raw = bytearray(path.read_bytes())
    damage(raw)  # type: ignore[operator]
    path.write_bytes(raw)
    outbox = Outbox(path)
    before = _readable(outbox)
    number = put(outbox, "new")
    assert outbox.get(number) is not None
    rows = outbox.history()
    assert len(rows) == before + 1
    if outbox.notices:
        assert "kept as outbox.damaged-" in outbox.notices[0]
        assert [file.read_bytes() for file in path.parent.glob("outbox.damaged-*.sqlite")] == [bytes(raw)]
    if damage is _zero_head:
        assert len(rows) == 61
        assert rows[-1].decision.corrected_value == {"text": "x" * 300}


def _readable(outbox: Outbox) -> int:
    return len(outbox.history())


def test_two_programs_go_on_after_the_file_was_set_aside(path: Path) -> None:
    first = Outbox(path)
    put(first, "a")
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = bytearray(path.read_bytes())
    _zero_head(damaged)
    path.write_bytes(damaged)
    second = Outbox(path)
    put(second, "b")
    put(first, "c")  # its open file is the one that was set aside
    assert second.notices
    assert [row.task_id for row in second.history()] == ["c", "b", "a"]
    assert [row.task_id for row in first.history()] == ["c", "b", "a"]


def test_drop_and_prune_take_only_what_they_may(path: Path) -> None:
    now = [1000.0]
    outbox = Outbox(path, wall=lambda: now[0])
    on_desk, sent, parked = put(outbox, "a"), put(outbox, "b"), put(outbox, "c")
    outbox.release([sent, parked])
    for number, state in ((sent, SendState.SENT), (parked, SendState.PARKED)):
        assert outbox.claim(ANN) is not None
        outbox.finish(number, state, "why")
    now[0] += 100
    assert outbox.prune(now[0]) == 1
    assert not outbox.drop(on_desk)
    assert [row["task_id"] for row in outbox.export()] == ["a", "c"]
    assert outbox.retry_parked([parked]) == 1
    assert outbox.drop(parked)
    assert [row.task_id for row in outbox.history()] == ["a"]


def test_a_refused_answer_is_tried_again_as_a_new_request(path: Path) -> None:
    """With the old key a server may repeat its refusal; with old attempts a 409 would look like a lost receipt."""
    outbox = Outbox(path)
    number = put(outbox, "a")
    assert outbox.retry_parked([number]) == 0  # it was not refused
    outbox.release([number])
    first = outbox.claim(ANN)
    assert first is not None
    outbox.finish(number, SendState.PARKED, "refused")
    assert outbox.retry_parked([number]) == 1
    second = outbox.claim(ANN)
    assert second is not None
    assert (second.request.body, second.attempts, second.detail) == (first.request.body, 1, "")
    assert second.request.idempotency_key != first.request.idempotency_key


def test_network_file_systems_are_known() -> None:
    mounts = "/dev/sda / ext4 rw 0 0\nserver:/home /home nfs4 rw 0 0\ntmpfs /home/me/local tmpfs rw 0 0\n"
    assert on_network(Path("/home/me/state"), mounts)
    assert not on_network(Path("/home/me/local/state"), mounts)
    assert not on_network(Path("/var"), mounts)


@pytest.mark.slow
def test_nothing_that_was_called_saved_is_lost_to_kill_9(path: Path) -> None:
    repo = Path(__file__).resolve().parents[3]
    promised: list[str] = []
    for round_ in range(0, 30, 2):  # two programs at a time, on one file
        children = [_start(path, repo, f"{round_ + half}") for half in range(2)]
        for label, child in children:
            promised += [f"{label}-{number}" for number in _killed(child, lines=1 + round_ % 7)]
    outbox = Outbox(path)
    there = {row.task_id for row in outbox.history()}
    assert set(promised) <= there
    assert outbox.adopt() == len(there)
    assert outbox.counts(ANN).queued == len(there)


def _start(path: Path, repo: Path, label: str) -> tuple[str, subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.support.outbox_rows", str(path), label]
    return label, subprocess.Popen(command, stdout=subprocess.PIPE, cwd=repo, text=True)


def _killed(child: subprocess.Popen[str], lines: int) -> range:
    """The numbers the child called saved before it was killed."""
    assert child.stdout is not None
    last = [child.stdout.readline() for _ in range(lines)][-1]
    child.kill()
    rest = child.stdout.read().split("\n")[:-1]  # what follows the last line end was cut
    child.stdout.close()
    child.wait()
    return range(int(rest[-1] if rest else last) + 1)


class OutboxMachine(RuleBasedStateMachine):
    """Two programs on one home against a model: nothing is lost, nothing is on its way twice, order is kept."""

    rows = Bundle("rows")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "outbox.sqlite"
        self.boxes = [self._open(index) for index in range(2)]
        self.model: dict[int, tuple[str, SendState, int]] = {}
        self.sending: dict[int, int] = {}
        self.count = 0
        self.boxes[0].adopt()

    def _open(self, index: int) -> Outbox:
        self.generation = getattr(self, "generation", 0) + 1
        return Outbox(self.path, owner=f"{index}-{self.generation}", alive=lambda mark: mark in self._marks())

    def _marks(self) -> set[str]:
        return {box.owner for box in self.boxes}

    def teardown(self) -> None:
        for box in self.boxes:
            box.close()
        self.folder.cleanup()

    @rule(target=rows, who=st.integers(0, 1))
    def decide(self, who: int) -> int:
        self.count += 1
        number = put(self.boxes[who], f"t{self.count}")
        self.model[number] = (f"t{self.count}", SendState.ON_DESK, who)
        return number

    @rule(row=rows, who=st.integers(0, 1))
    def undo(self, row: int, who: int) -> None:
        known = self.model.get(row)
        may = known is not None and known[1] is SendState.ON_DESK and known[2] == who
        assert self.boxes[who].withdraw(row) == may
        if may:
            del self.model[row]

    @rule(row=rows, who=st.integers(0, 1))
    def leave(self, row: int, who: int) -> None:
        self.boxes[who].release([row])
        known = self.model.get(row)
        if known is not None and known[1] is SendState.ON_DESK and known[2] == who:
            self.model[row] = (known[0], SendState.QUEUED, who)

    @rule(who=st.integers(0, 1))
    def claim(self, who: int) -> None:
        claimed = self.boxes[who].claim(ANN)
        waiting = [number for number, known in sorted(self.model.items()) if known[1] is SendState.QUEUED]
        if any(known[1] is SendState.SENDING for known in self.model.values()) or not waiting:
            assert claimed is None
            return
        assert claimed is not None
        assert claimed.id == waiting[0]
        self.model[claimed.id] = (claimed.task_id, SendState.SENDING, who)

    @precondition(lambda self: any(known[1] is SendState.SENDING for known in self.model.values()))
    @rule(state=st.sampled_from([SendState.SENT, SendState.LATE, SendState.PARKED, SendState.QUEUED]))
    def answer(self, state: SendState) -> None:
        number, known = next((n, known) for n, known in self.model.items() if known[1] is SendState.SENDING)
        self.boxes[known[2]].finish(number, state)
        self.model[number] = (known[0], state, known[2])

    @rule(who=st.integers(0, 1))
    def crash_and_restart(self, who: int) -> None:
        self.boxes[who].close()
        self.boxes[who] = self._open(who)
        self.boxes[who].adopt()
        for number, (name, state, owner) in self.model.items():
            if owner == who and state in (SendState.ON_DESK, SendState.SENDING):
                self.model[number] = (name, SendState.QUEUED, who)

    @invariant()
    def the_disk_says_the_same(self) -> None:
        with closing(sqlite3.connect(self.path)) as db:
            found = {row[0]: (row[1], row[2]) for row in db.execute("SELECT id, task_id, state FROM verdict")}
        assert found == {number: (name, state) for number, (name, state, _) in self.model.items()}


OutboxMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestOutboxMachine = OutboxMachine.TestCase


def test_closing_waits_for_a_transaction_of_another_thread(path: Path) -> None:
    outbox = Outbox(path)
    stop = threading.Event()

    def work() -> None:
        with suppress(OutboxError):
            while not stop.is_set():
                put(outbox, "a")

    for _ in range(20):
        outbox = Outbox(path)
        thread = threading.Thread(target=work)
        thread.start()
        put(outbox, "b")
        outbox.close()
        thread.join(10)
        assert not thread.is_alive()
    with pytest.raises(OutboxError, match="closed"):
        put(outbox, "c")
