"""DXF drawings: ezdxf converts them to SVG, which `svg` renders. Needs the extra `cad`. Child process only."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ezdxf import recover
from ezdxf.addons.drawing import config, layout
from ezdxf.addons.drawing.frontend import Frontend
from ezdxf.addons.drawing.properties import RenderContext
from ezdxf.addons.drawing.svg import SVGBackend
from ezdxf.document import Drawing
from ezdxf.entities.dxfentity import DXFEntity
from ezdxf.filemanagement import readfile
from ezdxf.lldxf.const import DXFError
from ezdxf.math import BoundingBox2d, Vec2

from gonogo.sheets.drawing_limits import MEGABYTE, CannotShowError, DrawingLimits
from gonogo.sheets.render.bbox import Units
from gonogo.sheets.render.crop import Rect
from gonogo.sheets.render.formats.svg import VectorDrawing, VectorPage
from gonogo.sheets.render.formats.svg_sanitize import clean_svg
from gonogo.sheets.render.rasterizer import Grey

_BYTES_MOST = 40 * MEGABYTE
_ENTITIES_MOST = 200_000
_HATCH_SECONDS = 2.0
_MARGIN = 0.01  # of the longer side, around what is drawn


def open_dxf(path: Path, limits: DrawingLimits) -> VectorDrawing:
    """Opens the model space in its own units, y up. Raises `CannotShowError`."""
    if path.stat().st_size > _BYTES_MOST:
        raise CannotShowError(f"The DXF drawing is larger than {_BYTES_MOST // MEGABYTE} MB.")
    document = _read(path)
    _count(document)
    markup, box = _markup(document)
    clean = clean_svg(markup.encode(), limits)
    scale = clean.width / box.size.x
    units = Units(box.extmin.x, box.extmin.y, y_up=True)
    return VectorDrawing(DxfPage(clean.text, Rect(clean.x, clean.y, clean.width, clean.height), units, scale))


class DxfPage(VectorPage):
    """DXF page: its markup has units `scale` times finer than the drawing's; its size is in the drawing's units."""

    def __init__(self, markup: str, area: Rect, units: Units, scale: float) -> None:
        super().__init__(markup, area, units)
        self._scale = scale
        self.width, self.height = area.width / scale, area.height / scale
        self.native *= scale

    def render(self, region: Rect, columns: int, rows: int) -> Grey:
        scale = self._scale
        finer = Rect(region.x * scale, region.y * scale, region.width * scale, region.height * scale)
        return super().render(finer, columns, rows)


def _read(path: Path) -> Drawing:
    try:
        return readfile(path)
    except (DXFError, ValueError, LookupError, TypeError, AttributeError):
        pass  # many programs write DXF that is nearly right
    try:
        document, _ = recover.readfile(path)
    except (DXFError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise CannotShowError("The DXF drawing is damaged: it cannot be read.") from error
    return document


def _count(document: Drawing) -> None:
    """Refuses nested blocks that expand to too many entities, or contain themselves."""
    sizes: dict[str, int] = {}
    if _size(document.modelspace(), document, sizes, ()) > _ENTITIES_MOST:
        raise CannotShowError("The DXF drawing unfolds to too many entities to be opened safely.")


def _size(entities: Iterable[DXFEntity], document: Drawing, sizes: dict[str, int], above: tuple[str, ...]) -> int:
    total = 0
    for entity in entities:
        total += 1
        if entity.dxftype() not in ("INSERT", "DIMENSION"):
            continue
        name = str(entity.dxf.get("geometry" if entity.dxftype() == "DIMENSION" else "name", "")).casefold()
        copies = max(1, entity.dxf.get("row_count", 1)) * max(1, entity.dxf.get("column_count", 1))
        if name in above or len(above) > 50:
            raise CannotShowError("The DXF drawing has a block that holds itself, so it is not opened.")
        if name not in sizes:
            block = document.blocks.get(name)
            sizes[name] = _size(block, document, sizes, (*above, name)) if block is not None else 0
        total += copies * sizes[name]
    return total


def _markup(document: Drawing) -> tuple[str, BoundingBox2d]:
    """Returns the model space in black on white, and the rectangle of drawing units that the markup covers."""
    settings = config.Configuration(
        background_policy=config.BackgroundPolicy.WHITE,
        color_policy=config.ColorPolicy.BLACK,
        image_policy=config.ImagePolicy.RECT,  # a picture is a file outside the drawing
        lineweight_policy=config.LineweightPolicy.RELATIVE,
        hatching_timeout=_HATCH_SECONDS,
    )
    backend = SVGBackend()
    Frontend(RenderContext(document), backend, config=settings).draw_layout(document.modelspace())
    drawn = backend.player().bbox()
    if not drawn.has_data or max(drawn.size) <= 0:
        raise CannotShowError("The DXF drawing shows nothing.")
    margin = _MARGIN * max(drawn.size)
    box = BoundingBox2d([drawn.extmin - Vec2(margin, margin), drawn.extmax + Vec2(margin, margin)])
    page = layout.Page(box.size.x, box.size.y, layout.Units.mm, layout.Margins.all(0))
    return backend.get_string(page, settings=layout.Settings(fit_page=True), render_box=box), box
