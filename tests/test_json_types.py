"""JSON is narrowed to what its reader can use, and never raises."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gonogo.json_types import JsonValue, as_list, as_numbers, as_object

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_what_has_another_shape_is_empty(value: JsonValue) -> None:
    assert as_object(value) == (value if isinstance(value, dict) else {})
    assert as_list(value) == (value if isinstance(value, list) else [])


def test_one_item_that_is_no_number_spoils_the_list() -> None:
    assert as_numbers([0.1, 2]) == [0.1, 2]
    assert as_numbers([0.1, None]) == []
    assert as_numbers({"low": 1}) == []
