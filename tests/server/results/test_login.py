"""`gonogo results login` and `logout`: what is asked for is tried, and kept in a keyring that keeps secrets, or not."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.conftest import Gonogo
from tests.client.scripted_server import Got, Reply, ScriptedServer, Step

KEY, PASSWORD = "centaur-key-4711", "sEcReT-api-password"
GIVEN = f"{KEY}\nana@example.com\n{PASSWORD}\n"


def centaur(got: Got) -> Step:
    if got.headers.get("x-api-key") != KEY:
        return Reply(401, {"message": "Unauthorized"})
    if got.path.endswith("/login"):
        right = got.json == {"username": "ana@example.com", "api_password": PASSWORD}
        return Reply(200, {"token": "session-token-1", "email": "ana@example.com"}) if right else Reply(401, {})
    if got.path.endswith("/logout"):
        return Reply(200, {"message": "Logged out."})
    return Reply(200, {"payload": [{"case_id": 5, "labeling_state": "Labeled"}]})


@pytest.fixture
def gonogo() -> Gonogo:
    return Gonogo(CliRunner())


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.keyring
@pytest.mark.skipif(
    not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")), reason="no gnome-keyring here"
)
async def test_a_real_keyring_keeps_the_login_until_logout(tmp_path: Path) -> None:
    for folder in ("home", "data", "run"):
        (tmp_path / folder).mkdir(mode=0o700, exist_ok=True)
    places = {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_RUNTIME_DIR": "run"}
    env = os.environ | {name: str(tmp_path / folder) for name, folder in places.items()}
    env.pop("PYTHON_KEYRING_BACKEND", None)
    async with ScriptedServer(centaur) as server:
        where = f"--source centaur --base-url {server.url}"
        command = f'"{sys.executable}" -m gonogo results'
        script = f"""set -e
printf pass | gnome-keyring-daemon --unlock --components=secrets > /dev/null
printf '{GIVEN}' | {command} login {where}
{command} list --task 12 {where} --json
{command} logout {where}
{command} list --task 12 {where} && exit 9 || exit $?"""
        done = await asyncio.create_subprocess_exec(
            *("dbus-run-session", "--", "sh", "-c", script), env=env, stdout=-1, stderr=-1
        )
        out, err = await asyncio.wait_for(done.communicate(), 120)
    told = err.decode()
    assert done.returncode == 3, told
    assert "kept in the keyring" in told
    assert out.decode().count('"case_id": 5') == 1
    assert "no credentials" in told
    kept = written(tmp_path)
    assert KEY.encode() not in kept
    assert PASSWORD.encode() not in kept + out + err


async def test_a_wrong_password_and_half_a_login_keep_nothing(gonogo: Gonogo) -> None:
    async with ScriptedServer(centaur) as server:
        command = ("results", "login", "--source", "centaur", "--base-url", server.url)
        half = await asyncio.to_thread(lambda: gonogo(*command, stdin=f"{KEY}\nana@example.com\n", code=2))
        assert "three lines" in half.stderr
        assert server.requests == []
        wrong = GIVEN.replace(PASSWORD, "another")
        refused = await asyncio.to_thread(lambda: gonogo(*command, stdin=wrong, code=3))
        assert "another" not in refused.output
        assert [got.path for got in server.requests] == ["/auth/public/v1/login"]


async def test_without_a_keyring_the_login_says_that_nothing_is_kept(
    gonogo: Gonogo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    async with ScriptedServer(centaur) as server:
        command = ("results", "login", "--source", "centaur", "--base-url", server.url)
        done = await asyncio.to_thread(lambda: gonogo(*command, stdin=GIVEN, code=1))
    assert "nothing could be kept" in done.stderr
    assert "gonogo results --help" in done.stderr


def test_the_workspace_needs_no_login(gonogo: Gonogo) -> None:
    assert "needs no sign-in" in gonogo("results", "login", code=2).stderr
    assert "needs no sign-in" in gonogo("results", "logout").stderr
