"""Audit log: appends a row for each change of state, chained by hashes, and verifies the chain.

Each row's hash covers its number, its content and the hash of the row before it in its chain, so that no row can be
changed, removed or inserted unnoticed. One chain for all would make all writers wait for each other; so every
connection to the database has a chain of its own, and chain 0 records which chains were opened. Triggers refuse UPDATE,
DELETE and REPLACE.

A chain does not show that rows were cut off its end: keep the heads elsewhere, and pass them to `verify`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pydantic_core import to_json
from sqlalchemy import Connection, bindparam, func, select, text

from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.observers import observers
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
_NUMBERS = frozenset({"number", "chain", "seq", "at"})
_UNDECODED = re.compile("[\ud800-\udfff]")
_IDS = ("id", "assignment_id", "campaign_id", "calculation_id", "part_revision_id")


class AuditRow(NamedTuple):
    """A row of the log, as its table holds it; `at` in microseconds since 1970."""

    number: int
    chain: int
    seq: int
    at: int
    actor: str
    action: str
    request_id: str | None
    content: str
    hash: str


@dataclass(frozen=True)
class BrokenRow:
    """A row that does not fit: its place, and the reason.

    `number` is `None` for a row that is missing, or whose number is none. Without a place, `chain` or `seq` is -1.
    """

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
    for observer in observers:
        observer.acted(action)


def content_of(path_params: Mapping[str, object], status: int, body: object) -> dict[str, object]:
    """Content of the row of a request: the ids of its path, the status, and the ids of its response."""
    ids = {name: body[name] for name in _IDS if isinstance(body, dict) and isinstance(body.get(name), str)}
    return {**path_params, "status": status, **ids}


def verify(connection: Connection, known: Heads | None = None) -> VerifyResult:
    """Reads the whole log and checks it against `known`, heads of an earlier time. Reports the first broken row."""
    verifier = ChainVerifier(known)
    with dialect_of(connection).undecodable_text(connection):
        for row in connection.execute(_ALL, execution_options={"yield_per": 1000}):
            verifier.feed(row)
    return verifier.result()


class ChainVerifier:
    """Verifier of the audit log: takes all rows in the order of chains and places, then gives the result.

    A chain is broken at its first row that does not follow from the row before it. Rows after that are read, but not
    reported.
    """

    def __init__(self, known: Heads | None = None) -> None:
        """`known` are heads of an earlier time, whose rows must still be there."""
        self._heads: Heads = {}
        self._numbers: dict[int, int] = {}
        self._known = dict(known or {})
        self._opened: set[int] = set()
        self._broken: dict[int, BrokenRow] = {}
        self._n_rows = 0

    def feed(self, columns: Sequence[object]) -> None:
        """Checks the next row against its chain; its columns may be of any type, as SQLite keeps them."""
        self._n_rows += 1
        row = _typed(columns)
        if row is None:
            self._note(_ill_typed(columns))
            return
        reason = self._fault(row)
        if reason is not None:
            self._note(BrokenRow(row.number, row.chain, row.seq, reason))
        if row.chain == 0 and row.action == "open_chain":
            self._opened |= _opened_chain(row.content)
        self._heads[row.chain] = (row.seq, row.hash)
        self._numbers[row.chain] = row.number

    def result(self) -> VerifyResult:
        """The first broken row by chain and place; after these the chains whose rows are missing."""
        broken = sorted(self._broken.values(), key=lambda row: (row.chain, row.seq)) + self._missing()
        return VerifyResult(self._n_rows, broken[0] if broken else None, self._heads)

    def _note(self, broken: BrokenRow) -> None:
        first = self._broken.setdefault(broken.chain, broken)
        if broken.seq < first.seq:  # a row of another type comes late, whatever its place
            self._broken[broken.chain] = broken

    def _fault(self, row: AuditRow) -> str | None:
        seq, before = self._heads.get(row.chain, (0, _START))
        if row.seq != seq + 1:
            return f"row {seq + 1} of its chain is missing before it"
        by_place = row.number > _LAST_COUNTED
        if row.number <= self._numbers.get(row.chain, 0) or (by_place and row.number != _number(row.chain, row.seq)):
            return "its number is not the one that was written"
        if row.hash != _digest(before, row[0 if by_place else 1 : -1]):
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


def heads_as_json(known: Heads) -> dict[str, tuple[int, str]]:
    """The heads as JSON has them: `{"0": [12, "…"], …}`, in order."""
    return {str(chain): head for chain, head in sorted(known.items())}


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
    number, at = _number(chain, seq), to_microseconds(now)
    digest = _digest(before, (number, chain, seq, at, actor, action, request_id, content))
    row = {"number": number, "chain": chain, "seq": seq, "at": now, "actor": actor, "action": action}
    _INSERT.later(connection, {**row, "request_id": request_id, "content": content, "hash": digest})
    return seq, digest


def _head_of(connection: Connection, chain: int) -> _Head | None:
    return _HEAD.first(connection, {"chain": chain})


def _number(chain: int, seq: int) -> int:
    """Number of a row: its place, so that it is known before the row is written, and can't be another one."""
    return (chain + 1 << 32) | seq


_LAST_COUNTED = 2**32 - 1
"""Rows of before carry a number that the database counted, outside their digest; such a number grows in its chain."""


def _digest(before: str, columns: Sequence[object]) -> str:
    """SHA-256 of the hash of the row before, and of a row's columns up to `content`."""
    return hashlib.sha256(to_json([before, *columns])).hexdigest()


def _typed(columns: Sequence[object]) -> AuditRow | None:
    """The row, or `None` if a column is of a type that the log never writes."""
    return None if _ill_typed_column(columns) else AuditRow._make(columns)


def _ill_typed_column(columns: Sequence[object]) -> str | None:
    for name, value in zip(AuditRow._fields, columns, strict=True):
        allowed = int if name in _NUMBERS else str
        if type(value) is not allowed and not (name == "request_id" and value is None):
            return name
        if type(value) is str and not value.isascii() and _UNDECODED.search(value):
            return name
    return None


def _ill_typed(columns: Sequence[object]) -> BrokenRow:
    """A row with a column of another type; its number tells its place where the columns do not."""
    number, chain, seq = (value if type(value) is int else None for value in columns[:3])
    if number is not None and number > _LAST_COUNTED:
        chain, seq = (number >> 32) - 1, number & _LAST_COUNTED
    reason = f"its {_ill_typed_column(columns)} is of another type than was written"
    return BrokenRow(number, -1 if chain is None else chain, -1 if seq is None else seq, reason)


def _opened_chain(content: str) -> set[int]:
    """The chain that a row of chain 0 opened; none for a row that was changed."""
    try:
        opened = json.loads(content)
    except ValueError:
        return set()
    chain = opened.get("chain") if isinstance(opened, dict) else None
    return {chain} if type(chain) is int else set()


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
_INSERT = CompiledStatement(audit_log.insert(), [column.name for column in audit_log.c])
_ALL = text(f"SELECT {', '.join(AuditRow._fields)} FROM audit_log ORDER BY chain, seq")  # noqa: S608 - our own names
