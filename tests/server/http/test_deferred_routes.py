"""Deferred routes: an embedded server loads most routes when one is asked for, and answers as any other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from gonogo.server.app import create_app
from gonogo.server.routes.deferred import MODULES, DeferredRoutes
from gonogo.server.settings import ServerSettings
from tests.server.http.conftest import TOKEN, client_of, started
from tests.server.http.work import GONOGO, LABELING
from tests.sqlite import fresh_database


async def test_each_path_stands_in_one_module(tmp_path: Path) -> None:
    app = create_app(ServerSettings(database_url=f"sqlite:///{tmp_path / 'a.db'}"))
    routes = [route for route in app.router.routes if isinstance(route, APIRoute)]
    for route in routes:
        example = re.sub(r"\{[^}]*\}", "x", route.path)
        same = [other for other in routes if other.methods == route.methods and other.path_regex.match(example)]
        assert same == [route], example


async def test_every_route_answers_at_its_first_request(tmp_path: Path) -> None:
    settings = ServerSettings(database_url=fresh_database(tmp_path / "a.db"), embedded_token=TOKEN)
    app = create_app(settings, deferred=True)
    async with started(app), client_of(app, **{"X-API-Key": TOKEN}) as lead:
        assert (await lead.get(f"{LABELING}/campaigns")).status_code == 200
        assert _deferred(app) == len(MODULES)
        assert (await lead.get(f"{LABELING}/projects")).status_code == 200
        assert 0 < _deferred(app) < len(MODULES)
        assert (await lead.get(f"{GONOGO}/me")).status_code == 200
        assert (await lead.get(f"{LABELING}/nothing")).status_code == 404
        assert _deferred(app) == 0
        assert (await lead.get(f"{LABELING}/projects")).status_code == 200


def _deferred(app: FastAPI) -> int:
    return sum(isinstance(route, DeferredRoutes) and not route.loaded for route in app.router.routes)


@pytest.mark.slow
def test_a_list_of_campaigns_loads_no_other_routes(tmp_path: Path) -> None:
    code = (
        "import sys; from gonogo.cli.main import cli; cli.main(['campaign', 'list'], standalone_mode=False);"
        "print([name for name in sys.modules if name.startswith('gonogo.server.routes.')])"
    )
    env = {"GONOGO_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True).stdout
    assert "gonogo.server.routes.campaigns" in loaded
    assert "gonogo.server.routes.review" not in loaded
