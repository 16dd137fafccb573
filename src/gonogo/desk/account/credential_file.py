"""Credential file: keeps secrets in a file that only its owner can read, for machines without a keyring.

It is made only after a person has said yes; its existence is the consent. A file that others can read is not used.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path

from gonogo.desk.core.paths import private_file


class CredentialFile:
    """File of secrets by account name; `exists` says whether the person agreed to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def read(self, account: str) -> str | None:
        """Returns the secret; `None` if there is none, or the file can't be trusted. Never raises."""
        return self._secrets().get(account)

    def write(self, account: str, secret: str) -> None:
        """Keeps the secret. Raises `OSError`; the file is replaced as a whole, or not at all."""
        self._replace({**self._secrets(), account: secret})

    def drop(self, account: str) -> None:
        """Deletes the secret, and the file with the last one. Raises `OSError`."""
        left = {name: secret for name, secret in self._secrets().items() if name != account}
        if left:
            self._replace(left)
        else:
            self.path.unlink(missing_ok=True)

    def _secrets(self) -> dict[str, str]:
        with contextlib.suppress(OSError, ValueError):
            with self.path.open(encoding="utf-8") as file:
                status = os.fstat(file.fileno())
                if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
                    return {}
                secrets = json.load(file)
            if isinstance(secrets, dict):
                return {name: secret for name, secret in secrets.items() if isinstance(secret, str)}
        return {}

    def _replace(self, secrets: dict[str, str]) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.unlink(missing_ok=True)  # one that was left behind may have another mode
        with private_file(fresh).open("w", encoding="utf-8") as file:
            json.dump(secrets, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
