"""Report of pip-audit in one sentence: `python -m tests.support.audit REPORT EXIT_CODE`.

Exit code 1 where a package has a known vulnerability. No source of advisories within reach is a sentence, not an error:
pip-audit then skips every package, or ends with no report at all.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def verdict(report: str, exit_code: int) -> tuple[int, str]:
    """Exit code and sentence for pip-audit's JSON `report`, which is empty where it wrote none."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return 0, f"not audited: pip-audit ended with {exit_code} and no report; see audit.log beside it"
    looked_up = [package for package in packages if "skip_reason" not in package]
    if not looked_up:
        return 0, f"not audited: none of {len(packages)} packages is known to a source of advisories within reach"
    weak = {
        f"{package['name']} {package['version']}": [entry["id"] for entry in package["vulns"]]
        for package in looked_up
        if package["vulns"]
    }
    if weak:
        return 1, "\n".join(f"{name}: {', '.join(entries)}" for name, entries in weak.items())
    return 0, f"audited: {len(looked_up)} of {len(packages)} packages looked up, no known vulnerability"


def main(arguments: list[str]) -> int:
    path = Path(arguments[0])
    code, sentence = verdict(path.read_text() if path.exists() else "", int(arguments[1]))
    print(sentence)
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
