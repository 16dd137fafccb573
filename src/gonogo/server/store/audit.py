"""Audit log: appends a row for each change of state, chained by hashes, and verifies the chain.

Each row's hash covers its content and the hash of the row before it in its chain, so that no row can be changed,
removed or inserted unnoticed. One chain for all would make all writers wait for each other; so every connection to the
database has a chain of its own, and chain 0 records which chains were opened. Triggers refuse UPDATE and DELETE.

A chain does not show that rows were cut off its end: keep the heads elsewhere, and pass them to `verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pydantic_core import to_json
from sqlalchemy import Connection, bindparam, func, select

from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.pinned_connection import LAST_AUDITED, PINNED
from gonogo.server.store.schema import audit_log
from gonogo.server.store.schema.columns import to_microseconds

Heads = dict[int, tuple[int, str]]
"""The last row of each chain: `{chain: (seq, hash)}`."""

_Head = tuple[int, str]
"""`seq` and `hash` of a row."""

_CHAIN = "gonogo_audit_chain"
_TEXT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_LOCK_SPACE = 7_461  # one lock for opening chains
_START = "0" * 64
_IDS = ("id", "assignment_id", "campaign_id", "calculation_id", "part_revision_id")


class AuditRow(NamedTuple):
    """A row of the log, as the columns of its table stand."""

    number: int
    chain: int
    seq: int
    at: datetime
    actor: str
    action: str
    request_id: str | None
    content: str
    hash: str


@dataclass(frozen=True)
class BrokenRow:
    """A row that does not fit: its place, and the reason. `number` is `None` for a row that is missing."""

    number: int | None
    chain: int
    seq: int
    reason: str


@dataclass(frozen=True)
class VerifyResult:
    """Result of `verify`: rows read, the first broken one, and the heads to keep."""

    n_rows: int
    broken: BrokenRow | None
    heads: Heads


def append(
    connection: Connection,
    action: str,
    now: datetime,
    *,
    actor: str,
    content: Mapping[str, object] | None = None,
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
    if connection.info.get(PINNED):
        connection.info[LAST_AUDITED] = head


def content_of(path_params: Mapping[str, object], status: int, body: object) -> dict[str, object]:
    """Content of the row of a request: the ids of its path, the status, and the ids of its response."""
    ids = {name: body[name] for name in _IDS if isinstance(body, dict) and isinstance(body.get(name), str)}
    return {**path_params, "status": status, **ids}


def verify(connection: Connection, known: Heads | None = None) -> VerifyResult:
    """Reads the whole log and checks it against `known`, heads of an earlier time. Reports the first broken row."""
    verifier = ChainVerifier(known)
    for row in connection.execution_options(yield_per=1000).execute(_ALL):
        verifier.feed(AuditRow._make(row))
    return verifier.result()


class ChainVerifier:
    """Verifier of the audit log: takes all rows in the order of chains and places, then gives the result.

    A chain is broken at its first row that does not follow from the row before it. Rows after that are read, but not
    reported.
    """

    def __init__(self, known: Heads | None = None) -> None:
        """`known` are heads of an earlier time, whose rows must still be there."""
        self._heads: Heads = {}
        self._known = dict(known or {})
        self._opened: set[int] = set()
        self._broken: dict[int, BrokenRow] = {}
        self._n_rows = 0

    def feed(self, row: AuditRow) -> None:
        """Checks the next row against its chain."""
        self._n_rows += 1
        reason = self._fault(row)
        if reason is not None and row.chain not in self._broken:
            self._broken[row.chain] = BrokenRow(row.number, row.chain, row.seq, reason)
        if row.chain == 0 and row.action == "open_chain":
            self._opened.add(int(json.loads(row.content).get("chain", 0)))
        self._heads[row.chain] = (row.seq, row.hash)

    def result(self) -> VerifyResult:
        """The first broken row by number; after these the chains whose rows are missing."""
        broken = sorted(self._broken.values(), key=lambda row: row.number or 0) + self._missing()
        return VerifyResult(self._n_rows, broken[0] if broken else None, self._heads)

    def _fault(self, row: AuditRow) -> str | None:
        seq, digest = self._heads.get(row.chain, (0, _START))
        if row.seq != seq + 1:
            return f"row {seq + 1} of its chain is missing before it"
        fields = (row.actor, row.action, row.request_id, row.content)
        if row.hash != _digest(digest, row.chain, row.seq, row.at, *fields):
            return "its content, or the row before it, is not what was written"
        if self._known.get(row.chain, (0, ""))[0] == row.seq and self._known.pop(row.chain)[1] != row.hash:
            return "it is not the row that was there before"
        return None

    def _missing(self) -> list[BrokenRow]:
        """Chains that lost all rows, that nobody opened, or that end before a known head; in the order of chains."""
        opened, present = self._opened - {0}, set(self._heads) - {0}
        missing = [
            BrokenRow(None, chain, 1, "the chain was opened, and all its rows are gone") for chain in opened - present
        ]
        missing += [BrokenRow(None, chain, 1, "the chain was never opened") for chain in present - opened]
        missing += [
            BrokenRow(None, chain, seq, "the end of the chain was cut off before this row")
            for chain, (seq, _hash) in self._known.items()
            if chain not in self._broken
        ]
        return sorted(missing, key=lambda row: row.chain)


def heads(connection: Connection) -> Heads:
    """The last row of each chain as it stands in the database. Only `verify`, which reads the whole log, proves it."""
    last_rows: Heads = {}
    for chain in range(int(connection.execute(_LAST_CHAIN).scalar() or 0) + 1):
        head = _HEAD.first(connection, {"chain": chain})
        if head is not None:
            last_rows[chain] = (head.seq, head.hash)
    return last_rows


def digest_of(known: Heads) -> str:
    """One SHA-256 (hex) for the state of the whole log: over a line `chain seq hash` for each chain, in order."""
    lines = "".join(f"{chain} {seq} {digest}\n" for chain, (seq, digest) in sorted(known.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _open(connection: Connection, now: datetime) -> int:
    """Starts a chain for this connection, and records that in chain 0."""
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
    return _HEAD.first(connection, {"chain": chain})


def _digest(before: str, chain: int, seq: int, at: datetime, *fields: str | None) -> str:
    return hashlib.sha256(to_json([before, chain, seq, to_microseconds(at), *fields])).hexdigest()


class _HeadRow(NamedTuple):
    seq: int
    hash: str


_HEAD = CompiledQuery(
    select(audit_log.c.seq, audit_log.c.hash)
    .where(audit_log.c.chain == bindparam("chain"))
    .order_by(audit_log.c.seq.desc())
    .limit(1),
    _HeadRow,
)
_LAST_CHAIN = select(func.max(audit_log.c.chain))
_INSERT = CompiledStatement(audit_log.insert(), [column.name for column in audit_log.c if column.name != "number"])
_ALL = select(*[audit_log.c[name] for name in AuditRow._fields]).order_by(audit_log.c.chain, audit_log.c.seq)
