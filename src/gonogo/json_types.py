"""JSON types: a value of parsed JSON, an object of them, and how they are narrowed. The only ones of the project.

Code that looks into an object and builds none takes `Mapping[str, object]`: every typed dict is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
else:
    JsonValue = Any  # pydantic reads the alias of a model's field: a recursive one would check parsed JSON twice

JsonObject: TypeAlias = dict[str, JsonValue]


def as_object(value: JsonValue) -> JsonObject:
    """Returns an object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: JsonValue) -> list[JsonValue]:
    """Returns a list as it is, anything else as an empty one."""
    return value if isinstance(value, list) else []


def as_numbers(value: JsonValue) -> list[float]:
    """Returns a list of numbers as it is, anything else as an empty one."""
    numbers = [item for item in as_list(value) if isinstance(item, int | float)]
    return numbers if len(numbers) == len(as_list(value)) else []
