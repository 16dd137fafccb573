"""SQL functions that differ by database: build texts and JSON in SQLite's or PostgreSQL's own syntax."""

from __future__ import annotations

from sqlalchemy import ClauseElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class StringAgg(FunctionElement[str]):
    """The texts of the first argument with the second between them, in the order of the third.

    SQLite has no such order: there the rows must come in it.
    """

    inherit_cache = True


class FormatText(FunctionElement[str]):
    """The first argument, a text, with each `%s` in it replaced by the next argument."""

    inherit_cache = True


class JsonQuote(FunctionElement[str]):
    """A text as JSON, or `null`."""

    inherit_cache = True


class ExactFloat(FunctionElement[str]):
    """A floating-point number as the shortest text that is exact; `NULL` stays.

    SQLite's own cast writes fifteen digits.
    """

    inherit_cache = True


class IsoTimestamp(FunctionElement[str]):
    """Microseconds since 1970 as ISO 8601, UTC, milliseconds, with `Z`: as `serialize.instant` writes them."""

    inherit_cache = True


@compiles(StringAgg, "sqlite")
def _string_agg_sqlite(element: StringAgg, compiler: SQLCompiler, **options: object) -> str:
    text, separator, _order = _arguments(element, compiler, options)
    return f"group_concat({text}, {separator})"


@compiles(StringAgg, "postgresql")
def _string_agg_postgresql(element: StringAgg, compiler: SQLCompiler, **options: object) -> str:
    text, separator, order = _arguments(element, compiler, options)
    return f"string_agg({text}, {separator} ORDER BY {order})"


@compiles(FormatText, "sqlite")
def _format_sqlite(element: FormatText, compiler: SQLCompiler, **options: object) -> str:
    return f"printf({', '.join(_arguments(element, compiler, options))})"


@compiles(FormatText, "postgresql")
def _format_postgresql(element: FormatText, compiler: SQLCompiler, **options: object) -> str:
    return f"format({', '.join(_arguments(element, compiler, options))})"


@compiles(JsonQuote, "sqlite")
def _json_quote_sqlite(element: JsonQuote, compiler: SQLCompiler, **options: object) -> str:
    (text,) = _arguments(element, compiler, options)
    return f"json_quote({text})"


@compiles(JsonQuote, "postgresql")
def _json_quote_postgresql(element: JsonQuote, compiler: SQLCompiler, **options: object) -> str:
    (text,) = _arguments(element, compiler, options)
    return f"coalesce(CAST(to_json({text}) AS TEXT), 'null')"


@compiles(ExactFloat, "sqlite")
def _exact_float_sqlite(element: ExactFloat, compiler: SQLCompiler, **options: object) -> str:
    (number,) = _arguments(element, compiler, options)
    short = f"CAST({number} AS TEXT)"
    exact = f"CASE WHEN CAST({short} AS REAL) = {number} THEN {short} ELSE printf('%!.17g', {number}) END"
    return f"CASE WHEN {number} IS NOT NULL THEN {exact} END"


@compiles(ExactFloat, "postgresql")
def _exact_float_postgresql(element: ExactFloat, compiler: SQLCompiler, **options: object) -> str:
    (number,) = _arguments(element, compiler, options)
    return f"CAST({number} AS TEXT)"


@compiles(IsoTimestamp, "sqlite")
def _iso_timestamp_sqlite(element: IsoTimestamp, compiler: SQLCompiler, **options: object) -> str:
    (micros,) = _arguments(element, compiler, options)
    seconds = f"strftime('%Y-%m-%dT%H:%M:%S.', {micros} / 1000000, 'unixepoch')"
    return f"({seconds} || substr({micros} / 1000, -3) || 'Z')"


@compiles(IsoTimestamp, "postgresql")
def _iso_timestamp_postgresql(element: IsoTimestamp, compiler: SQLCompiler, **options: object) -> str:
    (micros,) = _arguments(element, compiler, options)
    seconds = f"to_char(to_timestamp({micros} / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
    return f"({seconds} || '.' || lpad(CAST(mod({micros} / 1000, 1000) AS TEXT), 3, '0') || 'Z')"


def _arguments(element: FunctionElement[str], compiler: SQLCompiler, options: dict[str, object]) -> list[str]:
    arguments: list[ClauseElement] = list(element.clauses)
    return [compiler.process(argument, **options) for argument in arguments]
