"""`python -m tests.benchmarks [NAME …]`: runs the benchmarks and prints one JSON object.

Absolute times depend on the machine; the ratios, taken within one run, are the result.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys

BENCHMARKS = (
    *(
        "loop",
        "presses",
        "annotate_latency",
        "claims",
        "pairs",
        "consensus",
        "coverage",
        "crowds",
        "escape",
        "haste",
        "simulation",
        "review",
        "sheets",
        "legibility",
    ),
    *(
        "newcomer",
        "adjudicate_latency",
        "review_scroll",
        "watching",
        "columnar",
        "model_report",
        "clusters",
        "webhooks",
        "groups",
    ),
    *("data", "seeding", "attack", "links", "crash", "storm", "fuzz", "results", "flat", "sustained", "crowd"),
)


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    results: dict[str, object] = {"python": platform.python_version(), "machine": platform.machine()}
    for name in names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr)
        results[name] = importlib.import_module(f"tests.benchmarks.{name}").run()
    print(json.dumps(results, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
