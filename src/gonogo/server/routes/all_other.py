"""Remaining routers: lists those beside campaigns, claims and tasks, in the order in which they are tried."""

from __future__ import annotations

from gonogo.server.routes import (
    annotators,
    assignments,
    campaign_settings,
    drawings,
    exports,
    lead,
    predictions,
    progress_stream,
    projects,
    quality,
    results_api,
    review,
    sessions,
)

_LEADING = (assignments, projects, quality, sessions, campaign_settings, predictions, exports, lead)
_OTHERS = (progress_stream, review, annotators, results_api, drawings)
ROUTERS = tuple(module.router for module in (*_LEADING, *_OTHERS))
"""Routers in the order in which a path is looked for."""
