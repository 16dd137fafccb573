"""Generator of the manual's page on licences: `python -m tests.docs.licences_page > docs/licences.md`."""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.sbom import Component, components

REPO = Path(__file__).parents[2]
OURS = ("test", "mutation", "legibility")
"""Extras of `pyproject.toml` that only developers install."""
_INTRO = """\
# Licences

Made from the metadata of the installed packages by `python -m tests.docs.licences_page`; do not edit by hand.

gonogo is under the [MIT licence](../LICENSE). `pip install` fetches the packages below from an index; none of them
lies in gonogo's own wheel. All have permissive licences, except:

- **psycopg** and **psycopg-binary** (LGPL-3.0-only), which only the extra `postgres` installs. gonogo imports them
  unchanged. If you pass gonogo on with them inside (a container, an installer), pass on their licence text and let
  people replace them.
- **certifi** (MPL-2.0), a list of certificates. gonogo doesn't change it. If you change its files, publish them.

`.ci/supply-chain` writes the same list with versions, and a CycloneDX SBOM, to `build/supply-chain`.
"""


def packages() -> list[Component]:
    """What `pip install gonogo` with all extras of users fetches here: of `pyproject.toml`, not of an older install."""
    project = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(line for extra in extras if extra not in OURS for line in extras[extra])]
    requirements = [item for item in map(Requirement, asked) if item.marker is None or item.marker.evaluate()]
    collected = {part.name: part for item in requirements for part in components(item.name, item.extras)}
    return [collected[name] for name in sorted(collected)]


def licences_page() -> str:
    """The page as Markdown."""
    by_licence: defaultdict[str, list[str]] = defaultdict(list)
    for part in packages():
        by_licence[part.licence].append(part.name)
    rows = [f"| {licence} | {', '.join(names)} |" for licence, names in sorted(by_licence.items())]
    return "\n".join([_INTRO, "| licence | packages |", "|---|---|", *rows]) + "\n"


def unnamed(page: str, parts: list[Component]) -> list[str]:
    """Packages that the page does not have beside their licence."""
    rows = dict(line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| "))
    return [part.name for part in parts if part.name not in rows.get(part.licence, "").split(", ")]


if __name__ == "__main__":
    sys.stdout.write(licences_page())
