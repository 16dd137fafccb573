"""Puts the parts together: services for the app, with the embedded server behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.desk.home import Home
    from gonogo.desk.services import EmbeddedParts, Services


def make_services(home: Home) -> Services:
    """Services of one person on this machine; the embedded server is made when first asked for."""
    from gonogo.desk.profile import load_profile
    from gonogo.desk.services import Services

    def embedded() -> EmbeddedParts:
        from gonogo.cli.embedded import embedded_parts

        return embedded_parts(home)

    return Services(home, load_profile(home), embedded=embedded)
