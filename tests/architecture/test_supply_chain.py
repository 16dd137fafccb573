"""Supply chain: what CI installs is what `pyproject.toml` asks for, pinned by hash, and every licence is known."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import audit, sbom

REPO = Path(__file__).resolve().parents[2]
_PYPROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, BUILD = _PYPROJECT["project"], _PYPROJECT["build-system"]["requires"]
LOCK = REPO / ".ci" / "requirements.txt"
ACCEPTED = {
    *("MIT", "MIT-0", "MIT-CMU", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "MPL-2.0", "ISC"),
    *("Zlib", "CC0-1.0", "Unlicense", "HPND"),
}
SETTLED = {
    "psycopg": "LGPL-3.0-only",  # imported, never changed or linked in; only with the extra `postgres`
    "psycopg-binary": "LGPL-3.0-only",
    "pypdfium2": "BSD-3-Clause, Apache-2.0, dependency licenses",  # PDFium and what it links: permissive, all of them
}
"""Packages with another licence, each looked at."""

pytestmark = pytest.mark.skipif(not LOCK.exists(), reason="a source distribution has no .ci folder")


def _pins(file: Path = LOCK) -> dict[str, tuple[str, int]]:
    """Name → version, number of hashes."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    pins: dict[str, tuple[str, int]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            head, *hashes = re.split(r"\s+--hash=", line.strip())
            pin = Requirement(head)
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes), line
            pins[canonicalize_name(pin.name)] = (str(pin.specifier).removeprefix("=="), len(hashes))
    return pins


def _asked() -> list[Requirement]:
    """The dependencies and those of the test extra, extras of our own opened."""
    extras = PROJECT["optional-dependencies"]
    asked, waiting = [], [*PROJECT["dependencies"], *extras["test"]]
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.name == "gonogo":
            waiting += [line for extra in requirement.extras for line in extras[extra]]
        else:
            asked.append(requirement)
    return asked


def test_the_hashed_file_has_every_dependency_in_a_version_that_the_project_allows() -> None:
    pins = _pins()
    asked = _asked()
    missing = [str(item) for item in asked if canonicalize_name(item.name) not in pins]
    outside = [
        f"{item} is pinned at {pins[canonicalize_name(item.name)][0]}"
        for item in asked
        if canonicalize_name(item.name) in pins
        and not item.specifier.contains(pins[canonicalize_name(item.name)][0], prereleases=True)
    ]
    assert (missing, outside) == ([], []), f"run .ci/lock: {LOCK.name} is not in step with pyproject.toml"


def test_every_dependency_has_an_upper_bound() -> None:
    """A release that changes what we build on must not come in by itself."""
    lines = [
        *PROJECT["dependencies"],
        *BUILD,
        *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
    ]
    asked = [Requirement(line) for line in lines]
    unbounded = [str(item) for item in asked if item.name != "gonogo" and not _is_bounded(item)]
    assert unbounded == []


def _is_bounded(requirement: Requirement) -> bool:
    return any(part.operator in ("<", "<=", "==", "~=") for part in requirement.specifier)


@pytest.mark.parametrize("file", sorted(LOCK.parent.glob("requirements*.txt")), ids=lambda file: file.name)
def test_every_pin_has_a_hash_and_no_line_names_a_host(file: Path) -> None:
    assert [name for name, (_, hashes) in _pins(file).items() if hashes == 0] == []
    assert "://" not in file.read_text(encoding="utf-8")
    scripts = "".join((LOCK.parent / name).read_text(encoding="utf-8") for name in ("run", "supply-chain", "packages"))
    assert f"--require-hashes -r .ci/{file.name}" in scripts


def test_what_the_pinned_packages_need_is_pinned_too() -> None:
    """The closure over installed packages: nothing comes in beside the hashed file."""
    pins = _pins()
    short = [
        f"{part.name} needs {name}"
        for part in sbom.components(extras=("postgres", "cad", "metrics", "parquet"))
        for name in part.needs
        if name not in pins
    ]
    assert short == []


def test_the_sbom_names_each_package_once_with_version_and_licence(tmp_path: Path) -> None:
    assert sbom.main([str(tmp_path)]) == 0
    document = json.loads((tmp_path / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["name"] == "gonogo"
    refs = [part["bom-ref"] for part in document["components"]]
    assert len(refs) == len(set(refs))
    names = {part["name"] for part in document["components"]}
    runtime: set[str] = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert runtime - names <= _not_installed(runtime)
    assert not {"pytest", "hypothesis", "mypy"} & names  # tools of ours, nobody installs them
    known = {*refs, document["metadata"]["component"]["bom-ref"]}
    assert {ref for entry in document["dependencies"] for ref in (entry["ref"], *entry["dependsOn"])} <= known
    assert all(part["version"] and part["licenses"][0]["license"]["name"] for part in document["components"])


def _not_installed(names: set[str]) -> set[str]:
    """Names that an environment older than pyproject.toml does not know of; empty in CI, which installs afresh."""
    from importlib.metadata import requires

    return names - {canonicalize_name(Requirement(line).name) for line in requires("gonogo") or ()}


def test_every_licence_is_one_that_was_looked_at() -> None:
    strange = {
        part.name: part.licence
        for part in sbom.components()
        if SETTLED.get(part.name) != part.licence
        and not set(re.split(r"\s+(?:AND|OR)\s+", re.sub(r"[()]", "", part.licence))) <= ACCEPTED
    }
    assert strange == {}


def test_the_sbom_says_what_is_missing_before_it_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sbom.main([]) == 2
    assert "usage:" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("report", "code", "words"),
    [
        ("", 0, "not audited: pip-audit ended with 1 and no report"),
        ('{"dependencies": [{"name": "a", "skip_reason": "unknown"}]}', 0, "not audited: none of 1 packages"),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0, "audited: 1 of 1 packages"),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}]}', 1, "a 1: CVE-1"),
    ],
)
def test_an_audit_that_reached_nothing_does_not_look_like_one_that_passed(report: str, code: int, words: str) -> None:
    result, sentence = audit.verdict(report, 1)
    assert result == code
    assert sentence.startswith(words)
