"""The house's arrows, proved in fresh interpreters: what a package drags in when it is imported."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("textual", "fastapi", "sqlalchemy", "alembic", "numpy", "PIL", "pypdfium2", "httpx", "keyring", "uvicorn")
SOURCE = Path(__file__).parents[2] / "src" / "gonogo"
CONNECTING = {"BaseClient", "DrawingFetcher", "GonogoClient", "LabelingClient", "LeadClient", "ResultsClient"}
"""Classes that open connections to a server."""

_SCRIPT = """
import importlib, json, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.endswith("__main__") and ".migrations." not in module.name:  # alembic runs these itself
        importlib.import_module(module.name)
print(json.dumps(sorted(name for name in sys.modules if name.partition(".")[0] in sys.argv[2].split(","))))
"""


def imported_by(package: str, watched: tuple[str, ...]) -> set[str]:
    """Top-level names among `watched` that importing all of `package` brings in."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, package, ",".join(watched)], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.slow
@pytest.mark.parametrize("package", ["schemas", "values", "client", "desk", "sheets", "server"])
def test_nothing_below_the_terminal_imports_textual(package: str) -> None:
    assert imported_by(f"gonogo.{package}", ("textual",)) == set()


@pytest.mark.slow
@pytest.mark.parametrize("package", ["schemas", "values", "client", "desk", "sheets", "tui"])
def test_the_client_side_never_imports_the_server(package: str) -> None:
    watched = ("fastapi", "sqlalchemy", "alembic", "uvicorn")
    assert imported_by(f"gonogo.{package}", watched) == set()


def test_values_need_nothing_but_python() -> None:
    assert imported_by("gonogo.values", (*HEAVY, "pydantic")) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_load_neither_textual_nor_fastapi(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom gonogo.cli.main import cli\n"
        "cli.main(args=sys.argv[1:], prog_name='gonogo', standalone_mode=False)\n"
        f"print([name for name in {(*HEAVY, 'pydantic')!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_first_frame_needs_no_network_no_numpy_no_server() -> None:
    """What the annotate screen's modules import must stay light; the rest is loaded behind the first frame."""
    script = (
        "import sys\nimport gonogo.tui.app, gonogo.desk.annotate.session, gonogo.embedded.app_composition\n"
        f"print([name for name in {HEAVY[1:]!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_connection_of_the_client_side_takes_the_networks_options() -> None:
    """httpx is configured in two places; whoever makes a client passes the profile's options, or a transport."""
    makes_sockets, forgets_options = set(), set()
    for path in sorted(SOURCE.rglob("*.py")):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            if name.startswith("httpx.") and name.endswith(("Client", "HTTPTransport")):
                makes_sockets.add(path.relative_to(SOURCE).as_posix())
            given = {keyword.arg for keyword in call.keywords}
            if name.rpartition(".")[2] in CONNECTING and not given & {"network", "transport", "calls"}:
                forgets_options.add(f"{path.relative_to(SOURCE)}:{call.lineno}")
    of_server = {"server/webhooks/sending.py"}  # to addresses that it checked itself, so past every proxy
    assert makes_sockets - of_server == {"client/transport/http_transport.py", "sheets/fetch.py"}
    assert forgets_options == set()
