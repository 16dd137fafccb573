"""Engineering values: parse, format, compare and typeset them as drawings do. Pure; standard library only.

`title_block` is imported by itself: its patterns take 4 ms, and only the render process reads title blocks.
"""

from __future__ import annotations

from gonogo.values.cause import Cause, cause_of
from gonogo.values.compare import Equality, canonical_key, equal
from gonogo.values.diff import Span, differences
from gonogo.values.doubt import doubt
from gonogo.values.format import format_text
from gonogo.values.json_codec import from_json, to_json
from gonogo.values.model import EngineeringValue, Kind, Number, Parsed, Thread, Zone
from gonogo.values.parse import parse
from gonogo.values.sheet.general_tolerances import GeneralTolerance, general_deviation
from gonogo.values.typesetting import Part, Typeset, typeset

__all__ = [
    "Cause",
    "EngineeringValue",
    "Equality",
    "GeneralTolerance",
    "Kind",
    "Number",
    "Parsed",
    "Part",
    "Span",
    "Thread",
    "Typeset",
    "Zone",
    "canonical_key",
    "cause_of",
    "differences",
    "doubt",
    "equal",
    "format_text",
    "from_json",
    "general_deviation",
    "parse",
    "to_json",
    "typeset",
]
