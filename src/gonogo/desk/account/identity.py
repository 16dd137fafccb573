"""Identity records: who is signed in at which server, and the campaigns they may work in. No network, no keyring."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import httpx

IDENTITY = "signed in"
"""Key of the identity in the state store."""
EMBEDDED = "embedded"
THIS_RUN = "this run only"


class EmbeddedParts(NamedTuple):
    """Server inside this program: a transport into it, and this run's key of its local lead."""

    transport: httpx.AsyncBaseTransport
    token: str
    base_url: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One login. `kind` is `session`, `key` or `embedded`; `storage` `keyring`, `file`, `this run only` or `embedded`.

    `campaign_id` is the campaign to open: the invitation's, or the last one worked in. `annotator` tells logins apart
    in the outbox. `note` gives the reason why the credential is not in the keyring.
    """

    base_url: str
    kind: str
    role: str
    name: str
    campaign_id: str | None
    storage: str
    annotator: str = ""
    note: str = ""

    @property
    def account(self) -> str:
        """Name of the credential in the keyring."""
        return f"{self.kind} {self.annotator} at {self.base_url}"


@dataclass(frozen=True, slots=True)
class CampaignChoice:
    """Campaign that a login may work in."""

    id: str
    name: str
    status: str | None = None
    task_count: int | None = None
    resolved_count: int | None = None


def fingerprint(secret: str) -> str:
    """Returns a name of a secret that does not reveal it (secrets have 128 random bits and more)."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]
