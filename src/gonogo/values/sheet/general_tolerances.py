"""General tolerances: the limits of ISO 2768-1 for dimensions that bear no tolerance of their own. Pure.

Source: ISO 2768-1:1989, tables 1 (linear sizes), 2 (external radii and chamfer heights) and 3 (angles). Millimetres;
a size on the edge of two ranges belongs to the lower one.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from gonogo.values.model import EngineeringValue, Kind

LINEAR_CLASSES = "fmcv"
"""Fine, medium, coarse, very coarse: `f`, `m`, `c`, `v`."""
GEOMETRICAL_CLASSES = "HKL"

_LEAST = Decimal("0.5")  # below it a deviation has to stand beside the size
_Row = tuple[str | None, str | None, str | None, str | None]
# Upper end of the range, and the deviation in the classes f, m, c, v.
_SIZES: tuple[tuple[int, _Row], ...] = (
    (3, ("0.05", "0.1", "0.2", None)),
    (6, ("0.05", "0.1", "0.3", "0.5")),
    (30, ("0.1", "0.2", "0.5", "1")),
    (120, ("0.15", "0.3", "0.8", "1.5")),
    (400, ("0.2", "0.5", "1.2", "2.5")),
    (1000, ("0.3", "0.8", "2", "4")),
    (2000, ("0.5", "1.2", "3", "6")),
    (4000, (None, "2", "4", "8")),
)
_BROKEN_EDGES: tuple[tuple[int | None, _Row], ...] = (
    (3, ("0.2", "0.2", "0.4", "0.4")),
    (6, ("0.5", "0.5", "1", "1")),
    (None, ("1", "1", "2", "2")),
)
# Minutes of angle by the length of the shorter side: to 10, 50, 120, 400 mm, and longer.
_ANGLES: dict[str, tuple[int, ...]] = {
    "f": (60, 30, 20, 10, 5),
    "m": (60, 30, 20, 10, 5),
    "c": (90, 60, 30, 15, 10),
    "v": (180, 120, 60, 30, 20),
}
_SIZE_KINDS = (Kind.LINEAR, Kind.DIAMETER, Kind.SQUARE, Kind.SPHERICAL_DIAMETER)


@dataclass(frozen=True, slots=True)
class GeneralTolerance:
    """General tolerance of a drawing: `linear` is a class of ISO 2768-1, `geometrical` one of ISO 2768-2, or empty.

    `alone` is false where the sheet limits the class to some dimensions ("machined surfaces only"), or names another
    standard, too, such as that of castings: then it is open whether it holds for a dimension.
    """

    linear: str
    geometrical: str = ""
    alone: bool = True

    @property
    def name(self) -> str:
        """Name as it stands in title blocks: `ISO 2768-mK`."""
        return f"ISO 2768-{self.linear}{self.geometrical}"


def size_deviation(size: Decimal, linear: str) -> Decimal | None:
    """Returns the permissible deviation of a linear size in mm; `None` where the standard gives none."""
    return _in_table(_SIZES, size, linear)


def broken_edge_deviation(size: Decimal, linear: str) -> Decimal | None:
    """Returns the permissible deviation of an external radius or a chamfer's height in mm, `None` below 0.5 mm."""
    return _in_table(_BROKEN_EDGES, size, linear)


def angle_deviations(linear: str) -> tuple[int, ...]:
    """Returns the permissible deviations of an angle in minutes, from its shortest sides (to 10 mm) to its longest."""
    return _ANGLES[linear]


def general_deviation(value: EngineeringValue, tolerance: GeneralTolerance, unit: str) -> str:
    """Returns what `tolerance` allows for `value` on a drawing in `unit`, as drawings write it: `±0,2`, `±1° to ±0°5′`.

    Empty where it says nothing, or nothing that can be known from the value alone: the unit is not `mm`, another
    standard may hold, the value has a tolerance, fit, unit or modifier of its own, it is no plain size or angle, it is
    out of range, or a radius, whose limits depend on whether it is an outer edge. An angle's depend on its shorter
    side, so that the widest and the narrowest are given.
    """
    if value.nominal is None or not _is_plain(value) or not tolerance.alone or unit != "mm":
        return ""
    linear = tolerance.linear
    if value.kind is Kind.ANGLE:
        widest, *_, narrowest = angle_deviations(linear)
        return f"±{_angle(widest)} to ±{_angle(narrowest)}" if value.unit in ("", "deg") else ""
    if value.unit not in ("", "mm"):
        return ""
    if value.kind is Kind.CHAMFER:
        deviation = broken_edge_deviation(value.nominal.value, linear)
    else:
        deviation = size_deviation(value.nominal.value, linear) if value.kind in _SIZE_KINDS else None
    mark = "." if "." in value.nominal.text else ","
    return f"±{deviation}".replace(".", mark) if deviation is not None else ""


def _is_plain(value: EngineeringValue) -> bool:
    own = value.has_tolerance or value.modifier or value.conditions or value.zone or value.datums
    more = value.thread or value.depth or value.steps or value.rest or value.extra or value.roughness
    return not (own or more)


def _in_table(table: tuple[tuple[int | None, _Row], ...], size: Decimal, linear: str) -> Decimal | None:
    if size < _LEAST:
        return None
    for end, row in table:
        if end is None or size <= end:
            text = row[LINEAR_CLASSES.index(linear)]
            return None if text is None else Decimal(text)
    return None


def _angle(minutes: int) -> str:
    degrees, rest = divmod(minutes, 60)
    return f"{degrees}°{rest}′" if rest else f"{degrees}°"
