"""Column types and conventions that all tables share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(moment: datetime) -> int:
    """Microseconds from 1970 to an aware instant, exactly."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as integer microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


Id = String(36)
Ref = String(200)
Json = JSON(none_as_null=True)
Counter = BigInteger().with_variant(Integer, "sqlite")
Sortable = Text().with_variant(Text(collation="C"), "postgresql")
"""Text compared byte by byte, whatever the database's language."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def number() -> Column[int]:
    """Primary key that grows: the order of lists and the integer id."""
    return Column("number", Counter, primary_key=True, autoincrement=True)


def public_id() -> Column[str]:
    """UUID that the API shows."""
    return Column("id", Id, nullable=False, unique=True)


def foreign_key(target: str, *, nullable: bool = False, index: bool = False) -> Column[str]:
    """A column `<table>_id` that points at `<table>s.id`."""
    name = target.removesuffix("s") + "_id"
    return Column(name, Id, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


def subject_columns() -> tuple[Column[Any], ...]:
    """The columns that say what a prediction, and so a task, is about."""
    return (
        Column("target_kind", String(100), nullable=False),
        Column("detail_kind", String(100)),
        Column("field_name", String(200)),
        Column("field_path", String(500)),
        Column("prompt", Text),
        Column("predicted_value", Json),
        Column("predicted_confidence", Float),
        Column("drawing_bbox", Json),
        Column("position", Json),
        Column("part_revision_id", Ref),  # ours, or an opaque id of somewhere else
        Column("pmi_id", Ref),
        Column("feature_id", Ref),
        Column("dfm_issue_id", Ref),
        Column("face_uuid", Ref),
    )
