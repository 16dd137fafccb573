"""Packaging: what `pyproject.toml`, the container file and the changelog say of the project is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from gonogo import __version__
from tests.cli.test_help import ALL

REPO = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))
PROJECT = SETTINGS["project"]
CONTAINER = REPO / ".ci" / "Containerfile"
RELEASES = re.compile(r"^## \[?([^\]\n ]+)\]?(?: - (\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_classifiers_name_the_pythons_that_are_allowed() -> None:
    named = re.findall(r"Programming Language :: Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert named
    assert all(SpecifierSet(PROJECT["requires-python"]).contains(version) for version in named)
    readme = re.sub(r"\s+", " ", (REPO / "README.md").read_text("utf-8"))
    assert f"Python {named[0]} to {named[-1]}" in readme


def test_the_project_has_no_address_yet() -> None:
    assert "urls" not in PROJECT
    assert all("email" not in author for author in PROJECT["authors"])


def test_nothing_tells_to_install_the_project_from_an_index() -> None:
    """It is in none: whatever stands there under its name is somebody else's."""
    files = [REPO / "README.md", *(REPO / "docs").rglob("*.md"), *(REPO / "src").rglob("*.py")]
    told = re.compile(r"(?:pip3?|uv tool|pipx|uv pip) install (?:-\S+ )*\"?gonogo(?!-…)\b|uvx gonogo\b")
    assert [str(file) for file in files if told.search(file.read_text("utf-8"))] == []


def test_the_version_stands_in_one_place() -> None:
    assert SETTINGS["tool"]["hatch"]["version"]["path"] == "src/gonogo/__init__.py"
    assert "version" in PROJECT["dynamic"]
    numbers = [
        str(path.relative_to(REPO))
        for folder in ("src", ".ci")
        for path in (REPO / folder).rglob("*")
        if path.suffix in (".py", ".toml", "") and path.is_file() and f'"{__version__}"' in path.read_text("utf-8")
    ]
    assert numbers == ["src/gonogo/__init__.py"]


def test_the_changelog_keeps_its_form() -> None:
    text = (REPO / "CHANGELOG.md").read_text("utf-8")
    heads = RELEASES.findall(text)
    assert heads[0] == ("Unreleased", "")
    assert len(heads) == text.count("\n## ")
    versions = [Version(name) for name, _ in heads[1:]]
    assert versions[0] == Version(__version__)
    assert versions == sorted(versions, reverse=True)
    assert all(date for _, date in heads[1:])
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= KINDS


@pytest.mark.skipif(not CONTAINER.exists(), reason="a source distribution has no .ci folder")
def test_the_container_file_names_what_is_there() -> None:
    text = CONTAINER.read_text("utf-8")
    extras = re.findall(r'"/src\[([a-z,]+)\]"', text)
    assert extras
    assert set(extras[0].split(",")) <= set(PROJECT["optional-dependencies"])
    assert SpecifierSet(PROJECT["requires-python"]).contains(re.findall(r"FROM python:([\d.]+)", text)[0])
    assert {".git", ".venv*"} <= set(CONTAINER.with_name("Containerfile.dockerignore").read_text("utf-8").split())
    options = {name for option in ALL[("serve",)].params for name in option.opts}
    assert set(re.findall(r'"(--[a-z-]+)"', text)) <= options
