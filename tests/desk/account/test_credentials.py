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


NOT_KEPT = """
import asyncio
from gonogo.desk.account.credentials import CredentialStore
async def main():
    vault = CredentialStore(limit={limit})
    stored = await vault.put("ann at http://a.localhost", "canary-7f31")
    assert stored.where == "this run only", stored
    assert stored.note == "You stay signed in for this run only: {reason}", stored
    assert await vault.get("ann at http://a.localhost") == "canary-7f31"
    assert await CredentialStore(limit={limit}).get("ann at http://a.localhost") is None
    await vault.drop("ann at http://a.localhost")
    assert await vault.get("ann at http://a.localhost") is None
asyncio.run(main())
"""


def not_kept(reason: str, limit: float = 10.0) -> str:
    return NOT_KEPT.format(reason=reason, limit=limit)


def run(environment: dict[str, str], command: list[str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


UNLOCKED = 'printf "pass" | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$0" "$1"'
LOCKED = 'gnome-keyring-daemon --start --components=secrets >/dev/null && exec "$0" "$1"'

SILENT = """
mkfifo "$1.ready"
"$0" -c "$2" > "$1.ready" &
read ready < "$1.ready"
"$0" "$1"
code=$?
kill $!
exit $code
"""
SERVICE_THAT_NEVER_ANSWERS = """
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
bus = open_dbus_connection()
bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.secrets"))
print("ready", flush=True)
while True:
    bus.receive()  # until the session ends
"""


class Desktop:
    """A person's folders, and a session of a desktop with gnome-keyring in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = {name: value for name, value in os.environ.items() if name != "PYTHON_KEYRING_BACKEND"}
        for name, place in {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_RUNTIME_DIR": "run"}.items():
            (folder / place).mkdir(mode=0o700)
            self._environment[name] = str(folder / place)

    def runs(self, program: str, keyring: str) -> None:
        """Runs a program in a session of its own, whose keyring `keyring` starts."""
        script = self.folder / "check.py"
        script.write_text(program, encoding="utf-8")
        run(
            self._environment,
            ["dbus-run-session", "--", "sh", "-c", keyring, sys.executable, str(script), SERVICE_THAT_NEVER_ANSWERS],
        )

    def holds_secret(self) -> bool:
        """True if a file has the secret in plain text."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".py"]
        return any(SECRET.encode() in path.read_bytes() for path in files)


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
        pytest.skip("no gnome-keyring here")
    return Desktop(tmp_path)


PLAINTEXT = """
from pathlib import Path
from keyring.backend import KeyringBackend
class PlaintextKeyring(KeyringBackend):
    priority = 9
    def set_password(self, service, username, password): Path(__file__).with_name("kept").write_text(password)
    def get_password(self, service, username): return Path(__file__).with_name("kept").read_text()
    def delete_password(self, service, username): Path(__file__).with_name("kept").unlink()
"""
NONE = "there is no keyring on this machine."
UNSAFE = "there is no keyring that keeps secrets safely (only keyrings.alt.file.PlaintextKeyring)."


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        ("keyring.backends.null.Keyring", NONE),  # takes a secret and forgets it
        ("keyring.backends.fail.Keyring", NONE),
        ("keyrings.alt.file.PlaintextKeyring", UNSAFE),
    ],
)
def test_a_machine_without_a_keyring_that_keeps_secrets(backend: str, reason: str, tmp_path: Path) -> None:
    alt = tmp_path / "keyrings" / "alt"
    alt.mkdir(parents=True)
    (alt / "file.py").write_text(PLAINTEXT, encoding="utf-8")
    (tmp_path / "check.py").write_text(not_kept(reason), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
    environment |= {"PYTHON_KEYRING_BACKEND": backend, "PYTHONPATH": str(tmp_path)}
    run(environment, [sys.executable, str(tmp_path / "check.py")])
    assert not (alt / "kept").exists()


@pytest.mark.keyring
def test_a_real_gnome_keyring(desktop: Desktop) -> None:
    desktop.runs(REAL, UNLOCKED)
    assert not desktop.holds_secret()


@pytest.mark.keyring
def test_a_locked_gnome_keyring_is_said_and_keeps_nothing(desktop: Desktop) -> None:
    """Nobody is there to unlock it: the session has no screen for a prompt."""
    desktop.runs(REAL, UNLOCKED)  # makes the keyring, which is locked at the next start
    desktop.runs(not_kept("the keyring is locked; unlock it and sign in again."), LOCKED)
    assert not desktop.holds_secret()


@pytest.mark.keyring
def test_a_secret_service_that_is_silent_is_not_waited_for(desktop: Desktop) -> None:
    reason = "the keyring did not answer within 0.5 s (it may be locked)."
    desktop.runs(not_kept(reason, limit=0.5), SILENT)


def test_the_limit_is_three_seconds() -> None:
    assert module.LIMIT_SECONDS == 3.0
