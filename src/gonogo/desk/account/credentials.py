"""Where credentials are kept: the operating system's keyring, or nowhere but in memory, and the person is told which.

Only backends known to keep secrets are used. Python's keyring picks a plain-text file by itself when the package
`keyrings.alt` is there, and a null backend accepts a secret and forgets it; a locked keyring may wait for ever.
So: an allow-list, a thread with a limit, and every write read back.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

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
"""Module and class of every backend that is believed to keep a secret, with the name a person knows it by."""


class StorageKind(StrEnum):
    KEYRING = "keyring"
    MEMORY = "this run only"


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """Where a secret is now; `note` says why it is not in the keyring, and is empty when it is."""

    where: StorageKind
    note: str = ""


class Backend(Protocol):
    """The part of a keyring backend that is used."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class _Unusable(Exception):
    """The keyring cannot be used; the text says why."""


def _candidates() -> Iterable[Backend]:
    import keyring
    from keyring.backends import chainer

    chosen = keyring.get_keyring()
    return chosen.backends if isinstance(chosen, chainer.ChainerBackend) else (chosen,)


class CredentialStore:
    """Keeps secrets by account name. Never raises for the keyring's sake; a secret it cannot keep lives in memory.

    `candidates` finds the backends there are, best first (slow: it is called in the thread, once, when needed).
    """

    def __init__(self, candidates: Callable[[], Iterable[Backend]] = _candidates, limit: float = LIMIT_SECONDS) -> None:
        self._candidates = candidates
        self._limit = limit
        self._memory: dict[str, str] = {}
        self._backend: Backend | None = None

    def __repr__(self) -> str:
        return f"Vault({len(self._memory)} in memory)"

    async def put(self, account: str, secret: str) -> StoredCredential:
        """Keep `secret`; says where. What the keyring does not give back at once is kept in memory."""

        def write() -> None:
            backend = self._found()
            backend.set_password(SERVICE, account, secret)
            if backend.get_password(SERVICE, account) != secret:
                raise _Unusable("the keyring took the secret but did not give it back")

        problem = await self._guarded(write)
        if problem is None:
            self._memory.pop(account, None)
            return StoredCredential(StorageKind.KEYRING)
        self._memory[account] = secret
        return StoredCredential(StorageKind.MEMORY, f"You stay signed in for this run only: {problem}.")

    async def get(self, account: str) -> str | None:
        """The secret, from memory or the keyring; `None` when there is none, or the keyring cannot be used."""
        if account in self._memory:
            return self._memory[account]
        found: list[str | None] = []
        problem = await self._guarded(lambda: found.append(self._found().get_password(SERVICE, account)))
        return found[0] if problem is None and found else None

    async def drop(self, account: str) -> None:
        """Forget the secret, here and in the keyring."""
        self._memory.pop(account, None)

        def delete() -> None:
            backend = self._found()
            if backend.get_password(SERVICE, account) is not None:
                backend.delete_password(SERVICE, account)

        await self._guarded(delete)

    def _found(self) -> Backend:
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
        """Run `work` in a thread of its own; why it failed, or `None`.

        A daemon thread, not the loop's pool: one that hangs in a D-Bus prompt must not hold up the exit.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str | None] = loop.create_future()

        def settle(problem: str | None) -> None:
            if not done.done():
                done.set_result(problem)

        def run() -> None:
            problem = _attempt(work)
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, problem)

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
        return f"the keyring cannot be used ({type(error).__name__})"
    return None


def _why_none(names: list[str]) -> str:
    real = [name for name in names if not name.startswith(("keyring.backends.fail", "keyring.backends.null"))]
    if real:
        return f"there is no keyring that keeps secrets safely (only {', '.join(real)})"
    return "there is no keyring on this machine"
