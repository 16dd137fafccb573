"""Secrets are in a keyring that keeps them, or in memory, and the person is told which."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gonogo.desk.account import credentials as module
from gonogo.desk.account.credentials import TRUSTED, CredentialStore, StorageKind

SECRET = "canary-7f31"


class Trusted:
    """Stands for a backend on the list (its class is registered under a listed name)."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Forgets(Trusted):
    def set_password(self, service: str, username: str, password: str) -> None:
        return None


class Hangs(Trusted):
    def __init__(self) -> None:
        super().__init__()
        self.never = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.never.wait()


class Fails(Trusted):
    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError(f"bus died near {SECRET}")


for name in ("Trusted", "Forgets", "Hangs", "Fails"):
    kind = globals()[name]
    kind.__module__, kind.__qualname__ = "keyring.backends.SecretService", "Keyring"


class Plaintext(Trusted):
    """As `keyrings.alt.file.PlaintextKeyring`: works, and keeps nothing secret."""


def test_the_list_names_real_backends() -> None:
    for name, kind in TRUSTED:
        assert hasattr(importlib.import_module(name), kind)


async def test_a_kept_secret_is_read_back_by_another_run() -> None:
    backend = Trusted()
    stored = await CredentialStore(lambda: [backend]).put("ann", SECRET)
    assert (stored.where, stored.note) == (StorageKind.KEYRING, "")
    other = CredentialStore(lambda: [backend])
    assert await other.get("ann") == SECRET
    await other.drop("ann")
    assert await other.get("ann") is None
    await other.drop("ann")


@pytest.mark.parametrize("backend", [Plaintext(), Forgets(), Fails()])
async def test_what_is_not_safe_is_kept_for_this_run_only(backend: Trusted) -> None:
    vault = CredentialStore(lambda: [backend])
    stored = await vault.put("ann", SECRET)
    assert stored.where is StorageKind.MEMORY
    assert stored.note.startswith("You stay signed in for this run only:")
    assert SECRET not in stored.note
    assert await vault.get("ann") == SECRET
    assert await CredentialStore(lambda: [backend]).get("ann") is None
    assert not isinstance(backend, Plaintext) or backend.kept == {}
    assert SECRET not in repr(vault)


async def test_a_keyring_that_hangs_is_not_waited_for() -> None:
    backend = Hangs()
    vault = CredentialStore(lambda: [backend], limit=0.05)
    stored = await vault.put("ann", SECRET)
    backend.never.set()
    assert "did not answer" in stored.note
    assert await vault.get("ann") == SECRET


async def test_a_machine_without_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    stored = await CredentialStore().put("ann", SECRET)
    assert stored.where is StorageKind.MEMORY


def test_keyring_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, gonogo.desk.account.credentials as v; v.CredentialStore(); sys.exit('keyring' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


REAL = """
import asyncio, sys
from gonogo.desk.account.credentials import CredentialStore
async def main():
    vault = CredentialStore(limit=10.0)
    stored = await vault.put("ann at http://a.localhost", "canary-7f31")
    assert stored.where == "keyring", stored
    assert await CredentialStore(limit=10.0).get("ann at http://a.localhost") == "canary-7f31"
    await CredentialStore(limit=10.0).drop("ann at http://a.localhost")
    assert await CredentialStore(limit=10.0).get("ann at http://a.localhost") is None
asyncio.run(main())
"""


@pytest.mark.keyring
@pytest.mark.skipif(
    not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")), reason="no gnome-keyring here"
)
def test_a_real_gnome_keyring(tmp_path: Path) -> None:
    for folder in ("home", "data", "run"):
        (tmp_path / folder).mkdir(mode=0o700)
    places = {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_RUNTIME_DIR": "run"}
    env = os.environ | {name: str(tmp_path / folder) for name, folder in places.items()}
    env.pop("PYTHON_KEYRING_BACKEND", None)
    (tmp_path / "check.py").write_text(REAL, encoding="utf-8")
    unlock = 'printf "pass" | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$0" "$1"'
    command = ["dbus-run-session", "--", "sh", "-c", unlock, sys.executable, str(tmp_path / "check.py")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".py")
    assert SECRET.encode() not in written


def test_the_limit_is_three_seconds() -> None:
    assert module.LIMIT_SECONDS == 3.0
