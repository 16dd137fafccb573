"""Composition root of the app: makes the account service of this machine, with the embedded server behind it."""

from __future__ import annotations

from gonogo.desk.account.account_service import Account, MakeDemo
from gonogo.desk.account.identity import EmbeddedParts
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import load_profile


def make_services(home: AppPaths, make_demo: MakeDemo | None = None) -> Account:
    """The account of the person on this machine; the embedded server is made at the first request for it."""

    def embedded() -> EmbeddedParts:
        from gonogo.embedded.transport import embedded_parts  # httpx, which the first frame does without

        return embedded_parts(home)

    return Account(home, load_profile(home), embedded=embedded, make_demo=make_demo)
