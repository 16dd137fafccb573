"""Client package: its exports, and that it loads nothing before a name is used."""

from __future__ import annotations

import subprocess
import sys

import gonogo.client


def test_each_exported_name_loads() -> None:
    for name in gonogo.client.__all__:
        assert getattr(gonogo.client, name).__name__ == name


def test_the_package_itself_loads_neither_httpx_nor_pydantic() -> None:
    code = "import sys, gonogo.client.transport.requests; sys.exit(bool({'httpx', 'pydantic'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
