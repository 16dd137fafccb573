"""The column types and conventions all tables share; see `tables`."""

from __future__ import annotations

import secrets
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
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as integer microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // _MICROSECOND

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


_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def new_id() -> str:
    """A fresh id: a random UUID, so that nothing can be read from it."""
    return _uuid(secrets.token_hex(16))  # as `str(uuid.uuid4())`, in a quarter of the time


def new_ids(count: int) -> list[str]:
    """As many fresh ids."""
    digits = secrets.token_hex(16 * count)
    return [_uuid(digits[start : start + 32]) for start in range(0, 32 * count, 32)]


def growing_ids(count: int, now: datetime) -> list[str]:
    """As many fresh ids that sort as they were made (UUID version 7), and so lie together in an index.

    They tell when they were made: only for what nobody outside sees the ids of.
    """
    first = round(now.timestamp() * 1000) << 12
    digits = secrets.token_hex(8 * count)
    made = []
    for index in range(count):
        time, chance = f"{first + index:015x}", digits[16 * index : 16 * index + 16]
        made.append(
            f"{time[:8]}-{time[8:12]}-7{time[12:]}-{_VARIANT[chance[0]]}{chance[1:4]}-{chance[4:]}",
        )
    return made


def _uuid(text: str) -> str:
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:]}"


def number() -> Column[int]:
    return Column("number", Counter, primary_key=True, autoincrement=True)


def public_id() -> Column[str]:
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
