"""A house's own certificates and proxy: the installed program against a real TLS server and a real CONNECT proxy."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme

from gonogo.desk.core.paths import AppPaths
from gonogo.schemas.gonogo_api import DrawingUrl
from gonogo.sheets.fetch import DrawingFetcher
from tests.support.connect_proxy import connect_proxy

pytestmark = pytest.mark.slow
GONOGO = [sys.executable, "-m", "gonogo"]
NAME = "label.house.test"
PNG = b"\x89PNG\r\n\x1a\n not a whole picture"


class House:
    """A certificate authority of its own, and a home for the program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()
        self.ca_file = folder / "house.pem"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        self.environment = {
            **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
            "GONOGO_HOME": str(folder / "home"),
            "SSLKEYLOGFILE": str(folder / "keys.log"),
        }

    def certificate(self, *names: str, authority: trustme.CA | None = None, days: int = 30) -> list[str]:
        """Options of `gonogo serve` for a fresh certificate."""
        until = datetime.now(UTC) + timedelta(days=days)
        made = (authority or self.authority).issue_cert(*names, not_before=until - timedelta(days=60), not_after=until)
        number = len(list(self.folder.glob("*.key")))
        cert, key = self.folder / f"server-{number}.pem", self.folder / f"server-{number}.key"
        cert.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        made.private_key_pem.write_to_path(str(key))
        return ["--tls-cert", str(cert), "--tls-key", str(key)]

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**self.environment, **environment}
        return subprocess.run([*GONOGO, *arguments], capture_output=True, text=True, env=env, timeout=60, check=False)

    def server_check(self, url: str, *before: str, **environment: str) -> dict[str, str]:
        """What `gonogo doctor` finds of the server."""
        said = self.run(*before, "doctor", "--base-url", url, "--json", **environment)
        checks: list[dict[str, str]] = json.loads(said.stdout)["checks"]
        return next(check for check in checks if check["name"] == "server")

    @contextmanager
    def serving(self, *options: str) -> Iterator[int]:
        """`gonogo serve` on a free port."""
        command = [*GONOGO, "serve", "--port", "0", *options]
        running = subprocess.Popen(command, stderr=subprocess.PIPE, env=self.environment, text=True)
        try:
            assert running.stderr is not None
            line = running.stderr.readline()
            assert "gonogo serves https://" in line, line
            yield int(line.split("://")[1].split()[0].rpartition(":")[2])
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=30)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_house_certificate_is_trusted_by_its_file_and_no_key_is_written_down(house: House) -> None:
    with house.serving(*house.certificate("localhost", "127.0.0.1")) as port:
        url = f"https://localhost:{port}"
        refused = house.server_check(url)
        assert refused["state"] == "bad"
        assert "from an issuer that this computer does not trust" in refused["found"]
        assert "--ca-file" in refused["next_step"]
        for before, environment in (
            (("--ca-file", str(house.ca_file)), {}),
            ((), {"GONOGO_CA_FILE": str(house.ca_file)}),
        ):
            assert house.server_check(url, *before, **environment)["state"] == "ok"
        key = json.loads(house.run("keys", "create", "--name", "k", "--scopes", "parts:read", "--json").stdout)["key"]
        environment = {"GONOGO_API_KEY": key, "GONOGO_BASE_URL": url}
        listed = house.run("--ca-file", str(house.ca_file), "campaign", "list", "--json", **environment)
        assert (listed.returncode, listed.stderr) == (0, "")
    assert not (house.folder / "keys.log").exists()


def test_doctor_tells_what_is_wrong_with_a_certificate(house: House) -> None:
    for options, words in (
        (house.certificate("localhost", days=-1), "has expired"),
        (house.certificate("localhost", days=90), "is not valid yet"),
        (house.certificate("other.house.test"), "is for another name"),
        (house.certificate("localhost", authority=trustme.CA()), "issuer that this computer does not trust"),
    ):
        with house.serving(*options) as port:
            found = house.server_check(f"https://localhost:{port}", "--ca-file", str(house.ca_file))
        assert (found["state"], words in found["found"]) == ("bad", True), found
        assert "nothing was sent" in found["found"]
        assert found["next_step"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"no certificate", "holds no certificate in PEM form"),
        (b"-----BEGIN CERTIFICATE-----\nMIIC", "holds a damaged certificate"),
    ],
)
def test_a_file_of_certificates_that_is_none_is_named(house: House, content: bytes | None, words: str) -> None:
    file = house.folder / "odd.pem"
    if content is not None:
        file.write_bytes(content)
    found = house.server_check("https://localhost:1", "--ca-file", str(file))
    assert (found["state"], words in found["found"], str(file) in found["found"]) == ("bad", True, True), found


