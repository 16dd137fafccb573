"""Render process: opens drawings and renders views, `python -P -m gonogo.sheets.render.main`.

Reads requests from stdin and answers on stdout, one at a time, until stdin ends. It can open no socket, start no
program and write no file, and has limits on memory and processor time, so that a hostile file costs one picture.
It may be killed at any moment.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import BinaryIO

from gonogo.sheets.child_messages import PREFIX, answer_to_message, unpack
from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.render.seccomp_sandbox import forbid_sockets_and_programs


def main() -> int:
    """Serves requests until stdin ends."""
    limits = DrawingLimits(**json.loads(sys.argv[1])) if len(sys.argv) > 1 else DrawingLimits()
    _confine(limits)
    requests, answers = _channels()
    # Imported here, so that numpy, Pillow and PDFium are loaded inside the sandbox.
    from gonogo.sheets.render.view_renderer import ViewRenderer

    renderer = ViewRenderer(limits)
    while len(prefix := requests.read(PREFIX.size)) == PREFIX.size:
        head_length, rest_length = PREFIX.unpack(prefix)
        head, _ = unpack(requests.read(head_length), requests.read(rest_length))
        _allow_seconds(limits.seconds)
        answers.write(answer_to_message(renderer.answer(head)))
        answers.flush()
    return 0


def _confine(limits: DrawingLimits) -> None:
    """Sets limits that the kernel enforces: memory, no network, no written files, no core dumps."""
    forbid_sockets_and_programs()
    _lower(resource.RLIMIT_AS, limits.address_space)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard == resource.RLIM_INFINITY or value < hard:
        resource.setrlimit(what, (value, hard))


def _allow_seconds(seconds: float) -> None:
    """Sets a fresh budget of processor time: the last resort when the parent is gone and cannot kill this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds) + 2)


def _channels() -> tuple[BinaryIO, BinaryIO]:
    """Returns private copies of stdin and stdout; the output of C libraries is discarded."""
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


if __name__ == "__main__":
    raise SystemExit(main())
