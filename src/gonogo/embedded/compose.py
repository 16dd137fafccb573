"""Puts the parts together: services for the app, with the embedded server behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.desk.account.account import Account
    from gonogo.desk.account.identity import EmbeddedParts
    from gonogo.desk.core.paths import AppPaths


def make_services(home: AppPaths) -> Account:
    """Services of one person on this machine; the embedded server is made when first asked for."""
    from gonogo.desk.account.account import Account
    from gonogo.desk.core.settings import load_profile

    def embedded() -> EmbeddedParts:
        from gonogo.embedded.transport import embedded_parts

        return embedded_parts(home)

    return Account(home, load_profile(home), embedded=embedded)
