"""The operator's page: its commands do what it says, on both databases, with its nginx in front where there is one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import trustme

from tests import postgres

PAGE = (Path(__file__).parents[2] / "docs" / "server.md").read_text("utf-8")
SCRIPTS = {
    head: "\n".join(re.findall(r"^```sh\n(.*?)^```", body, re.MULTILINE | re.DOTALL)).splitlines()
    for head, body in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
pytestmark = pytest.mark.slow


class Machine:
    """A server's machine: the page's commands run with its paths and addresses replaced by those of a test."""

    def __init__(self, folder: Path, names: dict[str, str]) -> None:
        self.folder, self._names = folder, names
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        (bin_folder / "gonogo").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gonogo "$@"\n')
        (bin_folder / "gonogo").chmod(0o700)
        programs = [str(bin_folder), *([str(where)] if (where := postgres.binaries()) else []), os.environ["PATH"]]
        self.environment = {**os.environ, "PATH": ":".join(programs)}

    def run(self, line: str) -> str:
        """Runs one line of the page; `export` lasts. Returns what it prints."""
        for name, real in self._names.items():
            line = line.replace(name, real)
        if variable := re.match(r"export (\w+)=(\S+)", line):
            self.environment[variable[1]] = variable[2]
            return ""
        done = subprocess.run(
            ["sh", "-c", line], capture_output=True, text=True, env=self.environment, cwd=self.folder, timeout=60
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    @contextmanager
    def serving(self, line: str) -> Iterator[int]:
        """Runs the page's `gonogo serve` on a free port of this computer."""
        for name, real in self._names.items():
            line = line.replace(name, real)
        words = re.sub(r"--(host|port|workers) \S+", "", line).split()[2:]
        command = [sys.executable, "-m", "gonogo", "serve", "--port", "0", *words, "--log", "-"]
        running = subprocess.Popen(command, stderr=subprocess.PIPE, env=self.environment, text=True, cwd=self.folder)
        try:
            assert running.stderr is not None
            for row in running.stderr:
                if listening := re.search(r"listening on \S+:(\d+)|gonogo serves \S+:(\d+) ", row):
                    yield int(listening[1] or listening[2])
                    break
            else:
                raise AssertionError("the server ended")
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=30)


def commands(head: str) -> list[str]:
    """The lines of a section's scripts without comments and without what this test can't do: install, systemd."""
    lines = [re.split(r"\s+# ", line)[0] for line in SCRIPTS[head]]
    return [line for line in lines if not line.startswith(("python3", "/opt", "systemctl", "python -m"))]


@pytest.fixture
def sqlite(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path, {"/var/lib/gonogo": str(tmp_path / "data"), "/backups": str(tmp_path)})
    machine.run("export GONOGO_HOME=/var/lib/gonogo")
    machine.run("gonogo demo --prepare")
    return machine


@pytest.fixture
def postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    if postgres.binaries() is None or shutil.which("pg_dump") is None:
        pytest.skip("no PostgreSQL here")
    cluster = postgres.cluster()
    for name in ("gonogo", "gonogo_restored"):
        subprocess.run(
            ["dropdb", "--if-exists", "-h", str(cluster.folder), "-U", "gonogo", name],
            check=True,
            env={**os.environ, "PATH": f"{postgres.binaries()}:{os.environ['PATH']}"},
        )
    names = {
        "postgresql://gonogo@db.example.com/gonogo_restored": cluster.url("gonogo_restored"),
        "postgresql://gonogo@db.example.com/gonogo": cluster.url("gonogo"),
        "createdb": f"createdb -h {cluster.folder} -U gonogo --template=template0",
        "/backups": str(tmp_path),
    }
    machine = Machine(tmp_path, names)
    for line in commands("3. Start"):
        if "createdb" in line or "DATABASE_URL" in line or "db upgrade" in line:
            machine.run(line)
    return machine


def test_backup_and_restore_on_sqlite(sqlite: Machine) -> None:
    lines = [line for line in commands("7. Backup and restore") if ".db" in line]
    for line in lines[:-1]:
        sqlite.run(line)
    with sqlite.serving(lines[-1]) as port:
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200


