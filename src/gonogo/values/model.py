"""Model of an engineering value, shared by parser, comparison and typesetting. Pure data, no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from gonogo.json_types import JsonValue


class Kind(StrEnum):
    """Kind of value. The first seven take a nominal size, or limits, with tolerance and fit."""

    LINEAR = "linear"
    DIAMETER = "diameter"
    RADIUS = "radius"
    SQUARE = "square"
    SPHERICAL_DIAMETER = "spherical_diameter"
    SPHERICAL_RADIUS = "spherical_radius"
    CONTROLLED_RADIUS = "controlled_radius"
    ANGLE = "angle"
    CHAMFER = "chamfer"
    THREAD = "thread"
    ROUGHNESS = "roughness"
    FRAME = "gdt"  # a feature control frame
    HOLE = "hole"  # counterbore or countersink without its hole
    FIT = "fit"  # a fit or tolerance class without its size
    TOLERANCE = "tolerance"  # deviations without their size
    TEXT = "text"  # kept as it is: prose, or a reading that makes no value
    OTHER = "other"  # JSON that is neither text nor a known object
    EMPTY = "empty"  # null, {} or blank


SHAPE_SIGNS: dict[Kind, str] = {
    Kind.DIAMETER: "⌀",
    Kind.RADIUS: "R",
    Kind.SQUARE: "□",
    Kind.SPHERICAL_DIAMETER: "S⌀",
    Kind.SPHERICAL_RADIUS: "SR",
    Kind.CONTROLLED_RADIUS: "CR",
}
"""The sign written before the nominal, by kind."""

_PLAIN = re.compile(r"([+-]?)([0-9]*)(?:[.,]([0-9]+))?")
_WORD = re.compile(r"[^\W\d_]+")
REFERENCE_WORDS = frozenset(("ref", "reference"))
STEEPEST_CHAMFER = 60
"""Degrees; `6×60°` and steeper ones are holes spaced around a circle."""
BASIC_WORDS = frozenset(("bsc", "basic"))


@dataclass(frozen=True, slots=True)
class Number:
    """Number exactly as written: `16,50`, `+0,1`, `.250`, `1/4`, `1 1/2`, `45°30'`. ASCII digits only."""

    text: str

    @property
    def value(self) -> Decimal:
        """Decimal value; exact except for minutes and seconds of angle, which are converted to degrees."""
        if "°" in self.text or "'" in self.text:
            return self._degrees()
        if "/" in self.text:
            whole, _, part = self.text.rpartition(" ")
            top, _, bottom = part.partition("/")
            return Decimal(whole or 0) + Decimal(top) / Decimal(bottom)
        return Decimal(self.text.replace(",", "."))

    def _degrees(self) -> Decimal:
        total = Decimal(0)
        for amount, mark in re.findall(r"([0-9.,]+)([°'\"])", self.text):
            total += Decimal(amount.replace(",", ".")) / {"°": 1, "'": 60, '"': 3600}[mark]
        return -total if self.text.startswith("-") else total

    @property
    def is_zero(self) -> bool:
        return not any(character in "123456789" for character in self.text)

    @property
    def unsigned(self) -> str:
        return self.text.lstrip("+-")

    def key(self, trailing_zeros: bool = False) -> str:
        """Returns one text for one number: point, no leading `+`, no trailing zeros unless `trailing_zeros`."""
        match = _PLAIN.fullmatch(self.text)
        if match is None:  # a fraction or an angle in minutes: only its marks are folded
            return self.text.replace(",", ".").lstrip("+")
        sign, whole, decimals = match[1], match[2].lstrip("0") or "0", match[3] or ""
        if not trailing_zeros:
            decimals = decimals.rstrip("0")
        minus = "-" if sign == "-" and not self.is_zero else ""
        return f"{minus}{whole}.{decimals}" if decimals else f"{minus}{whole}"

    def written(self, mark: str = "") -> str:
        """Returns the text with the decimal sign `mark` (`,` or `.`), or as it came when empty."""
        return self.text.replace("." if mark == "," else ",", mark) if mark else self.text


@dataclass(frozen=True, slots=True)
class Thread:
    """Thread: family `M`, `Tr`, `G`, `UNC`, …; size `8`, `1/4`, `#10`; pitch in mm, or threads per inch for `UN…`."""

    family: str
    size: str
    pitch: Number | None = None
    grade: str = ""  # tolerance class: 6H, 2B

    @property
    def unified(self) -> bool:
        return self.family.startswith("UN")

    @property
    def designation(self) -> str:
        """Designation, family and size: `M8`, `G1/4`, `1/4-20 UNC`, `1/4 NPT`."""
        if self.unified:
            count = f"-{self.pitch.text}" if self.pitch else ""
            return f"{self.size}{count} {self.family}"
        return f"{self.size} {self.family}" if self.family.startswith("NPT") else f"{self.family}{self.size}"


@dataclass(frozen=True, slots=True)
class Zone:
    """Tolerance zone of a frame: its width, or its diameter when `sign` is `⌀` or `S⌀`; `per` a length: `0,05/100`."""

    size: Number
    sign: str = ""
    per: Number | None = None


@dataclass(frozen=True, slots=True)
class HoleStep:
    """Counterbore `⌴` or countersink `⌵` of a hole: its diameter, its angle, its depth."""

    sign: str
    size: Number | None = None
    angle: Number | None = None
    depth: Number | None = None


@dataclass(frozen=True, slots=True)
class EngineeringValue:
    """Engineering value of a drawing. Two are `==` when every field except `text`, the original, is.

    `upper` and `lower` are deviations with their sign; without a `nominal` (and kind other than `tolerance`) they
    are the limits themselves. `unit` is `mm`, `in`, `deg`, `µm`, `µin`, `cm`, or empty when none is written.
    """

    kind: Kind
    text: str = field(default="", compare=False)
    nominal: Number | None = None
    unit: str = ""
    upper: Number | None = None
    lower: Number | None = None
    quantity: int | None = None
    modifier: str = ""  # "basic" or "reference"; ⌀, R and □ are kinds
    fit: str = ""
    thread: Thread | None = None
    angle: Number | None = None  # of a chamfer
    sign: str = ""  # how a chamfer is marked: "C", "CH", or empty for 5×45°
    depth: Number | None = None
    symbol: str = ""  # name of the geometrical characteristic, such as "position"
    zone: Zone | None = None
    conditions: tuple[str, ...] = ()  # after zone or size, with their amount: M, E, P25, U0,1, CZ …
    datums: tuple[str, ...] = ()  # in order: "A", "A-B", "BⓂ"
    roughness: str = ""  # parameter: Ra, Rz, N …
    steps: tuple[HoleStep, ...] = ()  # counterbores and countersinks
    rest: str = ""  # words after the value: THRU, REF, A3
    extra: tuple[tuple[str, JsonValue], ...] = field(
        default=(), hash=False
    )  # JSON keys we do not know, or that contradict

    @property
    def is_limits(self) -> bool:
        """Whether upper and lower are the two allowed sizes, not deviations."""
        return self.nominal is None and self.upper is not None and self.kind is not Kind.TOLERANCE

    @property
    def rest_words(self) -> frozenset[str]:
        """Words of `rest` in lower case."""
        return frozenset(_WORD.findall(self.rest.lower()))

    @property
    def has_tolerance(self) -> bool:
        return self.upper is not None or self.lower is not None or bool(self.fit)


@dataclass(frozen=True, slots=True)
class Parsed:
    """Result of parsing a line: its value (always there), whether it was understood, and if not, why, in words."""

    value: EngineeringValue
    ok: bool
    problem: str = ""
