"""SVG and DXF: own units, and the sanitizer. Skipped without the extra `cad`."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.models import Level, Picture, PictureRequest
from gonogo.sheets.render.draw_request import OpenDrawings, draw_picture
from gonogo.sheets.render.formats.svg_sanitize import clean_svg
from gonogo.sheets.render.mosaic import to_grey
from tests.sheets.conftest import PAGE, SPOTS, sheet_image

pytest.importorskip("resvg_py")
ezdxf = pytest.importorskip("ezdxf")

HEAD = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def _svg(body: str, attributes: str = f'viewBox="0 0 {PAGE[0]} {PAGE[1]}"') -> bytes:
    return f"<svg {HEAD} {attributes}>{body}</svg>".encode()


def _sheet_svg(dx: float = 0, dy: float = 0) -> str:
    return "".join(
        f'<rect x="{x0 + dx}" y="{y0 + dy}" width="{x1 - x0}" height="{y1 - y0}"/>' for x0, y0, x1, y1 in SPOTS
    )


def _draw(drawings: OpenDrawings, path: Path, request: PictureRequest) -> Picture:
    return draw_picture(drawings, path, str(path), request)


def _ink(picture: Picture) -> np.ndarray:
    return to_grey(picture.grid) < 128


@pytest.mark.parametrize("level", Level)
def test_an_svg_shows_the_same_place_as_an_image(drawings: OpenDrawings, tmp_path: Path, level: Level) -> None:
    (tmp_path / "sheet.svg").write_bytes(_svg(_sheet_svg()))
    sheet_image().save(tmp_path / "sheet.png")
    points = tuple(map(float, SPOTS[1]))
    vector = _draw(drawings, tmp_path / "sheet.svg", PictureRequest(52, 24, points, level, rotation=0))
    image = _draw(
        drawings, tmp_path / "sheet.png", PictureRequest(52, 24, tuple(2 * p for p in points), level, rotation=0)
    )
    assert vector.box is not None
    assert vector.box == image.box
    assert np.mean(_ink(vector) != _ink(image)) < 0.02


def test_user_units_of_an_svg_begin_where_its_view_box_does(drawings: OpenDrawings, tmp_path: Path) -> None:
    body = '<rect width="100%" height="100%" x="-500" y="200" fill="#fff"/>' + _sheet_svg(-500, 200)
    (tmp_path / "moved.svg").write_bytes(_svg(body, 'width="210mm" height="157mm" viewBox="-500 200 800 600"'))
    x0, y0, x1, y1 = SPOTS[0]
    moved = _draw(drawings, tmp_path / "moved.svg", PictureRequest(52, 24, (x0 - 500, y0 + 200, x1 - 500, y1 + 200)))
    assert moved.box is not None
    assert (moved.box.x0, moved.box.y0) == pytest.approx((x0 / PAGE[0], y0 / PAGE[1]))
    assert _ink(moved).mean() > 0.02


def test_a_dxf_is_measured_in_drawing_units_with_y_up(drawings: OpenDrawings, tmp_path: Path) -> None:
    document = ezdxf.new()
    space = document.modelspace()
    space.add_lwpolyline([(1000, 500), (1400, 500), (1400, 800), (1000, 800)], close=True)
    space.add_text("16,5 H7", height=8).set_placement((1040, 760))
    document.saveas(tmp_path / "part.dxf")
    text = _draw(drawings, tmp_path / "part.dxf", PictureRequest(60, 24, (1038, 756, 1090, 772)))
    assert text.box is not None
    assert text.box.y1 < 0.2  # near the upper edge
    assert text.box.x0 == pytest.approx((1038 - 996) / 408, abs=0.01)
    empty = _draw(drawings, tmp_path / "part.dxf", PictureRequest(60, 24, (1038, 530, 1090, 546)))
    assert _ink(text).mean() > 2 * _ink(empty).mean()


@pytest.mark.parametrize(
    "reference",
    ['href="{}"', 'xlink:href="{}"', 'style="fill:url({})"', 'href="data:image/svg+xml;base64,{}"', 'xml:base="{}"'],
)
def test_an_svg_names_nothing_outside_itself(tmp_path: Path, reference: str) -> None:
    secret = tmp_path / "secret.png"
    clean = clean_svg(_svg(f'<image width="9" height="9" {reference.format(secret)}/>'), DrawingLimits())
    assert "secret" not in clean.text
    assert "svg+xml" not in clean.text


def test_an_outside_picture_is_not_drawn_and_one_inside_is(drawings: OpenDrawings, tmp_path: Path) -> None:
    Image.new("L", (40, 40), 0).save(tmp_path / "black.png")
    data = base64.b64encode((tmp_path / "black.png").read_bytes()).decode()
    size = 'x="100" y="100" width="600" height="400"'
    for name, href in (("outside", str(tmp_path / "black.png")), ("inside", f"data:image/png;base64,{data}")):
        (tmp_path / f"{name}.svg").write_bytes(_svg(f'<image {size} href="{href}"/>'))
    request = PictureRequest(52, 24)
    assert not _ink(_draw(drawings, tmp_path / "outside.svg", request)).any()
    assert _ink(_draw(drawings, tmp_path / "inside.svg", request)).mean() > 0.2


def test_a_picture_inside_is_measured_before_it_is_decoded() -> None:
    huge = io.BytesIO()
    Image.new("1", (9000, 9000)).save(huge, "PNG")
    data = base64.b64encode(huge.getvalue()).decode()
    assert data[:40] not in clean_svg(_svg(f'<image href="data:image/png;base64,{data}"/>'), DrawingLimits()).text


def test_styles_reach_nothing_outside() -> None:
    body = "<style>@import url(http://evil.example/a.css); .a{fill:url('file:///x#y')} .b{fill:url(#ok)}</style>"
    text = clean_svg(_svg(body), DrawingLimits()).text
    assert "evil" not in text
    assert "file:" not in text
    assert "url(#ok)" in text


def _nested_use(levels: int = 12, wide: int = 10) -> str:
    groups = ['<g id="n0"><path d="M0 0h9v9z"/></g>']
    groups += [f'<g id="n{n}">' + f'<use href="#n{n - 1}"/>' * wide + "</g>" for n in range(1, levels)]
    return "".join(groups)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (_svg(_nested_use()), "unfolds to too many"),
        (_svg('<g id="a"><use href="#b"/></g><g id="b"><use xlink:href="#a"/></g>'), "within itself"),
        (_svg('<pattern id="p"><rect fill="url(#p)"/></pattern>'), "within itself"),
        (_svg("<g>" * 3000 + "</g>" * 3000), "nested more than"),
        (
            b'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
            "entities of its own",
        ),
        (_svg("<rect/>")[:-3], "not well-formed"),
        (_svg("", 'viewBox="0 0 1e300 5"'), "no size"),
        (_svg("", ""), "no size"),
    ],
)
def test_svg_bombs_are_refused_at_once(data: bytes, sentence: str) -> None:
    start = time.process_time()
    with pytest.raises(CannotShowError, match=sentence):
        clean_svg(data, DrawingLimits())
    assert time.process_time() - start < 2


def test_dxf_bombs_are_refused(drawings: OpenDrawings, tmp_path: Path) -> None:
    document = ezdxf.new()
    document.blocks.new("n0").add_point((0, 0))
    for level in range(1, 8):
        block = document.blocks.new(f"n{level}")
        for _ in range(10):
            block.add_blockref(f"n{level - 1}", (0, 0))
    document.modelspace().add_blockref("n7", (0, 0))
    document.saveas(tmp_path / "bomb.dxf")
    with pytest.raises(CannotShowError, match="too many entities"):
        _draw(drawings, tmp_path / "bomb.dxf", PictureRequest(52, 24))
    (tmp_path / "cut.dxf").write_bytes(b"0\nSECTION\n2\nENTITIES\n0\nLINE\n8")
    with pytest.raises(CannotShowError):
        _draw(drawings, tmp_path / "cut.dxf", PictureRequest(52, 24))


def test_without_the_extra_the_sentence_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_bytes(_svg(_sheet_svg()))
    code = (
        "import sys; sys.modules['resvg_py'] = sys.modules['ezdxf'] = None\n"
        "from pathlib import Path\n"
        "from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits\n"
        "from gonogo.sheets.render.formats.open_drawing import open_drawing\n"
        "try: open_drawing(Path(sys.argv[1]), DrawingLimits())\n"
        "except CannotShowError as refused: print(refused.reason, refused.next_step)"
    )
    for name, data in (("a.svg", _svg("")), ("a.dxf", b"0\nSECTION\n2\nHEADER\n")):
        (tmp_path / name).write_bytes(data)
        seen = subprocess.run([sys.executable, "-c", code, tmp_path / name], capture_output=True, text=True, check=True)
        assert "pip install ezdxf resvg-py" in seen.stdout
