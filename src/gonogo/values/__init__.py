"""Engineering values: parse, format, compare and typeset them as drawings do. Pure; standard library only."""

from __future__ import annotations

from gonogo.values.cause import Cause, cause_of
from gonogo.values.compare import Equality, canonical_key, equal
from gonogo.values.diff import Span, differences
from gonogo.values.doubt import doubt
from gonogo.values.format import format_text
from gonogo.values.general_tolerances import GeneralTolerance, general_deviation
from gonogo.values.json_codec import from_json, to_json
from gonogo.values.model import EngineeringValue, Kind, Number, Parsed, Thread, Zone
from gonogo.values.parse import parse
from gonogo.values.title_block import TitleBlockFacts, read_title_block
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
    "TitleBlockFacts",
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
    "read_title_block",
    "to_json",
    "typeset",
]
