"""SVG sanitizer: removes scripts and outside references, and limits expansion. Child process only."""

from __future__ import annotations

import base64
import binascii
import io
import math
import re
from dataclasses import dataclass
from xml.etree import ElementTree

from PIL import Image

from gonogo.sheets.drawing_limits import MEGABYTE, CannotShowError, DrawingLimits

SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_BYTES_MOST = 20 * MEGABYTE
_ELEMENTS_MOST = 300_000
_DEPTH_MOST = 200
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp)(?:;[\w=.-]+)*;base64,", re.IGNORECASE)
_OUTSIDE = re.compile(r"""@import[^;]*;?|url\(\s*['"]?(?!\s*['"]?#)[^)]*\)""", re.IGNORECASE)
_DROPPED = {"script", "foreignObject", "iframe", "audio", "video", "animate", "set"}
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(px|pt|mm|cm|in|pc)?\s*", re.IGNORECASE)
_PIXELS = {"": 1.0, "px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}

ElementTree.register_namespace("", SVG[1:-1])
ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")


@dataclass(frozen=True, slots=True)
class CleanSvg:
    """Sanitized markup, and its view box in its own units: `x`, `y`, `width`, `height`."""

    text: str
    x: float
    y: float
    width: float
    height: float


def clean_svg(data: bytes, limits: DrawingLimits) -> CleanSvg:
    """Returns the markup without outside references. Raises `CannotShowError` for damaged or too large files."""
    if len(data) > _BYTES_MOST:
        raise CannotShowError(f"The SVG drawing is larger than {_BYTES_MOST // MEGABYTE} MB.")
    if b"<!ENTITY" in data:
        raise CannotShowError("The SVG drawing defines entities of its own, so it is not opened.")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - entities are refused above; a child process of its own
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise CannotShowError("The SVG drawing is damaged: it is not well-formed.") from error
    if root.tag != f"{SVG}svg":
        raise CannotShowError("The SVG drawing is damaged: it does not begin as one.")
    _strip(root, limits)
    _count(root)
    x, y, width, height = _size(root)
    root.set("viewBox", f"{x!r} {y!r} {width!r} {height!r}")
    for name, value in (("x", x), ("y", y), ("width", width), ("height", height)):
        root.set(name, repr(value))
    return CleanSvg(ElementTree.tostring(root, encoding="unicode"), x, y, width, height)


def _strip(root: ElementTree.Element, limits: DrawingLimits) -> None:
    """Removes active elements, and every reference that is neither to the file itself nor to a picture in it."""
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > _DEPTH_MOST:
            raise CannotShowError(f"The SVG drawing is nested more than {_DEPTH_MOST} deep, so it is not opened.")
        for element in level:
            for child in [c for c in element if not isinstance(c.tag, str) or c.tag.rpartition("}")[2] in _DROPPED]:
                element.remove(child)
            _strip_attributes(element, limits)
        level = [child for element in level for child in element]


def _strip_attributes(element: ElementTree.Element, limits: DrawingLimits) -> None:
    if element.tag == f"{SVG}style" and element.text:
        element.text = _OUTSIDE.sub("", element.text)
    for name, value in list(element.attrib.items()):
        plain = name.rpartition("}")[2]
        if plain in ("href", "src"):
            if not (value.strip().startswith("#") or _is_small_picture(value.strip(), limits)):
                del element.attrib[name]
        elif plain == "base" or plain.startswith("on"):
            del element.attrib[name]
        elif "url(" in value.lower() or "@import" in value.lower():
            element.set(name, _OUTSIDE.sub("none", value))


def _is_small_picture(value: str, limits: DrawingLimits) -> bool:
    """Returns whether a reference is an embedded raster picture within the decoding limits."""
    match = _DATA_IMAGE.match(value)
    if match is None:
        return False
    try:
        with Image.open(io.BytesIO(base64.b64decode(value[match.end() :]))) as image:
            return image.width * image.height * 4 <= limits.decoded_bytes // 4
    except (OSError, ValueError, SyntaxError, binascii.Error, Image.DecompressionBombError):
        return False


def _count(root: ElementTree.Element) -> None:
    """Refuses a file whose `use` elements expand to too many ("billion laughs" in a few hundred bytes)."""
    named = {element.get("id", ""): element for element in root.iter() if element.get("id")}
    sizes: dict[ElementTree.Element, int] = {}
    _unfold(root, named, sizes, frozenset())
    if sizes[root] > _ELEMENTS_MOST:
        raise CannotShowError("The SVG drawing unfolds to too many elements to be opened safely.")


def _unfold(
    element: ElementTree.Element,
    named: dict[str, ElementTree.Element],
    sizes: dict[ElementTree.Element, int],
    above: frozenset[ElementTree.Element],
) -> int:
    """Returns the number of elements that `element` becomes when each `use` is replaced by its target."""
    if element in sizes:
        return sizes[element]
    if element in above or len(above) > 3 * _DEPTH_MOST:
        raise CannotShowError("The SVG drawing uses itself within itself, so it is not opened.")
    inside = above | {element}
    size = 1 + sum(_unfold(child, named, sizes, inside) for child in element)
    for target in _targets(element, named):
        size += _unfold(target, named, sizes, inside)
    sizes[element] = size
    return size


def _targets(element: ElementTree.Element, named: dict[str, ElementTree.Element]) -> list[ElementTree.Element]:
    """Returns the elements that an element draws by reference: `use`, and patterns, markers and masks of its style."""
    names = [value[1:] for key in ("href", _XLINK) if (value := element.get(key, "").strip()).startswith("#")]
    names += [name for value in element.attrib.values() for name in re.findall(r"url\(\s*['\"]?#([^)'\"\s]+)", value)]
    return [named[name] for name in names if name in named]


def _size(root: ElementTree.Element) -> tuple[float, float, float, float]:
    try:
        view = [float(part) for part in root.get("viewBox", "").replace(",", " ").split()]
    except ValueError:
        view = []
    if len(view) != 4:
        view = [0.0, 0.0, _length(root.get("width")), _length(root.get("height"))]
    if not all(map(math.isfinite, view)) or view[2] <= 0 or view[3] <= 0 or max(view[2:]) > 1e7:
        raise CannotShowError("The SVG drawing has no size that can be shown.")
    return view[0], view[1], view[2], view[3]


def _length(text: str | None) -> float:
    match = _NUMBER.fullmatch(text or "")
    return float(match[1]) * _PIXELS[(match[2] or "").lower()] if match else 0.0
