"""SQL functions that each database writes in its own way: JSON and texts put together by the database itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class JsonArray(FunctionElement[Any]):
    """A JSON list of the arguments."""

    inherit_cache = True


class JsonArrayAgg(FunctionElement[Any]):
    """A JSON list of the argument's values."""

    inherit_cache = True


class StringAgg(FunctionElement[Any]):
    """The texts of the first argument with the second between them, in the order of the third.

    SQLite has no such order: there the rows must come in it.
    """

    inherit_cache = True


class FormatText(FunctionElement[Any]):
    """The first argument, a text, with each `%s` in it replaced by the next one."""

    inherit_cache = True


class JsonQuote(FunctionElement[Any]):
    """A text as JSON, or `null`."""

    inherit_cache = True


class ExactFloat(FunctionElement[Any]):
    """A floating-point number as the shortest of its texts that is exact; SQLite by itself writes fifteen digits."""

    inherit_cache = True


class IsoTimestamp(FunctionElement[Any]):
    """Microseconds since 1970 as ISO 8601, UTC, milliseconds, with `Z`: as `records.instant` writes them."""

    inherit_cache = True


_EXACT = "CASE WHEN CAST(CAST({0} AS TEXT) AS REAL) = {0} THEN CAST({0} AS TEXT) ELSE printf('%!.17g', {0}) END"
_UNIX = "strftime('%Y-%m-%dT%H:%M:%S.', {0} / 1000000, 'unixepoch') || substr({0} / 1000, -3) || 'Z'"
_STAMP = (
    "to_char(to_timestamp({0} / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
    " || '.' || lpad(CAST(mod({0} / 1000, 1000) AS TEXT), 3, '0') || 'Z'"
)
for _element, _sqlite, _postgresql in (
    (JsonArray, "json_array({all})", "json_build_array({all})"),
    (JsonArrayAgg, "json_group_array({0})", "json_agg({0})"),
    (StringAgg, "group_concat({0}, {1})", "string_agg({0}, {1} ORDER BY {2})"),
    (FormatText, "printf({all})", "format({all})"),
    (JsonQuote, "json_quote({0})", "coalesce(CAST(to_json({0}) AS TEXT), 'null')"),
    (ExactFloat, f"CASE WHEN {{0}} IS NOT NULL THEN {_EXACT} END", "CAST({0} AS TEXT)"),
    (IsoTimestamp, f"({_UNIX})", f"({_STAMP})"),
):
    for _dialect, _form in (("sqlite", _sqlite), ("postgresql", _postgresql)):

        @compiles(_element, _dialect)
        def _written(element: Any, compiler: Any, *, _form: str = _form, **more: Any) -> str:
            parts = [compiler.process(part, **more) for part in element.clauses]
            return _form.format(*parts, all=", ".join(parts))
