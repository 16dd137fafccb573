"""Merged readings in export lines: adds to each the verdict that follows from the answer to its question.

The database writes the lines (`export/sql.py`), and can't compare engineering values; only lines that hold such
readings are parsed here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, bindparam, select

from gonogo.json_types import JsonObject, JsonValue
from gonogo.schemas.enums import TaskStatus
from gonogo.server.consensus.derived_verdicts import derive_verdict
from gonogo.server.consensus.values import value_key
from gonogo.server.store.schema import campaigns
from gonogo.server.store.typed_rows import fetch_one

_MARK: Final = '"readings":[{'


class _Equality(NamedTuple):
    unit: str | None
    trailing_zeros_matter: bool

    def same(self, first: JsonValue, second: JsonValue) -> bool:
        keys = [
            value_key(value, trailing_zeros=self.trailing_zeros_matter, unit=self.unit) for value in (first, second)
        ]
        return keys[0] == keys[1]


_EQUALITY: Final = select(*(campaigns.c[name] for name in _Equality._fields)).where(
    campaigns.c.id == bindparam("campaign")
)


def with_derived_verdicts(connection: Connection, campaign_id: str, lines: str) -> str:
    """`lines` of a campaign, each of its merged readings with `verdict` and `corrected_value`."""
    if _MARK not in lines:
        return lines
    equality = fetch_one(connection, _EQUALITY, _Equality, {"campaign": campaign_id})
    return "\n".join(_with_verdicts(line, equality) if _MARK in line else line for line in lines.split("\n"))


def _with_verdicts(line: str, equality: _Equality) -> str:
    record: JsonObject = from_json(line, allow_inf_nan=False)
    readings = record["readings"]
    verdict = record["consensus_verdict"] if record["status"] == TaskStatus.RESOLVED else None
    for reading in readings if isinstance(readings, list) else []:
        if isinstance(reading, dict):
            derived = derive_verdict(
                reading["predicted_value"],
                record["predicted_value"],
                verdict if isinstance(verdict, str) else None,
                record["consensus_value"],
                equality.same,
            )
            reading |= {"verdict": derived.verdict, "corrected_value": derived.value}
    return to_json(record).decode()
