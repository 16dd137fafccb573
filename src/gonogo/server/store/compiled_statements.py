"""Compiled statements: compile a SQL statement once, then send it straight to the driver.

SQLAlchemy writes the SQL and knows the types; but its way through an `execute` costs ten times what SQLite needs for
the statement. The statements on the way of a claim and a vote are therefore compiled once a dialect and run on the
driver's connection. They belong to the transaction of the SQLAlchemy connection they are given, and fail with
SQLAlchemy's exceptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy import BindParameter, ColumnElement, Connection, Dialect, literal_column
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse

from gonogo.server.store.deferred_writes import DeferredWrite, defer, deferred, take_combined

Values = Mapping[str, object]
Columns = tuple[object, ...]
"""A row without names, of columns of any type."""
Parameters = Columns | dict[str, object]
"""Values as the driver takes them: a tuple where it counts places, else by name."""
StatementObserver = Callable[[str, Parameters], None]
_Converter = Callable[[object], object]
_CURSOR = "gonogo_cursor"

RowT = TypeVar("RowT", bound=Columns)
"""A `NamedTuple` class whose fields are the columns of a query, in their order."""

watchers: list[StatementObserver] = []
"""Called with the text and parameters of every statement; for tests that look at query plans."""


class CompiledStatement:
    """One statement with `bindparam`s for all that changes. `columns` are those an INSERT without values sets.

    Lists (`IN`) are not supported: their text would change with their length.
    """

    def __init__(
        self, statement: ClauseElement, columns: Iterable[str] | None = None, row: type[Columns] | None = None
    ) -> None:
        """`row` is the class of the rows, a `NamedTuple`; without it they are plain tuples (`CompiledQuery` has it)."""
        self.statement = statement
        self._row = row
        self._columns = None if columns is None else list(columns)
        self._forms: dict[str, _Form] = {}

    def first(self, connection: Connection, values: Values) -> Columns | None:
        """The first row, or `None`."""
        form, cursor = self._run(connection, values)
        row = cursor.fetchone()
        return None if row is None else form.row(cursor, row)

    def one(self, connection: Connection, values: Values) -> Columns:
        """The first row. Raises `LookupError` if there is none."""
        row = self.first(connection, values)
        if row is None:
            raise LookupError("a row that must be there is not")
        return row

    def all(self, connection: Connection, values: Values) -> list[Columns]:
        form, cursor = self._run(connection, values)
        return form.rows(cursor, cursor.fetchall())

    def scalar(self, connection: Connection, values: Values) -> Any:
        """The first column of the first row, or `None`."""
        row = self.first(connection, values)
        return None if row is None else row[0]

    def scalars(self, connection: Connection, values: Values) -> list[Any]:
        return [row[0] for row in self.all(connection, values)]

    def run(self, connection: Connection, values: Values) -> int:
        """Executes a statement without result rows; returns the number of rows it changed."""
        return self._run(connection, values)[1].rowcount

    def later(self, connection: Connection, values: Values) -> None:
        """Executes a write whose result nobody reads: at once on SQLite, on PostgreSQL with others (`flush`)."""
        if connection.dialect.name != "postgresql":
            self._run(connection, values)
            return
        form = self._form(connection.dialect)
        parameters = form.parameters(values)
        for watcher in watchers:
            watcher(form.sql, parameters)
        table: str = self.statement.table.name  # type: ignore[attr-defined]
        if any(write.table == table for write in deferred(connection)):
            flush(connection)
        defer(connection, DeferredWrite(table, form.sql, cast("dict[str, object]", parameters)))

    def _run(self, connection: Connection, values: Values) -> tuple[_Form, DBAPICursor]:
        dialect = connection.dialect
        form = self._forms.get(dialect.name) or self._form(dialect)
        parameters = form.parameters(values)
        for watcher in watchers:
            watcher(form.sql, parameters)
        if dialect.name == "postgresql":
            flush(connection)
        return form, _execute(connection, form.sql, parameters)

    def _form(self, dialect: Dialect) -> _Form:
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _Form(self.statement, self._columns, dialect, self._row)
        return form


def flush(connection: Connection, *_event: object) -> None:
    """Executes the writes that `CompiledStatement.later` put off; called before a read and before the commit."""
    combined = take_combined(connection)
    if combined is not None:
        _execute(connection, *combined)


class _PsycopgCursor(DBAPICursor, Protocol):
    def execute(self, sql: str, parameters: Parameters, /, *, prepare: bool) -> DBAPICursor: ...  # type: ignore[override]


class _SqliteConnection(Protocol):
    def execute(self, sql: str, parameters: Parameters, /) -> DBAPICursor: ...


def _execute(connection: Connection, sql: str, parameters: Parameters) -> DBAPICursor:
    """The driver's cursor, after a statement."""
    try:
        if connection.dialect.name == "postgresql":
            return _cursor_of(connection).execute(sql, parameters, prepare=True)
        driver: _SqliteConnection = connection.connection.dbapi_connection  # type: ignore[assignment]
        return driver.execute(sql, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise translated(connection, error, sql) from error


class CompiledQuery(Generic[RowT]):
    """A compiled SELECT whose rows are instances of one `NamedTuple` class.

    The class has the query's columns as fields, in their order; the first run raises `TypeError` if it does not.
    """

    def __init__(self, statement: ClauseElement, row: type[RowT]) -> None:
        self._compiled = CompiledStatement(statement, row=row)

    def first(self, connection: Connection, values: Values) -> RowT | None:
        """The first row, or `None`."""
        return cast("RowT | None", self._compiled.first(connection, values))

    def one(self, connection: Connection, values: Values) -> RowT:
        """The first row. Raises `LookupError` if there is none."""
        return cast("RowT", self._compiled.one(connection, values))

    def all(self, connection: Connection, values: Values) -> list[RowT]:
        """All rows."""
        return cast("list[RowT]", self._compiled.all(connection, values))


class _Form:
    """The statement on one dialect."""

    def __init__(
        self, statement: ClauseElement, columns: list[str] | None, dialect: Dialect, row: type[Columns] | None
    ) -> None:
        compiled = cast("SQLCompiler", _write_out(statement, dialect).compile(dialect=dialect, column_keys=columns))
        self.sql = str(compiled)
        positions = compiled.positiontup
        names: Iterable[str] = positions if positions is not None else compiled.binds
        self._given: list[tuple[str, _Converter | None]] = []
        self._fixed: dict[str, object] = {}
        for name in dict.fromkeys(names):
            bind = compiled.binds[name]
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.required:
                self._given.append((name, convert))
            else:
                value = bind.effective_value
                self._fixed[name] = value if convert is None else convert(value)
        converters = dict(self._given)
        self._names: list[str] | None = None
        if positions is not None:
            self._names = positions
            self._pick = _picker(positions)
            places = ((place, converters.get(name)) for place, name in enumerate(positions))
            self._convert = [(place, needed) for place, needed in places if needed is not None]
        self._dialect = dialect
        self._row = row
        self._columns = list(getattr(statement, "exported_columns", ()))
        self._make: Callable[[Iterable[object]], Columns] | None = None
        self._converted: list[tuple[int, _Converter]] = []

    def parameters(self, values: Values) -> Parameters:
        """Converted as the types say."""
        if self._names is not None:
            picked = self._pick({**self._fixed, **values} if self._fixed else values)
            if not self._convert:
                return picked
            converted = list(picked)
            for place, needed in self._convert:
                converted[place] = needed(converted[place])
            return tuple(converted)
        named = dict(self._fixed)
        for name, convert in self._given:
            value = values[name]
            named[name] = value if convert is None else convert(value)
        return named

    def rows(self, cursor: DBAPICursor, rows: Iterable[Columns]) -> list[Columns]:
        return [self.row(cursor, row) for row in rows]

    def row(self, cursor: DBAPICursor, row: Columns) -> Columns:
        """The row with its columns converted, as an instance of the class of the rows."""
        make = self._make or self._learn(cursor.description)
        if not self._converted:
            return make(row)
        columns = list(row)
        for place, convert in self._converted:
            if columns[place] is not None:  # no type of ours makes anything of NULL
                columns[place] = convert(columns[place])
        return make(columns)

    def _learn(self, description: Sequence[Sequence[Any]]) -> Callable[[Iterable[object]], Columns]:
        """Names and types of the columns; those of a statement written as text have names only."""
        names = [column.name for column in self._columns] or [column[0] for column in description]
        converted = []
        for place, column in enumerate(self._columns):
            convert = column.type.dialect_impl(self._dialect).result_processor(self._dialect, description[place][1])
            if convert is not None:
                converted.append((place, convert))
        row: Any = self._row  # a NamedTuple class: there is no type for those
        make: Callable[[Iterable[object]], Columns] = tuple if row is None else row._make
        if row is not None and row._fields != tuple(names):
            raise TypeError(f"{row.__name__} has the fields {row._fields}, the statement gives {tuple(names)}")
        self._converted, self._make = converted, make  # in this order: other threads look at `_make`
        return make


def _cursor_of(connection: Connection) -> _PsycopgCursor:
    """The one cursor of a connection to PostgreSQL; its rows are read before the next statement.

    It spares psycopg a new cursor, with its adapters, for each statement.
    """
    info = connection.info
    cursor: _PsycopgCursor | None = info.get(_CURSOR)
    if cursor is None:
        driver: Any = connection.connection.driver_connection
        cursor = info[_CURSOR] = driver.cursor()
    return cursor


def _picker(names: list[str]) -> Callable[[Values], Columns]:
    """A function that takes these values, in this order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)


def _write_out(statement: ClauseElement, dialect: Dialect) -> ClauseElement:
    """`statement` with what never changes written into its text.

    Else SQLite plans it anew each time it runs, wherever a bound value could decide about a partial index.
    """

    def written(element: ExternallyTraversible, **_options: object) -> ColumnElement[object] | None:
        if not isinstance(element, BindParameter) or element.required:
            return None
        write = element.type.dialect_impl(dialect).literal_processor(dialect)
        if write is None or element.effective_value is None:
            return None
        return literal_column(write(element.effective_value), element.type)

    return cast("ClauseElement", replacement_traverse(statement, {}, written))


def translated(connection: Connection, error: Exception, sql: str) -> BaseException:
    """Translates a driver's error to SQLAlchemy's; invalidates a connection that broke."""
    dialect = connection.dialect
    driver = connection.connection.driver_connection
    broken = dialect.is_disconnect(error, driver, None)  # type: ignore[arg-type]
    if broken:
        engine = connection.engine
        connection.invalidate(error)
        engine.dispose()  # the others in the pool broke with it
    return DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        True,
        broken,
        dialect,
    )