def test_backup_restore_and_upgrade_on_postgresql(postgresql: Machine) -> None:
    postgresql.run("gonogo keys create --name lead")
    printed = [postgresql.run(line) for line in commands("7. Backup and restore") if ".db" not in line]
    assert "all as they were written" in printed[-1]
    for line in commands("8. Upgrade"):
        if "--check" not in line:  # the cluster of a test may lose what it acknowledged, and the check says so
            postgresql.run(line)


def test_upgrade_on_sqlite(sqlite: Machine) -> None:
    printed = [sqlite.run(line) for line in commands("8. Upgrade")]
    assert any(line.startswith("ok\tThe schema is this release's") for line in "".join(printed).splitlines())


def test_the_audit_log_is_checked_against_its_heads(sqlite: Machine) -> None:
    for line in commands("14. The audit log"):
        sqlite.run(line)


def _certificate(machine: Machine) -> None:
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(machine.folder / "company.pem"))
    chain = b"".join(blob.bytes() for blob in server.cert_chain_pems)
    (machine.folder / "label.pem").write_bytes(chain)
    server.private_key_pem.write_to_path(str(machine.folder / "label.key"))


def test_a_server_with_a_certificate_is_reached_with_the_companys_file(sqlite: Machine) -> None:
    _certificate(sqlite)
    line = next(line for line in commands("4. https") if "--tls-cert" in line)
    with sqlite.serving(line.replace("--public-url https://label.example.com", "")) as port:
        first, export = commands("10. Certificates and proxies of your company")
        sqlite.run(export)
        printed = sqlite.run(first.replace("https://label.example.com", f"https://localhost:{port}") + " --no-card")
    assert f"https://localhost:{port}: gonogo" in printed


@pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx here")
def test_the_nginx_of_the_page_passes_requests_addresses_and_streams(sqlite: Machine) -> None:
    _certificate(sqlite)
    folder = sqlite.folder
    key = sqlite.run("gonogo keys create --name lead").split()[0]
    line = next(line for line in commands("4. https") if "--trusted-proxy" in line)
    with sqlite.serving(line.replace("--public-url https://label.example.com", "")) as port, ExitStack() as on_exit:
        block = re.search(r"^```nginx\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
        assert block is not None
        outside = _free_port()
        site = block[1].replace("listen 443", f"listen 127.0.0.1:{outside}").replace("/etc/ssl", str(folder))
        site = site.replace("127.0.0.1:8000", f"127.0.0.1:{port}")
        spool = "".join(
            f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err; events {{}}\n"
            f"http {{ access_log off; {spool}\n{site} }}"
        )
        running = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)])
        try:
            address = f"https://localhost:{outside}"
            trusted = ssl.create_default_context(cafile=str(folder / "company.pem"))
            client = on_exit.enter_context(httpx.Client(base_url=address, verify=trusted, headers={"X-API-Key": key}))
            _wait_for(client)
            listed = client.get("/api/v1/parts/labeling/campaigns").json()
            campaign = listed["data"][0]["id"]
            with client.stream("GET", f"/api/v1/gonogo/campaigns/{campaign}/progress/stream") as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                assert next(stream.iter_lines())
            redeem = {"magic_link_token": "gl_unknown", "client_nonce": "12345678"}
            attempts = [client.post("/api/v1/gonogo/sessions", json=redeem) for _ in range(11)]
            assert [answer.status_code for answer in attempts] == [401] * 10 + [429]
            direct = httpx.post(
                f"http://127.0.0.1:{port}/api/v1/gonogo/sessions",
                json=redeem,
                headers={"X-Forwarded-For": "192.0.2.7"},
            )
            assert direct.status_code == 401  # another address, counted by itself
        finally:
            running.terminate()
            running.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(client: httpx.Client) -> None:
    transport_errors = 0
    while transport_errors < 200:
        try:
            assert client.get("/readyz").status_code == 200
            return
        except httpx.TransportError:
            transport_errors += 1
    raise AssertionError("nginx does not answer")
