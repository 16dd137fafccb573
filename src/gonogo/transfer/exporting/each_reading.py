"""Records of single readings: splits the record of a question that several readings were merged into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.transfer.exporting.registry import Record

_OF_THE_ASKED: Final[Record] = {
    "gold_answer": None,
    "error_type": None,
    "agreement": None,
    "posterior": None,
    "golden": None,
    "rulings": [],
    "submissions": [],
    "amendments": [],
    "help": [],
    "updates": [],
    "readings": [],
}
"""Fields that are about the reading that was asked, and empty for the others."""
_OWN: Final = ("prediction_id", "source", "predicted_value", "predicted_confidence", "truth")


def each_reading(record: Record) -> Iterator[Record]:
    """Yields the record of the reading that was asked, then one for each of the others.

    These have their own prediction and the verdict that follows from the answer as `consensus_verdict` and
    `consensus_value`; `derived_from` is the `prediction_id` of the asked one. Votes stand with that one alone.
    """
    yield {**record, "readings": [], "derived_from": None}
    for reading in record.get("readings") or []:
        yield {
            **record,
            **{name: value for name, value in _OF_THE_ASKED.items() if name in record},
            **{name: reading.get(name) for name in _OWN},
            "consensus_verdict": reading.get("verdict"),
            "consensus_value": reading.get("corrected_value"),
            "derived_from": record.get("prediction_id"),
        }
