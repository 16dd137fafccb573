"""Package check: builds sdist and wheel, installs them by pip, uv tool and pipx on every Python at hand, tries each.

`python -m tests.support.packages FOLDER [WAY …]`, a way being `pip`, `uv` or `pipx`, all by default; needs uv, twine
and pipx. An interpreter is at hand if it is on PATH, known to `uv python`, or in pyenv's folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.e2e.tmux import AVAILABLE, Terminal

REPO = Path(__file__).resolve().parents[2]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
IN_SDIST = ("src/", "tests/", "themes/", "docs/", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml")
_SECONDS = 600


def run(command: Sequence[str | Path], **env: str | Path) -> str:
    """Standard output of a command; raises `AssertionError` with all it said if it fails."""
    environment = {**os.environ, **{name: str(value) for name, value in env.items()}}
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, env=environment, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(folder: Path) -> tuple[Path, Path]:
    """Sdist, and the wheel made from it; both pass twine's strict check."""
    run(["uv", "build", "--quiet", "--out-dir", folder, REPO])
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    run(["twine", "check", "--strict", sdist, wheel])
    return sdist, wheel


def left_out(sdist: Path, wheel: Path) -> list[str]:
    """Tracked files that are missing in the sdist, and those of the package and the themes missing in the wheel."""
    tracked = run(["git", "-C", REPO, "ls-files"]).splitlines()
    wanted = [name for name in tracked if name.startswith(IN_SDIST)]
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    with zipfile.ZipFile(wheel) as archive_of_wheel:
        installed = set(archive_of_wheel.namelist())
    in_wheel = {name: re.sub("^themes/", "gonogo/_themes/", name.removeprefix("src/")) for name in wanted}
    return [
        *(f"sdist: {name}" for name in wanted if name not in packed),
        *(
            f"wheel: {name}"
            for name, place in in_wheel.items()
            if name.startswith(("src/", "themes/")) and place not in installed
        ),
    ]


def interpreters() -> dict[str, str]:
    """Full version → program, one for each of `VERSIONS` that is at hand."""
    pyenv = os.environ.get("PYENV_ROOT") or (run(["pyenv", "root"]).strip() if shutil.which("pyenv") else "")
    at_hand: dict[str, str] = {}
    for version in VERSIONS:
        known = subprocess.run(
            ["uv", "python", "find", "--no-python-downloads", version], capture_output=True, text=True, check=False
        )
        programs = [known.stdout.strip(), shutil.which(f"python{version}") or ""]
        programs += [str(path) for path in sorted(Path(pyenv or "/nowhere").glob(f"versions/{version}.*/bin/python"))]
        for program in filter(None, programs):
            asked = [
                program,
                "-c",
                "import sys; print('%d.%d.%d' % sys.version_info[:3], sys.prefix == sys.base_prefix)",
            ]
            words = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
            if words[1:] == ["True"] and words[0].startswith(f"{version}."):  # not another project's environment
                at_hand[words[0]] = program
                break
    return at_hand


def by_pip(python: str, package: Path, folder: Path) -> Path:
    run([python, "-m", "venv", folder / "env"])
    run([folder / "env" / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", package])
    return folder / "env" / "bin" / "gonogo"


def by_uv(python: str, package: Path, folder: Path) -> Path:
    run(
        ["uv", "tool", "install", "--quiet", "--python", python, package],
        UV_TOOL_DIR=folder / "tools",
        UV_TOOL_BIN_DIR=folder / "bin",
    )
    return folder / "bin" / "gonogo"


def by_pipx(python: str, package: Path, folder: Path) -> Path:
    run(
        ["pipx", "install", "--quiet", "--python", python, package],
        PIPX_HOME=folder / "pipx",
        PIPX_BIN_DIR=folder / "bin",
        PIPX_MAN_DIR=folder / "man",
    )
    return folder / "bin" / "gonogo"


WAYS: dict[str, Callable[[str, Path, Path], Path]] = {"pip": by_pip, "uv": by_uv, "pipx": by_pipx}


def try_out(gonogo: Path, folder: Path, version: str) -> None:
    """Version, doctor, an import and its export, and the demo's first question in a terminal."""
    home = folder / "home"
    assert run([gonogo, "--version"], GONOGO_HOME=home).strip() == f"gonogo {version}"
    checks = json.loads(run([gonogo, "doctor", "--json"], GONOGO_HOME=home))
    assert checks, "gonogo doctor said nothing"
    texts = ["⌀16,5 +0,1 0", "M8×1"]
    (folder / "a.png").write_bytes(_png(400, 300))
    usual = {"part": "a", "drawing": "a.png", "page": 1, "bbox": [10, 20, 110, 60], "bbox_unit": "px"}
    readings = [{**usual, "target_kind": "pmi", "predicted_value": {"text": text}} for text in texts]
    (folder / "readings.jsonl").write_text("".join(json.dumps(reading) + "\n" for reading in readings), "utf-8")
    run([gonogo, "import", folder / "readings.jsonl", "--drawings", folder, "--campaign", "smoke"], GONOGO_HOME=home)
    lines = [json.loads(line) for line in run([gonogo, "export", "smoke"], GONOGO_HOME=home).splitlines()]
    assert sorted(line["predicted_value"]["text"] for line in lines) == sorted(texts)
    if AVAILABLE:
        env = {"GONOGO_HOME": str(folder / "demo"), "LANG": "C.UTF-8"}
        with Terminal([str(gonogo), "demo", "--no-tour"], folder, env=env) as terminal:
            terminal.wait_for("right?", 90)
            terminal.press("C-q")
            terminal.wait_gone()


def _png(width: int, height: int) -> bytes:
    """A white picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\xff" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    sdist, wheel = build(folder / "dist")
    version = wheel.name.split("-")[1]
    missing = left_out(sdist, wheel)
    print(
        f"{sdist.name}, {wheel.name}: twine check --strict passed, {len(missing)} files left out", *missing, sep="\n  "
    )
    pythons = interpreters()
    print("Pythons at hand:", ", ".join(pythons))
    failed = bool(missing) or not pythons
    for way in arguments[1:] or list(WAYS):
        for number, (python_version, program) in enumerate(pythons.items()):
            package = sdist if way == "pip" and number == 0 else wheel  # the sdist once
            place = folder / f"{way}-{python_version}"
            place.mkdir()
            start = time.monotonic()
            try:
                try_out(WAYS[way](program, package, place), place, version)
                outcome = "works"
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed, outcome = True, f"FAILED: {error}"
            print(
                f"{way:5} {python_version:8} {package.suffix:5} {time.monotonic() - start:4.0f} s  {outcome}",
                flush=True,
            )
            shutil.rmtree(place, ignore_errors=True)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
