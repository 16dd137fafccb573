"""Column types and shorthand that migrations use. Frozen like these: independent of `store/schema`."""

from __future__ import annotations

from typing import TypeVar

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

ID = sa.String(36)
REF = sa.String(200)
HASH = sa.String(64)
TEXT = sa.Text()
INTEGER = sa.Integer()
BIGINT = sa.BigInteger()
INSTANT = sa.BigInteger()  # microseconds since 1970
FLOAT = sa.Float()
BOOLEAN = sa.Boolean()
BYTES = sa.LargeBinary()
JSON = sa.JSON()
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SORTABLE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
T = TypeVar("T")
Default = str | sa.ColumnElement[bool] | None


def key(name: str, type_: TypeEngine[T]) -> sa.Column[T]:
    """Column of a primary key."""
    return sa.Column(name, type_, primary_key=True)


def number() -> sa.Column[int]:
    """The order of rows of a list, and the integer id where a program wants one."""
    return key("number", NUMBER)


def numbered() -> tuple[sa.Column[int], sa.Column[str]]:
    """Columns `number` and `id`."""
    return number(), sa.Column("id", ID, nullable=False, unique=True)


def required(type_: TypeEngine[T], *names: str, default: Default = None) -> list[sa.Column[T]]:
    """Columns that are NOT NULL."""
    return [sa.Column(name, type_, nullable=False, server_default=default) for name in names]


def optional(type_: TypeEngine[T], *names: str) -> list[sa.Column[T]]:
    """Columns that may be NULL."""
    return [sa.Column(name, type_) for name in names]


def reference(
    name: str, target: str, *, nullable: bool = False, unique: bool | None = None, primary_key: bool = False
) -> sa.Column[str]:
    """Column of a foreign key to `target`, `<table>.<column>`."""
    return sa.Column(name, ID, sa.ForeignKey(target), nullable=nullable, unique=unique, primary_key=primary_key)


def subject() -> list[SchemaItem]:
    """The columns that say what a prediction or a task is about."""
    return [
        *required(sa.String(100), "target_kind"),
        *optional(sa.String(100), "detail_kind"),
        *optional(REF, "field_name"),
        *optional(sa.String(500), "field_path"),
        *optional(TEXT, "prompt"),
        *optional(JSON, "predicted_value"),
        *optional(FLOAT, "predicted_confidence"),
        *optional(JSON, "drawing_bbox", "position"),
        *optional(REF, "part_revision_id", "pmi_id", "feature_id", "dfm_issue_id", "face_uuid"),
    ]


def index(name: str, table: str, *columns: str, where: str | None = None) -> None:
    """Creates an index, a partial one with `where`."""
    condition = None if where is None else sa.text(where)
    op.create_index(name, table, list(columns), sqlite_where=condition, postgresql_where=condition)
