"""Logins of this computer: the current one, and those that a person can switch back to. No secrets."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, replace

from gonogo.desk.account.identity import IDENTITY, SignedIn
from gonogo.desk.core.state_store import StateStore

KNOWN = "logins"
"""Key of the known logins in the state store, each by its account."""


class Logins:
    """Logins in the state store. Methods that write raise `OSError`."""

    def __init__(self, memory: StateStore) -> None:
        self._memory = memory

    def current(self) -> SignedIn | None:
        """Returns the login of the last run or of this one."""
        return _read(self._memory.get(IDENTITY))

    def known(self) -> list[SignedIn]:
        """Returns all logins that were not signed out."""
        logins = [_read(row) for row in (self._memory.get(KNOWN) or {}).values() if isinstance(row, Mapping)]
        return [login for login in logins if login is not None]

    def put(self, signed: SignedIn) -> None:
        """Makes `signed` the current login."""
        self._memory.put(IDENTITY, asdict(signed))
        self._memory.change(KNOWN, lambda old: {**(old or {}), signed.account: asdict(signed)})

    def last_campaign(self, base_url: str, annotator: str) -> str | None:
        """Returns the id of the campaign that `annotator` worked in last, under any login of theirs at the server."""
        remembered = self._memory.get(_campaign_key(base_url, annotator))
        if remembered is not None:
            return str(remembered["id"]) if remembered.get("id") else None
        own = (each for each in self.known() if (each.base_url, each.annotator) == (base_url, annotator))
        return next((each.campaign_id for each in own), None)

    def remember_campaign(self, signed: SignedIn, campaign_id: str) -> None:
        """Remembers the campaign that is opened under `signed`; a key of the environment is no stored login."""
        if signed.campaign_id == campaign_id:
            return
        with contextlib.suppress(OSError):  # a convenience
            if self.current() == signed:
                self.put(replace(signed, campaign_id=campaign_id))
            self._memory.put(_campaign_key(signed.base_url, signed.annotator), {"id": campaign_id})

    def forget(self) -> SignedIn | None:
        """Forgets the current login, and returns it."""
        signed = self.current()
        self._memory.drop(IDENTITY)
        if signed is not None:
            account = signed.account
            self._memory.change(KNOWN, lambda old: {name: row for name, row in (old or {}).items() if name != account})
        return signed


def _campaign_key(base_url: str, annotator: str) -> str:
    return f"campaign {base_url} {annotator}"


def _read(data: Mapping[str, object] | None) -> SignedIn | None:
    try:
        return SignedIn(**data) if data else None  # type: ignore[arg-type]  # checked by the dataclass's names only
    except TypeError:
        return None  # written by another version
