"""Indexed pixels, Kitty and Sixel: the bytes, decoded as a terminal would, are the picture and nothing else."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gonogo.sheets.child_messages import (
    answer_from_message,
    answer_to_message,
    request_from_json,
    request_to_json,
    unpack,
)
from gonogo.sheets.models import Level, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.draw_request import OpenDrawings, choose_view, draw_picture
from gonogo.sheets.render.indexed_pixels import (
    cell_size,
    draw_plane,
    png_body,
    sixel_body,
    with_pixels,
)
from gonogo.sheets.render.pixel_overlay import LINE, MARK, PAPER, Plane
from gonogo.sheets.render.rasterizer import part_of, render_view
from gonogo.sheets.terminal import kitty
from gonogo.sheets.terminal.sixel import END, sixel
from tests.sheets.conftest import SPOTS, text_image

COLOURS = [f"#{17 * n:02x}{17 * n:02x}{255 - 17 * n:02x}" for n in range(16)]
BOX = (0.10, 0.10, 0.25, 0.22)


def read_sixel(text: str) -> Plane:
    """What a terminal makes of a Sixel picture: its colour registers by pixel."""
    found = re.fullmatch(r'\x1bP0;1;0q"1;1;(\d+);(\d+)((?:#\d+;2;\d+;\d+;\d+)*)([^\x1b]*)\x1b\\', text)
    assert found, text[:80]
    width, height = int(found[1]), int(found[2])
    plane = np.full((height + 6, width), 255, np.uint8)
    x = band = colour = 0
    for token in re.finditer(r"#(\d+)|!(\d+)([?-~])|([?-~])|([$-])", found[4]):
        if token[1]:
            colour = int(token[1])
        elif token[5]:
            x, band = 0, band + (token[5] == "-")
        else:
            count, code = int(token[2] or 1), ord(token[3] or token[4]) - 63
            for row in range(6):
                if code >> row & 1:
                    plane[band * 6 + row, x : x + count] = colour
            x += count
            assert x <= width
    assert (plane[height:] == 255).all(), "painted below its own edge"
    return plane[:height]


@st.composite
def planes(draw: st.DrawFn) -> Plane:
    height, width = draw(st.integers(1, 20)), draw(st.integers(1, 30))
    values = draw(st.lists(st.integers(0, 15), min_size=height * width, max_size=height * width))
    return np.array(values, np.uint8).reshape(height, width)


@given(planes())
@settings(deadline=None)
def test_sixel_is_the_picture(plane: Plane) -> None:
    text = sixel(sixel_body(plane), (plane.shape[1], plane.shape[0]), COLOURS)
    assert (read_sixel(text) == plane).all()


@given(planes(), st.integers(0, 30))
@settings(deadline=None)
def test_a_cut_sixel_is_its_upper_part(plane: Plane, rows: int) -> None:
    height, width = plane.shape
    text = sixel(sixel_body(plane), (width, height), COLOURS, rows=rows)
    kept = height if rows >= height else rows // 6 * 6
    assert (read_sixel(text) == plane[:kept]).all() if kept else text == ""


@given(planes())
@settings(deadline=None)
def test_png_is_the_picture_in_the_colours_given(plane: Plane) -> None:
    data = kitty.png(png_body(plane), (plane.shape[1], plane.shape[0]), COLOURS)
    with Image.open(io.BytesIO(data)) as image:
        assert (np.asarray(image) == plane).all()
        shown = np.asarray(image.convert("RGB"))
    wanted = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in COLOURS], np.uint8)
    assert (shown == wanted[plane]).all()


def test_sixel_colours_are_the_themes() -> None:
    text = sixel(sixel_body(np.zeros((6, 4), np.uint8)), (4, 6), ["#ff8000", "#000000"])
    assert "#0;2;100;50;0#1;2;0;0;0#0!4~" in text


@given(st.binary(max_size=300))
def test_no_drawing_ends_its_sixel_picture_and_goes_on_with_commands(body: bytes) -> None:
    text = sixel(body + b"\x1b\\\x1b]52;c;QQ==\x07\x9c\x18", (10, 10), COLOURS)
    assert text.endswith(END)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", text[1 : -len(END)])


@given(st.binary(max_size=9000), st.booleans())
def test_kitty_commands_hold_the_png_and_nothing_of_it_can_act(data: bytes, tmux: bool) -> None:
    text = kitty.send(77, data, (50, 20), tmux=tmux)
    if tmux:
        text = "".join(
            part.replace("\x1b\x1b", "\x1b") for part in re.findall(r"\x1bPtmux;((?:\x1b\x1b|[^\x1b])*)\x1b\\", text)
        )
    commands = re.findall(r"\x1b_G([^;\x1b]*)(?:;([A-Za-z0-9+/=]*))?\x1b\\", text)
    assert "".join(f"\x1b_G{head}{';' + load if load else ''}\x1b\\" for head, load in commands) == text
    assert base64.b64decode("".join(load for _, load in commands)) == data
    assert all(len(load) <= kitty.CHUNK for _, load in commands)
    heads = [dict(pair.split("=") for pair in head.split(",")) for head, _ in commands]
    assert heads[0].items() >= {"a": "T", "U": "1", "f": "100", "i": "77", "c": "50", "r": "20", "q": "2"}.items()
    assert [head["m"] for head in heads] == ["1"] * (len(heads) - 1) + ["0"]


def test_each_placeholder_says_its_own_row_and_column() -> None:
    rows = kitty.placeholders(40, 12)
    cells = [re.findall(f"{kitty.PLACEHOLDER}(.)(.)", row) for row in rows]
    assert [len(row) for row in cells] == [40] * 12
    assert len({row[0][0] for row in cells}) == 12
    assert all(len({down for down, _ in row}) == 1 for row in cells)
    assert len({across for _, across in cells[0]}) == 40
    assert kitty.SIDE_MOST == 297  # as long as Kitty's own list
    assert [cells[n][n][0] for n in (0, 1, 2)] == ["\u0305", "\u030d", "\u030e"]


@pytest.mark.parametrize("name", ["sheet.png", "vector.pdf"])
def test_the_plane_shows_the_place_and_its_frame_hides_no_ink(folder: Path, drawings: OpenDrawings, name: str) -> None:
    x0, y0, x1, y1 = SPOTS[0]
    box = (x0 / 800, y0 / 600, x1 / 800, y1 / 600)
    request = PictureRequest(40, 16, box, mode=PictureMode.SIXEL, cell_pixels=(8, 17), locator=(8, 4), rotation=0)
    plane = draw_plane(drawings, folder / name, name, request, {})
    assert plane.shape == (16 * 17, 40 * 8)
    rows, columns = np.nonzero(plane == 0)
    frame_rows, frame_columns = np.nonzero(plane == MARK)
    spot = (plane == 0) & (np.arange(plane.shape[0]) < plane.shape[0] * 0.75)[:, None]
    inside = np.nonzero(spot)
    assert frame_rows.min() < inside[0].min()
    assert frame_columns.max() > inside[1].max()
    assert (plane[inside[0].min() : inside[0].max() + 1, inside[1].min() : inside[1].max() + 1] == 0).all()
    assert (plane == LINE).any()
    assert rows.size
    assert columns.size


def test_ink_across_the_frame_stays(tmp_path: Path, drawings: OpenDrawings) -> None:
    image = Image.new("L", (400, 300), 255)
    image.paste(0, (0, 145, 400, 155))  # a line right through box and frame
    image.save(tmp_path / "line.png")
    request = PictureRequest(
        30, 12, (0.4, 0.4, 0.6, 0.6), mode=PictureMode.KITTY, cell_pixels=(8, 16), locator=None, rotation=0
    )
    plane = draw_plane(drawings, tmp_path / "line.png", "line", request, {})
    dark = np.flatnonzero(plane[:, 0] <= PAPER // 2)
    assert dark.size
    assert set(np.unique(plane[dark[1:-1]])) == {0, PAPER // 2}, "full ink in the box, half outside, and no frame"
    assert (plane == MARK).any()


def test_the_marking_of_pixels_leaves_the_box_and_all_ink_alone(tmp_path: Path, drawings: OpenDrawings) -> None:
    image = Image.fromarray((np.random.default_rng(4).random((75, 100)) > 0.25).astype(np.uint8) * 255)
    image.resize((400, 300), Image.Resampling.NEAREST).save(tmp_path / "noise.png")
    box = (0.4, 0.4, 0.6, 0.6)
    request = PictureRequest(30, 12, box, mode=PictureMode.KITTY, cell_pixels=(8, 16), locator=None, rotation=0)
    marked = draw_plane(drawings, tmp_path / "noise.png", "noise", request, {})
    chosen = choose_view(drawings, tmp_path / "noise.png", "noise", request)
    grey = render_view(chosen.page, chosen.view, 240, 192)
    assert chosen.target is not None
    judged = np.zeros(marked.shape, np.uint8)
    part_of(judged, chosen.view.rect, chosen.target)[:] = 1
    inside = judged > 0
    assert (marked[inside & (grey < 20)] <= 1).all()
    assert (marked[inside] <= PAPER).all()
    assert (marked[~inside & (grey < 20)] <= PAPER).all()
    assert (marked == MARK).any(), "arrows, where the frame has no room"


@pytest.mark.parametrize("mode", [PictureMode.KITTY, PictureMode.SIXEL])
def test_a_long_note_is_shown_in_strips_of_pixels(tmp_path: Path, drawings: OpenDrawings, mode: PictureMode) -> None:
    image, box = text_image("EDGES 2×45°, ALL OTHER DIMENSIONS AS SHOWN ON THE SHEETS", height=30)
    image.save(tmp_path / "note.png")
    request = PictureRequest(44, 20, box, mode=mode, cell_pixels=(8, 16))
    path = tmp_path / "note.png"
    picture = with_pixels(drawings, path, "note", request, draw_picture(drawings, path, "note", request), {})
    assert picture.strips == 2
    plane = draw_plane(drawings, path, "note", request, {})
    between = plane[160 - 10 : 160 + 24]
    assert (plane[:150] < PAPER).any()
    assert (plane[180:] < PAPER).any()
    assert set(np.unique(between[:, 60:-60])) == {PAPER}, "nothing but the marks stands between the strips"
    assert (between[:, :60] == PAPER // 2).any()
    assert (between[:, -60:] == PAPER // 2).any()


@pytest.mark.parametrize("box", [(0.02, 0.75, 0.5, 0.98), (0.02, 0.02, 0.5, 0.25), (0.0, 0.0, 1.0, 1.0)])
def test_the_map_of_pixels_never_covers_the_box(tmp_path: Path, drawings: OpenDrawings, box: tuple[float, ...]) -> None:
    Image.new("L", (400, 300), 128).save(tmp_path / "grey.png")
    request = PictureRequest(
        60, 24, box, Level.SHEET, PictureMode.SIXEL, 1.2, cell_pixels=(8, 16), locator=(12, 6), rotation=0
    )
    plane = draw_plane(drawings, tmp_path / "grey.png", "grey", request, {})
    chosen = choose_view(drawings, tmp_path / "grey.png", "grey", request)
    assert chosen.target is not None
    judged = part_of(plane, chosen.view.rect, chosen.target)
    assert not (judged == LINE).any()
    has_map = box != (0.0, 0.0, 1.0, 1.0)
    assert (plane == LINE).any() == has_map
    picture = draw_picture(drawings, tmp_path / "grey.png", "grey", request)
    for place in (None, (0, 0)):
        cells = replace(picture, locator_place=place)
        shown = with_pixels(drawings, tmp_path / "grey.png", "grey", request, cells, {})
        assert (shown.locator is not None and shown.locator_place is None) != has_map, "the note tells what is missing"


def test_an_inverted_plane_swaps_ink_and_paper_and_keeps_the_frame(folder: Path, drawings: OpenDrawings) -> None:
    plain, inverted = (
        draw_plane(
            drawings,
            folder / "sheet.png",
            "sheet",
            PictureRequest(30, 12, BOX, mode=PictureMode.SIXEL, cell_pixels=(8, 16), inverted=inverted),
            {},
        )
        for inverted in (False, True)
    )
    greys = plain <= PAPER
    assert (inverted[greys] == PAPER - plain[greys]).all()
    assert (inverted[~greys] == plain[~greys]).all()


@pytest.mark.parametrize("mode", [PictureMode.KITTY, PictureMode.SIXEL])
def test_pixels_cross_the_process_border(folder: Path, drawings: OpenDrawings, mode: PictureMode) -> None:
    request = PictureRequest(30, 12, BOX, mode=mode, cell_pixels=(9, 18), level=Level.DETAIL)
    assert request_from_json(request_to_json(request)) == request
    path = folder / "sheet.png"
    picture = with_pixels(drawings, path, "sheet", request, draw_picture(drawings, path, "sheet", request), {})
    assert picture.pixel_size == (270, 216)
    assert picture.grid.mode is PictureMode.QUADRANT  # what stands in for it under a window
    message = answer_to_message(picture)
    head = int.from_bytes(message[:4], "big")
    assert answer_from_message(*unpack(message[8 : 8 + head], message[8 + head :])) == picture


def test_a_size_that_makes_no_sense_is_refused(folder: Path, drawings: OpenDrawings) -> None:
    request = PictureRequest(30, 12, BOX, mode=PictureMode.SIXEL, cell_pixels=(9, 18))
    picture = draw_picture(drawings, folder / "sheet.png", "sheet", request)
    assert isinstance(picture, Picture)
    message = answer_to_message(picture)
    head, blobs = unpack(
        message[8 : 8 + int.from_bytes(message[:4], "big")], message[8 + int.from_bytes(message[:4], "big") :]
    )
    for size in ([1, -1], [10**9, 1], ["1;1q\x1b", 1], [True, 1]):
        with pytest.raises(ValueError, match="size"):
            answer_from_message({**head, "pixel_size": size}, blobs)


def test_an_unknown_cell_is_guessed_by_its_shape() -> None:
    assert cell_size(PictureRequest(10, 10, cell_ratio=2.1)) == (10, 21)
    assert cell_size(PictureRequest(10, 10, cell_pixels=(7, 15))) == (7, 15)
