"""Credential store: keeps API keys and session tokens in the operating system's keyring, in a file that the person
agreed to, or only in memory, and reports which.

Only backends known to keep secrets are used. Python's keyring picks a plain-text file by itself when the package
`keyrings.alt` is installed, a null backend accepts a secret and forgets it, and a locked keyring may never answer.
Hence an allow-list, a thread with a time limit, and every write read back.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from gonogo.desk.account.credential_file import CredentialFile
from gonogo.desk.core.paths import AppPaths

T = TypeVar("T")
SERVICE = "gonogo"
LIMIT_SECONDS = 3.0

TRUSTED = {
    ("keyring.backends.SecretService", "Keyring"): "Secret Service",
    ("keyring.backends.libsecret", "Keyring"): "Secret Service",
    ("keyring.backends.kwallet", "DBusKeyring"): "KWallet",
    ("keyring.backends.kwallet", "DBusKeyringKWallet4"): "KWallet",
    ("keyring.backends.macOS", "Keyring"): "macOS Keychain",
    ("keyring.backends.Windows", "WinVaultKeyring"): "Windows Credential Manager",
}
"""Module and class of every trusted backend, with the name that people know."""


class StorageKind(StrEnum):
    """Place where a secret is stored."""

    KEYRING = "keyring"
    FILE = "file"
    MEMORY = "this run only"


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """Result of storing a secret; `note` gives the reason why it stays in memory, and is empty when it does not."""

    where: StorageKind
    note: str = ""


class Backend(Protocol):
    """Protocol of a keyring backend, as far as it is used."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class _Unusable(Exception):
    """Reason why the keyring cannot be used."""


def _candidates() -> Iterable[Backend]:
    import keyring.backends.chainer  # deferred: slow, and only used in the thread

    chosen = keyring.get_keyring()
    return chosen.backends if isinstance(chosen, keyring.backends.chainer.ChainerBackend) else (chosen,)


class CredentialStore:
    """Store of secrets by account name. Never raises because of the keyring; a secret it does not take stays in memory.

    `candidates` lists the installed backends, best first (slow: called in the thread, once, when needed). `file` is
    used where the keyring fails and the person agreed to it.
    """

    def __init__(
        self,
        candidates: Callable[[], Iterable[Backend]] = _candidates,
        limit: float = LIMIT_SECONDS,
        *,
        file: CredentialFile | None = None,
    ) -> None:
        self._candidates = candidates
        self._file = file
        self._limit = limit
        self._memory: dict[str, str] = {}
        self._backend: Backend | None = None

    def __repr__(self) -> str:
        return f"CredentialStore({len(self._memory)} in memory)"

    async def put(self, account: str, secret: str) -> StoredCredential:
        """Stores `secret`; returns where. A secret that the keyring does not return at once stays in memory."""

        def write() -> None:
            backend = self._trusted_backend()
            backend.set_password(SERVICE, account, secret)
            if backend.get_password(SERVICE, account) != secret:
                raise _Unusable("the keyring took the secret but did not give it back")

        problem = await self._guarded(write)
        if problem is None:
            self._memory.pop(account, None)
            return StoredCredential(StorageKind.KEYRING)
        self._memory[account] = secret
        if self._file is not None and self._file.exists and await self.put_in_file(account):
            return StoredCredential(StorageKind.FILE)
        return StoredCredential(StorageKind.MEMORY, f"You stay signed in for this run only: {problem}.")

    async def put_in_file(self, account: str) -> bool:
        """Moves a secret from memory into the file, which is made if it is missing; returns whether that worked.

        Call it the first time only after the person has agreed.
        """
        secret = self._memory.get(account)
        if self._file is None or secret is None:
            return False
        try:
            await asyncio.to_thread(self._file.write, account, secret)
        except OSError:
            return False
        del self._memory[account]
        return True

    async def get(self, account: str) -> str | None:
        """Returns the secret, from memory, file or keyring; `None` when there is none, or no keyring can be used."""
        if account in self._memory:
            return self._memory[account]
        if self._file is not None and (secret := await asyncio.to_thread(self._file.read, account)) is not None:
            return secret
        secrets: list[str | None] = []
        problem = await self._guarded(lambda: secrets.append(self._trusted_backend().get_password(SERVICE, account)))
        return secrets[0] if problem is None and secrets else None

    async def drop(self, account: str) -> None:
        """Deletes the secret, from memory, file and keyring."""
        self._memory.pop(account, None)
        if self._file is not None:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._file.drop, account)

        def delete() -> None:
            backend = self._trusted_backend()
            if backend.get_password(SERVICE, account) is not None:
                backend.delete_password(SERVICE, account)

        await self._guarded(delete)

    def _trusted_backend(self) -> Backend:
        if self._backend is None:
            names = []
            for backend in self._candidates():
                kind = type(backend)
                if (kind.__module__, kind.__qualname__) in TRUSTED:
                    self._backend = backend
                    break
                names.append(f"{kind.__module__}.{kind.__qualname__}")
            else:
                raise _Unusable(_why_none(names))
        assert self._backend is not None
        return self._backend

    async def _guarded(self, work: Callable[[], None]) -> str | None:
        """Runs `work` in a thread of its own; returns why it failed, or `None`.

        A daemon thread, not the loop's pool: one that hangs in a D-Bus prompt must not hold up the exit.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str | None] = loop.create_future()

        def finish(problem: str | None) -> None:
            if not done.done():
                done.set_result(problem)

        def run() -> None:
            problem = _attempt(work)
            if not loop.is_closed():
                loop.call_soon_threadsafe(finish, problem)

        threading.Thread(target=run, name="gonogo-vault", daemon=True).start()
        try:
            return await asyncio.wait_for(done, self._limit)
        except TimeoutError:
            return f"the keyring did not answer within {self._limit:g} s (it may be locked)"


def _attempt(work: Callable[[], None]) -> str | None:
    try:
        work()
    except _Unusable as problem:
        return str(problem)
    except Exception as error:  # noqa: BLE001 - backends raise their own and D-Bus's errors; all mean "not kept"
        if type(error).__name__ == "KeyringLocked":  # by name: `keyring` is slow to import
            return "the keyring is locked; unlock it and sign in again"
        return f"the keyring cannot be used ({type(error).__name__})"
    return None


def _why_none(names: list[str]) -> str:
    real = [name for name in names if not name.startswith(("keyring.backends.fail", "keyring.backends.null"))]
    if real:
        return f"there is no keyring that keeps secrets safely (only {', '.join(real)})"
    return "there is no keyring on this machine"


def credential_store(home: AppPaths) -> CredentialStore:
    """Returns the store of a home: the keyring, and the file if the person agreed to it."""
    return CredentialStore(file=CredentialFile(home.credential_file()))
