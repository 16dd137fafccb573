"""Prepared statements on PostgreSQL: straight through libpq, and those whose result nobody waits for in one go.

psycopg's cursor takes three times as long for a statement as the server, and each statement is a round trip of two
process switches. Here a statement that gives nothing back waits until one that does, or the end of the transaction,
goes out; then all of them are sent, and answered, together. The order never changes.
"""

from __future__ import annotations

import re
import select
from collections.abc import Sequence
from typing import Any, cast

from psycopg import Connection, IsolationLevel, OperationalError, pq
from psycopg.adapt import PyFormat
from psycopg.adapt import Transformer as _Transformer
from psycopg.errors import error_from_result

_GOOD = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)
_OIDS = {bool: 16, int: 20, float: 701, bytes: 17}
_PLACE = re.compile(r"%\((\w+)\)s|%%")


class Text:
    """A statement as PostgreSQL numbers its parameters. `untyped`: those whose type the text does not tell."""

    def __init__(self, sql: str, untyped: frozenset[str] = frozenset()) -> None:
        self.names: list[str] = []
        self.untyped = untyped
        self.sql = _PLACE.sub(self._number, sql).encode()

    def _number(self, found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "%"
        if name not in self.names:
            self.names.append(name)
        return f"${self.names.index(name) + 1}"


_PLAIN = (None, IsolationLevel.READ_COMMITTED)
_BEGIN, _COMMIT = Text("BEGIN"), Text("COMMIT")


class Result:
    """What a statement gave, read as a DB-API cursor is."""

    def __init__(self, result: pq.abc.PGresult, transformer: Any) -> None:
        self._result = result
        self._transformer = transformer
        self._at = 0
        self.rowcount = result.command_tuples or 0

    @property
    def description(self) -> list[tuple[str, int]]:
        places = range(self._result.nfields)
        return [((self._result.fname(n) or b"").decode(), self._result.ftype(n)) for n in places]

    def fetchone(self) -> tuple[Any, ...] | None:
        if self._at >= self._result.ntuples:
            return None
        self._transformer.set_pgresult(self._result)
        self._at += 1
        row: tuple[Any, ...] | None = self._transformer.load_row(self._at - 1, tuple)
        return row

    def fetchall(self) -> list[tuple[Any, ...]]:
        self._transformer.set_pgresult(self._result)
        rows: list[tuple[Any, ...]] = self._transformer.load_rows(self._at, self._result.ntuples, tuple)
        self._at = self._result.ntuples
        return rows


class Wire:
    """The statements of one connection."""

    def __init__(self, driver: Connection[Any]) -> None:
        self._driver = driver
        self._libpq = driver.pgconn
        self._transformer: Any = _Transformer(driver)
        self._readable = select.poll()
        self._readable.register(driver.fileno(), select.POLLIN)
        self._known: dict[Text, bytes] = {}
        self._waiting: list[tuple[bytes, Sequence[bytes | None], Sequence[int]]] = []
        self._on_way = 0

    def later(self, text: Text, values: dict[str, Any]) -> None:
        """Sends the statement before, or together with, the next one that gives something."""
        self._waiting.append(self._made(text, values))

    def execute(self, text: Text, values: dict[str, Any]) -> Result:
        self._waiting.append(self._made(text, values))
        return Result(self._send()[-1], self._transformer)

    def flush(self) -> None:
        if self._waiting:
            self._send()

    def commit(self) -> None:
        """Ends the transaction, if one was begun."""
        if self.send_commit():
            self.committed()

    def send_commit(self) -> bool:
        """Sends the end of the transaction, if one was begun, and what waits before it; answers whether it did.

        Then `committed` must be called before anything else.
        """
        if not self._waiting and self._libpq.transaction_status == pq.TransactionStatus.IDLE:
            return False
        self._waiting.append(self._made(_COMMIT, {}))
        self._begin()
        self._put()
        return True

    @property
    def answered(self) -> bool:
        """Whether `committed` need not wait any more; never waits."""
        try:
            self._libpq.consume_input()
        except OperationalError:  # the connection broke: `committed` tells it
            return True
        return not self._libpq.is_busy()

    @property
    def socket(self) -> int:
        """The number of the file that becomes readable when the server says something."""
        return self._driver.fileno()

    def committed(self) -> None:
        """Waits for the end that `send_commit` sent; raises what went wrong."""
        self._take()

    def drop(self) -> None:
        """Forgets what waits: its transaction is taken back."""
        self._waiting.clear()

    def _made(self, text: Text, values: dict[str, Any]) -> tuple[bytes, list[bytes | None], list[int]]:
        name = self._known.get(text) or self._prepare(text, values)
        given = [values[name] for name in text.names]
        return name, [self._written(value) for value in given], [int(type(value) is bytes) for value in given]

    def _prepare(self, text: Text, values: dict[str, Any]) -> bytes:
        name = b"gonogo_%d" % len(self._known)
        oids = [_OIDS.get(type(values[each]), 0) if each in text.untyped else 0 for each in text.names]
        self._checked(self._libpq.prepare(name, text.sql, oids))
        self._known[text] = name
        return name

    def _written(self, value: Any) -> bytes | None:
        """A value as libpq takes it: text, but for bytes."""
        if value is None or type(value) is bytes:
            return value
        if type(value) is str:
            if "\0" in value:
                raise ValueError("PostgreSQL takes no NUL in a text")
            return value.encode()
        if type(value) is int:
            return b"%d" % value
        dumped = self._transformer.get_dumper(value, PyFormat.TEXT).dump(value)
        return None if dumped is None else bytes(dumped)

    def _send(self) -> list[pq.abc.PGresult]:
        """Sends what waits and reads all answers; raises the first error among them."""
        self._begin()
        if len(self._waiting) == 1:
            ((name, values, formats),), self._waiting = self._waiting, []
            return [self._checked(self._libpq.exec_prepared(name, cast(Any, values), formats))]
        self._put()
        return self._take()

    def _begin(self) -> None:
        """Puts the beginning of a transaction before what waits, if there is none."""
        if not self._driver.autocommit and self._libpq.transaction_status == pq.TransactionStatus.IDLE:
            if self._driver.isolation_level not in _PLAIN or self._driver.read_only:
                self._driver.execute("SELECT")  # psycopg knows how such a transaction begins
            else:
                self._waiting.insert(0, self._made(_BEGIN, {}))

    def _put(self) -> None:
        """Sends what waits, in one go."""
        waiting, self._waiting = self._waiting, []
        self._libpq.enter_pipeline_mode()
        for name, values, formats in waiting:
            self._libpq.send_query_prepared(name, values, formats)
        self._libpq.pipeline_sync()
        self._on_way = len(waiting)

    def _take(self) -> list[pq.abc.PGresult]:
        """The answers to what was sent in one go; raises the first error among them."""
        found = [self._answer() for _statement in range(self._on_way)]
        self._libpq.get_result()  # of the sync
        self._libpq.exit_pipeline_mode()
        return [self._checked(result) for result in found]

    def _answer(self) -> pq.abc.PGresult:
        while self._libpq.is_busy():  # `get_result` would wait without letting other threads go on
            self._readable.poll()
            self._libpq.consume_input()
        result = self._libpq.get_result()
        if result is None or self._libpq.status == pq.ConnStatus.BAD:
            raise self._broken()
        self._libpq.get_result()  # the end of this statement
        return result

    def _checked(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status in _GOOD:
            return result
        if result.error_field(pq.DiagnosticField.SQLSTATE) is None:  # said by libpq, not by the server
            raise self._broken()
        raise error_from_result(result)

    def _broken(self) -> OperationalError:
        """The connection is of no more use; closed, it is known by that."""
        self._driver.close()
        return OperationalError("the connection to the database broke")
