"""Identifiers: the test vectors of RFC 9562, and the order of those that are made at once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from gonogo.server.store.ids import new_id, new_ids, time_ordered_ids, uuid4, uuid7

NOW = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_a_random_id_is_the_vector_of_the_rfc() -> None:
    assert uuid4(0x919108F752D113205BACF847DB4148A8) == "919108f7-52d1-4320-9bac-f847db4148a8"


def test_a_time_ordered_id_is_the_vector_of_the_rfc() -> None:
    assert uuid7(0x017F22E279B0, 0xCC3, 0x18C4DC0C0C07398F) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_ids_are_uuids_of_their_versions_and_differ() -> None:
    random, ordered = [new_id(), *new_ids(99)], time_ordered_ids(100, NOW)
    assert {uuid.UUID(name).version for name in random} == {4}
    assert {uuid.UUID(name).version for name in ordered} == {7}
    assert {uuid.UUID(name).variant for name in random + ordered} == {uuid.RFC_4122}
    assert len({*random, *ordered}) == 200


def test_ids_made_at_once_sort_as_they_were_made() -> None:
    ids = time_ordered_ids(10_000, NOW)  # more than 12 bits count
    assert ids == sorted(ids)
    assert int(uuid.UUID(ids[0])) >> 80 == round(NOW.timestamp() * 1000)
