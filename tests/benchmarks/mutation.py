"""Mutation score of one room: the share of small changes to its code that its own tests notice.

`python -m tests.benchmarks.mutation ROOM [--tenth N]`, ROOM one of ROOMS; needs `pip install -e ".[mutation]"`.
`--tenth 3` takes only the mutants whose number ends in 3: a systematic tenth, for a machine that is not free for an
hour. A mutant that no test reaches counts as survived. The work folder is kept, so that
`python -m mutmut show NAME` in it shows any mutant again.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
_COPIED = ("src", "tests", "themes", "docs", "pyproject.toml", "README.md")
_SURVIVED = {0: "survived", 33: "no test"}
_KILLED = frozenset({1, 3, 37, 24, 36, 152, 255, -24, -9})
"""Exit codes of mutmut: a failed test, or a test that never ended."""


@dataclass(frozen=True)
class Room:
    """`source`: globs of the files that are changed; `tests`: what has to notice."""

    source: tuple[str, ...]
    tests: tuple[str, ...]
    server: bool = False
    """Tests with threads in them, on SQLite alone: the workers are forked from a process that has run no test."""


ROOMS = {
    "values": Room(("src/gonogo/values/*",), ("tests/values",)),
    "queue": Room(
        ("src/gonogo/server/queue/*",),
        (
            "tests/server/queue",
            "tests/server/test_life.py",
            "tests/server/test_races.py",
            "tests/server/test_access.py",
        ),
        server=True,
    ),
    "consensus": Room(("src/gonogo/server/consensus/*",), ("tests/server/consensus",)),
    "outbox": Room(
        ("src/gonogo/desk/outbox/*",), ("tests/desk/outbox", "tests/cli/commands/work/test_outbox.py"), server=True
    ),
    "mosaic": Room(("src/gonogo/sheets/render/mosaic.py",), ("tests/sheets/render/test_mosaic.py",)),
    "text_metrics": Room(("src/gonogo/sheets/render/text/*",), ("tests/sheets/render/text",)),
}


def mutate(room: Room, folder: Path, pattern: str, children: int) -> None:
    """Fill `folder` with a copy of the project and run mutmut there on the mutants of `pattern`."""
    for name in _COPIED:
        if (REPO / name).is_dir():
            shutil.copytree(REPO / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(REPO / name, folder / name)
    (folder / "setup.cfg").write_text(_configuration(room))
    command = [sys.executable, "-m", "mutmut", "run", pattern, "--max-children", str(children)]
    with (folder / "mutmut.log").open("w") as log:
        done = subprocess.run(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise SystemExit(f"mutmut failed; its log: {folder / 'mutmut.log'}")


def _configuration(room: Room) -> str:
    arguments = ["-p", "no:cacheprovider", "-q", "-m", "not slow"]
    if room.server:
        arguments += ["-k", "not postgresql"]
    lists = {
        "source_paths": ("src",),
        "only_mutate": room.source,
        "pytest_add_cli_args": arguments,
        "pytest_add_cli_args_test_selection": room.tests,
        "also_copy": ("themes", "docs", "README.md"),
    }
    lines = ["[mutmut]", "use_setproctitle = false", "timeout_multiplier = 6.0"]
    if room.server:
        lines.append("process_isolation = forkserver")
    for name, entries in lists.items():
        lines += [f"{name} ="] + [f"    {entry}" for entry in entries]
    return "\n".join(lines) + "\n"


def outcomes(folder: Path) -> Iterator[tuple[str, str]]:
    """Each mutant that was tried, and `killed`, `survived`, `no test` or `other`."""
    for meta in sorted(folder.glob("mutants/src/**/*.meta")):
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            if code is not None:
                yield name, "killed" if code in _KILLED else _SURVIVED.get(code, f"other ({code})")


def change(folder: Path, name: str) -> list[str]:
    """The lines of a mutant's diff that differ."""
    command = [sys.executable, "-m", "mutmut", "show", name]
    text = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    return [line for line in text.splitlines() if re.match(r"[-+](?![-+])", line)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("--tenth", type=int, choices=range(10), help="only mutants whose number ends in this digit")
    parser.add_argument("--pattern", default="*", help="only mutants whose name matches, such as gonogo.values.parse.*")
    parser.add_argument("--children", type=int, default=2)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix=f"gonogo-mutation-{options.room}-"))
    pattern = options.pattern if options.tenth is None else f"{options.pattern}__mutmut_*{options.tenth}"
    mutate(ROOMS[options.room], folder, pattern.replace("**", "*"), options.children)
    tried = dict(outcomes(folder))
    counts = Counter(tried.values())
    for name, outcome in sorted(tried.items()):
        if outcome != "killed":
            print(f"{outcome}: {name}", *change(folder, name), sep="\n    ")
    score = counts["killed"] / max(1, len(tried))
    print(json.dumps({"room": options.room, "tried": len(tried), **counts, "score": round(score, 3)}))
    print(f"work folder: {folder}", file=sys.stderr)


if __name__ == "__main__":
    main()
