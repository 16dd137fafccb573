"""The audit log: one row per change of state, in the transaction of the change, chained by hashes.

Each row's hash covers its content and the hash of the row before it in its chain, so that no row can be changed,
removed or put in between unnoticed. One chain for all would make all writers wait for each other; so every connection
to the database has a chain of its own, and chain 0 tells which chains were opened. Triggers refuse UPDATE and DELETE.

A chain does not know what was cut off its end: keep what `heads` gives elsewhere, and hand it to `verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import KEPT, LAST_AUDITED
from gonogo.server.store.schema import audit_log
from gonogo.server.store.schema.columns import EPOCH

Heads = dict[int, tuple[int, str]]
"""The last row of each chain: `{chain: (seq, hash)}`."""

_Head = tuple[int, str]
"""`seq` and `hash` of a row."""

_CHAIN = "gonogo_audit_chain"
_TEXT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_FIELDS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_LOCK_SPACE = 7_461  # one lock, for whoever opens a chain
_START = "0" * 64
_IDS = ("id", "assignment_id", "campaign_id", "calculation_id", "part_revision_id")


@dataclass(frozen=True)
class BrokenRow:
    """A row that does not fit: its `number`, its place, and why."""

    number: int | None
    chain: int
    seq: int
    reason: str


@dataclass(frozen=True)
class VerifyResult:
    """What `verify` found: rows read, the first broken one, and the heads to keep."""

    n_rows: int
    broken: BrokenRow | None
    heads: Heads


def append(
    connection: Connection,
    action: str,
    now: datetime,
    *,
    actor: str,
    content: dict[str, Any] | None = None,
    request_id: str | None = None,
) -> None:
    """Adds a row in the transaction of `connection`. `content` holds ids and states, never values or secrets."""
    chain = connection.info.get(_CHAIN)
    head: _Head | None = connection.info.get(LAST_AUDITED)
    if head is None and chain is not None:
        head = _head_of(connection, chain)
    if head is None:  # a new connection, or the transaction that opened the chain was rolled back
        chain = _open(connection, now)
    head = _write(connection, chain or 0, head, now, actor[:64], action[:64], request_id, _TEXT(content or {}))
    if connection.info.get(KEPT):
        connection.info[LAST_AUDITED] = head


def content_of(path_params: Mapping[str, Any], status: int, body: Any) -> dict[str, Any]:
    """What a request's row says: the ids asked about, the status, and the ids it ended in."""
    found = {name: body[name] for name in _IDS if isinstance(body, dict) and isinstance(body.get(name), str)}
    return {**path_params, "status": status, **found}


def verify(connection: Connection, known: Heads | None = None) -> VerifyResult:
    """Reads the whole log; `known` are heads of an earlier time, which must still be there.

    The broken row with the lowest number is the one that is named.
    """
    last: Heads = {}
    opened: set[int] = set()
    found: list[BrokenRow] = []
    ends: set[int] = set()
    n_rows = 0
    waiting = dict(known or {})
    for row in _all_rows(connection):
        n_rows += 1
        reason = _fault(row, last.get(row.chain, (0, _START)))
        if reason is None and waiting.get(row.chain, (0, ""))[0] == row.seq:
            reason = None if waiting.pop(row.chain)[1] == row.hash else "it is not the row that was there before"
        if reason is not None and row.chain not in ends:
            ends.add(row.chain)
            found.append(BrokenRow(row.number, row.chain, row.seq, reason))
        if row.chain == 0:
            opened.add(int(json.loads(row.content).get("chain", 0)) if row.action == "open_chain" else 0)
        last[row.chain] = (row.seq, row.hash)
    gone, unknown = opened - {0} - set(last), set(last) - opened - {0}
    found += [BrokenRow(None, chain, 1, "the chain was opened, and all its rows are gone") for chain in sorted(gone)]
    found += [BrokenRow(None, chain, 1, "the chain was never opened") for chain in sorted(unknown)]
    for chain, (seq, _hash) in sorted(waiting.items()):
        if chain not in ends:
            found.append(BrokenRow(None, chain, seq, "the end of the chain was cut off before this row"))
    found.sort(key=lambda broken: (broken.number is None, broken.number or 0, broken.chain))
    return VerifyResult(n_rows, found[0] if found else None, last)


def heads(connection: Connection) -> Heads:
    """The last row of each chain as it stands in the database, unproved: `verify` proves, and reads the whole log."""
    found: Heads = {}
    for chain in range(int(connection.execute(_LAST_CHAIN).scalar() or 0) + 1):
        head = _HEAD.first(connection, {"chain": chain})
        if head is not None:
            found[chain] = (head.seq, head.hash)
    return found


def digest_of(known: Heads) -> str:
    """One SHA-256 (hex) for the state of the whole log: over a line `chain seq hash` for each chain, in order."""
    lines = "".join(f"{chain} {seq} {digest}\n" for chain, (seq, digest) in sorted(known.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _open(connection: Connection, now: datetime) -> int:
    """Starts a chain for this connection, and says so in chain 0."""
    dialect_of(connection).lock(connection, _LOCK_SPACE, 0)
    chain = int(connection.execute(_LAST_CHAIN).scalar() or 0) + 1
    head = _head_of(connection, 0)
    _write(connection, 0, head, now, "server", "open_chain", None, json.dumps({"chain": chain}))
    connection.info[_CHAIN] = chain
    return chain


def _write(
    connection: Connection,
    chain: int,
    head: _Head | None,
    now: datetime,
    actor: str,
    action: str,
    request_id: str | None,
    content: str,
) -> _Head:
    seq, before = (head[0] + 1, head[1]) if head is not None else (1, _START)
    digest = _digest(before, chain, seq, now, actor, action, request_id, content)
    row = {"chain": chain, "seq": seq, "at": now, "actor": actor, "action": action, "request_id": request_id}
    _INSERT.later(connection, {**row, "content": content, "hash": digest})
    return seq, digest


def _head_of(connection: Connection, chain: int) -> _Head | None:
    row = _HEAD.first(connection, {"chain": chain})
    return None if row is None else (row.seq, row.hash)


def _digest(before: str, chain: int, seq: int, at: datetime, *fields: str | None) -> str:
    past = at - EPOCH
    micros = past.days * 86_400_000_000 + past.seconds * 1_000_000 + past.microseconds
    text = _FIELDS([before, chain, seq, micros, *fields])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _fault(row: Row[Any], before: tuple[int, str]) -> str | None:
    if row.seq != before[0] + 1:
        return f"row {before[0] + 1} of its chain is missing before it"
    fields = (row.actor, row.action, row.request_id, row.content)
    if row.hash != _digest(before[1], row.chain, row.seq, row.at, *fields):
        return "its content, or the row before it, is not what was written"
    return None


def _all_rows(connection: Connection) -> Iterator[Row[Any]]:
    yield from connection.execution_options(yield_per=1000).execute(_ALL)


_HEAD = CompiledStatement(
    select(audit_log.c.seq, audit_log.c.hash)
    .where(audit_log.c.chain == bindparam("chain"))
    .order_by(audit_log.c.seq.desc())
    .limit(1)
)
_LAST_CHAIN = select(func.max(audit_log.c.chain))
_INSERT = CompiledStatement(audit_log.insert(), [column.name for column in audit_log.c if column.name != "number"])
_ALL = select(audit_log).order_by(audit_log.c.chain, audit_log.c.seq)
