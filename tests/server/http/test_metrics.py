"""`/metrics`: numbers of the work, who may read them, and what they never name; over a real uvicorn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from gonogo.server.app import create_app
from gonogo.server.http.metrics import Metrics
from gonogo.server.settings import ServerSettings
from tests.server.exposition import samples
from tests.server.http.conftest import uvicorn_over
from tests.sqlite import fresh_database

WAIT = 60


def settings_of(folder: Path, **more: object) -> ServerSettings:
    return ServerSettings(database_url=fresh_database(folder / "x.db"), metrics=True, **more)  # type: ignore[arg-type]


def read(url: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{url}/metrics", headers=headers, trust_env=False, timeout=WAIT)


def test_words_of_strangers_are_no_labels() -> None:
    metrics = Metrics(None)
    for number in range(50):
        metrics.count(f"WORD{number}", "(no route)", 405, 0.001)
    counted = [labels for name, labels in samples(metrics.text().decode()) if name == "gonogo_requests_total"]
    assert counted == [frozenset({("method", "other"), ("route", "(no route)"), ("status", "405")})]


def test_no_number_names_an_address_that_was_asked_for(tmp_path: Path) -> None:
    with uvicorn_over(settings_of(tmp_path)) as url:
        httpx.get(f"{url}/api/v1/parts/labeling/campaigns/some-secret-id/quality", trust_env=False)
        text = read(url).text
    assert 'route="/api/v1/parts/labeling/campaigns/{campaign_id}/quality",status="401"' in text
    assert "some-secret-id" not in text


def test_each_app_of_a_process_has_numbers_of_its_own(tmp_path: Path) -> None:
    one, two = (create_app(settings_of(tmp_path)) for _app in range(2))
    one.state.metrics.count("GET", "/x", 200, 0.02)
    assert 'route="/x"' in one.state.metrics.text().decode()
    assert 'route="/x"' not in two.state.metrics.text().decode()


def test_without_a_token_this_machine_may_read_and_nobody_through_a_proxy(tmp_path: Path) -> None:
    with uvicorn_over(settings_of(tmp_path)) as url:
        allowed = read(url)
        assert allowed.status_code == 200
        assert allowed.headers["content-type"].startswith("text/plain; version=0.0.4")
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
            refused = read(url, **{header: "203.0.113.9"})
            assert refused.status_code == 403
            assert "GONOGO_METRICS_TOKEN" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("address", "status"),
    [("127.0.0.1", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("203.0.113.9", 403), ("2001:db8::1", 403)],
)
async def test_another_machine_is_refused(tmp_path: Path, address: str, status: int) -> None:
    transport = httpx.ASGITransport(create_app(settings_of(tmp_path)), client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        assert (await http.get("/metrics")).status_code == status


def test_with_a_token_only_its_bearer_may_read(tmp_path: Path) -> None:
    with uvicorn_over(settings_of(tmp_path, metrics_token="of-the-scraper")) as url:
        assert read(url, Authorization="Bearer of-the-scraper", **{"X-Forwarded-For": "203.0.113.9"}).status_code == 200
        for authorization in ("", "Bearer", "Bearer other", "Basic of-the-scraper", "of-the-scraper"):
            refused = read(url, Authorization=authorization)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
            assert "of-the-scraper" not in refused.text


def test_the_token_is_in_no_representation_of_the_settings() -> None:
    assert "of-the-scraper" not in repr(ServerSettings(database_url="x", metrics_token="of-the-scraper"))


@pytest.mark.slow
def test_serve_says_which_package_metrics_need(tmp_path: Path) -> None:
    code = "import sys; sys.modules['prometheus_client'] = None; from gonogo.cli.workstation import main; main()"
    home = {"GONOGO_HOME": str(tmp_path)}
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--metrics"]
    ended = subprocess.run(command, capture_output=True, text=True, env=home, timeout=WAIT, check=False)
    assert ended.returncode == 1
    assert "prometheus-client" in ended.stderr
    assert "Traceback" not in ended.stderr
