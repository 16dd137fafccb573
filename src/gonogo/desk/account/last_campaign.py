"""Last campaign: remembers which campaign a login worked in, by server and login, for the next start.

A key of the environment is not stored, so its campaign can't stand in the stored login.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, replace

from gonogo.desk.account.identity import IDENTITY, SignedIn
from gonogo.desk.core.state_store import StateStore


def last_campaign(memory: StateStore, stored: SignedIn | None, base_url: str, annotator: str) -> str | None:
    """Returns the id of the campaign that `annotator` worked in last; `stored` is the stored login."""
    remembered = memory.get(_key(base_url, annotator))
    if remembered is not None:
        return str(remembered["id"]) if remembered.get("id") else None
    return stored.campaign_id if stored and (stored.base_url, stored.annotator) == (base_url, annotator) else None


def remember_campaign(memory: StateStore, stored: SignedIn | None, signed: SignedIn, campaign_id: str) -> None:
    """Remembers the campaign that is opened under the login `signed`."""
    if signed.campaign_id == campaign_id:
        return
    with contextlib.suppress(OSError):  # a convenience
        if stored == signed:
            memory.put(IDENTITY, asdict(replace(signed, campaign_id=campaign_id)))
        memory.put(_key(signed.base_url, signed.annotator), {"id": campaign_id})


def _key(base_url: str, annotator: str) -> str:
    return f"campaign {base_url} {annotator}"
