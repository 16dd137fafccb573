"""Main module of the render process: reads requests from standard input and answers with rendered views.

Reads requests from stdin and answers on stdout, one at a time, until stdin ends. It can open no socket, start no
program and write no file, and has limits on memory and processor time, so that a hostile file costs one picture;
`process_limits` says where a system has fewer limits. It may be killed at any moment.

With `--limits` it prints the names of the limits that this system refuses, one a line, and ends.
"""

from __future__ import annotations

import json
import os
import sys
from typing import BinaryIO

from gonogo.sheets.child_messages import PREFIX, answer_to_message, unpack
from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.render.process_limits import allow_seconds, confine


def main() -> int:
    """Serves requests until stdin ends."""
    if sys.argv[1:] == ["--limits"]:
        sys.stdout.writelines(f"{name}\n" for name in confine(DrawingLimits()))
        return 0
    limits = DrawingLimits(**json.loads(sys.argv[1])) if len(sys.argv) > 1 else DrawingLimits()
    confine(limits)
    requests, answers = _channels()
    # Imported here, so that numpy, Pillow and PDFium are loaded inside the sandbox.
    from gonogo.sheets.render.view_renderer import ViewRenderer

    renderer = ViewRenderer(limits)
    while len(prefix := requests.read(PREFIX.size)) == PREFIX.size:
        head_length, rest_length = PREFIX.unpack(prefix)
        head, _ = unpack(requests.read(head_length), requests.read(rest_length))
        allow_seconds(limits.seconds)
        answers.write(answer_to_message(renderer.answer(head)))
        answers.flush()
    return 0


def _channels() -> tuple[BinaryIO, BinaryIO]:
    """Returns private copies of stdin and stdout; the output of C libraries is discarded."""
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


if __name__ == "__main__":
    raise SystemExit(main())
