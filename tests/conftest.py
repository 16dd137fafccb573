"""Every test runs with a home of its own and none of the developer's environment."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# On a loaded machine one example may take any time; that must not fail a build.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

_OURS = ("GONOGO_HOME", "GONOGO_BASE_URL", "GONOGO_API_KEY", "ARCNM_API_KEY", "GONOGO_DATABASE_URL", "NO_COLOR")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in _OURS:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    monkeypatch.setenv("GONOGO_HOME", str(folder))
    return folder


# Hundreds of tests start the program, which takes three times as long where it is compiled anew each time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# 5,000 collected tests and all of the program live as long as the process: searching them for garbage again and again
# takes a third of the collection's time, and a tenth of the tests'.
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: many tests wait for disks, servers and terminals rather than for a processor."""
    return (os.cpu_count() or 1) * 3 // 2 + 1
