"""Outbox flush: one run without a session, and what the file holds and shows before and after it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gonogo.client.errors import AuthenticationError, GonogoClientError, NetworkError, ServerError
from gonogo.client.transport.requests import RequestKind
from gonogo.desk.core.clock import Clock
from gonogo.desk.core.errors import OutboxError
from gonogo.desk.core.models import SendState
from gonogo.desk.core.serialize import decision_to_json, task_to_json
from gonogo.desk.outbox.flush import TRIES, FlushReport, flush
from gonogo.desk.outbox.outbox import Outbox
from gonogo.desk.outbox.rows import OutboxRow
from gonogo.desk.outbox.sender import TRIES_IN_ORDER
from tests.support.one_way_server import OneWayServer
from tests.support.outbox_rows import ANN, BOB, put


class Hurried(Clock):
    """Waits take no time."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.sqlite"


async def _flushed(path: Path, server: OneWayServer) -> tuple[FlushReport, list[tuple[str, SendState, str]]]:
    said: list[tuple[str, SendState, str]] = []

    def note(row: OutboxRow, state: SendState, detail: str) -> None:
        said.append((row.task_id, state, detail))

    return await flush(path, ANN, server, Hurried(), note), said


def _waiting(path: Path, *names: str) -> None:
    outbox = Outbox(path)
    outbox.release([put(outbox, name) for name in names])
    outbox.release([put(outbox, "of another", BOB)])
    outbox.close()


async def test_all_that_waits_is_sent_in_order_and_said(path: Path) -> None:
    _waiting(path, "a", "b", "c")
    server = OneWayServer()
    report, said = await _flushed(path, server)
    assert report == FlushReport(sent=3)
    assert said == [(name, SendState.SENT, "") for name in "abc"]
    assert [kind for _, kind in server.sent] == [RequestKind.SUBMISSION] * 3
    rows = {row.task_id: row for row in Outbox(path).history()}
    assert [rows[name].request for name in "abc"] == [request for request, _ in server.sent]
    assert (rows["a"].state, rows["a"].attempts) == (SendState.SENT, 1)
    assert rows["of another"].state is SendState.QUEUED


@pytest.mark.parametrize(
    ("fails", "tries"),
    [
        (NetworkError("No answer.", transient=True), TRIES),
        (ServerError("It failed.", status=500, transient=True), TRIES_IN_ORDER),  # then this row is set aside
    ],
)
async def test_a_server_that_is_away_ends_it_after_a_few_tries(
    path: Path, fails: GonogoClientError, tries: int
) -> None:
    _waiting(path, "a")
    server = OneWayServer(fails)
    report, said = await _flushed(path, server)
    assert (report.sent, report.left, said) == (0, 1, [])
    assert report.trouble is not None
    assert not report.trouble.signed_out
    assert len(server.sent) == tries
    (row,) = (row for row in Outbox(path).history() if row.task_id == "a")
    assert (row.state, row.attempts, row.settled_at) == (SendState.QUEUED, tries, None)


async def test_a_session_that_has_ended_is_tried_once(path: Path) -> None:
    _waiting(path, "a", "b")
    server = OneWayServer(AuthenticationError("The session has ended.", status=401))
    report, _ = await _flushed(path, server)
    assert (len(server.sent), report.left) == (1, 2)
    assert report.trouble is not None
    assert report.trouble.signed_out


async def test_an_outbox_that_cannot_be_written_is_an_error_with_a_next_step(path: Path) -> None:
    _waiting(path, "a")
    outbox = Outbox(path)
    outbox.close()
    with pytest.raises(OutboxError, match="closed") as caught:
        put(outbox, "b")
    assert caught.value.next_step == "Start gonogo again."


# --- what the file shows -----------------------------------------------------------------------------------


def test_an_export_has_each_fact_of_a_row(path: Path) -> None:
    outbox = Outbox(path, wall=lambda: 1_700_000_000.0)
    outbox.release([put(outbox, "t/1")])
    claimed = outbox.claim(ANN)
    assert claimed is not None
    outbox.finish(claimed.id, SendState.PARKED, "403 forbidden")
    (line,) = outbox.export()
    assert json.loads(json.dumps(line)) == {
        "id": claimed.id,
        "base_url": ANN.base_url,
        "annotator": "ann",
        "campaign_id": "c1",
        "task_id": "t/1",
        "state": "parked",
        "detail": "403 forbidden",
        "attempts": 1,
        "decided_at": 1_700_000_000.0,
        "settled_at": 1_700_000_000.0,
        "request": {
            "method": claimed.request.method,
            "path": claimed.request.path,
            "idempotency_key": claimed.request.idempotency_key,
            "content_type": claimed.request.content_type,
            "body": claimed.request.body.decode(),
        },
        "task": json.loads(json.dumps(task_to_json(claimed.task))),
        "decision": json.loads(json.dumps(decision_to_json(claimed.decision))),
    }


@pytest.mark.parametrize(
    ("state", "response", "final"),
    [
        (SendState.SENT, None, True),
        (SendState.PARKED, None, False),
        (SendState.PARKED, "already_submitted", True),
        (SendState.QUEUED, None, True),
    ],
)
def test_only_a_refused_answer_without_a_final_reason_can_be_given_anew(
    path: Path, state: SendState, response: str | None, final: bool
) -> None:
    outbox = Outbox(path)
    number = put(outbox, "a")
    outbox.release([number])
    assert outbox.claim(ANN) is not None
    outbox.finish(number, state, "why", response)
    row = outbox.get(number)
    assert row is not None
    assert (row.decided().final, row.decided().detail, row.decided().number) == (final, "why", number)
    assert (row.settled_at is None) is (state is SendState.QUEUED)


def test_an_answer_that_was_taken_back_leaves_no_bytes_in_the_file(path: Path) -> None:
    outbox = Outbox(path)
    put(outbox, "stays")
    number = put(outbox, "taken back", size=3000)
    assert outbox.withdraw(number)
    outbox.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"taken back" not in path.read_bytes()
    assert b"xxxxxxxx" * 20 not in path.read_bytes()
