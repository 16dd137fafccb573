"""SBOM and licence list of what a user installs, from the metadata of the installed packages.

`python -m tests.support.sbom FOLDER` writes `sbom.cdx.json` (CycloneDX 1.6, no time and no serial number, so that two
builds can be compared) and `licences.md`; exit code 1 and a sentence where a package names no licence.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXTRAS = ("postgres", "cad", "metrics", "parquet")
"""Extras of gonogo that a user may ask for."""

_LICENCE_FILES = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}
"""Trove classifiers and the SPDX identifier that they stand for."""

_MIT_TEXT = b"Permission is hereby granted, free of charge, to any person obtaining a copy of this software"


@dataclass(frozen=True)
class Component:
    """A package: `licence` is an SPDX expression, the package's own words, or empty; `needs` are canonical names."""

    name: str
    version: str
    licence: str
    needs: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def components(root: str = "gonogo", extras: Iterable[str] = EXTRAS) -> list[Component]:
    """The packages that `root` needs, itself first, the rest by name; `PackageNotFoundError` where one is missing."""
    collected: dict[str, Component] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(canonicalize_name(root), frozenset(extras))]
    visited: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in visited:
            continue
        visited.add((name, wanted))
        installed = distribution(name)
        requirements = [item for item in map(Requirement, installed.requires or ()) if _applies(item, wanted)]
        needs = {canonicalize_name(item.name) for item in requirements} - {name}
        known = set(collected[name].needs) if name in collected else set()
        collected[name] = Component(name, installed.version, licence_of(installed), tuple(sorted(needs | known)))
        waiting += [(canonicalize_name(item.name), frozenset(item.extras)) for item in requirements]
    first = collected.pop(canonicalize_name(root))
    return [first, *(collected[name] for name in sorted(collected))]


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def licence_of(installed: Distribution) -> str:
    """SPDX expression, else classifiers, else the first line of the licence field, else a licence file by its text."""
    metadata = installed.metadata
    if expressions := metadata.get_all("License-Expression"):
        return str(expressions[0])
    prefix = "License :: OSI Approved :: "
    names = [line.removeprefix(prefix) for line in metadata.get_all("Classifier") or () if line.startswith(prefix)]
    if names:
        return " OR ".join(_LICENCE_FILES.get(name, name) for name in names)
    words = "\n".join(metadata.get_all("License") or ()).strip().splitlines()
    if words:
        return words[0]
    files = [path.read_binary() for path in installed.files or () if "licenses/" in str(path)]
    return "MIT" if any(_MIT_TEXT in b" ".join(text.split()) for text in files) else ""


def cyclonedx(parts: list[Component]) -> dict[str, object]:
    """The document; `parts[0]` is what it describes."""
    bodies = [
        {
            "type": "application" if part is parts[0] else "library",
            "bom-ref": part.purl,
            "name": part.name,
            "version": part.version,
            "purl": part.purl,
            "licenses": [{"license": {"name": part.licence}}],
        }
        for part in parts
    ]
    by_name = {part.name: part.purl for part in parts}
    needs = [{"ref": part.purl, "dependsOn": [by_name[name] for name in part.needs]} for part in parts]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": bodies[0]},
        "components": bodies[1:],
        "dependencies": needs,
    }


def licence_list(parts: list[Component]) -> str:
    rows = [f"| {part.name} | {part.version} | {part.licence or 'not named'} |" for part in parts]
    return "\n".join(["| package | version | licence |", "|---|---|---|", *rows]) + "\n"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m tests.support.sbom FOLDER", file=sys.stderr)
        return 2
    try:
        parts = components()
    except PackageNotFoundError as missing:
        print(f"{missing.name} is not installed: pip install '.[{','.join(EXTRAS)}]'", file=sys.stderr)
        return 1
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sbom.cdx.json").write_text(json.dumps(cyclonedx(parts), indent=2, ensure_ascii=False) + "\n")
    (folder / "licences.md").write_text(licence_list(parts))
    unnamed = [part.name for part in parts if not part.licence]
    if unnamed:
        print(f"no licence named by: {', '.join(unnamed)}; look at their files and settle it", file=sys.stderr)
    print(f"{len(parts)} packages: {folder / 'sbom.cdx.json'}, {folder / 'licences.md'}")
    return 1 if unnamed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
