"""Predictions in; `tasks-from-predictions` and `generate-tasks` make tasks out of them."""

from __future__ import annotations

from gonogo.server.access import LEAD, project_for
from gonogo.server.context import Ctx
from gonogo.server.predictions import store_predictions
from gonogo.server.routing import router as make_router
from gonogo.wire.extensions import PredictionsCreate, PredictionsStored

router = make_router()


@router.post("/api/v1/gonogo/predictions", name="store_predictions", status_code=201)
async def store(body: PredictionsCreate, context: Ctx) -> PredictionsStored:
    """Adds a batch to a run; predictions whose `id` the run has already are counted as known and left as they are."""
    with context.store.write() as connection:
        project_for(connection, context.caller, body.project_id, LEAD)
        org_id = context.caller.org_id
        return store_predictions(connection, org_id, body.project_id, body.run, body.predictions, context.now)