def test_the_proxy_of_the_house_is_used_for_https_and_announced(house: House) -> None:
    trust = {"GONOGO_CA_FILE": str(house.ca_file)}
    with house.serving(*house.certificate(NAME)) as port, connect_proxy(password="hidden-word") as proxy:
        url = f"https://{NAME}:{port}"  # only the proxy knows where that is
        through = {**trust, "HTTPS_PROXY": f"http://user:hidden-word@127.0.0.1:{proxy.port}"}
        found = house.server_check(url, **through)
        assert (found["state"], proxy.asked) == ("ok", [f"{NAME}:{port}"])
        assert f"through the proxy 127.0.0.1:{proxy.port}" in found["found"]
        assert "hidden-word" not in json.dumps(found)

        without = house.server_check(url, **trust, HTTPS_PROXY=proxy.url)
        assert (without["state"], "407" in without["found"]) == ("bad", True), without
        assert "HTTPS_PROXY" in without["next_step"]

        proxy.asked.clear()
        assert house.server_check(url, **through, NO_PROXY=".house.test")["state"] == "bad"
        assert proxy.asked == []


def test_the_profile_of_a_server_can_say_no_proxy(house: House) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GONOGO_HOME", house.environment["GONOGO_HOME"])
        file = AppPaths().settings_file()
    url = f"https://{NAME}:1"
    file.parent.mkdir(parents=True, exist_ok=True)
    login = {"GONOGO_API_KEY": "k", "GONOGO_RESULTS_USERNAME": "u", "GONOGO_RESULTS_PASSWORD": "p"}
    with connect_proxy(refuse=True) as proxy:
        environment = {"HTTPS_PROXY": proxy.url, "GONOGO_BASE_URL": url, **login}
        file.write_text(f'[servers.house]\nbase_url = "{url}"\nproxy = false\n')
        commands = (("doctor",), ("campaign", "list"), ("results", "list", "--task", "1"))
        with ThreadPoolExecutor() as side_by_side:
            ended = list(side_by_side.map(lambda arguments: house.run(*arguments, **environment), commands))
        assert all(each.returncode for each in ended)
        assert proxy.asked == []
        file.write_text(f'[servers.house]\nbase_url = "{url}"\n')
        assert house.run(*commands[-1], **environment).returncode != 0
        assert proxy.asked


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://", "http://[::1"])
def test_a_proxy_that_cannot_be_used_is_an_error_and_not_a_way_round_it(house: House, proxy: str) -> None:
    found = house.server_check(f"https://{NAME}:1", HTTPS_PROXY=proxy)
    assert (found["state"], "HTTPS_PROXY is not the address of an http proxy" in found["found"]) == ("bad", True), found


def test_a_proxy_that_refuses_or_is_not_there_is_named(house: House) -> None:
    with connect_proxy(refuse=True) as proxy:
        refused = house.server_check(f"https://{NAME}:1", HTTPS_PROXY=proxy.url)
        shown = f"127.0.0.1:{proxy.port}"
        assert f"The proxy {shown} gives no way to {NAME}: 403" in refused["found"]
    gone = house.server_check(f"https://{NAME}:1", HTTPS_PROXY=f"http://{shown}")
    assert f"The proxy {shown} gives no way to {NAME}" in gone["found"]


def test_serve_says_why_a_certificate_cannot_be_used(house: House) -> None:
    cert, key = house.certificate("localhost")[1::2]
    other = house.folder / "other.key"
    house.authority.issue_cert("localhost").private_key_pem.write_to_path(str(other))
    (house.folder / "odd.pem").write_text("odd")
    for options, code, words in (
        (["--tls-cert", cert], 2, "go together"),
        (["--tls-cert", cert, "--tls-key", str(other)], 1, "is not the key of"),
        (["--tls-cert", str(house.folder / "odd.pem"), "--tls-key", key], 1, "cannot be used"),
        (["--tls-cert", str(house.folder / "none.pem"), "--tls-key", key], 1, "cannot be read"),
    ):
        ended = house.run("serve", "--port", "0", *options)
        assert (ended.returncode, words in ended.stderr) == (code, True), (options, ended.stderr)


async def test_drawings_come_with_the_same_trust_and_through_the_same_proxy(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = json.loads(house.run("keys", "create", "--name", "k", "--scopes", "parts:write,parts:read", "--json").stdout)
    with house.serving(*house.certificate(NAME, "localhost")) as port, connect_proxy() as proxy:
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.load_verify_locations(house.ca_file)
        headers = {"X-API-Key": key["key"]}
        async with httpx.AsyncClient(
            base_url=f"https://localhost:{port}", verify=trust, trust_env=False, headers=headers
        ) as lead:
            made = (await lead.post("/api/v1/gonogo/drawings", params={"part": "p"}, content=PNG)).json()
            answer = await lead.get(f"/api/v1/parts/geometry/{made['part_revision_id']}/drawing-url")
        signed = str(answer.json()["url"]).replace("127.0.0.1", NAME)

        async def ask(_revision: str) -> DrawingUrl:
            return DrawingUrl(url=signed, status="ready")

        monkeypatch.setenv("GONOGO_CA_FILE", str(house.ca_file))
        monkeypatch.setenv("SSLKEYLOGFILE", str(house.folder / "keys.log"))
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        fetched = await DrawingFetcher(ask, base_url=f"https://{NAME}:{port}").fetch(made["part_revision_id"])
        assert (fetched.data, proxy.asked) == (PNG, [f"{NAME}:{port}"])
    assert not (house.folder / "keys.log").exists()
