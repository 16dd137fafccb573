"""OCR readers: read pictures of short texts by tesseract and by rapidocr, and compare with what is drawn.

Both are optional: tesseract is a program, `rapidocr-onnxruntime` a package with its models inside. Characters that
every reader confuses (O and 0, l and 1, S and 5 …) count as the same; a diameter sign may be missing or read as a
digit, because neither reader knows it.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
_MARGIN = 20
_ALIKE = str.maketrans({"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "|": "1", "S": "5", "Z": "2", "B": "8"})
_DIAMETER = "⌀Ø∅Φ"
_PERMUTED_MOST = 4


class Reader(Protocol):
    """Reader of pictures: returns one text a picture, lines parted by newlines."""

    def __call__(self, pictures: Sequence[Pixels], *, lines: bool) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """Best reading of a text: whether the whole value is right, and the share of characters that are."""

    is_whole: bool
    characters: float


def available_readers() -> dict[str, Reader]:
    """Returns the readers of this machine."""
    readers: dict[str, Reader] = {}
    if shutil.which("tesseract"):
        readers |= {"tesseract 7": _tesseract(7), "tesseract 6": _tesseract(6)}
    if importlib.util.find_spec("rapidocr_onnxruntime") is not None:
        readers["rapidocr"] = _rapid
    return readers


def _tesseract(mode: int) -> Reader:
    def read(pictures: Sequence[Pixels], *, lines: bool) -> list[str]:
        """One process for all pictures: it loads its model once."""
        if not pictures:
            return []
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{number}.png" for number in range(len(pictures))]
            for path, picture in zip(paths, pictures, strict=True):
                Image.fromarray(picture).save(path, compress_level=1)
            seen = subprocess.run(
                ["tesseract", "-", "-", "--psm", str(mode)],
                input="\n".join(map(str, paths)).encode(), capture_output=True, check=True,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )  # fmt: skip
        return seen.stdout.decode(errors="replace").split("\f")[: len(pictures)]

    return read


def _rapid(pictures: Sequence[Pixels], *, lines: bool) -> list[str]:
    """Reads each picture as one line, or finds its lines first."""
    engine = _engine()
    texts = []
    for picture in pictures:
        colours = np.repeat(picture[:, :, None], 3, axis=2)
        found, _ = engine(colours, use_det=lines, use_cls=False, use_rec=True)
        texts.append("\n".join(str(row[1] if lines else row[0]) for row in found or ()))
    return texts


@cache
def _engine():  # type: ignore[no-untyped-def]
    # Optional, and two seconds to load.
    from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-untyped,import-not-found,unused-ignore]

    return RapidOCR(intra_op_num_threads=1, text_score=0.0)


def padded(grey: Pixels) -> Pixels:
    """Returns the picture with the white margin that readers expect."""
    return np.pad(grey, _MARGIN, constant_values=255)


def best_reading(parts: Sequence[str], texts: Sequence[str]) -> Reading:
    """Returns the best of the readings `texts` of a text drawn as `parts` (limits and lines in any order)."""
    best = Reading(False, 0.0)
    orders = list(itertools.permutations(parts)) if len(parts) <= _PERMUTED_MOST else [tuple(parts)]
    for text in texts:
        seen = _plain(text)
        for order in orders:
            wanted = _plain("".join(order), mark="?")
            shown = wanted.replace("?", "")
            whole = re.fullmatch(re.escape(wanted).replace(r"\?", "[0-9GC]?").replace("?]", "?]"), seen) is not None
            right = 1.0 if whole else max(0.0, 1 - _distance(shown, seen) / max(len(shown), 1))
            best = Reading(best.is_whole or whole, max(best.characters, right))
    return best


def _plain(text: str, mark: str = "") -> str:
    """Returns letters and digits only, in capitals, look-alikes as one; a diameter sign is `mark`."""
    text = "".join(mark if char in _DIAMETER else char for char in text)
    text = unicodedata.normalize("NFKD", text).upper().translate(_ALIKE)
    return re.sub(rf"[^0-9A-Z{re.escape(mark)}]", "", text)


def _distance(one: str, two: str) -> int:
    """Returns the edit distance."""
    row = list(range(len(two) + 1))
    for i, left in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(two, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]
